/*
 * repro_test.c - what repro tells beyond the verdict: the implementation's stack, a trace, whether
 * the verdict is stable; and that it runs in a debugger. The implementation is testing/faulty.c.
 */
#include "cli_testing.h"

static char object[PATH_MAX]; /* faulty.so, beside this test */

static void find_object(void) {
    ssize_t length = readlink("/proc/self/exe", object, sizeof object - 16);
    assert_true(length > 0);
    object[length] = '\0';
    memcpy(strrchr(object, '/') + 1, "faulty.so", sizeof "faulty.so");
    assert_int_equal(access(object, R_OK), 0);
}

static int prepare_object(void **state) {
    find_object();
    return prepare(state);
}

/* --- stacks ----------------------------------------------------------------------------------- */

/* The lines of the stack in what the program printed, in a static buffer. */
static const char *stack_printed(void) {
    static char text[8192];
    const char *title = "\nThe implementation's stack:\n";
    const char *begin = strstr(ran.out, title);
    if (!begin) {
        fail_msg("no stack in:\n%s", ran.out);
        return "";
    }
    begin += strlen(title);
    snprintf(text, sizeof text, "%.*s", (int)(strstr(begin, "\n\n") - begin), begin);
    return text;
}

/* True where a symbolizer is installed: else there are no names of static functions. */
static bool has_symbolizer(void) {
    return is_installed("llvm-symbolizer") || is_installed("addr2line");
}

static void a_crash_is_told_with_function_and_line(void **state) {
    (void)state;
    need_sandbox();
    write_file("crash.scn", "umask 0000\nmkfifo \"p\" 0001\n");
    RUN("repro", "crash.scn", "--implementation", object);
    assert_status(1);
    char first[8192];
    snprintf(first, sizeof first, "%s", stack_printed());
    assert_contains(first, "(faulty.so+0x");
    if (has_symbolizer()) {
        assert_contains(first, "    #0 crash_within"); /* gcc: .isra.0 */
        assert_contains(first, "faulty.c:19 (faulty.so+0x");
        assert_contains(first, "    #1 mkfifo ");
    } else {
        assert_contains(first, "    #1 mkfifo+0x");
    }
    assert_null(strstr(first, "#2"));
    RUN("repro", "crash.scn", "--implementation", object);
    assert_string_equal(stack_printed(), first);
}

static void an_overflow_is_told_in_few_lines(void **state) {
    (void)state;
    need_sandbox();
    write_file("overflow.scn", "umask 0000\nmkfifo \"p\" 0002\n");
    RUN("repro", "overflow.scn", "--implementation", object);
    assert_status(1);
    assert_contains(stack_printed(), " to #31 ");
}

static void a_forbidden_call_is_told_with_its_caller(void **state) {
    (void)state;
    need_sandbox();
    write_file("forbidden.scn", "umask 0000\nmkfifo \"p\" 0010\n");
    RUN("repro", "forbidden.scn", "--implementation", object);
    assert_status(1);
    assert_contains(ran.out, "forbidden system call (kill)");
    assert_contains(stack_printed(), "(libc.so");
    assert_contains(stack_printed(), " mkfifo");
}

/* --- traces ----------------------------------------------------------------------------------- */

static void a_trace_has_a_line_for_each_step(void **state) {
    (void)state;
    need_sandbox();
    write_file("trace.scn", "umask 022\nsymlink \"nowhere\" \"link\"\nmkfifo \"link\" 0644\n"
                            "rmdir \"d\"\n");
    RUN("repro", "trace.scn", "--trace");
    assert_status(0);
    assert_string_equal(
        ran.out,
        "Each step: what the contract (of a preparation: the model) allows, what was got, the\n"
        "verdict, and the clauses that apply, first the one that decides.\n"
        "\n"
        "  1 umask 0022                may: success       got: success       held\n"
        "  2 symlink \"nowhere\" \"link\"  may: success       got: success       held\n"
        "  3 mkfifo \"link\" 0644        may: EEXIST        got: EEXIST        held       "
        "C-EEXIST-dangling C-RETURN C-ERRNO-set C-RETURNS C-CONTAINED C-PATH-const C-PATH-read "
        "C-FAIL-noeffect C-STATE-cwd C-STATE-umask C-STATE-signals C-STATE-descriptors\n"
        "  4 rmdir \"d\"                 may: ENOENT        got: ENOENT        held\n"
        "    tree, directory, umask, descriptors and signal mask at the end: held\n"
        "\n"
        "trace.scn: held in 1 of 1 runs\n");
}

/* In the order that explains them, told in the scenario's. */
static void a_trace_has_a_line_for_each_step_of_calls_that_overlap(void **state) {
    (void)state;
    need_sandbox();
    write_file("overlap.scn", "pause 1\nmkfifo \"p\" 0644\nmkfifo \"p/q\" 0644\nresume\n");
    RUN("repro", "overlap.scn", "--trace");
    assert_status(0);
    assert_contains(ran.out,
                    "  2 mkfifo \"p\" 0644    may: success       got: success       held ");
    assert_contains(ran.out,
                    "  3 mkfifo \"p/q\" 0644  may: ENOENT        got: ENOENT        held ");
    assert_contains(ran.out, "  4 resume             may: success       got: success       held\n");
}

