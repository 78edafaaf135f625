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
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "payload.h"
#include "pipe.h"
#include "random.h"

enum { PIPE_TEST_SIZE_MAX = 160000 }; /* of a read or write: more than two FIFOs hold */

static inline bool write_text(const char *path, const char *text) {
    int file = open(path, O_WRONLY | O_CLOEXEC);
    bool written = file >= 0 && write(file, text, strlen(text)) == (ssize_t)strlen(text);
    if (file >= 0)
        close(file);
    return written;
}

/* As an ordinary user: root of a user namespace, which may mount. */
static inline bool become_root(void) {
    char uids[64], gids[64];
    snprintf(uids, sizeof uids, "0 %u 1", geteuid());
    snprintf(gids, sizeof gids, "0 %u 1", getegid());
    return geteuid() == 0 ||
           (unshare(CLONE_NEWUSER) == 0 && write_text("/proc/self/setgroups", "deny") &&
            write_text("/proc/self/uid_map", uids) && write_text("/proc/self/gid_map", gids));
}

/* Makes the working directory an empty file system that nobody else sees; false: see errno. */
static inline bool enter_empty_file_system(void) {
    return become_root() && unshare(CLONE_NEWNS) == 0 &&
           mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("test", "/tmp", "tmpfs", 0, "mode=0755") == 0 && chdir("/tmp") == 0;
}

/* To be returned by a main() whose test cannot enter one. */
static inline int skip_for_want_of_a_file_system(void) {
    fprintf(stderr, "skipped: no private file system: %s (run as root, or allow user namespaces)\n",
            strerror(errno));
    return 77;
}

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
