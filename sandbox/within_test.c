/*
 * within_test.c - circumstances of calls: they are what they are called, an honest call comes to
 * the same in each, and one that does not come back is told as on the thread itself.
 */
#include "testing.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unwind.h>

#include "within.h"

static volatile int zero;
static pid_t tester; /* this process */

static void assert_no_child_is_left(void) {
    assert_int_equal(waitpid(-1, NULL, WNOHANG | __WALL), -1);
    assert_int_equal(errno, ECHILD);
}

/* Opens the sandbox anew and leaves the test out where calls are made as ever only. */
static void begin(void) {
    need(ABILITY_CIRCUMSTANCES);
    need(ABILITY_FILTER);
    reopen();
    run("actor 0\n"); /* the first such scenario costs the worker */
}

static void finish(void) {
    run("mkfifo \"p\" 0600 # 0\n");
    assert_world_is_fresh();
    assert_no_child_is_left();
}

/* Has the calls that follow made in the circumstances `flags`; as text. */
static void print_within(char *out, size_t size, unsigned flags) {
    size_t length = (size_t)snprintf(out, size, "within");
    for (unsigned i = 0; step_infos[STEP_WITHIN].flags[i]; i++)
        if (flags >> i & 1)
            length += (size_t)snprintf(out + length, size - length, " %s",
                                       step_infos[STEP_WITHIN].flags[i]);
    snprintf(out + length, size - length, "\n");
}

enum { ALL_FLAGS = WITHIN_CLOSED << 1 };

static bool is_in_child(unsigned flags) {
    return flags & (WITHIN_FORK | WITHIN_VFORK | WITHIN_CLOSED);
}

/* `mkfifo "f" 0644` as step 1, in the circumstances `flags`, with `function` in place of mkfifo. */
static const struct observation *run_within(unsigned flags, mkfifo_function *function) {
    char text[160];
    print_within(text, sizeof text, flags);
    strcat(text, "mkfifo \"f\" 0644\n");
    return run_with(function, text, SANDBOX_OBSERVED);
}

static int result_within(unsigned flags, mkfifo_function *function) {
    const struct observation *seen = run_within(flags, function);
    if (seen->ending != ENDING_DONE)
        fail_msg("flags %u: ending %d, detail %d", flags, seen->ending, seen->detail);
    return seen->outcomes[1].result;
}

/* --- honest calls -------------------------------------------------------------------------------
 */

static void honest_calls_come_to_the_same(void **state) {
    (void)state;
    begin();
    for (unsigned flags = 0; flags < ALL_FLAGS; flags++) {
        char text[600];
        print_within(text, sizeof text, flags);
        strcat(text, "mkdir \"d\" 0755      # 0\n"
                     "d0 = open \"d\" path  # 0\n"
                     "umask 027           # 0\n"
                     "mkfifo \"f\" 0666    # 0\n"
                     "mkfifo \"f\" 0666    # EEXIST\n"
                     "mkfifo \"\" 0666     # ENOENT\n"
                     "chdir \"d\"          # 0\n"
                     "mkfifoat d0 \"g\" 07 # 0\n"
                     "mkfifo \"g\" 0      # EEXIST\n"
                     "mkfifoat 77 \"g\" 0  # EBADF\n");
        const struct observation *seen = run(text);
        assert_int_equal(find(seen, 0, "f")->facts.mode, S_IFIFO | 0640);
        assert_int_equal(seen->umask, 027);
        assert_false(seen->signals_changed);
        assert_true(seen->descriptor_count == 4 || seen->descriptor_count == -1);
    }
    finish();
}

/* With all of them, in the tree of one user and of another. */
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
        snprintf(text, sizeof text, "as 1000:1000\n");
        print_within(text + strlen(text), sizeof text - strlen(text), flags);
        strcat(text, "mkfifo \"f\" 0644 # EACCES\n"
                     "as 0:0\n"
                     "mkfifo \"f\" 0644 # 0\n");
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
    frame[0] = (char)bytes;
    return bytes <= FRAME ? 0 : descend(bytes - FRAME) + (frame[0] == 0 && zero);
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

/* --- how it ends otherwise ----------------------------------------------------------------------
 */

static int overflow(const char *path, mode_t mode) {
    volatile char frame[512];
    frame[0] = (char)mode;
    return (zero ? 0 : overflow(path, mode)) + frame[0];
}

static int abort_process(const char *path, mode_t mode) {
    (void)path;
    (void)mode;
    abort();
}

static int exit_process(const char *path, mode_t mode) {
    (void)path;
    exit((int)mode);
}

static int exit_at_once(const char *path, mode_t mode) {
    (void)path;
    _exit((int)mode);
}

