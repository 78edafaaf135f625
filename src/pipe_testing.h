/*
 * pipe_testing.h - what the tests share that hold the model of a FIFO against the kernel.
 */
#ifndef FIFOFUZZ_PIPE_TESTING_H
#define FIFOFUZZ_PIPE_TESTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "payload.h"
#include "pipe.h"
#include "private_testing.h"
#include "random.h"

enum { PIPE_TEST_SIZE_MAX = 160000 }; /* of a read or write: more than two FIFOs hold */

/* A size to read or write: often tiny, often next to whole pages, sometimes more than fits. */
static inline uint32_t random_size(struct random *random) {
    uint32_t pages = random_below(random, random_one_in(random, 8) ? 39 : 3);
    switch (random_below(random, 16)) {
    case 0:
        return 0;
    case 1:
    case 2:
    case 3:
        return pages * PIPE_PAGE + random_below(random, 3);
    case 4:
    case 5:
        return pages * PIPE_PAGE + random_below(random, PIPE_PAGE);
    case 6:
        return (pages + 1) * PIPE_PAGE - random_below(random, 3);
    default:
        return random_between(random, 1, 12);
    }
}

/* A capacity to ask for: mostly a few pages, as it is full soon then. */
static inline uint32_t random_capacity(struct random *random) {
    if (random_one_in(random, 12))
        return UINT32_MAX - random_below(random, 3);
    if (random_one_in(random, 12))
        return PIPE_SIZE_MAX - random_below(random, 3);
    return random_below(random, random_one_in(random, 4) ? 200000 : 5 * PIPE_PAGE);
}

static inline enum pipe_access random_access(struct random *random) {
    static const enum pipe_access accesses[] = {PIPE_READ, PIPE_WRITE, PIPE_READ, PIPE_WRITE,
                                                PIPE_BOTH};
    return random_item(random, accesses);
}

/* What open(2) takes for `access`. */
static inline int open_flags(enum pipe_access access, bool nonblock) {
    static const int flags[] = {
        [PIPE_READ] = O_RDONLY, [PIPE_WRITE] = O_WRONLY, [PIPE_BOTH] = O_RDWR};
    return flags[access] | (nonblock ? O_NONBLOCK : 0) | O_CLOEXEC;
}

#endif
