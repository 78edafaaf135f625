/*
 * within_test.c - circumstances of calls: they are what they are called, and an honest call comes
 * to the same in each.
 */
#include "within_testing.h"

static pid_t tester; /* this process */

/* --- honest calls -------------------------------------------------------------------------------
 */

static void honest_calls_come_to_the_same(void **state) {
    (void)state;
    begin();
    for (unsigned flags = 0; flags < ALL_FLAGS; flags++) {
        char text[600];
        snprintf(text, sizeof text,
                 "%smkdir \"d\" 0755      # 0\n"
                 "d0 = open \"d\" path  # 0\n"
                 "umask 027           # 0\n"
                 "mkfifo \"f\" 0666    # 0\n"
                 "mkfifo \"f\" 0666    # EEXIST\n"
                 "mkfifo \"\" 0666     # ENOENT\n"
                 "chdir \"d\"          # 0\n"
                 "mkfifoat d0 \"g\" 07 # 0\n"
                 "mkfifo \"g\" 0      # EEXIST\n"
                 "mkfifoat 77 \"g\" 0  # EBADF\n",
                 within_step(flags));
        const struct observation *seen = run(text);
        assert_int_equal(find(seen, 0, "f")->facts.mode, S_IFIFO | 0640);
        assert_int_equal(seen->umask, 027);
        assert_false(seen->signals_changed);
        assert_true(seen->descriptor_count == 4 || seen->descriptor_count == -1);
    }
    finish();
}

static void circumstances_hold_until_the_next(void **state) {
    (void)state;
    begin();
    run("within vfork stack blocked closed\n"
        "mkfifoat 1 \"f\" 0644 # EBADF\n"
        "within\n"
        "mkfifoat 1 \"f\" 0644 # ENOTDIR\n");
    run("mkfifoat 1 \"f\" 0644 # ENOTDIR\n"
        "within closed\n"
        "mkfifoat 1 \"f\" 0644 # EBADF\n"
        "within fork\n"
        "mkfifoat 1 \"f\" 0644 # ENOTDIR\n");
    finish();
}

static void a_child_is_who_the_thread_is(void **state) {
    (void)state;
    need(ABILITY_IDENTITIES);
    begin();
    for (unsigned flags = 0; flags < ALL_FLAGS; flags++) {
        char text[300];
        snprintf(text, sizeof text,
                 "as 1000:1000\n%s"
                 "mkfifo \"f\" 0644 # EACCES\n"
                 "as 0:0\n"
                 "mkfifo \"f\" 0644 # 0\n",
                 within_step(flags));
        run(text);
    }
    finish();
}

/* --- what the circumstances are -----------------------------------------------------------------
 */

static int counter;

static int tell_process(const char *path, mode_t mode) {
    (void)path;
    (void)mode;
    counter++;
    if (getpid() == tester)
        return 0;
    return getppid() == tester && gettid() == getpid() ? 1 : 2;
}

static void children_are_processes_with_a_memory_of_their_own_or_not(void **state) {
    (void)state;
    begin();
    tester = getpid();
    for (unsigned flags = 0; flags < ALL_FLAGS; flags++) {
        counter = 0;
        assert_int_equal(result_within(flags, tell_process), is_in_child(flags));
        assert_int_equal(counter, !is_in_child(flags) || flags & WITHIN_VFORK);
    }
    finish();
}

static int count_open(const char *path, mode_t mode) {
    int open = 0;
    (void)path;
    (void)mode;
    for (int number = 0; number < 3; number++)
        open += fcntl(number, F_GETFD) >= 0;
    return open;
}

static void standard_descriptors_are_closed_in_the_child_alone(void **state) {
    (void)state;
    begin();
    for (unsigned flags = 0; flags < ALL_FLAGS; flags++) {
        assert_int_equal(result_within(flags, count_open), flags & WITHIN_CLOSED ? 0 : 3);
        for (int number = 0; number < 3; number++)
            assert_true(sandbox_last(sandbox)->open[number]);
    }
    finish();
}

static int tell_mask(const char *path, mode_t mode) {
    sigset_t set;
    (void)path;
    (void)mode;
    sigprocmask(SIG_BLOCK, NULL, &set);
    return sigismember(&set, SIGSEGV) + sigismember(&set, SIGUSR1) + sigismember(&set, SIGSYS);
}

static int unblock_all(const char *path, mode_t mode) {
    sigset_t set;
    sigfillset(&set);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    return plain_mkfifo(path, mode);
}

static int block_and_restore(const char *path, mode_t mode) {
    sigset_t set, before;
    sigfillset(&set);
    sigprocmask(SIG_BLOCK, &set, &before);
    const int result = plain_mkfifo(path, mode);
    sigprocmask(SIG_SETMASK, &before, NULL);
    return result;
}

static void signals_are_blocked_and_are_to_stay_so(void **state) {
    (void)state;
    begin();
    for (unsigned flags = 0; flags < ALL_FLAGS; flags++) {
        assert_int_equal(result_within(flags, tell_mask), flags & WITHIN_BLOCKED ? 3 : 1);
        assert_false(sandbox_last(sandbox)->signals_changed);
        assert_int_equal(result_within(flags, block_and_restore), 0);
        assert_false(sandbox_last(sandbox)->signals_changed);
        assert_int_equal(result_within(flags, unblock_all), 0);
        assert_true(sandbox_last(sandbox)->signals_changed);
    }
    finish();
}

