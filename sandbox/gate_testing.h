/*
 * gate_testing.h - what the tests of the gate share: one gated call on a thread of its own, in a
 * directory of its own.
 */
#ifndef FIFOFUZZ_GATE_TESTING_H
#define FIFOFUZZ_GATE_TESTING_H

#include "testing.h"

#include <pthread.h>
#include <sched.h>

#include "gate.h"
#include "stack.h"
#include "trap.h"

static char directory[] = "/tmp/fifofuzz-gate-XXXXXX";

/* A gate's thread, which makes one call with umask 022 and is then over. */
struct stage {
    struct gate gate;
    struct trap trap;
    struct stack stack;
    turn_word turn;
    turn_word paused; /* TURN_WORKER while a call waits in its middle for TURN_MAIN */
    mkfifo_function *function;
    pid_t id;
    int opened, result, error;
    mode_t umask_left;
    uint64_t real_mask;
    mode_t umask_seen; /* by `stopped` functions, as all that follows */
    bool name_seen;
    unsigned stops;
    int nested_result, nested_error;
};
static struct stage stage;
static uint64_t addresses[OBSERVED_STACK_MAX]; /* of the stack where it ended */

static inline mode_t umask_now(void) {
    const mode_t now = umask(0);
    umask(now);
    return now;
}

static inline void prepare(void) {
    unshare(CLONE_FS);
    if (chdir(directory))
        abort();
    unlink("p");
    unlink("q");
    rmdir("p");
    umask(022);
}

static inline void *act(void *argument) {
    (void)argument;
    stage.id = gettid();
    trap_watch(&stage.trap);
    stack_use_alternate(&stage.stack);
    prepare();
    stage.opened = gate_open(&stage.gate, &stage.trap.mask);
    stage.trap.gate = &stage.gate;
    errno = 0;
    gate_arm(&stage.gate, (uintptr_t)stage.function);
    stage.result = stage.function("p", 0666);
    stage.error = errno;
    gate_disarm(&stage.gate);
    stage.umask_left = umask_now();
    syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &stage.real_mask, sizeof stage.real_mask);
    trap_watch(NULL);
    stack_leave_alternate(&stage.stack);
    turn_give(&stage.turn, TURN_MAIN);
    return NULL;
}

static inline void begin(mkfifo_function *function, struct gate_plan plan, pthread_t *thread) {
    trap_install(); /* cmocka has installed handlers of its own since */
    memset(&stage, 0, sizeof stage);
    stage.gate.plan = plan;
    stage.function = function;
    stage.turn = TURN_WORKER;
    stage.trap.turn = &stage.turn;
    stage.trap.frames.out = addresses;
    assert_int_equal(stack_create(&stage.stack, STACK_SIZE, &stage.trap), 0);
    assert_int_equal(stack_start(&stage.stack, thread, act, NULL), 0);
}

static inline void finish(pthread_t thread) {
    uint32_t turn;
    while ((turn = turn_await(&stage.turn, TURN_WORKER, NULL)) == TURN_WORKER)
        ;
    if (turn == TURN_ENDED)
        fail_msg("it ended by %d, detail %d", (int)stage.trap.ending, stage.trap.detail);
    pthread_join(thread, NULL);
    stack_destroy(&stage.stack);
}

static inline void call_gated(mkfifo_function *function, struct gate_plan plan) {
    pthread_t thread;
    begin(function, plan, &thread);
    finish(thread);
}

/* The mode of the FIFO "p" or "q", or 0 if there is none. */
static inline mode_t made(const char *name) {
    char path[64];
    struct stat status;
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return lstat(path, &status) == 0 && S_ISFIFO(status.st_mode) ? status.st_mode & 07777 : 0;
}

/* A call under test of three system calls, two of which have nothing to do with the node. */
static inline int mkfifo_whatever_the_umask(const char *path, mode_t mode) {
    const mode_t before = umask(0);
    const int result = plain_mkfifo(path, mode);
    const int error = errno;
    umask(before);
    errno = error;
    return result;
}

static inline int clean_up(void **state) {
    (void)state;
    if (chdir(directory) == 0) {
        unlink("p");
        unlink("q");
    }
    return chdir("/") || rmdir(directory);
}

/* Makes the directory, or ends the program as skipped where no thread can be behind a gate. */
static inline void begin_or_skip(void) {
    if (!mkdtemp(directory))
        abort();
    call_gated(plain_mkfifo, (struct gate_plan){0});
    if (stage.opened == 0)
        return;
    clean_up(NULL);
    fprintf(stderr, "skipped: syscall user dispatch: %s\n", strerror(-stage.opened));
    exit(EXIT_SKIPPED);
}

#endif
