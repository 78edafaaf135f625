/*
 * within_testing.h - what the tests of circumstances share: a call in any of them, and what is to
 * be so when all are over.
 */
#ifndef FIFOFUZZ_WITHIN_TESTING_H
#define FIFOFUZZ_WITHIN_TESTING_H

#include "testing.h"

#include <fcntl.h>
#include <sys/wait.h>

#include "within.h"

static inline void assert_no_child_is_left(void) {
    assert_int_equal(waitpid(-1, NULL, WNOHANG | __WALL), -1);
    assert_int_equal(errno, ECHILD);
}

/* Opens the sandbox anew and leaves the test out where calls are made as ever only. */
static inline void begin(void) {
    need(ABILITY_CIRCUMSTANCES);
    need(ABILITY_FILTER);
    reopen();
    run("actor 0\n"); /* the first such scenario costs the worker */
}

static inline void finish(void) {
    run("mkfifo \"p\" 0600 # 0\n");
    assert_world_is_fresh();
    assert_no_child_is_left();
}

/* The step that has the calls that follow made in the circumstances `flags` (static buffer). */
static inline const char *within_step(unsigned flags) {
    static char text[80];
    int length = snprintf(text, sizeof text, "within");
    for (unsigned i = 0; step_infos[STEP_WITHIN].flags[i]; i++)
        if (flags >> i & 1)
            length += snprintf(text + length, sizeof text - (size_t)length, " %s",
                               step_infos[STEP_WITHIN].flags[i]);
    snprintf(text + length, sizeof text - (size_t)length, "\n");
    return text;
}

enum { ALL_FLAGS = WITHIN_CLOSED << 1 };

static inline bool is_in_child(unsigned flags) {
    return flags & (WITHIN_FORK | WITHIN_VFORK | WITHIN_CLOSED);
}

/* `mkfifo "f" 0644` as step 1, in the circumstances `flags`, with `function` in place of mkfifo. */
static inline const struct observation *run_within(unsigned flags, mkfifo_function *function) {
    char text[160];
    snprintf(text, sizeof text, "%smkfifo \"f\" 0644\n", within_step(flags));
    return run_with(function, text, SANDBOX_OBSERVED);
}

static inline int result_within(unsigned flags, mkfifo_function *function) {
    const struct observation *seen = run_within(flags, function);
    if (seen->ending != ENDING_DONE)
        fail_msg("flags %u: ending %d, detail %d", flags, seen->ending, seen->detail);
    return seen->outcomes[1].result;
}

static inline int abort_process(const char *path, mode_t mode) {
    (void)path;
    (void)mode;
    abort();
}

static inline int exit_thread(const char *path, mode_t mode) {
    (void)path;
    return (int)syscall(SYS_exit, mode);
}

#endif
