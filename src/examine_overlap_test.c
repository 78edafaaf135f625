/*
 * Calls that overlap and a kernel that fails: right implementations are never accused, every clause
 * about them is reached, and the canaries that are wrong there alone are found.
 */
#include "examine_testing.h"

#include <string.h>

#include "implementations/implementation.h"

enum { SEED = 20261126, SCENARIOS = 600 };

static bool reached[CLAUSE_COUNT];

static void note_reached(void *context, enum clause clause, unsigned feature) {
    (void)context;
    (void)feature;
    reached[clause] = true;
}

/*
 * Right as long as calls follow each other. Some are not safe in a handler or beside other threads;
 * some do several things of which the last decides, between which a directory may be renamed.
 */
static const char *const not_at_once[] = {
    "honest-dups-dirfd",    "honest-duplicates-dirfd",  "honest-opens-parent",
    "honest-walks-by-hand", "honest-asks-first",        "honest-allocates",
    "honest-reads-umask",   "honest-changes-directory", "honest-locks",
    "honest-tries-twice",
};

static bool is_right_at_once(const char *name) {
    for (size_t i = 0; i < sizeof not_at_once / sizeof not_at_once[0]; i++)
        if (strcmp(not_at_once[i], name) == 0)
            return false;
    return true;
}

static void assert_never_accused(const struct implementation *implementation, uint64_t seed) {
    for (int level = 0; level < LEVEL_COUNT; level++) {
        uint32_t used;
        if (search(implementation, (enum level)level, seed + (uint64_t)level, SCENARIOS, true,
                   &used))
            continue;
        print_finding(implementation->name);
        fail_msg("%s is accused at level %s after %u scenarios of seed %llu", implementation->name,
                 level_names[level], used, (unsigned long long)(seed + (uint64_t)level));
    }
}

static void right_implementations_are_never_accused(void **state) {
    (void)state;
    size_t count;
    const struct implementation *const *list = implementation_list(&count);
    print_message("seed %d\n", SEED);
    examiner.judge.reach = note_reached;
    for (size_t i = 0; i < count; i++) {
        if (is_canary(list[i]) || !is_right_at_once(list[i]->name))
            continue;
        search_shape = i % 2 ? SHAPE_THREADS : SHAPE_INJECT;
        assert_never_accused(list[i], SEED + (uint64_t)LEVEL_COUNT * i);
    }
}

/* Seconds for each try to make its finding small: it hangs. */
static bool hangs(const char *name) {
    return strcmp(name, "canary-locked") == 0 || strcmp(name, "canary-wakes-no-one") == 0 ||
           strcmp(name, "canary-eintr-loops") == 0;
}

static bool is_found(const struct implementation *canary) {
    enum { LIMIT = 20000 };
    uint32_t used;
    const bool overlap = strcmp(canary->breaks, clause_infos[CLAUSE_SECCOMP_INJECT].name) != 0 &&
                         strcmp(canary->breaks, clause_infos[CLAUSE_RETURN].name) != 0;
    search_shape = overlap ? SHAPE_THREADS : SHAPE_INJECT;
    if (search(canary, LEVEL_LINUX, SEED, LIMIT, !hangs(canary->name), &used)) {
        print_message("%-30s %-18s SURVIVED\n", canary->name, canary->breaks);
        return false;
    }
    print_message("%-30s %-18s caught as %-18s after %5u, again in %2u of %2u, %2u steps\n",
                  canary->name, canary->breaks, clause_infos[finding.verdict.clause].name, used,
                  finding.repeated, finding.replays, finding.scenario.step_count);
    if (finding.fault != FAULT_IMPLEMENTATION)
        print_finding(canary->name);
    return finding.fault == FAULT_IMPLEMENTATION;
}

static void every_latent_canary_is_found(void **state) {
    (void)state;
    size_t count;
    unsigned canaries = 0, found = 0;
    const struct implementation *const *list = implementation_list(&count);
    for (size_t i = 0; i < count; i++) {
        if (!implementation_is_latent(list[i]))
            continue;
        canaries++;
        found += is_found(list[i]);
    }
    assert_true(canaries > 0);
    assert_int_equal(found, canaries);
}

/* What is left: memory that malloc(3) has half changed is not to be tried here. */
static void some_that_are_right_one_by_one_are_found(void **state) {
    (void)state;
    static const char *const found[] = {"honest-reads-umask", "honest-changes-directory",
                                        "honest-locks", "honest-tries-twice"};
    search_shape = SHAPE_INJECT;
    for (size_t i = 0; i < sizeof found / sizeof found[0]; i++) {
        uint32_t used;
        if (search(implementation_find(found[i]), LEVEL_LINUX, SEED, 20 * SCENARIOS, false, &used))
            fail_msg("%s is not accused", found[i]);
        print_message("%-26s %-18s after %u\n", found[i], clause_infos[finding.verdict.clause].name,
                      used);
    }
}

static void every_clause_about_them_is_reached(void **state) {
    (void)state;
    for (int clause = 0; clause < CLAUSE_COUNT; clause++)
        if (clause_infos[clause].need == ABILITY_GATE && examiner.contract.host.can[ABILITY_GATE])
            if (!reached[clause])
                fail_msg("%s was never reached", clause_infos[clause].name);
}

int main(void) {
    if (!can_examine())
        return EXIT_SKIPPED;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(right_implementations_are_never_accused),
        cmocka_unit_test(every_clause_about_them_is_reached),
        cmocka_unit_test(every_latent_canary_is_found),
        cmocka_unit_test(some_that_are_right_one_by_one_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
