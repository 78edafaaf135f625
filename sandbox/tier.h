/*
 * tier.h - how well this host lets implementations be confined: the best of four ways that works
 * here, found out once by trying it in a child process.
 */
#ifndef FIFOFUZZ_TIER_H
#define FIFOFUZZ_TIER_H

#include <stdbool.h>
#include <stddef.h>

#include "implementations/implementation.h"

/* The best one first. */
enum tier {
    TIER_ROOT,      /* mount namespaces of a privileged process, with every id */
    TIER_USER,      /* the same in a user namespace, which has one id */
    TIER_LANDLOCK,  /* a directory of the host, outside of which nothing can be made or removed */
    TIER_DIRECTORY, /* such a directory, and scenarios whose paths stay in it */
    TIER_COUNT
};

/*
 * Finds the tier, and in TIER_USER enters the user namespace; must be called while the process has
 * one thread. Returns 0, at once if it is known already, or -errno with `reason` filled where there
 * is not even a place for a directory.
 */
int tier_find(char *reason, size_t reason_size);

/* The tier that was found; tier_find must have been called. */
enum tier tier_found(void);

/* True if the worker has a mount namespace, and its steward every capability. */
bool tier_has_namespaces(void);

/* True if the arena is the worker's root directory: by namespaces, or by chroot(2). */
bool tier_has_root(void);

/* True if a seccomp filter can be loaded. */
bool tier_has_filter(void);

/* What reports call it: "namespaces (root)", "landlock (own root)", ... Constant text. */
const char *tier_name(void);

/* Why it is no better one and what would help, one sentence; "" where there are namespaces. */
const char *tier_shortfall(void);

/*
 * May `implementation` be run in this tier? Our own (own, libc, raw) always. What is wrong on
 * purpose, and what is not known (NULL), needs a root directory of its own besides Landlock and the
 * filter, as Landlock leaves chmod(2) alone; a shared object needs those two; an agent needs
 * namespaces. Returns 0, or -EPERM with `reason` filled.
 */
int tier_admits(const struct implementation *implementation, char *reason, size_t reason_size);

#endif