static int descend(int bytes) {
    enum { FRAME = 256 };
    volatile char frame[FRAME];
    frame[bytes % FRAME] = 0; /* a compiler makes an array as small as it is used */
    const int rest = bytes <= FRAME ? 0 : descend(bytes - FRAME);
    return rest + frame[bytes % FRAME];
}

static int descend_a_little(const char *path, mode_t mode) {
    (void)path;
    (void)mode;
    return descend(WITHIN_STACK_SIZE / 4);
}

static int descend_far(const char *path, mode_t mode) {
    (void)path;
    (void)mode;
    return descend(WITHIN_STACK_SANITIZED);
}

static void stacks_are_small(void **state) {
    (void)state;
    begin();
    for (unsigned flags = 0; flags < ALL_FLAGS; flags++) {
        assert_int_equal(result_within(flags, descend_a_little), 0);
        const struct observation *seen = run_within(flags, descend_far);
        assert_int_equal(seen->ending, flags & WITHIN_STACK ? ENDING_OVERFLOWED : ENDING_DONE);
    }
    finish();
}

/* --- the gate ------------------------------------------------------------------------------------
 */

static void the_kernel_s_answer_is_replaced_in_a_child(void **state) {
    (void)state;
    need(ABILITY_GATE);
    begin();
    for (unsigned flags = 0; flags < ALL_FLAGS; flags++) {
        char text[300];
        snprintf(text, sizeof text,
                 "%sinject EIO\n"
                 "mkfifo \"f\" 0644 # EIO\n"
                 "mkfifo \"f\" 0644 # 0\n"
                 "inject 0 once\n"
                 "mkfifo \"g\" 0644 # 0\n"
                 "unlink \"g\"      # ENOENT\n",
                 within_step(flags));
        run(text);
        snprintf(text, sizeof text, "inject EIO\n%smkfifo \"f\" 0644\n", within_step(flags));
        const struct observation *seen = run_with(block_and_restore, text, SANDBOX_OBSERVED);
        assert_int_equal(seen->outcomes[2].error, EIO);
        assert_false(seen->signals_changed);
        assert_int_equal(run_with(crash, text, SANDBOX_OBSERVED)->ending, ENDING_CRASHED);
        assert_int_equal(run_with(abort_process, text, SANDBOX_OBSERVED)->ending, ENDING_CRASHED);
        assert_int_equal(sandbox_last(sandbox)->detail, SIGABRT);
        if (is_in_child(flags))
            assert_int_equal(run_with(exit_thread, text, SANDBOX_OBSERVED)->detail, SYS_exit);
    }
    finish();
}

/* Each call is made in the handler that the one before is stopped in, with signals of its own. */
static void calls_within_a_stopped_call_have_circumstances_of_their_own(void **state) {
    (void)state;
    need(ABILITY_GATE);
    begin();
    for (unsigned flags = 0; flags < ALL_FLAGS; flags++) {
        char text[400];
        snprintf(text, sizeof text,
                 "within stack blocked\npause 3\nmkfifo \"f\" 0644 # waits 0\n%s"
                 "mkfifo \"g\" 0644\n"
                 "resume\n",
                 within_step(flags));
        const struct observation *seen = run_with(block_and_restore, text, SANDBOX_OBSERVED);
        assert_int_equal(seen->ending, ENDING_DONE);
        assert_int_equal(seen->outcomes[2].ended, 5);
        assert_int_equal(seen->outcomes[2].result, 0);
        assert_int_equal(seen->outcomes[4].result, 0);
        assert_int_equal(seen->outcomes[4].ended, 4);
        assert_false(seen->signals_changed);
    }
    finish();
}

static void no_call_is_stopped_in_a_child(void **state) {
    (void)state;
    need(ABILITY_GATE);
    begin();
    run("within fork\n"
        "pause 1\n"
        "mkfifo \"f\" 0644 # 0\n"
        "resume\n"
        "within vfork\n"
        "pause 5 instruction\n"
        "mkfifo \"f\" 0644 # EEXIST\n");
    finish();
}

int main(void) {
    open_or_skip();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(honest_calls_come_to_the_same),
        cmocka_unit_test(circumstances_hold_until_the_next),
        cmocka_unit_test(a_child_is_who_the_thread_is),
        cmocka_unit_test(children_are_processes_with_a_memory_of_their_own_or_not),
        cmocka_unit_test(standard_descriptors_are_closed_in_the_child_alone),
        cmocka_unit_test(signals_are_blocked_and_are_to_stay_so),
        cmocka_unit_test(stacks_are_small),
        cmocka_unit_test(the_kernel_s_answer_is_replaced_in_a_child),
        cmocka_unit_test(calls_within_a_stopped_call_have_circumstances_of_their_own),
        cmocka_unit_test(no_call_is_stopped_in_a_child),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    sandbox_close(sandbox);
    return failed;
}
