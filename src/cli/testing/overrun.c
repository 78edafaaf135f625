/*
 * overrun.c - an implementation that writes behind the end of its memory when a path is longer than
 * 32 bytes, for sanitized_run_test. It is compiled without a sanitizer, but a sanitizer's memset(3)
 * looks where it writes.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { ENOUGH = 33 };
static char *volatile memory; /* volatile, or compilers leave out what nobody reads */

int mkfifo(const char *path, mode_t mode) {
    memory = malloc(ENOUGH);
    if (memory)
        memset(memory, 0, strnlen(path, ENOUGH) + 1);
    free(memory);
    return (int)syscall(SYS_mknodat, AT_FDCWD, path, (mode & 07777) | S_IFIFO, 0);
}
