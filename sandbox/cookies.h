/*
 * cookies.h - system calls that only the harness may make on the worker.
 *
 * The filter lets them through if two argument registers that the call itself does not use hold
 * random numbers, which are made for each worker. What an implementation calls has others there.
 */
#ifndef FIFOFUZZ_COOKIES_H
#define FIFOFUZZ_COOKIES_H

#include <errno.h>
#include <stdint.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

struct cookies {
    unsigned long first, second; /* in arguments 4 and 5, counted from 0 */
};

/* Makes new ones. Returns 0 or -errno. */
static inline int cookies_make(struct cookies *cookies) {
    return getrandom(cookies, sizeof(*cookies), 0) == sizeof(*cookies) ? 0 : -EIO;
}

/* System call `number` with at most four arguments of its own; as syscall(2). */
static inline long cookies_call(const struct cookies *cookies, long number, uintptr_t a,
                                uintptr_t b, uintptr_t c, uintptr_t d) {
    return syscall(number, a, b, c, d, cookies->first, cookies->second);
}

#endif