static int exit_thread(const char *path, mode_t mode) {
    (void)path;
    return (int)syscall(SYS_exit, mode);
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

static int wait_for_ever(const char *path, mode_t mode) {
    plain_mkfifo(path, mode);
    return open(path, O_RDONLY);
}

static int loop_for_ever(const char *path, mode_t mode) {
    (void)path;
    (void)mode;
    while (!zero)
        ;
    return 0;
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
    {"wait_for_ever", wait_for_ever, ENDING_HUNG, -1},
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

/* It takes two seconds of processor time each. */
static void a_child_that_runs_for_ever_is_told(void **state) {
    (void)state;
    const struct hostile loops = {"loop_for_ever", loop_for_ever, ENDING_HUNG, -1};
    begin();
    assert_ends(WITHIN_FORK, &loops);
    assert_ends(WITHIN_VFORK | WITHIN_STACK | WITHIN_BLOCKED, &loops);
    finish();
}

/* Nobody may look at it or end it but the harness, and that has no descriptors to spare. */
static void a_child_of_another_user_that_waits_is_told(void **state) {
    (void)state;
    need(ABILITY_IDENTITIES);
    begin();
    for (unsigned flags = WITHIN_FORK; flags <= WITHIN_VFORK; flags++) {
        char text[300];
        snprintf(text, sizeof text, "chmod \"/\" 0777\nas 1000:1000\nnofile 5\n");
        print_within(text + strlen(text), sizeof text - strlen(text), flags);
        strcat(text, "mkfifo \"f\" 0644\nas 1001:1001\nmkdir \"d\" 0755\n");
        const struct observation *seen = run_with(wait_for_ever, text, SANDBOX_OBSERVED);
        assert_int_equal(seen->ending, ENDING_HUNG);
        assert_int_equal(seen->step, 4);
        assert_no_child_is_left();
    }
    finish();
}

static void a_child_that_waits_is_woken_by_another_actor(void **state) {
    (void)state;
    begin();
    for (unsigned flags = WITHIN_FORK; flags <= WITHIN_VFORK; flags++) {
        char text[300];
        print_within(text, sizeof text, flags);
        strcat(text, "mkfifo \"f\" 0644\n"
                     "actor 1\n"
                     "d0 = open \"f\" write wait\n");
        const struct observation *seen = run_with(wait_for_ever, text, SANDBOX_OBSERVED);
        assert_int_equal(seen->ending, ENDING_DONE);
        assert_int_equal(seen->outcomes[1].result, 3); /* of the child, which has it open alone */
        assert_int_equal(seen->outcomes[1].ended, 3);
        assert_int_equal(seen->outcomes[3].ended, 3);
        assert_int_equal(seen->outcomes[3].result, 3);
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

/* --- the gate ------------------------------------------------------------------------------------
 */

static void the_kernel_s_answer_is_replaced_in_a_child(void **state) {
    (void)state;
    need(ABILITY_GATE);
    begin();
    for (unsigned flags = 0; flags < ALL_FLAGS; flags++) {
        char text[300];
        print_within(text, sizeof text, flags);
        strcat(text, "inject EIO\n"
                     "mkfifo \"f\" 0644 # EIO\n"
                     "mkfifo \"f\" 0644 # 0\n"
                     "inject 0 once\n"
                     "mkfifo \"g\" 0644 # 0\n"
                     "unlink \"g\"      # ENOENT\n");
        run(text);
        strcpy(text, "inject EIO\n");
        print_within(text + strlen(text), sizeof text - strlen(text), flags);
        strcat(text, "mkfifo \"f\" 0644\n");
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
        snprintf(text, sizeof text, "within stack blocked\npause 3\nmkfifo \"f\" 0644 # waits 0\n");
        print_within(text + strlen(text), sizeof text - strlen(text), flags);
        strcat(text, "mkfifo \"g\" 0644\n"
                     "resume\n");
        parse(text);
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
        cmocka_unit_test(honest_calls_come_to_the_same),
        cmocka_unit_test(circumstances_hold_until_the_next),
        cmocka_unit_test(a_child_is_who_the_thread_is),
        cmocka_unit_test(children_are_processes_with_a_memory_of_their_own_or_not),
        cmocka_unit_test(standard_descriptors_are_closed_in_the_child_alone),
        cmocka_unit_test(signals_are_blocked_and_are_to_stay_so),
        cmocka_unit_test(stacks_are_small),
        cmocka_unit_test(every_bad_end_is_told_and_survived),
        cmocka_unit_test(a_child_that_ends_itself_is_told),
        cmocka_unit_test(a_child_that_runs_for_ever_is_told),
        cmocka_unit_test(a_child_of_another_user_that_waits_is_told),
        cmocka_unit_test(a_child_that_waits_is_woken_by_another_actor),
        cmocka_unit_test(the_stack_is_the_child_s),
        cmocka_unit_test(the_kernel_s_answer_is_replaced_in_a_child),
        cmocka_unit_test(calls_within_a_stopped_call_have_circumstances_of_their_own),
        cmocka_unit_test(no_call_is_stopped_in_a_child),
        cmocka_unit_test(a_child_does_not_outlive_the_harness),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    sandbox_close(sandbox);
    return failed;
}
