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

/* What the worker made of a preparation. */
struct made {
    bool done;         /* it succeeded */
    int flags;         /* of open(2) */
    int32_t directory; /* what dup(2) was asked to duplicate */
};

/*
 * What the worker has done to itself in the preparation `step` the agent does, too: umask, chdir,
 * open, dup, close. False if it cannot: it is not where the scenario wants it then, and what it
 * does from there on says nothing. True for all other steps.
 */
bool steps_guest_follows(struct steps *steps, const struct step *step, const struct made *made);

#endif
