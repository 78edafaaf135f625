/*
 * subject.h - what is under test and by which contract, as a user names them on a command line.
 */
#ifndef FIFOFUZZ_SUBJECT_H
#define FIFOFUZZ_SUBJECT_H

#include <stdbool.h>
#include <stddef.h>

#include "contract.h"
#include "implementations/implementation.h"

/*
 * Finds the implementation `name`: a built-in one, else an agent (implementations/agents.h), else,
 * if it holds a slash or ends in ".so", a shared object, then loaded through sandbox_load (so
 * sandbox_prepare must have been called). `name` must outlive `*out`, which is good until the next
 * call. Returns 0, or -errno with `reason` filled: one line for the user.
 */
int subject_find(const struct implementation **out, const char *name, char *reason,
                 size_t reason_size);

/*
 * True if `error`, returned by a function here, means that the user's choice cannot be used; else
 * it is the host that cannot do what is needed.
 */
bool subject_mistaken(int error);

/* Finds the level called `name`. Returns 0, or -EINVAL with `reason` filled. */
int subject_level(enum level *out, const char *name, char *reason, size_t reason_size);

#endif
