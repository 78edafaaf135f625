/*
 * fresh.h - examines a scenario in a new process, where the implementation has not been called yet.
 *
 * Most faults depend on their scenario alone. Some depend on what the implementation remembers: a
 * counter, a cache, a static buffer. From a fresh process each run begins alike, so a verdict can
 * be repeated, and a process that the implementation kills is not ours.
 */
#ifndef FIFOFUZZ_FRESH_H
#define FIFOFUZZ_FRESH_H

#include <stdbool.h>
#include <stdint.h>

#include "examine.h"

/*
 * Forks, opens a sandbox in the child, calls `body` there and flushes stdout. What `context` leads
 * to is the child's copy unless it is shared memory. Returns 0 and the signal that killed the child
 * (0 if none), or -errno if no child or no sandbox in it could be had. The examiner must be open
 * and must not have examined anything yet.
 */
int fresh_run(const struct examiner *examiner,
              void (*body)(struct examiner *examiner, void *context), void *context, int *signal);

struct fresh_result {
    int signal;             /* that killed the process, or 0; then nothing else is valid */
    uint64_t runs;          /* of the scenario, the violated one counted */
    struct verdict verdict; /* of the last run */
};

/* Examines `scenario` in a fresh process until it is violated, at most `limit` times. */
int fresh_examine(const struct examiner *examiner, const struct scenario *scenario, uint64_t limit,
                  struct fresh_result *result);

/* True if `result` is a violation or a killed process. */
bool fresh_is_violated(const struct fresh_result *result);

/*
 * Minimizes a `scenario` that is violated in a fresh process, with a fresh process for every
 * question: for an implementation that remembers, or one that kills. What shows at first stays. A
 * question takes about 15 ms.
 */
struct minimize_effort fresh_minimize(const struct examiner *examiner, struct scenario *scenario,
                                      const struct minimize_budget *budget);

/* How often a finding shows in fresh processes. */
enum { FRESH_TRIES = 3 };
struct confirmation {
    unsigned violated; /* of FRESH_TRIES */
    uint32_t added;    /* calls that the scenario was given to get there */
};

/*
 * Sees whether `scenario` is violated in fresh processes. If not each time, the fault needs earlier
 * calls: tries as many harmless ones in front (mkfifo of "/", which gives EEXIST) as went before
 * the violation when the scenario was repeated, or its last call several times. `scenario` is
 * changed only if that helps. Returns 0 or -errno.
 */
int fresh_confirm(const struct examiner *examiner, struct scenario *scenario,
                  struct confirmation *confirmation);

#endif
