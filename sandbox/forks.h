/*
 * forks.h - the system calls that make processes and threads.
 *
 * The policy forbids them all, but the C library makes them while it holds locks that the main
 * thread needs, and their child goes on with the registers of whoever made them.
 */
#ifndef FIFOFUZZ_FORKS_H
#define FIFOFUZZ_FORKS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/syscall.h>

static inline bool is_fork(int call) {
    static const int forks[] = {
#ifdef SYS_fork
        SYS_fork,
        SYS_vfork,
#endif
        SYS_clone,
        SYS_clone3,
    };
    for (size_t i = 0; i < sizeof forks / sizeof forks[0]; i++)
        if (call == forks[i])
            return true;
    return false;
}

#endif
