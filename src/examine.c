#include "examine.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "probe.h"

/* --- one run ---------------------------------------------------------------------------------- */

static const struct observation *run_and_judge(struct examiner *examiner, const struct judge *judge,
                                               const struct implementation *implementation,
                                               const struct scenario *scenario,
                                               struct verdict *verdict) {
    const struct observation *observation =
        sandbox_run(examiner->sandbox, scenario, implementation, SANDBOX_OBSERVED);
    verdict_judge(judge, scenario, observation, verdict);
    return observation;
}

/*
 * Linux counts links across a retry: a lock-free walk that a concurrent mount(2) anywhere in the
 * system disturbs is done again without setting the count back (fs/namei.c filename_parentat,
 * nd->total_link_count), so from 21 links on, ELOOP may come by chance.
 */
static bool may_be_disturbed(const struct verdict *verdict) {
    bool about_error = verdict->aspect == ASPECT_ERRNO || verdict->aspect == ASPECT_NODE ||
                       verdict->aspect == ASPECT_PARENT_ERROR ||
                       verdict->aspect == ASPECT_PLACE_CHANGED ||
                       verdict->aspect == ASPECT_PREPARATION;
    bool is_eloop = about_error && (verdict->got == ELOOP || verdict->expected == ELOOP);
    bool lost_place = verdict->aspect == ASPECT_CWD && verdict->got == 0;
    return (is_eloop || lost_place) && verdict->links > WORLD_LINKS / 2;
}

/* Runs and judges until something else is seen than what the kernel may have done by chance. */
static const struct observation *run_steadily(struct examiner *examiner, const struct judge *judge,
                                              const struct implementation *implementation,
                                              const struct scenario *scenario,
                                              struct verdict *verdict) {
    enum { TRIES = 20 };
    const struct observation *observation;
    int tries = 0;
    do
        observation = run_and_judge(examiner, judge, implementation, scenario, verdict);
    while (verdict_is_bad(verdict) && may_be_disturbed(verdict) && ++tries < TRIES);
    return observation;
}

const struct observation *examine_once(struct examiner *examiner, const struct scenario *scenario,
                                       struct verdict *verdict) {
    const struct observation *observation =
        run_steadily(examiner, &examiner->judge, examiner->implementation, scenario, verdict);
    examiner->scenarios++;
    examiner->calls += scenario_calls(scenario);
    examiner->undecided += verdict->kind == VERDICT_UNDECIDED;
    return observation;
}

/* As examine_once, but counted nowhere: replays are no progress. */
static void replay(struct examiner *examiner, const struct scenario *scenario,
                   struct verdict *verdict) {
    struct judge silent = examiner->judge;
    silent.reach = NULL;
    run_steadily(examiner, &silent, examiner->implementation, scenario, verdict);
}

/* The same scenario on the bare system call, which has traits of its own: none. */
static void replay_raw(struct examiner *examiner, const struct scenario *scenario,
                       struct verdict *verdict) {
    struct contract contract = {.level = examiner->contract.level, .host = examiner->contract.host};
    struct judge silent = {.contract = &contract, .world = &examiner->world};
    run_steadily(examiner, &silent, implementation_find("raw"), scenario, verdict);
}

/* --- begin and end ---------------------------------------------------------------------------- */

int examine_open(struct examiner *examiner, const struct implementation *implementation, int cpu,
                 char *reason, size_t reason_size) {
    int error = probe_traits(&examiner->contract.traits, implementation, cpu, reason, reason_size);
    if (!error)
        error = sandbox_open(&examiner->sandbox, cpu, reason, reason_size);
    if (!error)
        examiner->contract.host = *sandbox_host(examiner->sandbox);
    examiner->implementation = implementation;
    examiner->judge.contract = &examiner->contract;
    examiner->judge.world = &examiner->world;
    return error;
}

void examine_close(struct examiner *examiner) {
    sandbox_close(examiner->sandbox);
    examiner->sandbox = NULL;
}

/* One line about one entry point. */
static int describe_entry(const char *name, bool there, const struct entry_traits *traits,
                          char *out, size_t capacity) {
    if (!there)
        return snprintf(out, capacity, "%s is missing", name);
    return snprintf(out, capacity, "%s: foreign type bits %s, bad pointers %s", name,
                    traits->masks_type_bits ? "are masked" : "give EINVAL",
                    traits->reads_path ? "crash it (left out)" : "reach the kernel");
}

size_t examine_traits(const struct examiner *examiner, char *out, size_t capacity) {
    const struct implementation *implementation = examiner->implementation;
    const struct traits *traits = &examiner->contract.traits;
    char plain[128];
    char at[128];
    describe_entry("mkfifo", implementation->mkfifo, &traits->of[STEP_MKFIFO], plain, sizeof plain);
    describe_entry("mkfifoat", implementation->mkfifoat, &traits->of[STEP_MKFIFOAT], at, sizeof at);
    return (size_t)snprintf(out, capacity, "%s\n%s", plain, at);
}

