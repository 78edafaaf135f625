#include "examine.h"

#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "probe.h"
#include "symbols.h"

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
 * Runs and judges, up to `tries` times, until something else is seen than what the kernel may have
 * done by chance.
 */
static void run_steadily(struct examiner *examiner, const struct judge *judge,
                         const struct implementation *implementation,
                         const struct scenario *scenario, unsigned tries, struct verdict *verdict) {
    do
        run_and_judge(examiner, judge, implementation, scenario, verdict);
    while (--tries > 0 && verdict_is_doubtful(verdict));
}

/* What is left without that which only an agent can be asked, and no system call. */
static const struct scenario *within_c(const struct scenario *scenario) {
    static struct scenario possible;
    uint32_t kept = 0;
    scenario_copy(&possible, scenario);
    for (uint32_t i = 0; i < possible.step_count; i++)
        if (!step_is_beyond_c(&possible.steps[i]))
            possible.steps[kept++] = possible.steps[i];
    scenario_truncate(&possible, kept);
    return &possible;
}

/* The same scenario on the bare system call, which has traits of its own: none. */
static void replay_raw(struct examiner *examiner, const struct scenario *scenario, unsigned tries,
                       struct verdict *verdict) {
    struct contract contract = {.level = examiner->contract.level, .host = examiner->contract.host};
    struct judge silent = {.contract = &contract, .world = &examiner->world};
    run_steadily(examiner, &silent, implementation_find("raw"), within_c(scenario), tries, verdict);
}

/*
 * Chance strikes the bare system call as often as the implementation. So both are run in turns:
 * when an implementation without fault is wrong each time until the system call was right ENOUGH
 * times, a fair coin has shown the same side as often. If the kernel is disturbed so much that this
 * takes too long, nothing can be said. The last run is the implementation's.
 */
static const struct observation *settle(struct examiner *examiner, const struct scenario *scenario,
                                        const struct observation *observation,
                                        struct verdict *verdict) {
    enum { ENOUGH = 20, ROUNDS = 500 };
    unsigned right = 0;
    for (unsigned i = 0; i < ROUNDS && verdict_is_doubtful(verdict) && right < ENOUGH; i++) {
        struct verdict raw;
        replay_raw(examiner, scenario, 1, &raw);
        right += !verdict_is_doubtful(&raw);
        if (examiner->judge.again)
            examiner->judge.again(examiner->judge.reach_context);
        observation =
            run_and_judge(examiner, &examiner->judge, examiner->implementation, scenario, verdict);
    }
    if (verdict_is_doubtful(verdict) && right < ENOUGH) {
        verdict->kind = VERDICT_UNDECIDED;
        verdict->chance = CHANCE_LINKS;
    }
    return observation;
}

const struct observation *examine_once(struct examiner *examiner, const struct scenario *scenario,
                                       struct verdict *verdict) {
    const struct observation *observation =
        run_and_judge(examiner, &examiner->judge, examiner->implementation, scenario, verdict);
    observation = settle(examiner, scenario, observation, verdict);
    if (verdict_is_bad(verdict) && sandbox_lost_pipes(scenario)) {
        verdict->kind = VERDICT_UNDECIDED;
        verdict->chance = CHANCE_PIPES;
    }
    examiner->scenarios++;
    examiner->calls += scenario_calls(scenario);
    examiner->undecided += verdict->kind == VERDICT_UNDECIDED;
    return observation;
}

/*
 * As examine_once, but counted nowhere: replays are no progress. What is wrong each time is taken
 * for a fault, without asking the system call.
 */
static void replay(struct examiner *examiner, const struct scenario *scenario,
                   struct verdict *verdict) {
    enum { TRIES = 100 };
    struct judge silent = examiner->judge;
    silent.reach = NULL;
    silent.again = NULL;
    run_steadily(examiner, &silent, examiner->implementation, scenario, TRIES, verdict);
}

/* --- begin and end ---------------------------------------------------------------------------- */

int examine_prepare(struct examiner *examiner, const struct implementation *implementation, int cpu,
                    char *reason, size_t reason_size) {
    int error = probe_traits(&examiner->contract.traits, implementation, cpu, reason, reason_size);
    examiner->implementation = implementation;
    examiner->prepared = !error;
    return error;
}

int examine_open(struct examiner *examiner, const struct implementation *implementation, int cpu,
                 char *reason, size_t reason_size) {
    int error = examiner->prepared && examiner->implementation == implementation
                    ? 0
                    : examine_prepare(examiner, implementation, cpu, reason, reason_size);
    if (!error)
        error = sandbox_open(&examiner->sandbox, implementation, cpu, reason, reason_size);
    if (!error)
        examiner->contract.host = *sandbox_host(examiner->sandbox);
    examiner->judge.contract = &examiner->contract;
    examiner->judge.world = &examiner->world;
    return error;
}

