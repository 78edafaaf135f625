/*
 * report.h - what a finding looks like to a person, on the screen and in its folder (findings.h).
 *
 * A report says, in this order: what failed, with the clause, its text and its source; whose fault
 * it is; the scenario with the step at fault marked; expected and got; how reliably it happens;
 * what the implementation printed; the circumstances; and complete commands to go on with.
 */
#ifndef FIFOFUZZ_REPORT_H
#define FIFOFUZZ_REPORT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "contract.h"
#include "examine.h"

/* The circumstances of a finding. All texts belong to the caller. */
struct report_run {
    const char *program;        /* fifofuzz as the user started it; NULL for "fifofuzz" */
    const char *implementation; /* as typed behind --implementation */
    enum level level;
    const char *tier;   /* sandbox_tier() */
    const char *traits; /* examine_traits(): lines, or "" */
};

/* The version of this build: "0.1". */
const char *report_version(void);

/* "shall", "may", "unspecified", "silent". */
const char *report_strength(uint8_t strength);

/*
 * Prints where `clause` stands, with the abbreviations of clauses.def written out: "POSIX EEXIST;
 * mkfifo(3) EEXIST".
 */
void report_source(FILE *out, enum clause clause);

/*
 * Prints `finding`. `file` is the scenario's file for the commands at the end, NULL if it has none.
 */
void report_print(FILE *out, const struct report_run *run, const struct finding *finding,
                  const char *file);

/* Prints `word` as a shell reads it back: in quotes if it needs them. */
void report_word(FILE *out, const char *word);

/*
 * Prints the command that repeats the finding: "fifofuzz repro FILE --implementation X", with
 * --contract unless that is the default, and no newline.
 */
void report_command(FILE *out, const struct report_run *run, const char *file);

#endif
