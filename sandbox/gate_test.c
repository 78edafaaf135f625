/*
 * gate_test.c - calls that are stopped in their middle or answered in the kernel's place.
 */
#include "gate_testing.h"

/* --- code under test -------------------------------------------------------------------------- */

#ifndef SYS_mknod /* newer architectures have mknodat(2) alone */
#define mknod_alone plain_mkfifo
#else
static int mknod_alone(const char *path, mode_t mode) {
    return (int)syscall(SYS_mknod, path, mode | S_IFIFO, 0);
}
#endif

static int mknod_and_mkdir(const char *path, mode_t mode) {
    const int result = mknod_alone(path, mode);
    return result ? result : mkdir("q", 0700);
}

static int try_twice(const char *path, mode_t mode) {
    return plain_mkfifo(path, mode) ? plain_mkfifo("q", mode) : 0;
}

/* --- stopped at a system call ----------------------------------------------------------------- */

static void look(void *context) {
    (void)context;
    stage.stops++;
    stage.umask_seen = umask_now();
    stage.name_seen = access("p", F_OK) == 0;
    errno = EBADF;
}

static void stops_before_each_system_call(void **state) {
    (void)state;
    for (uint32_t at = 1; at <= 3; at++) {
        call_gated(mkfifo_whatever_the_umask,
                   (struct gate_plan){.stop = GATE_AT_CALL, .at = at, .stopped = look});
        assert_int_equal(stage.stops, 1);
        assert_true(stage.gate.seen.stopped);
        assert_int_equal(stage.umask_seen, at == 1 ? 022 : 0);
        assert_int_equal(stage.name_seen, at == 3);
        assert_int_equal(stage.gate.seen.calls, 3);
        assert_int_equal(stage.result, 0);
        assert_int_equal(stage.error, 0);
        assert_int_equal(made("p"), 0666);
        assert_int_equal(stage.umask_left, 022);
    }
}

static void a_call_may_be_over_before(void **state) {
    (void)state;
    call_gated(mkfifo_whatever_the_umask,
               (struct gate_plan){.stop = GATE_AT_CALL, .at = 4, .stopped = look});
    assert_int_equal(stage.stops, 0);
    assert_false(stage.gate.seen.stopped);
    assert_int_equal(stage.gate.seen.calls, 3);
    assert_int_equal(made("p"), 0666);
}

static void take_the_name(void *context) {
    (void)context;
    stage.stops++;
    mkdir("p", 0700);
}

static void change_the_umask(void *context) {
    (void)context;
    umask(0077);
}

static void the_world_may_change_meanwhile(void **state) {
    (void)state;
    call_gated(mkfifo_whatever_the_umask,
               (struct gate_plan){.stop = GATE_AT_CALL, .at = 2, .stopped = take_the_name});
    assert_int_equal(stage.result, -1);
    assert_int_equal(stage.error, EEXIST);
    assert_int_equal(stage.umask_left, 022);
    call_gated(mkfifo_whatever_the_umask,
               (struct gate_plan){.stop = GATE_AT_CALL, .at = 2, .stopped = change_the_umask});
    assert_int_equal(stage.result, 0);
    assert_int_equal(made("p"), 0600);
}

/* --- a kernel that fails ---------------------------------------------------------------------- */

static void every_errno_comes_as_if_from_the_kernel(void **state) {
    (void)state;
    for (int error = 1; error <= 133; error++) {
        struct gate_plan plan = {.injection = GATE_INJECTS_ONCE, .error = error};
        call_gated(try_twice, plan);
        assert_int_equal(stage.gate.seen.injected, 1);
        assert_int_equal(stage.result, 0);
        assert_int_equal(stage.error, error);
        assert_int_equal(made("p"), 0);
        assert_int_equal(made("q"), 0644);
        plan.injection = GATE_INJECTS_ALWAYS;
        call_gated(try_twice, plan);
        assert_int_equal(stage.gate.seen.injected, 2);
        assert_int_equal(stage.result, -1);
        assert_int_equal(stage.error, error);
        assert_int_equal(made("p"), 0);
        assert_int_equal(made("q"), 0);
    }
}

static void a_call_may_seem_to_succeed(void **state) {
    (void)state;
    call_gated(mknod_and_mkdir, (struct gate_plan){.injection = GATE_INJECTS_ALWAYS});
    assert_int_equal(stage.result, 0);
    assert_int_equal(stage.gate.seen.calls, 2);
    assert_int_equal(stage.gate.seen.injected, 1);
    assert_int_equal(made("p"), 0);
    char path[64];
    snprintf(path, sizeof path, "%s/q", directory);
    assert_int_equal(rmdir(path), 0); /* what is no mknod was done */
}

/* --- calls within a stopped one --------------------------------------------------------------- */

static void call_within(void *context) {
    (void)context;
    stage.stops++;
    gate_arm(&stage.gate, (uintptr_t)mkfifo_whatever_the_umask);
    stage.nested_result = mkfifo_whatever_the_umask("q", 0604);
    stage.nested_error = errno;
    gate_disarm(&stage.gate);
}

