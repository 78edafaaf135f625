#include "finding_json.h"

#include <stdlib.h>
#include <string.h>

json_t *finding_load(const char *folder) {
    if (!*folder)
        return NULL;
    char *path = cli_join(folder, "report.json");
    json_t *report = json_load_file(path, 0, NULL);
    free(path);
    if (json_is_object(report))
        return report;
    json_decref(report);
    return NULL;
}

enum clause finding_clause(const char *signature) {
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(signature, "."), signature);
    return strstr(signature, ".preparation") ? CLAUSE_COUNT : clause_find(name);
}

const char *finding_text(const json_t *report, const char *key) {
    const char *text = json_string_value(json_object_get(report, key));
    return text ? text : "";
}

/* --- the text --------------------------------------------------------------------------------- */

static void print_line(FILE *out, const char *label, const char *text) {
    if (*text)
        fprintf(out, "%s%s\n", label, text);
}

static void print_clause(FILE *out, const json_t *clause) {
    if (!json_is_object(clause))
        return;
    fprintf(out, "%s: %s\n", finding_text(clause, "name"), finding_text(clause, "summary"));
    fprintf(out, "Source: %s (POSIX: %s; manual pages: %s)\n", finding_text(clause, "source"),
            finding_text(clause, "posix"), finding_text(clause, "documented"));
}

static void print_scenario(FILE *out, const json_t *report) {
    const json_t *lines = json_object_get(report, "lines");
    json_int_t fault = json_integer_value(json_object_get(report, "step"));
    if (json_array_size(lines))
        fputs("\nScenario:\n", out);
    for (size_t i = 0; i < json_array_size(lines); i++) {
        const char *line = json_string_value(json_array_get(lines, i));
        fprintf(out, "  %c %s\n", (json_int_t)i + 1 == fault ? '>' : ' ', line ? line : "");
    }
}

static void print_noise(FILE *out, const char *text) {
    if (*text)
        fputs("\nThe implementation printed:\n", out);
    while (*text) {
        size_t length = strcspn(text, "\n");
        fprintf(out, "    %.*s\n", (int)length, text);
        text += length + (text[length] == '\n');
    }
}

void finding_print(FILE *out, const json_t *report) {
    const json_t *commands = json_object_get(report, "commands");
    print_line(out, "", finding_text(report, "sentence"));
    print_clause(out, json_object_get(report, "clause"));
    print_line(out, "Grade: ", finding_text(report, "grade"));
    print_line(out, "Fault: ", finding_text(report, "fault_text"));
    print_scenario(out, report);
    print_line(out, "\nExpected: ", finding_text(report, "expected"));
    print_line(out, "Got:      ", finding_text(report, "got"));
    print_noise(out, finding_text(report, "stderr"));
    print_line(out, "\nReproduce with:  ", finding_text(commands, "reproduce"));
    print_line(out, "", finding_text(report, "confirmation"));
}

/* --- the result ------------------------------------------------------------------------------- */

static void fill(char **text, const char *value) {
    if (*value)
        result_set(text, "%s", value);
}

void finding_fill(struct result *result, const json_t *report) {
    if (!report)
        return;
    const json_t *clause = json_object_get(report, "clause");
    fill(&result->rule, finding_text(clause, "name"));
    if (strcmp(finding_text(report, "verdict"), "disagreed") == 0)
        fill(&result->rule, RULE_PREPARATION);
    fill(&result->message, finding_text(report, "sentence"));
    fill(&result->signature, finding_text(report, "signature"));
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        cli_fail(STATUS_OURS, "out of memory");
    finding_print(out, report);
    if (fclose(out) != 0)
        cli_fail(STATUS_OURS, "out of memory");
    fill(&result->detail, text);
    free(text);
}
