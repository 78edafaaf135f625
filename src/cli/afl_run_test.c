/*
 * afl_run_test.c - AFL++ as the engine of a run: it finds, exchanges and ends as libFuzzer does.
 * Needs what `scripts/build --afl` makes, beside the program.
 */
#include "cli_testing.h"

static void need_afl(void) {
    char target[PATH_MAX];
    snprintf(target, sizeof target, "%.*s/afl/fuzz_sequence",
             (int)(strrchr(program, '/') - program), program);
    need_sandbox();
    if (access(target, X_OK) != 0 || !is_installed("afl-fuzz"))
        skip();
}

static void a_run_holds_and_fills_the_corpus(void **state) {
    (void)state;
    need_afl();
    RUN("run", "--engine", "afl", "--runs", "2000", "--seed", "1", "--corpus", "corpus", "--jobs",
        "2");
    assert_status(0);
    assert_contains(ran.err, "seed=1 ");
    assert_contains(ran.err, "findings              0");
    assert_true(count_files("corpus") > 0);
    assert_int_equal(count_files("corpus.afl"), 2);
    RUN("run", "--runs", "500", "--seed", "1", "--corpus", "corpus"); /* libFuzzer starts from it */
    assert_status(0);
}

static void a_finding_ends_the_run_and_is_kept(void **state) {
    (void)state;
    need_afl();
    RUN("run", "--engine", "afl", "--seed", "1", "-i", "canary-returns-one", "--findings", "found");
    assert_status(1);
    assert_contains(ran.out, "C-RETURN is violated");
    assert_contains(ran.out, "Confirmed:             in 3 of 3 fresh processes");
    assert_true(count_files("found") == 1);
}

static void findings_are_collected(void **state) {
    (void)state;
    need_afl();
    RUN("run", "--engine", "afl", "--runs", "3000", "--seed", "1", "-i", "canary-type-regular",
        "--findings", "many", "--keep-going", "--minimize-time", "0");
    assert_status(1);
    assert_true(count_files("many") > 1);
}

/* AFL++ sees a crash and starts the target anew, which has to be told from a finding of the
 * target's. */
static void a_killed_process_is_a_finding(void **state) {
    (void)state;
    char object[PATH_MAX];
    need_afl();
    snprintf(object, sizeof object, "%.*s/tests/killed.so", (int)(strrchr(program, '/') - program),
             program);
    RUN("run", "--engine", "afl", "--seed", "1", "-i", object, "--findings", "killed");
    assert_status(1);
    assert_contains(ran.err, "C-RETURNS.killed.11");
    assert_int_equal(count_files("killed"), 1);
}

static void an_engine_that_nobody_knows_is_told(void **state) {
    (void)state;
    RUN("run", "--engine", "wheel");
    assert_status(2);
    assert_contains(ran.err, "unknown engine \"wheel\"");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_holds_and_fills_the_corpus),
        cmocka_unit_test(a_finding_ends_the_run_and_is_kept),
        cmocka_unit_test(findings_are_collected),
        cmocka_unit_test(a_killed_process_is_a_finding),
        cmocka_unit_test(an_engine_that_nobody_knows_is_told),
    };
    return cmocka_run_group_tests(tests, prepare, clean_up);
}
