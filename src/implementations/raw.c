#include "registry.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

int raw_mkfifoat(int dirfd, const char *path, mode_t mode) {
    return (int)syscall(SYS_mknodat, dirfd, path, mode | S_IFIFO, 0);
}

int raw_mkfifo(const char *path, mode_t mode) {
    return raw_mkfifoat(AT_FDCWD, path, mode);
}

const struct implementation raw_implementation = {
    .name = "raw",
    .summary = "the mknodat(2) system call through syscall(2)",
    .mkfifo = raw_mkfifo,
    .mkfifoat = raw_mkfifoat,
};