/* Can the implementation and the host do this step? */
static bool can_do(const struct examiner *examiner, const struct step *step) {
    const struct implementation *implementation = examiner->implementation;
    bool missing = (step->kind == STEP_MKFIFO && !implementation->mkfifo) ||
                   (step->kind == STEP_MKFIFOAT && !implementation->mkfifoat);
    bool undefined = step_is_call(step) && step->pointer != POINTER_STRING &&
                     examiner->contract.traits.of[step->kind].reads_path;
    return !missing && !undefined && host_lacks(&examiner->contract.host, step) == ABILITY_COUNT;
}

bool examine_adapt(const struct examiner *examiner, struct scenario *scenario) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < scenario->step_count; i++) {
        const struct step *step = &scenario->steps[i];
        if (!can_do(examiner, step))
            continue;
        if (kept != i)
            scenario->steps[kept] = *step;
        kept++;
    }
    bool changed = kept < scenario->step_count;
    scenario_truncate(scenario, kept);
    return changed;
}

/* --- findings --------------------------------------------------------------------------------- */

/*
 * The violation was noticed later than it was done. Runs the scenario cut short after each step:
 * the first cut that shows something wrong names the step.
 */
static void attribute(struct examiner *examiner, struct finding *finding) {
    struct scenario *scenario = &finding->scenario;
    uint32_t whole = scenario->step_count;
    for (uint32_t count = 1; count <= whole; count++) {
        struct verdict verdict;
        scenario->step_count = count;
        replay(examiner, scenario, &verdict);
        if (!verdict_is_bad(&verdict))
            continue;
        finding->verdict = verdict;
        break;
    }
    scenario->step_count = whole;
}

/* Counts how often the cut scenario shows the same signature again. */
static void repeat(struct examiner *examiner, struct finding *finding) {
    bool slow = finding->verdict.aspect == ASPECT_ENDING && finding->verdict.got == ENDING_HUNG;
    finding->replays = slow ? 1 : EXAMINE_REPLAYS;
    finding->repeated = 0;
    for (unsigned i = 0; i < finding->replays; i++) {
        struct verdict verdict;
        char signature[sizeof finding->signature];
        replay(examiner, &finding->scenario, &verdict);
        if (!verdict_is_bad(&verdict))
            continue;
        verdict_signature(&verdict, &finding->scenario, signature, sizeof signature);
        finding->repeated += strcmp(signature, finding->signature) == 0;
    }
}

/*
 * Whom to accuse. A preparation that disagrees with the world only under this implementation is
 * the consequence of something that it did unseen.
 */
static void accuse(struct examiner *examiner, struct finding *finding) {
    struct verdict raw;
    bool disagreed = finding->verdict.kind == VERDICT_DISAGREED;
    sandbox_renew(examiner->sandbox); /* registers, signal stack: what no look at files shows */
    replay_raw(examiner, &finding->scenario, &raw);
    if (verdict_is_bad(&raw))
        finding->fault = disagreed ? FAULT_OURS : FAULT_PLATFORM;
    else
        finding->fault = FAULT_IMPLEMENTATION;
    if (disagreed && finding->fault == FAULT_IMPLEMENTATION)
        finding->verdict.kind = VERDICT_VIOLATED;
}

static void investigate(struct examiner *examiner, const struct scenario *scenario,
                        const struct verdict *verdict, struct finding *finding) {
    finding->verdict = *verdict;
    scenario_copy(&finding->scenario, scenario);
    if (verdict->late)
        attribute(examiner, finding);
    scenario_truncate(&finding->scenario, finding->verdict.step + 1);
    finding->stderr_length =
        sandbox_stderr(examiner->sandbox, finding->stderr_text, sizeof finding->stderr_text);
    accuse(examiner, finding);
    verdict_signature(&finding->verdict, &finding->scenario, finding->signature,
                      sizeof finding->signature);
    repeat(examiner, finding);
}

/*
 * While the kernel is disturbed all the time, long walks fail nearly always. If they do so on the
 * bare system call, too, nothing can be said about the implementation.
 */
static bool is_disturbed_now(struct examiner *examiner, const struct scenario *scenario) {
    enum { TRIES = 40 };
    struct contract contract = {.level = examiner->contract.level, .host = examiner->contract.host};
    struct judge silent = {.contract = &contract, .world = &examiner->world};
    for (int i = 0; i < TRIES; i++) {
        struct verdict verdict;
        run_and_judge(examiner, &silent, implementation_find("raw"), scenario, &verdict);
        if (verdict_is_bad(&verdict) && may_be_disturbed(&verdict))
            return true;
    }
    return false;
}

bool examine(struct examiner *examiner, const struct scenario *scenario, struct finding *finding) {
    struct verdict verdict;
    examine_once(examiner, scenario, &verdict);
    if (!verdict_is_bad(&verdict))
        return true;
    if (may_be_disturbed(&verdict) && is_disturbed_now(examiner, scenario)) {
        examiner->undecided++;
        return true;
    }
    investigate(examiner, scenario, &verdict, finding);
    return false;
}