void examine_close(struct examiner *examiner) {
    sandbox_close(examiner->sandbox);
    examiner->sandbox = NULL;
    examiner->prepared = false;
}

static bool gives_up_effective(const struct examiner *examiner) {
    const struct entry_traits *of = examiner->contract.traits.of;
    return of[STEP_MKFIFO].acts_as_real || of[STEP_MKFIFOAT].acts_as_real;
}

/* Can the implementation and the host do this step? */
static bool can_do(const struct examiner *examiner, const struct scenario *scenario,
                   const struct step *step) {
    const struct implementation *implementation = examiner->implementation;
    bool missing = (step->kind == STEP_MKFIFO && !implementation->mkfifo) ||
                   (step->kind == STEP_MKFIFOAT && !implementation->mkfifoat);
    bool undefined = step_is_call(step) && pointer_is_bad(step) &&
                     examiner->contract.traits.of[step->kind].reads_path;
    bool as_another = step->kind == STEP_AS && gives_up_effective(examiner) &&
                      (step->identity.uid != step->identity.real_uid ||
                       step->identity.gid != step->identity.real_gid);
    return !missing && !undefined && !as_another &&
           !sandbox_claims(examiner->sandbox, scenario, step) &&
           host_lacks(&examiner->contract.host, scenario, step) == ABILITY_COUNT;
}

