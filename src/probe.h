/*
 * probe.h - finds out the traits of an implementation before it is put to the test.
 */
#ifndef FIFOFUZZ_PROBE_H
#define FIFOFUZZ_PROBE_H

#include <stddef.h>

#include "contract.h"
#include "implementations/implementation.h"

/*
 * Fills `traits` (of an entry point that is missing: those of the other) from a few calls in a
 * sandbox of a child process, so that the implementation's own state (a call counter, a cache) is
 * untouched when the testing begins, and a run can be repeated from the same beginning. A probe
 * that goes wrong in a way that is no trait leaves the trait off: the testing will find it. `cpu`
 * is sandbox_open's. Returns 0, or sandbox_open's error with `reason` filled.
 */
int probe_traits(struct traits *traits, const struct implementation *implementation, int cpu,
                 char *reason, size_t reason_size);

#endif
