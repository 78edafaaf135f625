/*
 * SARIF 2.1.0, "Static Analysis Results Interchange Format", OASIS Standard with Errata 01; numbers
 * in comments are its sections. Rules are all clauses, results are the failed cases.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "contract.h"
#include "json_out.h"
#include "report.h"
#include "results.h"

#define SCHEMA                                                                                     \
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

/* --- rules ------------------------------------------------------------------------------------ */

/* Behind the clauses. */
static const struct {
    const char *id, *summary, *description;
} others[] = {
    {RULE_OUTCOME, "a step has the outcome that its file states",
     "The result written behind # in a corpus file is not the one that was observed."},
    {RULE_PREPARATION, "a preparation goes as the model says",
     "A step that is no call under test went otherwise than fifofuzz's model of the file tree "
     "says: the consequence of something the implementation did unseen, or a fault of fifofuzz."},
};
enum { OTHER_COUNT = sizeof others / sizeof others[0] };

/* The index of a rule, or -1. */
static int rule_index(const char *id) {
    enum clause clause = clause_find(id);
    if (clause != CLAUSE_COUNT)
        return (int)clause;
    for (int i = 0; i < OTHER_COUNT; i++)
        if (strcmp(others[i].id, id) == 0)
            return CLAUSE_COUNT + i;
    return -1;
}

/* "The clause. Source: POSIX ENOENT (POSIX: shall; manual pages: silent)", in new memory. */
static char *describe_clause(enum clause clause) {
    const struct clause_info *info = &clause_infos[clause];
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    fprintf(out, "%s. Source: ", info->summary);
    report_source(out, clause);
    fprintf(out, " (POSIX: %s; manual pages: %s)", report_strength(info->posix),
            report_strength(info->documented));
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

static json_t *rule(const char *id, const char *summary, const char *description) {
    return json_pack("{s:s, s:{s:s}, s:{s:s}, s:{s:s}}", "id", id, "shortDescription", "text",
                     summary, "fullDescription", "text", description, "defaultConfiguration",
                     "level", "error");
}

static json_t *rules(void) {
    json_t *array = json_array();
    for (int i = 0; i < CLAUSE_COUNT; i++) {
        char *description = describe_clause((enum clause)i);
        if (description)
            json_array_append_new(array,
                                  rule(clause_infos[i].name, clause_infos[i].summary, description));
        free(description);
    }
    for (int i = 0; i < OTHER_COUNT; i++)
        json_array_append_new(array, rule(others[i].id, others[i].summary, others[i].description));
    return array;
}

/* --- places ----------------------------------------------------------------------------------- */

/* `path` from the current directory if it lies below, else itself; without "./" in front. */
static const char *from_here(const char *path) {
    char *here = getcwd(NULL, 0);
    size_t length = here ? strlen(here) : 0;
    if (length > 1 && strncmp(path, here, length) == 0 && path[length] == '/')
        path += length + 1;
    free(here);
    while (strncmp(path, "./", 2) == 0)
        path += 2;
    return path;
}

/* RFC 3986: a reference to the file; 3.4 asks for one relative to where the reader stands. */
static json_t *uri(const char *path) {
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/";
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    path = from_here(path);
    if (*path == '/')
        fputs("file://", out);
    for (; *path; path++)
        fprintf(out, strchr(plain, *path) ? "%c" : "%%%02X", (unsigned char)*path);
    json_t *string = fclose(out) == 0 ? json_string(text) : NULL;
    free(text);
    return string;
}

static json_t *locations(const struct result *result) {
    if (!*result->file)
        return json_array();
    json_t *place = json_pack("{s:{s:o}}", "artifactLocation", "uri", uri(result->file));
    if (result->line)
        json_object_set_new(place, "region", json_pack("{s:i}", "startLine", (int)result->line));
    return json_pack("[{s:o}]", "physicalLocation", place);
}

/* --- results ---------------------------------------------------------------------------------- */

static json_t *finding(const struct result *result) {
    json_t *object = json_pack("{s:s, s:i, s:s, s:{s:s}, s:o}", "ruleId", result->rule, "ruleIndex",
                               rule_index(result->rule), "level", "error", "message", "text",
                               result->message, "locations", locations(result));
    if (*result->signature)
        json_object_set_new(object, "partialFingerprints",
                            json_pack("{s:s}", "signature/v1", result->signature));
    if (*result->detail)
        json_object_set_new(object, "properties", json_pack("{s:s}", "report", result->detail));
    return object;
}

static json_t *findings(const struct results *results) {
    json_t *array = json_array();
    for (size_t i = 0; i < results->count; i++)
        if (results->cases[i].state == RESULT_FAILED)
            json_array_append_new(array, finding(&results->cases[i]));
    return array;
}

/* 3.20.21: what kept the tool from doing its work. */
static json_t *notifications(const struct results *results) {
    json_t *array = json_array();
    for (size_t i = 0; i < results->count; i++)
        if (results->cases[i].state == RESULT_ERROR)
            json_array_append_new(array, json_pack("{s:s, s:{s:s}}", "level", "error", "message",
                                                   "text", results->cases[i].message));
    return array;
}

static json_t *invocation(const struct results *results) {
    char start[32] = "";
    struct tm broken;
    if (gmtime_r(&results->start, &broken))
        strftime(start, sizeof start, "%Y-%m-%dT%H:%M:%SZ", &broken);
    bool successful = results->status == STATUS_HELD || results->status == STATUS_FINDING;
    return json_pack("{s:b, s:i, s:s, s:s, s:o}", "executionSuccessful", successful, "exitCode",
                     results->status, "commandLine", results->command, "startTimeUtc", start,
                     "toolExecutionNotifications", notifications(results));
}

int results_sarif(FILE *out, const void *results) {
    json_t *run = json_pack("{s:{s:{s:s, s:s, s:o}}, s:[o], s:o}", "tool", "driver", "name",
                            "fifofuzz", "version", report_version(), "rules", rules(),
                            "invocations", invocation(results), "results", findings(results));
    json_t *log =
        json_pack("{s:s, s:s, s:[o]}", "$schema", SCHEMA, "version", "2.1.0", "runs", run);
    return json_out_write(out, log);
}
