/*
 * staging.h - a run of a scenario of several actors: who made which call, what was arranged for it,
 * which calls overlapped.
 *
 * A call that is stopped, or waits for a lock, is over during a later step than it began in: it is
 * late. What came in between overlapped with it.
 */
#ifndef FIFOFUZZ_STAGING_H
#define FIFOFUZZ_STAGING_H

#include <stdbool.h>
#include <stdint.h>

#include "outcome.h"
#include "scenario.h"

enum { STAGING_LATE_MAX = 2 * ACTORS * 16 }; /* late calls of one run that are told apart */

/* One step, as it was made. */
struct staged_step {
    uint8_t actor;
    uint8_t within; /* WITHIN_*, of a call */
    bool late;      /* a call under test that was over during a later step */
    bool nested;    /* made in a signal handler that an earlier call of its actor was stopped in */
    bool beside;    /* a late call of another actor was under way */
    bool injected;  /* of a call: its mknod(2) was answered with `error` */
    uint8_t error;
    uint32_t as;    /* index of the `as` step that it was begun under, plus 1; 0 for none */
    int32_t number; /* of a call whose dirfd is a slot: what that held when it began */
};

struct staging {
    uint32_t late_count;
    uint32_t late[STAGING_LATE_MAX]; /* indices of late calls, in the order in which they began */
    bool cut;                        /* there were more */
    struct staged_step steps[SCENARIO_STEPS_MAX];
};

/*
 * Finds out what `observation` says of the steps of `scenario` that were executed, the one during
 * which the run ended included.
 */
void staging_find(struct staging *staging, const struct scenario *scenario,
                  const struct observation *observation);

#endif
