/*
 * steps_use.h - the steps of several actors and of FIFOs in use, in a scenario that stage.h is on
 * for.
 */
#ifndef FIFOFUZZ_STEPS_USE_H
#define FIFOFUZZ_STEPS_USE_H

#include "steps.h"

/* Does staged `step`; as a system call returns. Fills steps->done where an actor does it. */
int steps_use(struct steps *steps, uint32_t index, const struct step *step);

/* open(2) of `path` by the actor at hand, in the same way. */
int steps_use_open(struct steps *steps, uint32_t index, const char *path, int flags);

/* The call under test by the actor at hand, whose path is already in its view. */
void steps_use_call(struct steps *steps, uint32_t index, int directory, const char *path,
                    struct reply_facts *out);

#endif
