/*
 * policy.h - the system calls allowed on the worker and to agents, as a table with a reason per row
 * (policy.def).
 *
 * The contract is judged by effects, so a call whose effects stay in the arena is allowed even if
 * no implementation needs it. Everything else raises SIGSYS on the worker and becomes a finding
 * that names the call.
 */
#ifndef FIFOFUZZ_POLICY_H
#define FIFOFUZZ_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "cookies.h"

struct sock_filter;

/* One row: a system call by its name in libseccomp, and why it is allowed. */
struct policy_rule {
    const char *syscall;
    const char *group; /* heading under which `fifofuzz list policy` prints it */
    const char *reason;
    const char *condition; /* what its arguments must be, in words; NULL for any */
    uint8_t whom;          /* enum policy_whom */
};

/* To whom a row applies; each may do what those before it may. */
enum policy_whom { POLICY_WORKER, POLICY_AGENT, POLICY_WRAPPED };

/* All rows, `count` of them, in the order of policy.def. */
const struct policy_rule *policy_rules(size_t *count);

/*
 * Loads the filter on the calling thread, for good. `process` and `thread` are the ids that a
 * tgkill (abort) may name, `cookies` what lets the harness's own calls through. Sets no_new_privs.
 * Returns 0 or -errno of the step that failed.
 */
int policy_load(int process, int thread, const struct cookies *cookies);

/*
 * Builds the filter of an agent: `capacity` instructions for seccomp(2), `*length` of them. What it
 * does not allow is handed over (seccomp_unotify(2)). `wrapped`: in a wrapper, with its rows. No
 * memory is needed to load it. Returns 0, -E2BIG, or -errno of the step that failed.
 */
int policy_agent(bool wrapped, const struct cookies *cookies, struct sock_filter *out,
                 size_t capacity, unsigned short *length);

/* The name of system call `number` on this architecture, or "system call N" (static buffer). */
const char *policy_syscall_name(int number);

/* Prints the whole filter as libseccomp's pseudo-code. Returns 0 or -errno. */
int policy_print(FILE *out);

#endif
