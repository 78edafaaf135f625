/*
 * implementation.h - a mkfifo/mkfifoat pair under test, and the registry of those built in.
 */
#ifndef FIFOFUZZ_IMPLEMENTATION_H
#define FIFOFUZZ_IMPLEMENTATION_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The two entry points, as mkfifo(3) declares them. */
typedef int mkfifo_function(const char *path, mode_t mode);
typedef int mkfifoat_function(int dirfd, const char *path, mode_t mode);

/* A program that speaks the agents' protocol (README.md), and how it is started. */
struct agent {
    const char *const *command; /* its arguments, ended by NULL; the first is a path or in PATH */
    bool wrapped;               /* another program is in front of it, which may do more */
};

/*
 * One implementation. An entry point that is missing is NULL: its steps are left out and that is
 * said once. Both run on the sandbox's worker thread, unless `agent` is set: then the calls are
 * made there, and the pointers, to functions that nobody calls, only say which ones it has.
 */
struct implementation {
    const char *name;    /* as typed behind --implementation */
    const char *summary; /* one line; for a canary, what it does wrong */
    const char *breaks;  /* NULL, or of a canary the id of the clause it must be caught by */
    mkfifo_function *mkfifo;
    mkfifoat_function *mkfifoat;
    const struct agent *agent; /* NULL: it runs in this process */
};

/* The built-in ones (own, libc, raw), then the canaries; `count` of them, never changing. */
const struct implementation *const *implementation_list(size_t *count);

/*
 * True of a canary that is right as long as calls follow each other and the kernel gives its own
 * answers: it is wrong where calls overlap, or where the kernel fails.
 */
bool implementation_is_latent(const struct implementation *implementation);

/* The built-in implementation called `name`, or NULL. */
const struct implementation *implementation_find(const char *name);

/*
 * Fills `out` from the shared object at `path`: dlopen(3) with RTLD_NOW, RTLD_LOCAL and, where no
 * sanitizer refuses it, RTLD_DEEPBIND, then dlsym of "mkfifo" and "mkfifoat". The object's
 * constructors run, so call it where the sandbox tells (sandbox_load). Returns 0; -ENOENT if it
 * cannot be loaded, -ENOSYS if it exports neither symbol; then `reason` says why in one sentence.
 * The object is never unloaded; `path` must outlive `out`.
 */
int implementation_load(struct implementation *out, const char *path, char *reason,
                        size_t reason_size);

#endif
