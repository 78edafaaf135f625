/*
 * minimize.h - makes a scenario small and dull while something stays true of it.
 *
 * What has to stay true is the caller's: that the same clause is broken in the same way, say. Steps
 * are taken out first, then parts of paths; then names become single letters, and every operand is
 * brought towards the dullest value of its kind (0644, umask 022, cwd, 1000:1000). A change stays
 * if the caller's predicate holds for it. Rounds are repeated until one changes nothing.
 *
 * Nothing is left to chance: the same scenario and the same answers give the same result, as long
 * as the budget does not run out. Not thread-safe: there is one scratch scenario per process.
 */
#ifndef FIFOFUZZ_MINIMIZE_H
#define FIFOFUZZ_MINIMIZE_H

#include <stdbool.h>
#include <stdint.h>

#include "scenario.h"

/* Does what has to stay true hold for the valid `candidate`? */
typedef bool minimize_keep(void *context, const struct scenario *candidate);

/* Where to give up; 0 is no limit. */
struct minimize_budget {
    uint64_t tries;           /* questions asked of the predicate */
    uint64_t seconds;         /* of real time: what is slow (a hang) is then minimized less */
    const _Atomic bool *stop; /* somebody else's wish to end it; NULL for nobody's */
};

/* What it took. */
struct minimize_effort {
    uint64_t tries;
    bool spent; /* the budget ran out: the scenario could be smaller */
};

/*
 * Minimizes the valid `scenario`, for which `keep` holds, in place. The result is valid, and `keep`
 * has held for it, or nothing was changed.
 */
struct minimize_effort minimize(struct scenario *scenario, minimize_keep *keep, void *context,
                                const struct minimize_budget *budget);

#endif
