/*
 * manual.h - makes the manual page and the completion of what the verbs say of themselves.
 *
 * The parts that no verb knows are written by hand in templates (fifofuzz.1.in, fifofuzz.bash.in).
 * A line of one that is a single placeholder is replaced:
 *
 *   @SYNOPSIS@  roff: how each verb is called
 *   @VERBS@     roff: a section for each verb: summary, help, options
 *   @NAMES@     shell: sets `verbs` to the names of all
 *   @CASES@     shell: for each verb a case with its operand, and its options with their arguments
 *
 * and within a line, @VERSION@.
 */
#ifndef FIFOFUZZ_MANUAL_H
#define FIFOFUZZ_MANUAL_H

#include <stdio.h>

#include "cli.h"

/* All verbs, in the order in which they are shown. */
struct verb_table {
    const struct verb *const *verbs;
    size_t count;
};

/*
 * Writes the template `text` to `out`, filled in. Returns 0, or -EINVAL if a line begins with an @
 * and is no placeholder. Whether `out` could be written is for the caller to find out.
 */
int manual_fill(FILE *out, const char *text, size_t length, const struct verb_table *table);

#endif
