/*
 * examine_testing.h - what the two live tests of examine.c share: a search with generated
 * scenarios. They come from the generator alone, without an engine, so this is also its test.
 */
#ifndef FIFOFUZZ_EXAMINE_TESTING_H
#define FIFOFUZZ_EXAMINE_TESTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "examine.h"
#include "random.h"
#include "scenario_generate.h"

enum { EXIT_SKIPPED = 77 };

static struct examiner examiner;
static struct finding finding; /* of the last search that did not hold */
static enum target_shape search_shape = SHAPE_SEQUENCE;

/* True where the sandbox holds canaries, too; if not, says why. */
static inline bool can_examine(void) {
    char reason[512];
    int error = sandbox_prepare(reason, sizeof reason);
    const char *why = error ? reason : sandbox_shortfall();
    if (why[0])
        fprintf(stderr, "skipped: %s\n", why);
    return !why[0];
}

static inline bool is_canary(const struct implementation *implementation) {
    return implementation->breaks != NULL;
}

static inline void print_finding(const char *name) {
    static char text[SCENARIO_PRINT_MAX];
    char what[512];
    scenario_print(&finding.scenario, NULL, text, sizeof text);
    verdict_describe(&finding.verdict, what, sizeof what);
    print_message("%s: %s\n%s\nstep %u, fault %d, repeated %u of %u\n%s", name,
                  clause_infos[finding.verdict.clause].name, what, finding.verdict.step + 1,
                  (int)finding.fault, finding.repeated, finding.replays, text);
}

/* Makes what was found small; no time, only tries, so that it comes out the same on any machine. */
static inline void minimize_finding(void) {
    const struct minimize_budget budget = {.tries = 5000};
    examine_minimize(&examiner, &finding, &budget);
}

/*
 * Examines up to `limit` scenarios of search_shape that `seed` generates. Returns whether all held;
 * `used` is their number, the last one included. What is found is made small if `small`.
 * `examiner.judge.reach` is the caller's to set.
 */
static inline bool search(const struct implementation *implementation, enum level level,
                          uint64_t seed, uint32_t limit, bool small, uint32_t *used) {
    static struct scenario scenario;
    struct random random;
    char reason[256];
    bool held = true;
    random_seed(&random, seed);
    examiner.contract.level = level;
    if (examine_open(&examiner, implementation, -1, reason, sizeof reason) != 0)
        fail_msg("%s", reason);
    for (*used = 0; held && *used < limit; ++*used) {
        scenario_generate(&scenario, &random, search_shape);
        examine_adapt(&examiner, &scenario);
        held = examine(&examiner, &scenario, &finding);
    }
    if (!held && small)
        minimize_finding();
    examine_close(&examiner);
    return held;
}

#endif
