/*
 * minimize_pass.h - a minimization under way, and the passes that it consists of.
 */
#ifndef FIFOFUZZ_MINIMIZE_PASS_H
#define FIFOFUZZ_MINIMIZE_PASS_H

#include <stdbool.h>
#include <stdint.h>

#include "minimize.h"

struct minimization {
    struct scenario *best;     /* the smallest so far; only minimize_try changes it */
    struct scenario candidate; /* what a pass proposes instead */
    minimize_keep *keep;
    void *context;
    const struct minimize_budget *budget;
    int64_t deadline; /* CLOCK_MONOTONIC, ns */
    struct minimize_effort effort;
};

/* Begins a proposal: makes the candidate equal to the best and returns it, to be changed. */
struct scenario *minimize_propose(struct minimization *m);

/*
 * Lets the candidate become the best if it is valid, differs and the predicate holds for it.
 * Returns whether it did; false without asking once the budget is spent.
 */
bool minimize_try(struct minimization *m);

/*
 * Passes: each tries its kind of change all over the scenario and returns whether one was kept.
 */
typedef bool minimize_pass(struct minimization *m);

minimize_pass minimize_steps;    /* fewer steps (minimize.c) */
minimize_pass minimize_pairs;    /* two steps at once (minimize.c) */
minimize_pass minimize_texts;    /* fewer components and slashes, shorter contents (_text.c) */
minimize_pass minimize_detours;  /* shorter ways, if they save steps (_detour.c) */
minimize_pass minimize_names;    /* components called a, b, c, ... or at least shorter (_name.c) */
minimize_pass minimize_operands; /* duller modes, umasks, ids, flags, numbers (_operand.c) */
minimize_pass minimize_slots;    /* d0, d1, ... in the order of their use (_operand.c) */

#endif