bool examine_adapt(const struct examiner *examiner, struct scenario *scenario) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < scenario->step_count; i++) {
        const struct step *step = &scenario->steps[i];
        if (!can_do(examiner, scenario, step))
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

/* Is it the same fault? */
static bool shows(const struct verdict *verdict, const struct scenario *scenario, const char *key) {
    char shown[FAULT_KEY_SIZE];
    if (!verdict_is_bad(verdict))
        return false;
    verdict_signature(verdict, scenario, shown, sizeof shown);
    return strcmp(shown, key) == 0;
}

static bool is_racy(const struct finding *finding) {
    return finding->repeated < finding->replays;
}

/*
 * Counts how often the cut scenario shows the same fault again. Hangs are replayed once; what shows
 * at times only, as often as tells its odds.
 */
static void repeat(struct examiner *examiner, struct finding *finding) {
    const int64_t enough = clock_monotonic_ns() + 2000000000;
    finding->replays = finding->repeated = 0;
    do {
        struct verdict verdict;
        replay(examiner, &finding->scenario, &verdict);
        finding->repeated += shows(&verdict, &finding->scenario, finding->key);
        finding->replays++;
    } while (finding->replays < (is_racy(finding) ? EXAMINE_ODDS : EXAMINE_REPLAYS) &&
             clock_monotonic_ns() < enough);
}

/*
 * Whom to accuse. A preparation that disagrees with the world only under this implementation is
 * the consequence of something that it did unseen.
 */
static void accuse(struct examiner *examiner, struct finding *finding) {
    enum { TRIES = 500 };
    struct verdict raw;
    bool disagreed = finding->verdict.kind == VERDICT_DISAGREED;
    sandbox_renew(examiner->sandbox); /* registers, signal stack: what no look at files shows */
    replay_raw(examiner, &finding->scenario, TRIES, &raw);
    if (verdict_is_bad(&raw))
        finding->fault = disagreed ? FAULT_OURS : FAULT_PLATFORM;
    else
        finding->fault = FAULT_IMPLEMENTATION;
    if (disagreed && finding->fault == FAULT_IMPLEMENTATION)
        finding->verdict.kind = VERDICT_VIOLATED;
}

/*
 * Nothing behind the step at fault is needed, unless calls overlapped: then it may be what they
 * overlapped with.
 */
static void cut(struct finding *finding) {
    if (!scenario_is_staged(&finding->scenario))
        scenario_truncate(&finding->scenario, finding->verdict.step + 1);
}

/* What the last run showed besides its verdict. The stack is where it ended, if it did there. */
static void describe(const struct examiner *examiner, struct finding *finding) {
    const struct observation *last = sandbox_last(examiner->sandbox);
    bool ended = finding->verdict.aspect == ASPECT_ENDING;
    cut(finding);
    finding->stderr_length =
        sandbox_stderr(examiner->sandbox, finding->stderr_text, sizeof finding->stderr_text);
    symbols_print(last->stack, ended ? last->stack_count : 0, finding->stack_text,
                  sizeof finding->stack_text);
}

/* What it is called as long as it is not minimized. */
static void name_by_key(struct finding *finding) {
    verdict_signature(&finding->verdict, &finding->scenario, finding->key, sizeof finding->key);
    memcpy(finding->signature, finding->key, sizeof finding->key);
}

void examine_describe(const struct examiner *examiner, const struct scenario *scenario,
                      const struct verdict *verdict, struct finding *finding) {
    memset(finding, 0, sizeof *finding);
    finding->verdict = *verdict;
    scenario_copy(&finding->scenario, scenario);
    describe(examiner, finding);
    scenario_copy(&finding->original, &finding->scenario);
    name_by_key(finding);
}

/* What shows without calls that overlap is no matter of overlapping. */
static void try_one_by_one(struct examiner *examiner, struct finding *finding) {
    static struct scenario single;
    struct verdict verdict;
    uint32_t kept = 0;
    if (finding->verdict.aspect == ASPECT_ENDING) /* what it holds since may show anywhere */
        return;
    scenario_copy(&single, &finding->scenario);
    for (uint32_t i = 0; i < single.step_count; i++)
        if (single.steps[i].kind != STEP_PAUSE && single.steps[i].kind != STEP_RESUME)
            single.steps[kept++] = single.steps[i];
    if (kept == single.step_count)
        return;
    scenario_truncate(&single, kept);
    replay(examiner, &single, &verdict);
    if (!verdict_is_bad(&verdict))
        return;
    scenario_copy(&finding->scenario, &single);
    finding->verdict = verdict;
}

void examine_investigate(struct examiner *examiner, const struct scenario *scenario,
                         const struct verdict *verdict, struct finding *finding) {
    finding->verdict = *verdict;
    finding->effort = (struct minimize_effort){0};
    scenario_copy(&finding->scenario, scenario);
    try_one_by_one(examiner, finding);
    if (finding->verdict.late)
        attribute(examiner, finding);
    describe(examiner, finding);
    scenario_copy(&finding->original, &finding->scenario);
    accuse(examiner, finding);
    name_by_key(finding);
    repeat(examiner, finding);
}

bool examine_holds(struct examiner *examiner, const struct scenario *scenario,
                   struct verdict *verdict) {
    examine_once(examiner, scenario, verdict);
    return !verdict_is_bad(verdict);
}

bool examine(struct examiner *examiner, const struct scenario *scenario, struct finding *finding) {
    struct verdict verdict;
    if (examine_holds(examiner, scenario, &verdict))
        return true;
    examine_investigate(examiner, scenario, &verdict, finding);
    return false;
}

/* --- minimizing ------------------------------------------------------------------------------- */

/* What minimize's questions are about. */
struct question {
    struct examiner *examiner;
    const char *key;
};

static bool shows_the_same(void *context, const struct scenario *candidate) {
    const struct question *question = context;
    struct verdict verdict;
    for (uint32_t i = 0; i < candidate->step_count; i++)
        if (!can_do(question->examiner, candidate, &candidate->steps[i]))
            return false;
    replay(question->examiner, candidate, &verdict);
    return shows(&verdict, candidate, question->key);
}

/* The world feature: the kinds of preparations that are left, "mkdir-as-mount". */
static void name_feature(struct finding *finding) {
    bool there[STEP_KIND_COUNT] = {false};
    for (uint32_t i = 0; i < finding->scenario.step_count; i++)
        there[finding->scenario.steps[i].kind] = true;
    size_t used = strlen(finding->key);
    char separator = '.';
    for (int kind = STEP_MKFIFOAT + 1; kind < STEP_KIND_COUNT; kind++) {
        if (!there[kind] || used >= sizeof finding->signature)
            continue;
        used += (size_t)snprintf(finding->signature + used, sizeof finding->signature - used,
                                 "%c%s", separator, step_infos[kind].name);
        separator = '-';
    }
}

/* Judges the minimized scenario once more, from the start. False if it is another finding now. */
static bool confirm(struct examiner *examiner, struct finding *finding, enum fault fault) {
    struct verdict verdict;
    replay(examiner, &finding->scenario, &verdict);
    if (!shows(&verdict, &finding->scenario, finding->key))
        return false;
    finding->verdict = verdict;
    cut(finding);
    accuse(examiner, finding);
    repeat(examiner, finding);
    return finding->fault == fault && finding->repeated == finding->replays;
}

void examine_minimize(struct examiner *examiner, struct finding *finding,
                      const struct minimize_budget *budget) {
    if (finding->repeated < finding->replays)
        return;
    const struct verdict verdict = finding->verdict;
    const enum fault fault = finding->fault;
    const unsigned replays = finding->replays;
    struct question question = {examiner, finding->key};
    finding->effort = minimize(&finding->scenario, shows_the_same, &question, budget);
    if (confirm(examiner, finding, fault)) {
        name_feature(finding);
        return;
    }
    finding->verdict = verdict;
    finding->fault = fault;
    finding->replays = finding->repeated = replays;
    finding->effort = (struct minimize_effort){0};
    scenario_copy(&finding->scenario, &finding->original);
}
