/*
 * clock.h - the time that no one sets: for how long something may take, or has taken.
 */
#ifndef FIFOFUZZ_CLOCK_H
#define FIFOFUZZ_CLOCK_H

#include <stdint.h>
#include <time.h>

#include "check.h"

/* CLOCK_MONOTONIC in nanoseconds, clock_gettime(2). */
static inline int64_t clock_monotonic_ns(void) {
    struct timespec now;
    check(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

#endif
