#include "implementations/implementation.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <link.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/*
 * Puts the address of `symbol` into *function if `object` itself has it. dlsym(3) also searches
 * what the object depends on, and there is always a C library with a mkfifo. ISO C has no cast from
 * an object pointer to a function pointer, so the address is copied, as POSIX dlsym() shows.
 */
static void look_up(void *object, const char *symbol, void *function) {
    void *address = dlsym(object, symbol);
    struct link_map *wanted, *holder;
    Dl_info info;
    if (!address || dlinfo(object, RTLD_DI_LINKMAP, &wanted) != 0 ||
        dladdr1(address, &info, (void **)&holder, RTLD_DL_LINKMAP) == 0 || holder != wanted)
        return;
    memcpy(function, &address, sizeof address);
}

/* Sanitizers whose runtimes refuse RTLD_DEEPBIND. */
#ifndef __has_feature
#define __has_feature(feature) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) ||                               \
    __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                         \
    __has_feature(memory_sanitizer)
enum { REFUSED = true };
#else
enum { REFUSED = false };
#endif

/*
 * RTLD_DEEPBIND lets the object find its own symbols first. Else its mkfifo would reach the C
 * library's mkfifoat, which was there before, where it calls its own.
 */
static int load_flags(void) {
    return RTLD_NOW | RTLD_LOCAL | (REFUSED ? 0 : RTLD_DEEPBIND);
}

int implementation_load(struct implementation *out, const char *path, char *reason,
                        size_t reason_size) {
    /* Without a slash dlopen searches the library path; what a user typed is a file. */
    char file[PATH_MAX];
    snprintf(file, sizeof file, "%s%s", strchr(path, '/') ? "" : "./", path);
    void *object = dlopen(file, load_flags());
    if (!object) {
        snprintf(reason, reason_size, "cannot be loaded as a shared object: %s", dlerror());
        return -ENOENT;
    }
    *out = (struct implementation){.name = path, .summary = "shared object"};
    look_up(object, "mkfifo", &out->mkfifo);
    look_up(object, "mkfifoat", &out->mkfifoat);
    if (!out->mkfifo && !out->mkfifoat) {
        snprintf(reason, reason_size, "%s exports neither mkfifo nor mkfifoat", path);
        return -ENOSYS;
    }
    return 0;
}
