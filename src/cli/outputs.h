/*
 * outputs.h - the files that `run` writes at its end for others than its user: figures as JSON,
 * results for a CI, a page to share.
 */
#ifndef FIFOFUZZ_OUTPUTS_H
#define FIFOFUZZ_OUTPUTS_H

#include "figures.h"
#include "results.h"

/* The files asked for, or NULL. */
struct outputs {
    struct result_files files; /* `json` gets the figures */
    const char *html;
};
#define OUTPUT_OPTIONS(outputs)                                                                    \
    RESULT_OPTIONS((outputs).files), {                                                             \
        "html", 0, OPTION_TEXT, &(outputs).html, 0, 0                                              \
    }

/* The help lines of those options. */
#define OUTPUT_HELP                                                                                \
    "      --json FILE         write the figures and the findings as JSON\n" RESULT_CI_HELP        \
    "      --html FILE         write a page that says what was tested and found\n"

/* Proves that the files can be written; otherwise exits with a message. */
void outputs_need(const struct outputs *outputs);

/*
 * Writes the files of a run that ends with `status`. Returns `status`, or STATUS_USAGE instead of
 * STATUS_HELD if one could not be written, which it has said.
 */
int outputs_write(const struct outputs *outputs, const struct figures *figures, int status);

/*
 * Adds a case per clause, or per finding of it: held where it was reached, skipped with the reason
 * where not. An end that says nothing of the contract is an error. For outputs_write and its test.
 */
void outputs_collect(struct results *results, const struct figures *figures, int status);

#endif
