/*
 * faulty.c - an implementation with debug information whose call ends badly as the mode says, for
 * repro_test: the call 0001 crashes in a function of its own, 0002 overflows the stack, 0004 fails
 * by chance, 0010 tries a forbidden system call.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define NESTED __attribute__((noinline))
static volatile int zero;
static int *volatile nowhere;

NESTED static int crash_within(const char *path) {
    return *nowhere + path[0];
}

NESTED static int overflow(int depth) {
    volatile char frame[512];
    frame[0] = (char)depth;
    return (zero ? 0 : overflow(depth + 1)) + frame[0];
}

static int fail_by_chance(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if ((now.tv_nsec >> 4 ^ now.tv_nsec >> 9 ^ now.tv_nsec) % 2 == 0)
        return 0;
    errno = EIO;
    return -1;
}

int mkfifo(const char *path, mode_t mode) {
    if (mode & 01)
        return crash_within(path) + zero;
    if (mode & 02)
        return overflow(0) + zero;
    if (mode & 04 && fail_by_chance())
        return -1;
    if (mode & 010)
        return kill(getppid(), 0) + zero;
    return (int)syscall(SYS_mknodat, AT_FDCWD, path, (mode & 07777) | S_IFIFO, 0);
}
