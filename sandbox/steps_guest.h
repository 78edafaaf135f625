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

/* What the agent needs to know of a preparation: descriptors by their numbers there, or -1. */
struct following {
    int32_t closes;     /* what the slot holds before the step, if that is open */
    int32_t duplicates; /* what dup(2) is asked to duplicate */
};

/* Fills `out` before the worker does `step`; `directory` is its dirfd. */
void steps_guest_prepare(const struct steps *steps, const struct step *step, int32_t directory,
                         struct following *out);

/*
 * What the worker has done to itself in the preparation `step` the agent does, too: umask, chdir,
 * open with `flags`, dup, close. `done` says whether it succeeded. False if the agent cannot: it is
 * not where the scenario wants it then, and what it does from there on says nothing. True for all
 * other steps.
 */
bool steps_guest_follows(struct steps *steps, const struct step *step,
                         const struct following *following, int flags, bool done);

#endif
