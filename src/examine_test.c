/*
 * The whole path, live: the right implementations are never accused, every canary is caught. The
 * scenarios come from the generator alone, without an engine, so this is also its test.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "examine.h"
#include "random.h"
#include "scenario_generate.h"

enum { SEED = 20260102, RIGHT_SCENARIOS = 20000, CANARY_SCENARIOS = 300000 };

static struct examiner examiner;
static struct scenario scenario;
static struct finding finding;
static bool reached[CLAUSE_COUNT];

static void note_reached(void *context, enum clause clause, unsigned feature) {
    (void)context;
    (void)feature;
    reached[clause] = true;
}

static void open_examiner(const struct implementation *implementation, enum level level) {
    char reason[256];
    examiner.contract.level = level;
    examiner.judge.reach = note_reached;
    if (examine_open(&examiner, implementation, -1, reason, sizeof reason) != 0)
        fail_msg("%s", reason);
}

static void print_finding(const char *name) {
    static char text[65536];
    char what[512];
    scenario_print(&finding.scenario, NULL, text, sizeof text);
    verdict_describe(&finding.verdict, what, sizeof what);
    print_message("%s: %s\n%s\nstep %u, fault %d, repeated %u of %u\n%s", name,
                  clause_infos[finding.verdict.clause].name, what, finding.verdict.step + 1,
                  (int)finding.fault, finding.repeated, finding.replays, text);
}

/* Examines up to `limit` generated scenarios; true if all held. `used` counts them. */
static bool search(const struct implementation *implementation, enum level level, uint32_t limit,
                   uint32_t *used) {
    struct random random;
    bool held = true;
    random_seed(&random, SEED);
    open_examiner(implementation, level);
    for (*used = 0; held && *used < limit; ++*used) {
        scenario_generate(&scenario, &random, SHAPE_SEQUENCE);
        examine_adapt(&examiner, &scenario);
        held = examine(&examiner, &scenario, &finding);
    }
    examine_close(&examiner);
    return held;
}

static bool is_right(const struct implementation *implementation) {
    return implementation->breaks == NULL;
}

static void right_implementations_are_never_accused(void **state) {
    (void)state;
    size_t count;
    const struct implementation *const *list = implementation_list(&count);
    print_message("seed %d\n", SEED);
    for (size_t i = 0; i < count; i++) {
        if (!is_right(list[i]))
            continue;
        for (int level = 0; level < LEVEL_COUNT; level++) {
            uint32_t used;
            if (search(list[i], (enum level)level, RIGHT_SCENARIOS, &used))
                continue;
            print_finding(list[i]->name);
            fail_msg("%s is accused at level %s", list[i]->name, level_names[level]);
        }
    }
}

static void every_clause_is_reached(void **state) {
    (void)state;
    for (int clause = 0; clause < CLAUSE_COUNT; clause++)
        if (!reached[clause])
            fail_msg("%s was never reached", clause_infos[clause].name);
}

static void every_canary_is_caught(void **state) {
    (void)state;
    size_t count;
    unsigned survivors = 0;
    const struct implementation *const *list = implementation_list(&count);
    for (size_t i = 0; i < count; i++) {
        uint32_t used;
        if (is_right(list[i]))
            continue;
        if (search(list[i], LEVEL_LINUX, CANARY_SCENARIOS, &used)) {
            print_message("%s (%s) survived %u scenarios\n", list[i]->name, list[i]->breaks, used);
            survivors++;
            continue;
        }
        print_message("%-40s %-26s caught as %-26s after %6u, again in %u of %u\n", list[i]->name,
                      list[i]->breaks, clause_infos[finding.verdict.clause].name, used,
                      finding.repeated, finding.replays);
        if (finding.fault != FAULT_IMPLEMENTATION) {
            print_finding(list[i]->name);
            print_message("expected %lld got %lld\n", (long long)finding.verdict.expected, (long long)finding.verdict.got);
        }
    }
    assert_int_equal(survivors, 0);
}

int main(void) {
    char reason[256];
    if (sandbox_prepare(reason, sizeof reason) != 0) {
        printf("SKIP: %s\n", reason);
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(right_implementations_are_never_accused),
        cmocka_unit_test(every_clause_is_reached),
        cmocka_unit_test(every_canary_is_caught),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
