#include "registry.h"

#include <sys/stat.h>

const struct implementation libc_implementation = {
    .name = "libc",
    .summary = "the C library's mkfifo(3) and mkfifoat(3)",
    .mkfifo = mkfifo,
    .mkfifoat = mkfifoat,
};
