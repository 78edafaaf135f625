/*
 * gate_filter_test.c - what is special about being behind a gate: the signal mask, signals of the
 * code's own, ends within a call; and a gate under the filter, in a child.
 */
#include "gate_testing.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unwind.h>

#include "policy.h"

/* Calls that are no tail calls: what comes behind them needs the frame. */
#define NESTED __attribute__((noinline))
static volatile int zero;

static bool is_in(uint64_t address, mkfifo_function *function) {
    void *start = _Unwind_FindEnclosingFunction((void *)(uintptr_t)(address + 1));
    return (uintptr_t)start == (uintptr_t)function;
}

/* --- signals, ends ---------------------------------------------------------------------------- */

static int block_all_signals(const char *path, mode_t mode) {
    sigset_t all, before, now;
    sigfillset(&all);
    const int failed = pthread_sigmask(SIG_BLOCK, &all, &before) ||
                       pthread_sigmask(SIG_BLOCK, NULL, &now) || !sigismember(&now, SIGSYS) ||
                       sigismember(&before, SIGSYS);
    return plain_mkfifo(path, mode) || failed;
}

static void the_signal_mask_changes_in_belief_alone(void **state) {
    (void)state;
    call_gated(block_all_signals, (struct gate_plan){0});
    assert_int_equal(stage.result, 0);
    assert_int_equal(stage.gate.seen.calls, 3);
    assert_int_equal(made("p"), 0644);
    assert_true(stage.trap.mask != stage.trap.mask_at_start);
    assert_true(stage.real_mask == stage.trap.mask_at_start);
}

#if defined(__x86_64__)
static volatile unsigned signals;

static void count_signal(int number) {
    (void)number;
    signals++;
}

/* As the kernel knows it; what it returns to is the code's own, as in another C library. */
struct kernel_action {
    void (*handler)(int number);
    unsigned long flags;
    void (*restorer)(void);
    uint64_t mask;
};
extern void own_restorer(void);
__asm__(".text\nown_restorer:\n\tmov $15, %eax\n\tsyscall\n");
enum { RESTORER = 0x04000000 };

static int interrupt_itself(const char *path, mode_t mode) {
    const struct kernel_action action = {count_signal, RESTORER, own_restorer, 0};
    struct kernel_action before;
    signals = 0;
    syscall(SYS_rt_sigaction, SIGTRAP, &action, &before, sizeof action.mask);
    __asm__ volatile("int3");
    syscall(SYS_rt_sigaction, SIGTRAP, &before, NULL, sizeof action.mask);
    return plain_mkfifo(path, mode) || signals != 1;
}
#else
#define interrupt_itself plain_mkfifo
#endif

static void the_code_may_return_from_signals_of_its_own(void **state) {
    (void)state;
    call_gated(interrupt_itself, (struct gate_plan){0});
    assert_int_equal(stage.result, 0);
    assert_int_equal(stage.gate.seen.calls, 4);
    assert_int_equal(made("p"), 0644);
}

static int end_the_thread(const char *path, mode_t mode) {
    plain_mkfifo(path, mode);
    turn_give(&stage.turn, TURN_MAIN);
    return (int)syscall(SYS_exit, 0);
}

static void the_thread_may_end_within(void **state) {
    (void)state;
    call_gated(end_the_thread, (struct gate_plan){0});
    assert_int_equal(stage.gate.seen.calls, 3);
    assert_int_equal(made("p"), 0644);
}

/* Lets a thread exit whose call has parked it for good. */
static void see_its_end(pthread_t thread, enum ending ending) {
    while (turn_await(&stage.turn, TURN_WORKER, NULL) == TURN_WORKER)
        ;
    assert_int_equal(stage.turn, TURN_ENDED);
    assert_int_equal(stage.trap.ending, ending);
    turn_give(&stage.trap.release, TURN_QUIT);
    pthread_join(thread, NULL);
}

