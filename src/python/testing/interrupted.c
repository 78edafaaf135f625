/*
 * interrupted.c - a mkfifoat for the module that no kernel can be made to be.
 *
 * With a descriptor it blocks until a byte can be read from it, and succeeds. Without one it fails
 * with EINTR as many times as `mode` says, each time after a SIGUSR1, and then succeeds.
 */
#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "mkfifo.h"

int mkfifoat(int dirfd, const char *path, mode_t mode) {
    static mode_t interruptions;
    char byte;
    (void)path;
    if (dirfd >= 0)
        return read(dirfd, &byte, 1) == 1 ? 0 : -1;
    if (interruptions >= mode) {
        interruptions = 0;
        return 0;
    }
    interruptions++;
    raise(SIGUSR1);
    errno = EINTR;
    return -1;
}
