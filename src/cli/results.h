/*
 * results.h - what a verb found out, as a list of cases, and the forms in which machines read it.
 *
 *   JSON   all of it, for programs of one's own
 *   JUnit  XML as Ant's JUnit task writes it; what Jenkins, GitLab and others show as tests
 *   SARIF  2.1.0 (OASIS); what code hosts show beside the line of a scenario
 */
#ifndef FIFOFUZZ_RESULTS_H
#define FIFOFUZZ_RESULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include "cli.h"

enum result_state {
    RESULT_PASSED,
    RESULT_FAILED,
    RESULT_SKIPPED, /* it was not or could not be tried: `message` says why */
    RESULT_ERROR,   /* fifofuzz could not find out: `message` says why */
    RESULT_STATES
};

/* What a failed case may be about besides clauses. */
#define RULE_OUTCOME     "outcome"     /* a step has the outcome that its file states */
#define RULE_PREPARATION "preparation" /* a preparation goes as the model says */

/* One case. Texts are set by result_set and never NULL; "" is none. */
struct result {
    enum result_state state;
    double seconds;
    char *name;
    char *file;      /* the scenario, as the user can open it */
    uint32_t line;   /* of the step at fault in `file`, from 1; 0 if there is none */
    char *rule;      /* the clause's name, or RULE_... */
    char *message;   /* one line */
    char *detail;    /* lines */
    char *signature; /* of a finding */
};

struct results {
    const char *suite;  /* "check" */
    const char *target; /* of `run`, else "" */
    struct cli_subject subject;
    const char *tier, *traits; /* traits are lines */
    char *command;             /* as typed, for a shell */
    time_t start;
    uint64_t start_ns, mark_ns; /* CLOCK_MONOTONIC, of the start and of the last result */
    double seconds;             /* of all; valid from results_end on */
    int status;                 /* exit status; likewise */
    struct result *cases;
    size_t count;
};

/* Begins a list; the texts of `subject` must outlive it. Tier and traits are the caller's to set.
 */
void results_begin(struct results *results, const char *suite, const struct cli_subject *subject);

/*
 * Adds a case called `name`, which took the time since the last one. It is valid until the next is
 * added.
 */
struct result *results_add(struct results *results, enum result_state state, const char *name);

/* Sets a text of a result. */
void result_set(char **text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Sets file and line: `path` is a scenario or a findings folder, `step` counts from 0. Bytes have
 * no lines, and "-" is no file.
 */
void result_place(struct result *result, const char *path, uint32_t step);

/* How many cases are in `state`. */
size_t results_in(const struct results *results, enum result_state state);

/* The list is complete, and the process will end with `status`. */
void results_end(struct results *results, int status);

void results_free(struct results *results);

/* --- forms: each returns 0 or -errno; `results` is a struct results * ------------------------- */

int results_json(FILE *out, const void *results);
int results_junit(FILE *out, const void *results);
int results_sarif(FILE *out, const void *results);

/* --- options ---------------------------------------------------------------------------------- */

/* The files asked for, or NULL. */
struct result_files {
    const char *json, *junit, *sarif;
};
#define RESULT_OPTIONS(files)                                                                      \
    {"json", 0, OPTION_TEXT, &(files).json, 0, 0},                                                 \
        {"junit", 0, OPTION_TEXT, &(files).junit, 0, 0}, {                                         \
        "sarif", 0, OPTION_TEXT, &(files).sarif, 0, 0                                              \
    }

/* The help lines of the last two, and of --json where it writes the results. */
#define RESULT_CI_HELP                                                                             \
    "      --junit FILE        write the results as JUnit XML, for a CI's list of tests\n"         \
    "      --sarif FILE        write the findings as SARIF 2.1.0, for a code host\n"
#define RESULT_HELP "      --json FILE         write the results as JSON\n" RESULT_CI_HELP

/* Proves that the files can be written; otherwise exits with a message. */
void result_files_need(const struct result_files *files);

/*
 * Ends `results` with `status` and writes the files. Returns `status`, or STATUS_USAGE instead of
 * STATUS_HELD if one could not be written, which it has said.
 */
int result_files_write(const struct result_files *files, struct results *results, int status);

#endif
