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

#endif
