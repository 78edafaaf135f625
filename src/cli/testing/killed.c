/*
 * killed.c - a mkfifo that has the kernel end the process, for afl_run_test.c: where the mode has
 * S_IXOTH it overflows the stack, after it took the signal stack away that would survive that.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int overflow(const volatile char *above) {
    volatile char here[4096];
    here[0] = above ? above[0] : 1;
    return here[0] ? overflow(here) + here[0] : 0;
}

int mkfifo(const char *path, mode_t mode) {
    const stack_t none = {.ss_flags = SS_DISABLE};
    if (mode & S_IXOTH) {
        syscall(SYS_sigaltstack, &none, NULL);
        return overflow(NULL);
    }
    return (int)syscall(SYS_mknodat, AT_FDCWD, path, S_IFIFO | mode, 0);
}
