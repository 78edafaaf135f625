/*
 * within_ends_test.c - a call in a child or on a small stack that does not come back is told as on
 * the thread itself, and leaves nothing behind.
 */
#include "hostile_testing.h"
#include "within_testing.h"

#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unwind.h>

/* --- how it ends otherwise ----------------------------------------------------------------------
 */

static int overflow(const char *path, mode_t mode) {
    volatile char frame[512];
    frame[0] = (char)mode;
    return (zero ? 0 : overflow(path, mode)) + frame[0];
}

static int fork_again(const char *path, mode_t mode) {
    (void)path;
    (void)mode;
    return (int)syscall(SYS_clone, 0, 0, 0, 0, 0);
}

static int kill_parent(const char *path, mode_t mode) {
    (void)path;
    (void)mode;
    return kill(getppid(), SIGKILL);
}

static const struct hostile {
    const char *name;
    mkfifo_function *mkfifo;
    enum ending ending;
    int detail; /* -1: not compared */
} hostiles[] = {
    {"crash", crash, ENDING_CRASHED, SIGSEGV},
    {"overflow", overflow, ENDING_OVERFLOWED, -1},
    {"abort_process", abort_process, ENDING_CRASHED, SIGABRT},
    {"exit_process", exit_process, ENDING_EXITED, -1},
    {"exit_process", exit_process, ENDING_EXITED, -1}, /* the handler runs once: armed again? */
    {"exit_at_once", exit_at_once, ENDING_FORBIDDEN, SYS_exit_group},
    {"fork_again", fork_again, ENDING_FORBIDDEN, SYS_clone},
    {"kill_parent", kill_parent, ENDING_FORBIDDEN, SYS_kill},
};

static void assert_ends(unsigned flags, const struct hostile *hostile) {
    const unsigned generation = sandbox_generation(sandbox);
    const struct observation *seen = run_within(flags, hostile->mkfifo);
    if (seen->ending != hostile->ending ||
        (hostile->detail != -1 && seen->detail != hostile->detail))
        fail_msg("%s, flags %u: ending %d, detail %d", hostile->name, flags, seen->ending,
                 seen->detail);
    assert_int_equal(seen->step, 1);
    run("mkfifo \"p\" 0600 # 0\n");
    assert_int_equal(sandbox_generation(sandbox), generation + 1);
    assert_no_child_is_left();
}

static void every_bad_end_is_told_and_survived(void **state) {
    (void)state;
    begin();
    for (size_t i = 0; i < sizeof(hostiles) / sizeof(hostiles[0]); i++)
        for (unsigned flags = 0; flags < ALL_FLAGS; flags++)
            assert_ends(flags, &hostiles[i]);
    finish();
}

static void a_child_that_ends_itself_is_told(void **state) {
    (void)state;
    const struct hostile exits = {"exit_thread", exit_thread, ENDING_FORBIDDEN, SYS_exit};
    begin();
    for (unsigned flags = 0; flags < ALL_FLAGS; flags++)
        if (is_in_child(flags))
            assert_ends(flags, &exits);
    finish();
}

/* That is known after two seconds of processor time, or of sleep. */
static void a_child_that_hangs_is_told(void **state) {
    (void)state;
    const struct hostile hangs[] = {{"loop_for_ever", loop_for_ever, ENDING_HUNG, -1},
                                    {"sleep_for_ever", sleep_for_ever, ENDING_HUNG, -1}};
    begin();
    for (size_t i = 0; i < sizeof hangs / sizeof hangs[0]; i++) {
        assert_ends(WITHIN_FORK, &hangs[i]);
        assert_ends(WITHIN_VFORK | WITHIN_STACK | WITHIN_BLOCKED, &hangs[i]);
    }
    finish();
}

/* Nobody may look at it or end it but the harness, which has no descriptors to spare. */
static void a_child_of_another_user_that_hangs_is_told(void **state) {
    (void)state;
    need(ABILITY_IDENTITIES);
    begin();
    for (unsigned flags = WITHIN_FORK; flags <= WITHIN_VFORK; flags++) {
        char text[300];
        snprintf(text, sizeof text,
                 "chmod \"/\" 0777\nas 1000:1000\nnofile 5\n%smkfifo \"f\" 0644\n",
                 within_step(flags));
        const struct observation *seen = run_with(sleep_for_ever, text, SANDBOX_OBSERVED);
        assert_int_equal(seen->ending, ENDING_HUNG);
        assert_int_equal(seen->step, 4);
        assert_no_child_is_left();
    }
    finish();
}

