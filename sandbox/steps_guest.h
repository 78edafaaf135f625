/*
 * steps_guest.h - the part of a step that an agent does.
 */
#ifndef FIFOFUZZ_STEPS_GUEST_H
#define FIFOFUZZ_STEPS_GUEST_H

#include "steps.h"

/* The call under test `step` on the agent, which acts as the worker does; `directory` is its dirfd.
 */
void steps_ask_guest(struct steps *steps, const struct step *step, int32_t directory,
                     struct reply_facts *out);

/*
 * What the worker has done to itself in the preparation `step` the agent does, too: umask, chdir,
 * open with `flags`, dup of `directory`, close. False if it cannot: it is not where the scenario
 * wants it then, and what it does from there on says nothing. True for all other steps.
 */
bool steps_guest_follows(struct steps *steps, const struct step *step, int32_t directory,
                         int flags);

#endif
