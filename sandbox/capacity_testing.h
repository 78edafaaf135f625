/*
 * capacity_testing.h - a user whose pipes are nobody else's, and may be used up without disturbing
 * anyone: fs.pipe-user-pages-soft, pipe(7).
 */
#ifndef FIFOFUZZ_CAPACITY_TESTING_H
#define FIFOFUZZ_CAPACITY_TESTING_H

#include <fcntl.h>
#include <grp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cmocka.h>

#include "payload.h"

enum { EXIT_NOT_ROOT = 77 };

/* Becomes that user for good; false if not root. */
static inline bool become_another_user(void) {
    enum { NOBODY_ELSE = 54321 };
    return setgroups(0, NULL) == 0 && setresgid(NOBODY_ELSE, NOBODY_ELSE, NOBODY_ELSE) == 0 &&
           setresuid(NOBODY_ELSE, NOBODY_ELSE, NOBODY_ELSE) == 0 &&
           prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0;
}

static struct {
    int ends[400][2];
    unsigned count;
} used_up;

/* Makes pipes as large as they may be until a new one is small; false if the limit is too far. */
static inline bool use_up_pipes(void) {
    int size = PIPE_SIZE;
    while (size == PIPE_SIZE && used_up.count < sizeof used_up.ends / sizeof used_up.ends[0]) {
        int *const ends = used_up.ends[used_up.count++];
        assert_int_equal(pipe(ends), 0);
        size = fcntl(ends[0], F_GETPIPE_SZ);
        (void)fcntl(ends[0], F_SETPIPE_SZ, PIPE_SIZE_MAX);
    }
    return size < PIPE_SIZE;
}

static inline void give_pipes_back(void) {
    while (used_up.count > 0) {
        const int *const ends = used_up.ends[--used_up.count];
        close(ends[0]);
        close(ends[1]);
    }
}

#endif
