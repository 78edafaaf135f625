/*
 * interpreter.h - Python in this process, with os.mkfifo and our module's mkfifo as a pair of
 * implementations that the sandbox's worker can call.
 *
 * What a call of theirs looks like in Python is said by a plan (plan.h) and made by calls.py: a
 * call of the scenario is made by several lists of arguments, the first of which that means it is
 * the answer. All that was seen of them is noted, and compared when both have run.
 *
 * The caller's thread starts the interpreter and does not keep its lock; each function here takes
 * it for as long as it needs. A worker that does not come back may have it for ever: after such an
 * ending only interpreter_describe_last may be called.
 */
#ifndef FIFOFUZZ_INTERPRETER_H
#define FIFOFUZZ_INTERPRETER_H

#include <stddef.h>
#include <stdint.h>

#include "implementations/implementation.h"
#include "plan.h"

enum side { SIDE_REFERENCE, SIDE_MODULE, SIDE_COUNT };

/* os.mkfifo, then the module's. They may be called on any thread once the interpreter runs. */
extern const struct implementation interpreter_pair[SIDE_COUNT];

/*
 * Starts the interpreter and loads all that it will ever need, for later there are no files: call
 * it before the sandbox is opened. `canary` is NULL, or Python source that is run last and may
 * change `functions[1]`, the function under test. Returns 0, or -ENOENT with `reason`.
 */
int interpreter_start(const char *canary, char *reason, size_t reason_size);

/* A new input: forgets what was noted, and takes this plan for the calls that follow. */
void interpreter_begin(const struct plan *plan);

/*
 * Compares what was noted of the two since interpreter_begin. Returns false if all is as it must
 * be; else writes to `out` the call in Python and what came of it on both sides.
 */
bool interpreter_differs(char *out, size_t capacity);

/* True if a call on either side has met ELOOP since interpreter_begin; needs no lock. */
bool interpreter_met_eloop(void);

/* Names the list of arguments that was at hand last, by its kinds; needs no lock. */
void interpreter_describe_last(const struct plan *plan, char *out, size_t capacity);

/* Calls made so far with the function of one side. */
uint64_t interpreter_calls(enum side side);

/* Blocks of memory that the interpreter has allocated; 0 where it leaves that to malloc(3). */
uint64_t interpreter_blocks(void);

#endif
