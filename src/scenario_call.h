/*
 * scenario_call.h - composes one call under test, and the preparations that its arguments need.
 *
 * A call is planned as a set of troubles, none to three of them, each one reason for a failure or
 * an unusual success: mode, pointer, length, start (dirfd or working directory), prefix, parent,
 * last component, tail. Two at once are chosen often, since only they show which error an
 * implementation reports when several are possible.
 */
#ifndef FIFOFUZZ_SCENARIO_CALL_H
#define FIFOFUZZ_SCENARIO_CALL_H

#include "scenario.h"
#include "scenario_zoo.h"

/*
 * Adds a call of `kind` (STEP_MKFIFO or STEP_MKFIFOAT) to the zoo's scenario, as its last step. In
 * a zoo that may have FIFOs the new name becomes a member when the call is meant to succeed.
 * Nothing is added behind a full scenario.
 */
void call_add(struct zoo *zoo, enum step_kind kind);

/* Sets a random dirfd that is rarely a directory: numbers, and slots filled or not. */
void dirfd_set_random(struct dirfd *dirfd, struct random *random);

#endif
