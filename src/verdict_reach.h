/*
 * verdict_reach.h - tells the search what a judged call has reached; a part of verdict.c.
 */
#ifndef FIFOFUZZ_VERDICT_REACH_H
#define FIFOFUZZ_VERDICT_REACH_H

#include "verdict.h"

/*
 * Calls judge->reach for every clause of `prediction`, made in `world`. The deciding clause is told
 * apart by step kind and by two views of the environment: the path's shape, links and dirfd; and
 * mount and identity. Most others apply to every call.
 */
void verdict_report_reach(const struct judge *judge, const struct world *world,
                          const struct step *step, const struct prediction *prediction);

/* The same of a step on a FIFO in use, which met `state`: a small number, below 108. */
void verdict_report_use(const struct judge *judge, enum clause clause, unsigned state);

#endif
