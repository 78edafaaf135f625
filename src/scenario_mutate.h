/*
 * scenario_mutate.h - small structural changes to a scenario, and crossing two of them.
 *
 * Not thread-safe: there is one scratch scenario per process.
 */
#ifndef FIFOFUZZ_SCENARIO_MUTATE_H
#define FIFOFUZZ_SCENARIO_MUTATE_H

#include "random.h"
#include "scenario.h"
#include "scenario_shape.h"

/*
 * Changes a valid scenario in place: one operand, a step inserted, removed, doubled or moved, a new
 * member of the arena and its use, another call; rarely several of these at once. The result is
 * valid, fits `shape`, whatever the shape was before, and has a call unless the scenario is full of
 * preparations; it can happen to equal the old one.
 */
void scenario_mutate(struct scenario *scenario, struct random *random, enum target_shape shape);

/*
 * Replaces `out`, which must be neither `a` nor `b`, with a beginning of `a` followed by an end of
 * `b`, or with the preparations of `a` and a call of `b`; valid and made to fit `shape`. What is
 * too much for one scenario is cut off.
 */
void scenario_cross(struct scenario *out, const struct scenario *a, const struct scenario *b,
                    struct random *random, enum target_shape shape);

#endif
