/*
 * matrix.h - many implementations held against the contract, clause by clause: what the runs of
 * `fifofuzz matrix` left, as one table, and its forms.
 *
 * A row is one implementation. It is filled from the figures that its run wrote (figures.h); one
 * that could not be run is a row with the reason in place of cells.
 */
#ifndef FIFOFUZZ_MATRIX_H
#define FIFOFUZZ_MATRIX_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "contract.h"
#include "grade.h"

/* What one run tells of one clause. */
enum cell {
    CELL_HELD,        /* it applied, and nothing broke it */
    CELL_VIOLATED,    /* a finding broke it */
    CELL_UNDECIDED,   /* whenever it applied, the documents left open what was seen */
    CELL_UNREACHABLE, /* the host or the implementation lacks what it needs */
    CELL_MISSED,      /* it can be reached, but was not in the time */
    CELL_NOT_RUN,     /* the run told nothing */
    CELL_COUNT
};

struct cell_info {
    const char *name;    /* "not reached" */
    const char *key;     /* in JSON: "not_reached" */
    char symbol;         /* in grids */
    const char *style;   /* class of the page */
    const char *meaning; /* for legends, a phrase */
};
extern const struct cell_info cell_infos[CELL_COUNT];

/* One implementation. Its texts are in memory of its own, never NULL; matrix_free gives it back. */
struct matrix_row {
    char *name;      /* as behind --implementation */
    char *package;   /* the packages that it comes with, "" if unknown or none */
    char *version;   /* of the first of them, "" if unknown */
    char *folder;    /* where its findings are */
    char *trouble;   /* why it was not run, or not to its end; "" */
    int status;      /* exit status of its run, -1 if there was none */
    json_t *figures; /* what its run wrote; NULL: nothing */
    json_t
        *findings; /* an array of reports (report_json.h), the worst first; NULL with `figures` */
    enum cell cells[CLAUSE_COUNT];
    unsigned counts[CELL_COUNT];
    unsigned grades[GRADE_COUNT];
};

struct matrix {
    const char *contract;
    uint64_t seconds, runs, seed; /* limits of each run, 0: none; the seed of all */
    struct matrix_row *rows;
    size_t count;
};

/*
 * Takes over `figures`, the object that a run wrote, and fills what follows from it; NULL, or what
 * is no such object, leaves the row as one that was not run.
 */
void matrix_fill(struct matrix_row *row, json_t *figures);

/* Why a clause cannot be reached in `row`, "" where it can. */
const char *matrix_reason(const struct matrix_row *row, enum clause clause);

/* Calls a second of the row's run; 0 if there was none. */
uint64_t matrix_rate(const struct matrix_row *row);

/* The number of findings of all rows; those that are not graded count as well. */
size_t matrix_findings(const struct matrix *matrix);

/* True if any row was run. */
bool matrix_has_run(const struct matrix *matrix);

/* Gives back what the rows hold, and the rows. */
void matrix_free(struct matrix *matrix);

/*
 * Prints the matrix for a terminal of 100 columns: a row for each implementation, then its
 * findings, a line each. With `wide` also the grid of clauses by implementations.
 */
void matrix_print(FILE *out, const struct matrix *matrix, bool wide);

/* Writes it as JSON (README.md has the form). Returns 0 or -errno. */
int matrix_json(FILE *out, const struct matrix *matrix);

/* Writes it as a page without script or anything from elsewhere. Returns 0; errors are `out`'s. */
int matrix_page(FILE *out, const struct matrix *matrix);

#endif
