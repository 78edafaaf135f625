/*
 * stand_in.c - a shared object whose mkfifo and mkfifoat are those of the built-in implementation
 * that the environment names in FIFOFUZZ_STAND_IN, for a test to put a canary into the place of the
 * C library's.
 */
#include <stdlib.h>

#include "implementations/registry.h"

static const struct implementation *implementation;

__attribute__((constructor)) static void find(void) {
    const char *name = getenv("FIFOFUZZ_STAND_IN");
    implementation = implementation_find(name ? name : "");
    if (!implementation)
        abort();
}

int mkfifo(const char *path, mode_t mode) {
    return implementation->mkfifo(path, mode);
}

int mkfifoat(int dirfd, const char *path, mode_t mode) {
    return implementation->mkfifoat(dirfd, path, mode);
}
