/*
 * report.h - what a finding looks like to a person, on the screen and in its folder (findings.h).
 *
 * A report says, in this order: what failed, with the clause, its text and its source; how bad that
 * is (grade.h); whose fault it is; the scenario with the step at fault marked; expected and got;
 * how reliably it happens; what the implementation printed and where it was; the circumstances; and
 * complete commands to go on with.
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
 * Prints the report's first line, without newline: "C-SLASH-missing is violated by step 3: the
 * call: expected ENOENT, got success".
 */
void report_sentence(FILE *out, const struct finding *finding);

/*
 * Whose fault it is and how that is known. Only what could be replayed was tried with the bare
 * system call, too; of the rest it is "not determined". Constant text.
 */
const char *report_fault(const struct finding *finding);

/* As verdict_values; of a call that did not come back `got` also has the signal or system call. */
void report_values(const struct finding *finding, char *expected, char *got, size_t capacity);

/* Room for a step as scenario_print_step prints it: two texts, each byte as \xff. */
enum { REPORT_STEP_MAX = 4 * TEXT_LENGTH_MAX * 2 + 256 };

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

/* The commands that end a report, in its order. */
struct report_way {
    const char *key;   /* for programs: "reproduce" */
    const char *title; /* for people: "Reproduce with" */
    void (*print)(FILE *out, const struct report_run *run, const char *file);
};
enum { REPORT_WAYS = 3 };
extern const struct report_way report_ways[REPORT_WAYS];

#endif
