/*
 * frames_test.c - the stack of whatever ends a run: it begins where the code under test was and has
 * nothing of the harness in it.
 */
#include "testing.h"

#include <fcntl.h>
#include <unwind.h>

/* Calls that are no tail calls: what comes behind them needs the frame. */
#define NESTED __attribute__((noinline))
static volatile int zero;

/* True if `address` lies in `function`. */
static bool is_in(uint64_t address, mkfifo_function *function) {
    void *start = _Unwind_FindEnclosingFunction((void *)(uintptr_t)(address + 1));
    return (uintptr_t)start == (uintptr_t)function;
}

static void assert_frame(const struct observation *seen, uint32_t index,
                         mkfifo_function *function) {
    if (index >= seen->stack_count || !is_in(seen->stack[index], function))
        fail_msg("frame %u of %u is another", index, seen->stack_count);
}

static const struct observation *run_to_its_end(mkfifo_function *function, enum ending ending) {
    const struct observation *seen =
        run_with(function, "mkdir \"d\" 0755\nmkfifo \"name\" 0644\n", SANDBOX_OBSERVED);
    assert_int_equal(seen->ending, ending);
    return seen;
}

static void assert_next_run_is_good(void) {
    const struct observation *seen = run("mkfifo \"p\" 0600 # 0\n");
    assert_int_equal(seen->stack_count, 0);
}

/* --- crashes ---------------------------------------------------------------------------------- */

NESTED static int crash_within(const char *path, mode_t mode) {
    return crash(path, mode) + zero;
}

NESTED static int crash_deeply(const char *path, mode_t mode) {
    return crash_within(path, mode) + zero;
}

static void a_crash_shows_the_implementation_alone(void **state) {
    (void)state;
    reopen();
    const struct observation *seen = run_to_its_end(crash_deeply, ENDING_CRASHED);
    const uint32_t outermost = seen->stack_count - 1; /* crash() may be inlined */
    assert_in_range(seen->stack_count, 2, 3);
    assert_frame(seen, outermost, crash_deeply);
    assert_frame(seen, outermost - 1, crash_within);
    assert_next_run_is_good();
}

static void a_bare_run_has_the_same_stack(void **state) {
    (void)state;
    reopen();
    uint64_t stack[OBSERVED_STACK_MAX];
    const struct observation *seen = run_with(crash_deeply, "mkfifo \"x\" 0644", SANDBOX_OBSERVED);
    const uint32_t count = seen->stack_count;
    memcpy(stack, seen->stack, sizeof stack);
    seen = run_with(crash_deeply, "mkfifo \"x\" 0644", SANDBOX_BARE);
    assert_int_equal(seen->stack_count, count);
    assert_memory_equal(seen->stack, stack, count * sizeof stack[0]);
    assert_ptr_equal(sandbox_last(sandbox), seen);
}

NESTED static int overflow(const char *path, mode_t mode) {
    volatile char frame[512];
    frame[0] = (char)mode;
    return (zero ? 0 : overflow(path, mode)) + frame[0];
}

static void an_overflow_shows_its_innermost_frames(void **state) {
    (void)state;
    reopen();
    const struct observation *seen = run_to_its_end(overflow, ENDING_OVERFLOWED);
    assert_int_equal(seen->stack_count, OBSERVED_STACK_MAX);
    for (uint32_t i = 0; i < seen->stack_count; i++)
        assert_frame(seen, i, overflow);
    assert_next_run_is_good();
}

static int (*volatile no_function)(void);

NESTED static int call_nowhere(const char *path, mode_t mode) {
    (void)path;
    (void)mode;
    return no_function() + zero;
}

static void a_jump_to_nowhere_shows_who_jumped(void **state) {
    (void)state;
    reopen();
    const struct observation *seen = run_to_its_end(call_nowhere, ENDING_CRASHED);
    assert_int_equal(seen->stack_count, 2);
    assert_int_equal(seen->stack[0], 0);
    assert_frame(seen, 1, call_nowhere);
    assert_next_run_is_good();
}

/* --- endings that go through the C library ---------------------------------------------------- */

/* Through pointers: what never returns is moved away from its function by some compilers. */
static void (*volatile end_by_signal)(void) = abort;
static void (*volatile end_by_status)(int) = exit;

NESTED static int abort_within(const char *path, mode_t mode) {
    (void)path;
    (void)mode;
    end_by_signal();
    return zero;
}

NESTED static int exit_within(const char *path, mode_t mode) {
    (void)path;
    (void)mode;
    end_by_status(1);
    return zero;
}

NESTED static int kill_parent(const char *path, mode_t mode) {
    (void)path;
    (void)mode;
    return kill(getppid(), 0) + zero;
}

NESTED static int kill_twice(const char *path, mode_t mode) {
    int first = kill_parent(path, mode);
    return first + kill(getppid(), 0) + zero;
}

NESTED static int wait_for_ever(const char *path, mode_t mode) {
    plain_mkfifo(path, mode);
    return open(path, O_RDONLY) + zero; /* waits for a writer */
}

