/*
 * private_testing.h - a file system of a test's own: empty, and seen by nobody else.
 */
#ifndef FIFOFUZZ_PRIVATE_TESTING_H
#define FIFOFUZZ_PRIVATE_TESTING_H

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

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

/*
 * Makes the working directory the root of an empty tmpfs, as root; all else stays in reach. False
 * with errno if the host does not let it. The process must have one thread.
 */
static inline bool enter_empty_file_system(void) {
    return become_root() && unshare(CLONE_NEWNS) == 0 &&
           mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("test", "/tmp", "tmpfs", 0, "mode=0755") == 0 && chdir("/tmp") == 0;
}

/* Says why a test is skipped that could not enter one; returns what its main() has to. */
static inline int skip_for_want_of_a_file_system(void) {
    fprintf(stderr, "skipped: no private file system: %s (run as root, or allow user namespaces)\n",
            strerror(errno));
    return 77;
}

#endif