static void a_trace_says_what_is_violated_and_what_was_not_judged(void **state) {
    (void)state;
    need_sandbox();
    write_file("s.scn", "mkfifo \"p\" 0644\nmkfifo \"q\" 0644\n");
    RUN("repro", "s.scn", "--trace", "--repeat", "3", "-i", "canary-type-regular");
    assert_status(1);
    assert_contains(ran.out, "  1 mkfifo \"p\" 0644  may: success       got: success       "
                             "violated   C-SUCCESS ");
    assert_contains(ran.out, "  2 mkfifo \"q\" 0644  not judged\n"
                             "    C-STAT-type: the type of the new node: expected a FIFO, got a "
                             "regular file\n");
    write_file("crash.scn", "umask 0000\nmkfifo \"p\" 0001\n");
    RUN("repro", "crash.scn", "--trace", "--implementation", object);
    assert_status(1);
    assert_contains(ran.out, "may: success       got: crashed       violated   C-SUCCESS ");
    write_file("open.scn", "mkfifo null 0644\n");
    RUN("repro", "open.scn", "--trace", "--contract", "posix");
    assert_status(0);
    assert_contains(ran.out, "may: anything      got: EFAULT        undecided");
}

/* --- stability -------------------------------------------------------------------------------- */

static void an_unstable_verdict_is_explained(void **state) {
    (void)state;
    need_sandbox();
    write_file("chance.scn", "umask 0000\nmkfifo \"p\" 0004\n");
    RUN("repro", "chance.scn", "--repeat", "40", "--implementation", object);
    assert_status(1);
    assert_contains(ran.out, "chance.scn: unstable: ");
    assert_contains(ran.out, " of 40 runs: violated C-SUCCESS\n"
                             "The same on the bare system call (--implementation raw): 0 of 40 "
                             "runs violated.\nSo it is the implementation that differs");
}

/* --- without a child -------------------------------------------------------------------------- */

static void without_a_fork_the_finding_is_the_same(void **state) {
    (void)state;
    need_sandbox();
    write_file("crash.scn", "umask 0000\nmkfifo \"p\" 0001\n");
    RUN("repro", "crash.scn", "--implementation", object);
    char stack[8192];
    snprintf(stack, sizeof stack, "%s", stack_printed());
    RUN("repro", "crash.scn", "--implementation", object, "--no-fork");
    assert_status(1);
    assert_string_equal(stack_printed(), stack);
    assert_contains(ran.out, "Fault: not determined\n");
    assert_contains(ran.out, "crash.scn: 1 of 1 runs: violated C-RETURNS\n");
    RUN("repro", "crash.scn", "--no-fork", "--trace");
    assert_status(0);
    assert_contains(ran.out, "  2 mkfifo \"p\" 0001  may: success");
    RUN("repro", "crash.scn", "--no-fork", "--repeat", "2");
    assert_status(2);
}

static void a_debugger_stops_at_the_call_in_question(void **state) {
    (void)state;
    need_sandbox();
    if (!is_installed("gdb")) {
        print_message("gdb is not installed\n");
        skip();
    }
    write_file("three.scn", "umask 0000\nmkfifo \"first\" 0600\nmkfifo \"second\" 0600\n");
    write_file("commands", "set breakpoint pending on\n"
                           "break fifofuzz_call if step == 3\n"
                           "run\n"
                           "tbreak mkfifo\n"
                           "continue\n"
                           "print path\n"
                           "continue\n");
    const char *const arguments[] = {"-q",     "-nx",   "-batch", "-x",        "commands",
                                     "--args", program, "repro",  "three.scn", "--implementation",
                                     object,   NULL};
    finish(start_program("gdb", arguments, "err", NULL));
    if (strstr(ran.err, "ptrace: Operation not permitted") ||
        strstr(ran.out, "Could not trace the inferior process")) {
        print_message("this host lets nobody be traced\n");
        skip();
    }
    assert_contains(ran.out, "fifofuzz_call (step=");
    const char *stopped = strstr(ran.out, "hit Temporary breakpoint ");
    if (!stopped) {
        fail_msg("gdb did not stop in mkfifo:\n%s\n%s", ran.out, ran.err);
        return;
    }
    assert_contains(stopped, "\"second\"");
    assert_null(strstr(ran.out, "\"first\""));
    assert_contains(stopped, "three.scn: held in 1 of 1 runs\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_crash_is_told_with_function_and_line),
        cmocka_unit_test(an_overflow_is_told_in_few_lines),
        cmocka_unit_test(a_forbidden_call_is_told_with_its_caller),
        cmocka_unit_test(a_trace_has_a_line_for_each_step),
        cmocka_unit_test(a_trace_has_a_line_for_each_step_of_calls_that_overlap),
        cmocka_unit_test(a_trace_says_what_is_violated_and_what_was_not_judged),
        cmocka_unit_test(an_unstable_verdict_is_explained),
        cmocka_unit_test(without_a_fork_the_finding_is_the_same),
        cmocka_unit_test(a_debugger_stops_at_the_call_in_question),
    };
    return cmocka_run_group_tests(tests, prepare_object, clean_up);
}