static void call_to_the_end(mkfifo_function *function, struct gate_plan plan, enum ending ending) {
    pthread_t thread;
    begin(function, plan, &thread);
    see_its_end(thread, ending);
}

static void do_nothing(void *context) {
    (void)context;
}

NESTED static int crash_between_calls(const char *path, mode_t mode) {
    const int result = plain_mkfifo(path, mode);
    *(volatile char *)(uintptr_t)mode = 0;
    return result + plain_mkfifo("q", mode);
}

static void a_call_that_crashed_is_not_stopped_any_more(void **state) {
    (void)state;
    call_to_the_end(crash_between_calls,
                    (struct gate_plan){.stop = GATE_AT_CALL, .at = 2, .stopped = do_nothing},
                    ENDING_CRASHED);
    assert_int_equal(stage.trap.detail, SIGSEGV);
    assert_int_equal(stage.gate.seen.calls, 1);
    assert_false(stage.gate.seen.stopped);
    assert_true(stage.trap.frames.count >= 1);
    assert_true(is_in(addresses[0], crash_between_calls));
}

static void crash_within(void *context) {
    (void)context;
    crash_between_calls("q", 0600);
}

static void the_stack_of_a_nested_crash_is_its_own(void **state) {
    (void)state;
    call_to_the_end(mkfifo_whatever_the_umask,
                    (struct gate_plan){.stop = GATE_AT_CALL, .at = 2, .stopped = crash_within},
                    ENDING_CRASHED);
    assert_true(is_in(addresses[0], crash_between_calls));
}

static int run_into_the_guard(const char *path, mode_t mode) {
    volatile char frame[512];
    frame[0] = (char)mode;
    return (path ? run_into_the_guard(path, mode) : 0) + frame[0];
}

static void overflow_within(void *context) {
    (void)context;
    run_into_the_guard("q", 0600);
}

static void a_nested_call_may_overflow_its_stack(void **state) {
    (void)state;
    call_to_the_end(mkfifo_whatever_the_umask,
                    (struct gate_plan){.stop = GATE_AT_CALL, .at = 2, .stopped = overflow_within},
                    ENDING_OVERFLOWED);
}

NESTED static int wait_for_a_writer(const char *path, mode_t mode) {
    return plain_mkfifo(path, mode) + (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY) + zero;
}

/* True if the stage's thread sleeps in system call `number`. */
static bool sleeps_in(int number) {
    char path[64], wanted[16], line[256] = "";
    snprintf(path, sizeof path, "/proc/self/task/%d/syscall", (int)stage.id);
    const int length = snprintf(wanted, sizeof wanted, "%d ", number);
    const int file = open(path, O_RDONLY);
    const bool found = file >= 0 && read(file, line, sizeof line - 1) > 0;
    close(file);
    return found && strncmp(line, wanted, (size_t)length) == 0;
}

/* The system call is the harness's own by then, but made for the code under test. */
static void a_call_that_hangs_is_shown_where_it_does(void **state) {
    (void)state;
    pthread_t thread;
    begin(wait_for_a_writer, (struct gate_plan){0}, &thread);
    while (!sleeps_in(SYS_openat))
        sched_yield();
    pthread_kill(thread, trap_parking_signal());
    see_its_end(thread, ENDING_HUNG);
    assert_in_range(stage.trap.frames.count, 2, OBSERVED_STACK_MAX);
    assert_true(is_in(addresses[1], wait_for_a_writer));
}

/* --- under the filter, in a child ------------------------------------------------------------- */

NESTED static int connect_somewhere(const char *path, mode_t mode) {
    (void)path;
    return (int)syscall(SYS_socket, mode, 0, 0) + zero;
}

NESTED static int fork_a_child(const char *path, mode_t mode) {
    (void)path;
    (void)mode;
    return (int)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) + zero;
}

/* Without a filter as well: the child would go on in the handler. */
static void no_process_is_made_behind_a_gate(void **state) {
    (void)state;
    call_gated(fork_a_child, (struct gate_plan){0});
    assert_int_equal(stage.result, -1);
    assert_int_equal(stage.error, EPERM);
    assert_int_equal(stage.trap.forbidden_call, SYS_clone);
}

