/*
 * reproducer_looks.h - how an exported C file looks at the world: at the node that a call has made,
 * around a call at what a finding is about, and at the whole file tree in the end.
 */
#ifndef FIFOFUZZ_REPRODUCER_LOOKS_H
#define FIFOFUZZ_REPRODUCER_LOOKS_H

#include "reproducer_plan.h"

/* Prints the function `made`, which looks at a new node, if there is a call that makes one. */
void looks_print_made(FILE *out, const struct plan *plan);

/* Prints the variables that the looks around calls need. */
void looks_print_variables(FILE *out, const struct plan *plan);

struct look_at_call {
    FILE *out;
    const struct plan *plan;
    uint32_t index;
    void (*put_place)(const void *context); /* prints directory and path: "AT_FDCWD, \"x\"" */
    const void *context;
};

/* Print what stands before and behind the call. */
void looks_print_before(const struct look_at_call *look);
void looks_print_after(const struct look_at_call *look);

/* Prints the function `inspect`, which holds the file tree against the world. */
void looks_print_inspect(FILE *out, const struct plan *plan);

#endif
