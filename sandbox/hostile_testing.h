/*
 * hostile_testing.h - implementations that do not come back, for the tests of how that is told.
 */
#ifndef FIFOFUZZ_HOSTILE_TESTING_H
#define FIFOFUZZ_HOSTILE_TESTING_H

#include <fcntl.h>

#include "testing.h"

/* Nothing that a compiler knows to be 0. */
static volatile int zero;

static inline int exit_process(const char *path, mode_t mode) {
    (void)path;
    exit((int)mode);
}

static inline int exit_at_once(const char *path, mode_t mode) {
    (void)path;
    _exit((int)mode);
}

static inline int loop_for_ever(const char *path, mode_t mode) {
    (void)path;
    (void)mode;
    while (!zero)
        ;
    return 0;
}

/* In open(2), for a writer. */
static inline int sleep_for_ever(const char *path, mode_t mode) {
    (void)mode;
    plain_mkfifo(path, 0600);
    return open(path, O_RDONLY);
}

#endif