static void a_call_of_another_architecture_is_not_made(void **state) {
    (void)state;
    enum { CODE_DISPATCH = 2, GETPID = 20 };
    struct gate gate = {.depth = 1};
    ucontext_t context = {0};
    siginfo_t info = {.si_code = CODE_DISPATCH};
    info.si_syscall = GETPID;
    info.si_arch = AUDIT_ARCH_I386;
    assert_int_equal(gate_on_signal(&gate, SIGSYS, &info, &context), GATE_FORBIDS);
    assert_int_equal(gate.seen.calls, 1);
}

/* Refused with EPERM, and what is kept of the stack begins with syscall(2) and its caller. */
static int try_forbidden(mkfifo_function *function, int call) {
    struct trap *trap = &stage.trap;
    trap->forbidden = false;
    trap->frames = (struct frames){.out = addresses};
    gate_arm(&stage.gate, (uintptr_t)function);
    const int result = function("p", AF_UNSPEC);
    const int error = errno;
    gate_disarm(&stage.gate);
    int failures = result != -1 || error != EPERM;
    failures += !trap->forbidden || trap->forbidden_call != call;
    failures += trap->frames.count < 2 || !is_in(addresses[1], function);
    failures += stage.gate.seen.calls != 1 || stage.gate.selector != 0;
    return failures;
}

static int try_allowed(mkfifo_function *function) {
    stage.trap.forbidden = false;
    gate_arm(&stage.gate, (uintptr_t)function);
    const int result = function("p", 0666);
    gate_disarm(&stage.gate);
    unlink("p");
    return result != 0 || stage.trap.forbidden;
}

/* Without assertions: the child ends by its status alone. */
static int try_under_the_filter(void) {
    const struct cookies cookies = {1, 2};
    trap_install();
    memset(&stage, 0, sizeof stage);
    if (stack_create(&stage.stack, STACK_SIZE, &stage.trap) || stack_use_alternate(&stage.stack))
        return 100;
    trap_watch(&stage.trap);
    prepare();
    stage.trap.gate = &stage.gate;
    if (gate_open(&stage.gate, &stage.trap.mask) || policy_load(getpid(), gettid(), &cookies))
        return 101;
    int failures = 0;
    for (int i = 0; i < 2; i++) {
        failures += try_forbidden(connect_somewhere, SYS_socket);
        failures += try_forbidden(fork_a_child, SYS_clone);
        failures += try_allowed(block_all_signals);
        trap_reset_mask(&stage.trap);
        failures += try_allowed(mkfifo_whatever_the_umask);
        stage.gate.plan = (struct gate_plan){.stop = GATE_AT_INSTRUCTION, .at = UINT32_MAX};
    }
    return failures;
}

static void the_filter_judges_what_the_gate_lets_through(void **state) {
    (void)state;
    fflush(NULL);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        alarm(60);
        const int failures = try_under_the_filter();
        for (;;) /* of the only thread; the filter forbids more */
            syscall(SYS_exit, failures);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void) {
    begin_or_skip();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_signal_mask_changes_in_belief_alone),
        cmocka_unit_test(the_code_may_return_from_signals_of_its_own),
        cmocka_unit_test(the_thread_may_end_within),
        cmocka_unit_test(a_call_that_crashed_is_not_stopped_any_more),
        cmocka_unit_test(the_stack_of_a_nested_crash_is_its_own),
        cmocka_unit_test(a_nested_call_may_overflow_its_stack),
        cmocka_unit_test(a_call_that_hangs_is_shown_where_it_does),
        cmocka_unit_test(no_process_is_made_behind_a_gate),
        cmocka_unit_test(a_call_of_another_architecture_is_not_made),
        cmocka_unit_test(the_filter_judges_what_the_gate_lets_through),
    };
    return cmocka_run_group_tests(tests, NULL, clean_up);
}
