/*
 * cmd_corpus_test.c - what merging keeps, what converting changes, and that the seeds we commit
 * reach all that they can without any mutation.
 */
#include "cli_testing.h"

#include "contract.h"

static char seeds[PATH_MAX];
static char of_clauses[32]; /* " of N clauses, " */

/* The two numbers of "N of M clauses, F features" or "N inputs read, M written". */
static void read_numbers(const char *format, unsigned *first, unsigned *second) {
    assert_contains(ran.out, format);
    const char *line = strstr(ran.out, format);
    const char *start = line ? line : ran.out;
    while (start > ran.out && start[-1] != '\n')
        start--;
    *first = (unsigned)strtoul(start, NULL, 10);
    *second = (unsigned)strtoul((line ? line : ran.out) + strlen(format), NULL, 10);
}

static void a_minimized_corpus_reaches_the_same_with_less(void **state) {
    (void)state;
    unsigned read, written, clauses, features, again, kept;
    need_sandbox();
    RUN("corpus", "small", seeds);
    assert_status(0);
    read_numbers(" inputs read, ", &read, &written);
    read_numbers(of_clauses, &clauses, &features);
    assert_true(written < read);
    assert_int_equal(written, count_files("small"));
    RUN("corpus", "smaller", "small");
    read_numbers(of_clauses, &clauses, &again);
    read_numbers(" inputs read, ", &read, &kept);
    assert_int_equal(again, features);
    assert_int_equal(kept, written);
}

static void what_is_there_stays_and_counts(void **state) {
    (void)state;
    unsigned read, written;
    need_sandbox();
    RUN("corpus", "base", seeds);
    unsigned before = count_files("base");
    RUN("corpus", "base", seeds);
    read_numbers(" inputs read, ", &read, &written);
    assert_int_equal(written, 0);
    assert_int_equal(count_files("base"), before);
}

static void committed_seeds_reach_every_clause_that_can_be_reached(void **state) {
    (void)state;
    need_sandbox();
    RUN("corpus", "reach", FIFOFUZZ_CORPUS_DIR "/conformance", FIFOFUZZ_CORPUS_DIR "/seeds");
    assert_status(0);
    assert_contains(ran.out, " clauses, ");
    assert_null(strstr(ran.out, "not reached"));
    RUN("corpus", "little", FIFOFUZZ_CORPUS_DIR "/conformance/C-EEXIST.scn");
    assert_status(0);
    assert_contains(ran.out, "not reached: C-");
}

static void text_and_bytes_go_into_each_other(void **state) {
    (void)state;
    unsigned read, written;
    RUN("corpus", "bytes", seeds, "--all");
    assert_status(0);
    RUN("corpus", "text", "bytes", "--all", "--text");
    read_numbers(" inputs read, ", &read, &written);
    assert_int_equal(read, written);
    RUN("corpus", "bytes", "text", "--all");
    read_numbers(" inputs read, ", &read, &written);
    assert_int_equal(written, 0);
}

static void a_violating_input_is_told(void **state) {
    (void)state;
    need_sandbox();
    static const char file[] = FIFOFUZZ_CORPUS_DIR "/conformance/C-RETURN.scn";
    RUN("corpus", "violating", file, "-i", "canary-returns-one");
    assert_status(1);
    assert_contains(ran.err, "C-RETURN.scn violates C-RETURN");
}

static void wrong_arguments_are_told(void **state) {
    (void)state;
    RUN("corpus", "alone");
    assert_status(2);
    RUN("corpus", "out", "absent");
    assert_status(2);
    assert_contains(ran.err, "absent");
}

static int find_seeds(void **state) {
    int status = prepare(state);
    snprintf(seeds, sizeof seeds, "%.*s/seeds/sequence", (int)(strrchr(program, '/') - program),
             program);
    snprintf(of_clauses, sizeof of_clauses, " of %d clauses, ", CLAUSE_COUNT);
    return status;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_minimized_corpus_reaches_the_same_with_less),
        cmocka_unit_test(what_is_there_stays_and_counts),
        cmocka_unit_test(committed_seeds_reach_every_clause_that_can_be_reached),
        cmocka_unit_test(text_and_bytes_go_into_each_other),
        cmocka_unit_test(a_violating_input_is_told),
        cmocka_unit_test(wrong_arguments_are_told),
    };
    return cmocka_run_group_tests(tests, find_seeds, clean_up);
}
