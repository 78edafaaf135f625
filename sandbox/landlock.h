/*
 * landlock.h - the step `landlock`: FIFOs may be made beneath one directory only, landlock(7).
 */
#ifndef FIFOFUZZ_LANDLOCK_H
#define FIFOFUZZ_LANDLOCK_H

#include <stdbool.h>

#include "cookies.h"

/* True if the kernel has Landlock and it is enabled. */
bool landlock_available(void);

/*
 * Confines the calling thread to making FIFOs beneath the directory `path`; nowhere if it is empty.
 * Domains add up and none can be left. Returns 0 or -errno; -E2BIG when there are too many.
 */
int landlock_confine(const struct cookies *cookies, const char *path);

/*
 * Confines the calling thread for good: it can read, make, change and remove files only beneath the
 * directory `path`, and moves them from one directory to another there as always. What Landlock
 * does not know stays as it is: chdir(2), stat(2), chmod(2), chown(2), utimensat(2), extended
 * attributes. With NULL it can read everywhere and make, change and remove nothing. Sets
 * no_new_privs. Returns 0, or -errno; -ENOSYS before Linux 5.19, which forbids such moves.
 */
int landlock_enclose(const char *path);

#endif
