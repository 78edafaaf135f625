/*
 * matrix_run.h - runs `fifofuzz run` for every row of a matrix, several at a time, each in a
 * process of its own: whatever one of them does or lacks, the others and the matrix stand.
 */
#ifndef FIFOFUZZ_MATRIX_RUN_H
#define FIFOFUZZ_MATRIX_RUN_H

#include "matrix.h"

/*
 * Adds a row for the implementation `name`, with its package and version (package.h). Its findings
 * go to a folder below `findings`, called like the name as far as a file's name can be, and
 * different from the other rows'.
 */
void matrix_add(struct matrix *matrix, const char *name, const char *findings);

/*
 * Runs all rows, at most `jobs` (1 or more) at a time, and fills them as they end, with a line on
 * stderr for each. Each folder gets `run.json`, the figures, and `run.log`, what its run said. At
 * SIGINT or SIGTERM the runs under way are ended, which still tell what they know, and the others
 * are not begun. Returns that signal or 0.
 */
int matrix_run(struct matrix *matrix, unsigned jobs);

#endif
