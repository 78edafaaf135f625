/*
 * frames.h - the call stack of the code under test, taken where it stopped.
 *
 * The compiler's unwinder walks it (unwind.h): code is compiled without frame pointers by default,
 * but not without unwind tables. It is linked, where backtrace(3) would load it when the first
 * stack is wanted, inside the arena, and it allocates nothing. What it reads may be anything by
 * now: a fault on the way ends the walk, and what was found until then is kept. Code that has no
 * tables ends it, too.
 */
#ifndef FIFOFUZZ_FRAMES_H
#define FIFOFUZZ_FRAMES_H

#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>

/* One walk. All zero but `out` to begin with. */
struct frames {
    uint64_t *out;  /* room for OBSERVED_STACK_MAX addresses; NULL if no one wants them */
    uint32_t count; /* that were written, innermost first */

    uintptr_t first;  /* where the code under test was: what is within is the harness's own */
    unsigned skipped; /* frames of the harness so far */
    bool reached;     /* `first` was found */
    volatile bool walking;
    jmp_buf escape; /* out of a walk that faults */
};

/* Walks once on the calling thread, so that nothing is left to be set up or bound later. */
void frames_prepare(void);

/*
 * Takes the stack that a signal interrupted, in its handler: `context` is its ucontext_t, whose
 * registers are changed if the code had jumped to where no code is. Each address lies within the
 * instruction that was executing, the call for all but the innermost. Frames from fifofuzz_call
 * (steps.h) outwards are left out. Only the first stack is kept, later ones are not looked at.
 */
void frames_take_interrupted(struct frames *frames, void *context);

/* The same from a function that the code under test called, and whose return address is `first`. */
void frames_take_behind(struct frames *frames, const void *first);

/* In a signal handler: ends the walk that the signal interrupted. Returns only if there is none. */
void frames_escape(struct frames *frames);

#endif