static void a_call_within_a_stopped_one_is_left_alone(void **state) {
    (void)state;
    struct gate_plan plan = {.stop = GATE_AT_CALL,
                             .at = 2,
                             .injection = GATE_INJECTS_ALWAYS,
                             .error = ENOSPC,
                             .stopped = call_within};
    for (int i = 0; i < 2; i++) {
        call_gated(mkfifo_whatever_the_umask, plan);
        assert_int_equal(stage.stops, 1);
        assert_int_equal(stage.nested_result, 0);
        assert_int_equal(made("q"), 0604);
        assert_int_equal(stage.result, -1);
        assert_int_equal(stage.error, ENOSPC);
        assert_int_equal(stage.gate.seen.injected, 1);
        assert_int_equal(made("p"), 0);
        assert_int_equal(stage.umask_left, 022);
        plan.stop = GATE_AT_INSTRUCTION;
    }
}

/* --- stopped at an instruction ---------------------------------------------------------------- */

#if defined(__x86_64__)
extern int five_instructions(const char *path, mode_t mode);
__asm__(".text\nfive_instructions:\n\tmov $39, %eax\n\tsyscall\n\tnop\n\tnop\n\tret\n");
#else
#define five_instructions plain_mkfifo
#endif

/* The one behind a system call is not stepped over, and not seen twice. */
static void instructions_are_counted_to_the_last(void **state) {
    (void)state;
    struct gate_plan plan = {.stop = GATE_AT_INSTRUCTION, .at = UINT32_MAX, .stopped = look};
    call_gated(five_instructions, plan);
    assert_int_equal(stage.gate.seen.instructions, 5);
    assert_int_equal(stage.gate.seen.calls, 1);
    assert_int_equal(stage.result, getpid());
}

static void every_instruction_can_be_stopped_at(void **state) {
    (void)state;
    struct gate_plan plan = {.stop = GATE_AT_INSTRUCTION, .at = UINT32_MAX, .stopped = look};
    call_gated(mkfifo_whatever_the_umask, plan);
    const uint32_t count = stage.gate.seen.instructions;
    assert_in_range(count, 10, 10000);
    for (plan.at = 1; plan.at <= count + 1; plan.at++) {
        call_gated(mkfifo_whatever_the_umask, plan);
        assert_int_equal(stage.stops, plan.at <= count);
        assert_int_equal(stage.gate.seen.stopped, stage.stops);
        assert_int_equal(stage.gate.seen.instructions, plan.at <= count ? plan.at : count);
        assert_int_equal(stage.gate.seen.calls, 3);
        assert_int_equal(stage.result, 0);
        assert_int_equal(stage.error, 0);
        assert_int_equal(made("p"), 0666);
        assert_int_equal(stage.umask_left, 022);
    }
}

/* Up to the system call that makes the node the name is taken in time, and never after it. */
static void there_is_one_instruction_that_makes_the_node(void **state) {
    (void)state;
    struct gate_plan plan = {
        .stop = GATE_AT_INSTRUCTION, .at = UINT32_MAX, .stopped = take_the_name};
    call_gated(mkfifo_whatever_the_umask, plan);
    const uint32_t count = stage.gate.seen.instructions;
    bool was_free = false;
    for (plan.at = 1; plan.at <= count; plan.at++) {
        call_gated(mkfifo_whatever_the_umask, plan);
        assert_int_equal(stage.stops, 1);
        assert_true(stage.result == 0 || stage.error == EEXIST);
        assert_true(plan.at > 1 || stage.result == -1);
        assert_false(was_free && stage.result == -1);
        was_free = stage.result == 0;
    }
    assert_true(was_free);
}

/* --- other threads ---------------------------------------------------------------------------- */

static void pause_there(void *context) {
    (void)context;
    turn_give(&stage.paused, TURN_WORKER);
    while (turn_await(&stage.paused, TURN_WORKER, NULL) == TURN_WORKER)
        ;
}

static void other_threads_go_on_meanwhile(void **state) {
    (void)state;
    pthread_t thread;
    char path[64];
    begin(mkfifo_whatever_the_umask,
          (struct gate_plan){.stop = GATE_AT_CALL,
                             .at = 3,
                             .injection = GATE_INJECTS_ALWAYS,
                             .error = EIO,
                             .stopped = pause_there},
          &thread);
    while (turn_await(&stage.paused, TURN_MAIN, NULL) == TURN_MAIN)
        ;
    snprintf(path, sizeof path, "%s/p", directory);
    assert_int_equal(plain_mkfifo(path, 0600), 0);
    turn_give(&stage.paused, TURN_MAIN);
    finish(thread);
    assert_int_equal(stage.error, EIO);
    assert_int_equal(made("p"), 0600);
}

int main(void) {
    begin_or_skip();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stops_before_each_system_call),
        cmocka_unit_test(a_call_may_be_over_before),
        cmocka_unit_test(the_world_may_change_meanwhile),
        cmocka_unit_test(every_errno_comes_as_if_from_the_kernel),
        cmocka_unit_test(a_call_may_seem_to_succeed),
        cmocka_unit_test(a_call_within_a_stopped_one_is_left_alone),
        cmocka_unit_test(instructions_are_counted_to_the_last),
        cmocka_unit_test(every_instruction_can_be_stopped_at),
        cmocka_unit_test(there_is_one_instruction_that_makes_the_node),
        cmocka_unit_test(other_threads_go_on_meanwhile),
    };
    return cmocka_run_group_tests(tests, NULL, clean_up);
}
