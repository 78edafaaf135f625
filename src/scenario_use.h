/*
 * scenario_use.h - generates scenarios in which FIFOs are made and then used by several actors:
 * opened, filled, read, waited at, closed, and renamed meanwhile.
 */
#ifndef FIFOFUZZ_SCENARIO_USE_H
#define FIFOFUZZ_SCENARIO_USE_H

#include "scenario_zoo.h"

/*
 * Adds calls that make FIFOs, and what is done to these, behind what there is. It aims at the
 * states that matter: full, one byte short of it, at the edge of a page, without readers, with
 * bytes and without writers, with two actors that wait. Uses slots from the first one on.
 */
void use_add_steps(struct zoo *zoo);

/* A kind of step that is about FIFOs in use, for one that is to be inserted. */
enum step_kind use_random_kind(struct random *random);

/* How many bytes to read, to write, or to ask room for: mostly near the edge of something. */
uint32_t use_random_size(struct random *random);

#endif
