#include "pair.h"

#include <stdio.h>
#include <string.h>

#include "hash.h"
#include "interpreter.h"

/* --- what is left behind ---------------------------------------------------------------------- */

/* Of all that is the same in two runs: neither times nor the numbers of inodes and devices. */
static uint64_t digest_node(uint64_t hash, const struct observation *seen,
                            const struct observed_node *node) {
    const uint64_t facts[] = {node->parent,      node->facts.mode,           node->facts.uid,
                              node->facts.gid,   node->facts.nlink,          node->facts.rdev,
                              node->name_length, (uint64_t)node->facts.size, node->content_length};
    hash = hash_more(hash, seen->bytes + node->name, node->name_length);
    hash = hash_more(hash, seen->bytes + node->content, node->content_length);
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++)
        hash = hash_number(hash, facts[i]);
    return hash;
}

/* Results of all steps and the arena afterwards, whose directories list in one order. */
static uint64_t digest(const struct observation *seen) {
    uint64_t hash = hash_start;
    for (uint32_t i = 0; i < seen->outcome_count; i++) {
        hash = hash_number(hash, (uint32_t)seen->outcomes[i].result);
        hash = hash_number(hash, (uint32_t)seen->outcomes[i].error);
    }
    for (uint32_t i = 0; i < seen->node_count; i++)
        hash = digest_node(hash, seen, &seen->nodes[i]);
    return hash_number(hash_number(hash, seen->umask), seen->node_count);
}

/* --- one look --------------------------------------------------------------------------------- */

static const char *const side_names[SIDE_COUNT] = {"os.mkfifo", "the module"};

static const char *report_crash(const struct plan *plan, const struct verdict *verdict,
                                const char *side, char *report) {
    char call[1024];
    interpreter_describe_last(plan, call, sizeof call);
    snprintf(report, PAIR_REPORT_SIZE, "%s %s in step %u (%d), called as\n  %s", side,
             verdict_ending_name((enum ending)verdict->got), verdict->step + 1, verdict->number,
             call);
    return "python.crash";
}

static const char *report_violation(const struct scenario *scenario, const struct verdict *verdict,
                                    const char *side, char *report) {
    char words[512];
    char signature[FAULT_KEY_SIZE];
    verdict_describe(verdict, words, sizeof words);
    verdict_signature(verdict, scenario, signature, sizeof signature);
    snprintf(report, PAIR_REPORT_SIZE, "%s breaks the contract in step %u: %s (%s)", side,
             verdict->step + 1, words, signature);
    return "python.contract";
}

/* Both sides in turn, then the comparison. Returns as pair_examine does; `*chance` may be why. */
static const char *look(struct examiner *examiner, const struct scenario *scenario,
                        const struct plan *plan, struct verdict *verdict, char *report,
                        bool *chance) {
    uint64_t digests[SIDE_COUNT];
    struct verdict verdicts[SIDE_COUNT];
    interpreter_begin(plan);
    *chance = false;
    for (int side = 0; side < SIDE_COUNT; side++) {
        const struct observation *seen =
            sandbox_run(examiner->sandbox, scenario, &interpreter_pair[side], SANDBOX_OBSERVED);
        verdict_judge(&examiner->judge, scenario, seen, verdict);
        if (seen->ending != ENDING_DONE) {
            *chance = false;
            return report_crash(plan, verdict, side_names[side], report);
        }
        *chance |= verdict_is_bad(verdict) && verdict->links > WORLD_LINKS / 2;
        digests[side] = digest(seen);
        verdicts[side] = *verdict;
    }
    *chance |= interpreter_met_eloop();
    if (interpreter_differs(report, PAIR_REPORT_SIZE))
        return "python.difference";
    for (int side = 0; side < SIDE_COUNT; side++)
        if (verdict_is_bad(&verdicts[side]))
            return report_violation(scenario, &verdicts[side], side_names[side], report);
    if (digests[0] == digests[1])
        return NULL;
    snprintf(report, PAIR_REPORT_SIZE, "the module leaves another arena than os.mkfifo");
    return "python.arena";
}

/*
 * A mount elsewhere may disturb a walk through many links, which then gives ELOOP or leads nowhere:
 * examine.c has the whole story. A fault of the module looks the same each time.
 */
const char *pair_examine(struct examiner *examiner, const struct scenario *scenario,
                         const struct plan *plan, struct verdict *verdict, char *report) {
    enum { TRIES = 40 };
    static char again[PAIR_REPORT_SIZE];
    bool chance;
    const char *signature = look(examiner, scenario, plan, verdict, report, &chance);
    for (int tries = 1; tries < TRIES && signature && chance; tries++) {
        const char *other = look(examiner, scenario, plan, verdict, again, &chance);
        if (!other || strcmp(report, again) != 0)
            signature = NULL;
    }
    if (!signature && verdict_is_bad(verdict)) {
        verdict->kind = VERDICT_UNDECIDED;
        verdict->chance = CHANCE_LINKS;
    }
    examiner->scenarios++;
    examiner->undecided += verdict->kind == VERDICT_UNDECIDED;
    return signature;
}
