/* cmd_matrix_test.c - the verb matrix as the built program does it. */
#include "cli_testing.h"

static void right_ones_hold_and_wrong_ones_are_told_apart(void **state) {
    (void)state;
    need_sandbox();
    RUN("matrix", "own", "canary-dangling-followed", "canary-umask-ignored", "./missing.so",
        "--runs", "2000", "--seed", "7", "--findings", "found", "--json", "m.json", "--html",
        "m.html", "--jobs", "2");
    assert_status(1);
    assert_contains(ran.out, "\nown ");
    assert_contains(ran.out, "./missing.so              cannot be loaded as a shared object: ");
    assert_contains(ran.out, "\ncanary-dangling-followed: ");
    assert_contains(ran.out, "  grave   C-EEXIST-dangling.");
    assert_contains(ran.out, "\ncanary-umask-ignored: ");
    assert_contains(ran.out, "  broken  C-MODE-umask.");
    assert_contains(ran.err, "[4/4] ");
    assert_int_equal(access(in_directory("m.html"), R_OK), 0);
    static char json[4 << 20];
    read_into(in_directory("m.json"), json, sizeof json);
    assert_contains(json, "\"grade\": \"broken\"");
    assert_contains(json, "\"state\": \"violated\"");
    assert_int_equal(access(in_directory("found/canary-dangling-followed/run.log"), R_OK), 0);
    assert_int_equal(access(in_directory("found/missing.so/run.log"), R_OK), 0);
}

static void nothing_found_is_held(void **state) {
    (void)state;
    need_sandbox();
    RUN("matrix", "own", "./missing.so", "--runs", "100", "--findings", "held", "--wide");
    assert_status(0);
    assert_contains(ran.out, "\nC-RETURN                    +");
}

static void nothing_to_run_is_no_success(void **state) {
    (void)state;
    RUN("matrix", "./missing.so", "no-such", "--runs", "100", "--findings", "none");
    assert_status(77);
    RUN("matrix");
    assert_status(2);
    RUN("matrix", "own", "--contract", "lax");
    assert_status(2);
}

/* Names that make the same file name get a folder each. */
static void folders_are_apart(void **state) {
    (void)state;
    RUN("matrix", "./a/x.so", "./a-x.so", "--runs", "1", "--findings", "apart");
    assert_status(77);
    assert_int_equal(access(in_directory("apart/a-x.so/run.log"), R_OK), 0);
    assert_int_equal(access(in_directory("apart/a-x.so-2/run.log"), R_OK), 0);
}

static void wait_for_first_row(void) {
    static char said[65536];
    do
        read_into(in_directory("err"), said, sizeof said);
    while (!strstr(said, "[1/3] "));
}

static void an_interrupt_still_writes_what_is_known(void **state) {
    (void)state;
    need_sandbox();
    static const char *const arguments[] = {"matrix", "./missing.so", "own",        "libc",
                                            "--time", "100000",       "--findings", "cut",
                                            "--json", "cut.json",     NULL};
    pid_t child = start(arguments, "err", NULL);
    wait_for_first_row();
    assert_int_equal(kill(child, SIGINT), 0);
    finish(child);
    assert_status(128 + SIGINT);
    assert_contains(ran.out, "interrupted before its turn\n");
    assert_int_equal(access(in_directory("cut.json"), R_OK), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(right_ones_hold_and_wrong_ones_are_told_apart),
        cmocka_unit_test(nothing_found_is_held),
        cmocka_unit_test(nothing_to_run_is_no_success),
        cmocka_unit_test(folders_are_apart),
        cmocka_unit_test(an_interrupt_still_writes_what_is_known),
    };
    return cmocka_run_group_tests(tests, prepare, clean_up);
}