/* While somebody else is busy, who could wake it. */
static void a_child_that_waits_is_woken_by_another_actor(void **state) {
    (void)state;
    const struct implementation waits = {.mkfifo = sleep_for_ever, .mkfifoat = plain_mkfifoat};
    begin();
    for (unsigned flags = WITHIN_FORK; flags <= WITHIN_VFORK; flags++) {
        char text[300];
        snprintf(text, sizeof text,
                 "%smkfifoat cwd \"g\" 0644\n"
                 "actor 2\n"
                 "d1 = open \"g\" wait\n"
                 "actor 0\n"
                 "mkfifo \"f\" 0644\n"
                 "actor 1\n"
                 "d0 = open \"f\" write wait\n",
                 within_step(flags));
        parse(text);
        const struct observation *seen = sandbox_run(sandbox, &scenario, &waits, SANDBOX_OBSERVED);
        assert_int_equal(seen->ending, ENDING_DONE);
        assert_int_equal(seen->outcomes[5].result, 3); /* of the child, which has it open alone */
        assert_int_equal(seen->outcomes[5].ended, 7);
        assert_int_equal(seen->outcomes[7].ended, 7);
        assert_int_equal(seen->outcomes[7].result, 4);
    }
    finish();
}

static int socket_once(const char *path, mode_t mode) {
    syscall(SYS_socket, 1, 1, 0);
    return plain_mkfifo(path, mode);
}

static void the_stack_is_the_child_s(void **state) {
    (void)state;
    static mkfifo_function *const functions[] = {crash, socket_once};
    begin();
    for (unsigned flags = 0; flags < ALL_FLAGS; flags++)
        for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
            const struct observation *seen = run_within(flags, functions[i]);
            assert_in_range(seen->stack_count, 1, 4);
            void *at = (void *)(uintptr_t)(seen->stack[seen->stack_count - 1] + 1);
            assert_ptr_equal(_Unwind_FindEnclosingFunction(at), functions[i]);
        }
    finish();
}

/* --- the harness is killed -----------------------------------------------------------------------
 */

static _Atomic uint32_t *looping; /* shared with the processes below: the child's id */

static int tell_and_loop(const char *path, mode_t mode) {
    *looping = (uint32_t)getpid();
    syscall(SYS_futex, looping, FUTEX_WAKE, 1, NULL, NULL, 0);
    return loop_for_ever(path, mode);
}

static _Noreturn void be_killed(unsigned flags) {
    reopen();
    run_within(flags, tell_and_loop);
    _exit(0);
}

static void assert_dies_of_sigkill(pid_t process) {
    int status = 0;
    assert_int_equal(waitpid(process, &status, __WALL), process);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGKILL);
}

/* Orphans come to this process, which learns how they ended. */
static void a_child_does_not_outlive_the_harness(void **state) {
    (void)state;
    need(ABILITY_CIRCUMSTANCES);
    sandbox_close(sandbox); /* a fork would have its threads to wait for, but not the threads */
    sandbox = NULL;
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
    looping = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(looping != MAP_FAILED);
    for (unsigned flags = WITHIN_FORK; flags <= WITHIN_VFORK; flags++) {
        *looping = 0;
        fflush(NULL);
        const pid_t harness = fork();
        assert_true(harness >= 0);
        if (harness == 0)
            be_killed(flags);
        while (*looping == 0)
            syscall(SYS_futex, looping, FUTEX_WAIT, 0, NULL, NULL, 0);
        kill(harness, SIGKILL);
        assert_dies_of_sigkill(harness);
        assert_dies_of_sigkill((pid_t)*looping);
    }
    assert_no_child_is_left();
    munmap(looping, 4096);
    reopen();
}

int main(void) {
    open_or_skip();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_bad_end_is_told_and_survived),
        cmocka_unit_test(a_child_that_ends_itself_is_told),
        cmocka_unit_test(a_child_that_hangs_is_told),
        cmocka_unit_test(a_child_of_another_user_that_hangs_is_told),
        cmocka_unit_test(a_child_that_waits_is_woken_by_another_actor),
        cmocka_unit_test(the_stack_is_the_child_s),
        cmocka_unit_test(a_child_does_not_outlive_the_harness),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    sandbox_close(sandbox);
    return failed;
}
