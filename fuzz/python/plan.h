/*
 * plan.h - the part of an input of fuzz_python that says how calls are written in Python: behind
 * the scenario's bytes.
 *
 *   rows        5 bytes each: kind of path, mode, descriptor and form, and a salt (calls.py)
 *   flags       1 byte: the low 4 bits are the rows that each call is made by, less 1; 80 has
 *               refused calls repeated to see whether they leak
 *   count       1 byte, the number of rows, 1..PLAN_ROWS_MAX
 *   "Py"        2 bytes
 *
 * An input that does not end so is all scenario, with the empty plan: each call is made once,
 * mkfifo(path, mode, dir_fd=descriptor).
 */
#ifndef FIFOFUZZ_PLAN_H
#define FIFOFUZZ_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "random.h"

enum {
    PLAN_COLUMNS = 4, /* path, mode, descriptor, form */
    PLAN_ROW = PLAN_COLUMNS + 1,
    PLAN_ROWS_MAX = 32,
    PLAN_TAIL = 4, /* flags, count and mark */
    PLAN_BYTES_MAX = PLAN_ROWS_MAX * PLAN_ROW + PLAN_TAIL,
};

struct plan {
    uint8_t rows[PLAN_ROWS_MAX][PLAN_ROW];
    uint8_t row_count; /* 0: the plain call */
    uint8_t per_call;  /* rows that each call is made by, 1..16 */
    bool tries_leaks;
};

/* Splits an input: fills `plan` and returns how many of the `size` bytes are the scenario's. */
size_t plan_split(struct plan *plan, const uint8_t *data, size_t size);

/*
 * Writes the plan to `out`, less the rows that do not fit. Returns the number of bytes: 0 for an
 * empty plan, or where there is no room for a row.
 */
size_t plan_write(const struct plan *plan, uint8_t *out, size_t capacity);

/* A plan of any rows; plain arguments are as likely as all the others together. */
void plan_generate(struct plan *plan, struct random *random);

/* Changes, adds or takes away something. */
void plan_mutate(struct plan *plan, struct random *random);

#endif
