/*
 * trace.h - a run told step by step: what the contract allowed, what was got, which clauses
 * applied.
 */
#ifndef FIFOFUZZ_TRACE_H
#define FIFOFUZZ_TRACE_H

#include <stdio.h>

#include "examine.h"

/*
 * Examines `scenario` once (examine_once) and prints a line per step to `out`, with a legend above.
 * Fills `verdict`.
 */
void trace_run(FILE *out, struct examiner *examiner, const struct scenario *scenario,
               struct verdict *verdict);

#endif