/* The frames of the C library come first, the implementation's last. */
static void assert_outermost(mkfifo_function *function, enum ending ending) {
    const struct observation *seen = run_to_its_end(function, ending);
    assert_true(seen->stack_count > 1);
    assert_frame(seen, seen->stack_count - 1, function);
    for (uint32_t i = 0; i + 1 < seen->stack_count; i++)
        assert_false(is_in(seen->stack[i], function));
    assert_next_run_is_good();
}

static void abort_exit_and_open_lead_to_their_caller(void **state) {
    (void)state;
    reopen();
    assert_outermost(abort_within, ENDING_CRASHED);
    assert_outermost(exit_within, ENDING_EXITED);
    assert_outermost(wait_for_ever, ENDING_HUNG);
}

static void the_first_forbidden_call_is_shown(void **state) {
    (void)state;
    reopen();
    const struct observation *seen = run_to_its_end(kill_twice, ENDING_FORBIDDEN);
    assert_true(seen->stack_count > 2);
    assert_frame(seen, seen->stack_count - 1, kill_twice);
    assert_frame(seen, seen->stack_count - 2, kill_parent);
    assert_next_run_is_good();
}

NESTED static int loop_for_ever(const char *path, mode_t mode) {
    (void)path;
    (void)mode;
    while (!zero)
        ;
    return 0;
}

static void a_loop_is_shown_where_it_was_stopped(void **state) {
    (void)state;
    reopen();
    const struct observation *seen = run_to_its_end(loop_for_ever, ENDING_HUNG);
    assert_int_equal(seen->stack_count, 1);
    assert_frame(seen, 0, loop_for_ever);
    assert_next_run_is_good();
}

/* --- stacks that cannot be walked ------------------------------------------------------------- */

#if defined(__x86_64__)
NESTED static int lose_the_stack(const char *path, mode_t mode) {
    (void)path;
    (void)mode;
    __asm__ volatile("mov $64, %%esp\n\tmov $64, %%ebp\n\tud2" ::: "memory");
    return zero;
}

static volatile bool went_on;

/* The forbidden call fails, and the code goes on with the stack put back. */
NESTED static int lose_the_stack_for_a_call(const char *path, mode_t mode) {
    long result = SYS_getitimer;
    (void)path;
    (void)mode;
    __asm__ volatile("mov %%rsp, %%r12\n\tmov %%rbp, %%r13\n\t"
                     "mov $64, %%esp\n\tmov $64, %%ebp\n\tsyscall\n\t"
                     "mov %%r12, %%rsp\n\tmov %%r13, %%rbp"
                     : "+a"(result)
                     : "D"(0), "S"(0)
                     : "r12", "r13", "rcx", "r11", "memory");
    went_on = result == -EPERM;
    return zero;
}
#endif

static void a_fault_on_the_way_ends_the_walk_alone(void **state) {
    (void)state;
#if defined(__x86_64__)
    reopen();
    const struct observation *seen = run_to_its_end(lose_the_stack, ENDING_CRASHED);
    assert_int_equal(seen->detail, SIGILL);
    assert_int_equal(seen->stack_count, 1);
    assert_frame(seen, 0, lose_the_stack);
    assert_next_run_is_good();
    seen = run_to_its_end(lose_the_stack_for_a_call, ENDING_FORBIDDEN);
    assert_int_equal(seen->detail, SYS_getitimer);
    assert_true(went_on);
    assert_int_equal(seen->stack_count, 1);
    assert_frame(seen, 0, lose_the_stack_for_a_call);
    assert_next_run_is_good();
#else
    print_message("only written for x86-64\n");
    skip();
#endif
}

/* --- what a sanitizer reports ----------------------------------------------------------------- */

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif

#ifdef __SANITIZE_ADDRESS__
NESTED static int write_past_a_block(const char *path, mode_t mode) {
    volatile char *block = malloc(strlen(path));
    block[strlen(path) + (size_t)zero] = (char)mode;
    free((void *)(uintptr_t)block);
    return 0;
}
#endif

static void a_sanitizer_report_leads_to_its_cause(void **state) {
    (void)state;
#ifdef __SANITIZE_ADDRESS__
    reopen();
    assert_outermost(write_past_a_block, ENDING_SANITIZER);
#else
    print_message("built without AddressSanitizer\n");
    skip();
#endif
}

int main(void) {
    open_or_skip();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_crash_shows_the_implementation_alone),
        cmocka_unit_test(a_bare_run_has_the_same_stack),
        cmocka_unit_test(an_overflow_shows_its_innermost_frames),
        cmocka_unit_test(a_jump_to_nowhere_shows_who_jumped),
        cmocka_unit_test(abort_exit_and_open_lead_to_their_caller),
        cmocka_unit_test(the_first_forbidden_call_is_shown),
        cmocka_unit_test(a_loop_is_shown_where_it_was_stopped),
        cmocka_unit_test(a_fault_on_the_way_ends_the_walk_alone),
        cmocka_unit_test(a_sanitizer_report_leads_to_its_cause),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    sandbox_close(sandbox);
    return failed;
}
