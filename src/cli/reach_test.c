/*
 * reach_test.c - what a search reaches and what it says about the rest: every clause is reached, or
 * named with the reason why it cannot be.
 */
#include "cli_testing.h"

#include <jansson.h>

#include "contract.h"

/* --- running ---------------------------------------------------------------------------------- */

/* The figures of the run that has just held; skips the test where there is no libFuzzer. */
static json_t *figures_of_run(void) {
    json_error_t error;
    if (ran.status == 77)
        skip();
    assert_status(0);
    json_t *figures = json_load_file(in_directory("run.json"), 0, &error);
    assert_non_null(figures);
    return figures;
}

static bool lists(const json_t *array, const char *name) {
    for (size_t i = 0; i < json_array_size(array); i++)
        if (strcmp(json_string_value(json_array_get(array, i)), name) == 0)
            return true;
    return false;
}

/* --- tests ------------------------------------------------------------------------------------ */

/* From nothing, and no clause is left. */
static void the_search_reaches_every_clause_that_can_be_reached(void **state) {
    (void)state;
    need_sandbox();
    RUN("run", "--no-seeds", "--runs", "100000", "--seed", "1", "--json", "run.json");
    json_t *figures = figures_of_run();
    const json_t *missing = json_object_get(figures, "clauses_not_reached");
    for (size_t i = 0; i < json_array_size(missing); i++)
        print_error("not reached: %s\n", json_string_value(json_array_get(missing, i)));
    assert_true(json_is_array(missing));
    assert_int_equal(json_array_size(missing), 0);
    assert_in_range(json_array_size(json_object_get(figures, "clauses_reached")), 1, CLAUSE_COUNT);
    json_decref(figures);
}

static void every_clause_is_reached_or_not_or_out_of_reach(void **state) {
    (void)state;
    need_sandbox();
    RUN("run", "mkfifo", "--runs", "100", "--seed", "1", "--json", "run.json");
    json_t *figures = figures_of_run();
    const json_t *reached = json_object_get(figures, "clauses_reached");
    const json_t *missed = json_object_get(figures, "clauses_not_reached");
    const json_t *reachable = json_object_get(figures, "clauses_reachable");
    const json_t *reasons = json_object_get(figures, "clauses_unreachable");
    for (int i = 0; i < CLAUSE_COUNT; i++) {
        const char *name = clause_infos[i].name;
        bool out_of_reach = json_object_get(reasons, name) != NULL;
        assert_int_equal(lists(reached, name) + lists(missed, name) + out_of_reach, 1);
        assert_int_equal(lists(reachable, name), !out_of_reach);
    }
    for (unsigned i = 0; i < beyond_count; i++)
        assert_string_equal(json_string_value(json_object_get(reasons, beyond_infos[i].name)),
                            beyond_infos[i].reason);
    assert_non_null(json_object_get(reasons, "C-EBADF"));
    assert_contains(ran.err, "  by this target on this implementation\n");
    assert_contains(ran.err, "  beyond any scenario: ");
    json_decref(figures);
}

static void what_the_host_lacks_is_out_of_reach_with_the_reason(void **state) {
    (void)state;
    need_sandbox();
    const char *lacking = ability_infos[ABILITY_LANDLOCK].lacking;
    RUN_CONFINED(forbid_landlock, "doctor");
    assert_status(0);
    assert_contains(ran.out, "missing landlock ");
    assert_contains(ran.out, lacking);
    RUN_CONFINED(forbid_landlock, "run", "--runs", "100", "--seed", "1", "--json", "run.json");
    json_t *figures = figures_of_run();
    const json_t *reasons = json_object_get(figures, "clauses_unreachable");
    assert_string_equal(json_string_value(json_object_get(reasons, "C-LANDLOCK")), lacking);
    assert_contains(ran.err, "landlock, counted, text, wide: `fifofuzz doctor`\n");
    json_decref(figures);
}

static void a_file_that_needs_what_the_host_lacks_is_skipped(void **state) {
    (void)state;
    need_sandbox();
    char skipped[300];
    snprintf(skipped, sizeof skipped, "ok 1 - s # SKIP needs landlock: %s\n",
             ability_infos[ABILITY_LANDLOCK].lacking);
    write_file("s.scn", "landlock \"\"\nmkfifo \"p\" 0644 # EACCES\n");
    RUN_CONFINED(forbid_landlock, "check", "s.scn");
    assert_status(0);
    assert_contains(ran.out, skipped);
    RUN_CONFINED(forbid_landlock, "repro", "s.scn");
    assert_status(77);
    assert_contains(ran.err, "s.scn: steps that need landlock are left out: ");
    assert_contains(ran.out, "s.scn: cannot be told here, where steps that need landlock");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_search_reaches_every_clause_that_can_be_reached),
        cmocka_unit_test(every_clause_is_reached_or_not_or_out_of_reach),
        cmocka_unit_test(what_the_host_lacks_is_out_of_reach_with_the_reason),
        cmocka_unit_test(a_file_that_needs_what_the_host_lacks_is_skipped),
    };
    return cmocka_run_group_tests(tests, prepare, clean_up);
}
