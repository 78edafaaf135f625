/*
 * scenario_stage.h - generates scenarios in which calls overlap: several actors, calls that are
 * stopped in the middle, and a kernel that fails.
 */
#ifndef FIFOFUZZ_SCENARIO_STAGE_H
#define FIFOFUZZ_SCENARIO_STAGE_H

#include "scenario_shape.h"
#include "scenario_zoo.h"

/* Changes one thing of the zoo between two calls. */
typedef void stage_change(struct zoo *zoo);

/*
 * Adds calls of a scenario of `shape`, SHAPE_THREADS or SHAPE_INJECT, behind the zoo's beginning.
 * In the middle of one call others make the same name, or another, or things change.
 */
void stage_add_calls(struct zoo *zoo, enum target_shape shape, stage_change *change);

/* A kind of step that only scenarios of `shape` have, for one that is to be inserted. */
enum step_kind stage_random_kind(struct random *random, enum target_shape shape);

/* Sets the operand of `step`, one of such a kind, to what matters more often than others. */
void stage_set_number(struct step *step, struct random *random);

#endif
