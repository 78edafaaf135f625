/*
 * reproducer_steps.h - the statements of an exported C file, a step after the other.
 */
#ifndef FIFOFUZZ_REPRODUCER_STEPS_H
#define FIFOFUZZ_REPRODUCER_STEPS_H

#include "reproducer_plan.h"

/* Prints what step `index` is in C, with all that is looked at around a call. */
void steps_print(FILE *out, const struct plan *plan, uint32_t index);

/* Prints the variables that these statements use. */
void steps_print_variables(FILE *out, const struct plan *plan);

#endif
