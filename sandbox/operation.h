/*
 * operation.h - one step, as an actor does it.
 */
#ifndef FIFOFUZZ_OPERATION_H
#define FIFOFUZZ_OPERATION_H

#include <stdint.h>

#include "gate.h"
#include "scenario.h"

/* The order is the conductor's, the rest what came of it. */
struct operation {
    uint32_t index; /* of the step */
    const struct step *step;
    int file;              /* of a call its directory, of read and write the descriptor */
    const char *path;      /* of a call and of open */
    int flags;             /* of open(2) */
    struct gate_plan plan; /* of a call */
    uint8_t within;        /* of a call: WITHIN_*, the circumstances */

    int32_t result, error;
    uint64_t digest;
    uint8_t broken_pipes;
};

/* What has become of it when all actors have come to rest. */
enum staged {
    STAGED_OVER,  /* it has come back */
    STAGED_WAITS, /* it waits, or is stopped: what comes of it is noted when it comes back */
    STAGED_BUSY,  /* it was left out, for its actor waits in another */
};

#endif
