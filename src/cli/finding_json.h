/*
 * finding_json.h - findings as report.json tells of them (report_json.h), for what a verb says at
 * its end. Each function takes an object that may lack anything: a disk may be full, a file
 * changed.
 */
#ifndef FIFOFUZZ_FINDING_JSON_H
#define FIFOFUZZ_FINDING_JSON_H

#include <jansson.h>
#include <stdio.h>

#include "results.h"

/* The report in the folder `folder`, to be given back with json_decref; NULL if there is none. */
json_t *finding_load(const char *folder);

/*
 * What the finding `signature` speaks of: the clause that it begins with, or CLAUSE_COUNT where a
 * preparation disagreed with the model, which breaks none.
 */
enum clause finding_clause(const char *signature);

/* The text `key` of a report or of one of its parts, "" if it has none. */
const char *finding_text(const json_t *report, const char *key);

/*
 * Prints for people what went wrong: the clause and its source, whose fault it is, the scenario
 * with the step at fault marked, expected and got, what was printed, and the commands.
 */
void finding_print(FILE *out, const json_t *report);

/* Sets rule, message, detail and signature; leaves those of which the report says nothing. */
void finding_fill(struct result *result, const json_t *report);

#endif
