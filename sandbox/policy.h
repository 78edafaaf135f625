/*
 * policy.h - the system calls allowed on the worker, as a table with a reason per row (policy.def).
 *
 * The contract is judged by effects, so a call whose effects stay in the arena is allowed even if
 * no implementation needs it. Everything else raises SIGSYS on the worker and becomes a finding
 * that names the call.
 */
#ifndef FIFOFUZZ_POLICY_H
#define FIFOFUZZ_POLICY_H

#include <stddef.h>
#include <stdio.h>

#include "cookies.h"

/* One row: a system call by its name in libseccomp, and why it is allowed. */
struct policy_rule {
    const char *syscall;
    const char *group; /* heading under which `fifofuzz list policy` prints it */
    const char *reason;
    const char *condition; /* what its arguments must be, in words; NULL for any */
};

/* All rows, `count` of them, in the order of policy.def. */
const struct policy_rule *policy_rules(size_t *count);

/*
 * Loads the filter on the calling thread, for good. `process` and `thread` are the ids that a
 * tgkill (abort) may name, `cookies` what lets the harness's own calls through. Sets no_new_privs.
 * Returns 0 or -errno of the step that failed.
 */
int policy_load(int process, int thread, const struct cookies *cookies);

/* The name of system call `number` on this architecture, or "system call N" (static buffer). */
const char *policy_syscall_name(int number);

/* Prints the whole filter as libseccomp's pseudo-code. Returns 0 or -errno. */
int policy_print(FILE *out);

#endif
