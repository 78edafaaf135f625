#include "report_json.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "grade.h"
#include "printable.h"

/* --- texts ------------------------------------------------------------------------------------ */

static json_t *text_of(const char *text, size_t length) {
    char *copy = printable_copy(text, length);
    json_t *string = copy ? json_string(copy) : NULL;
    free(copy);
    return string;
}

static json_t *text(const char *string) {
    return text_of(string, strlen(string));
}

/* What the functions below print from. */
struct content {
    const struct report_run *run;
    const struct finding *finding;
    const char *file;
};

static json_t *printed(const struct content *content,
                       void (*print)(FILE *out, const struct content *content)) {
    char *memory = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&memory, &size);
    if (!out)
        return NULL;
    print(out, content);
    json_t *string = fclose(out) == 0 ? text_of(memory, size) : NULL;
    free(memory);
    return string;
}

static void print_sentence(FILE *out, const struct content *content) {
    report_sentence(out, content->finding);
}

static void print_source(FILE *out, const struct content *content) {
    report_source(out, (enum clause)content->finding->verdict.clause);
}

/* The lines of `lines`, each without its end. */
static json_t *split(const char *lines) {
    json_t *array = json_array();
    while (*lines) {
        size_t length = strcspn(lines, "\n");
        json_array_append_new(array, text_of(lines, length));
        lines += length + (lines[length] == '\n');
    }
    return array;
}

/* --- the parts -------------------------------------------------------------------------------- */

static json_t *clause(const struct content *content) {
    const struct verdict *verdict = &content->finding->verdict;
    if (verdict->kind == VERDICT_DISAGREED)
        return json_null();
    const struct clause_info *info = &clause_infos[verdict->clause];
    return json_pack("{s:s, s:s, s:o, s:s, s:s}", "name", info->name, "summary", info->summary,
                     "source", printed(content, print_source), "posix",
                     report_strength(info->posix), "documented", report_strength(info->documented));
}

static const char *fault_word(const struct finding *finding) {
    static const char *const words[] = {
        [FAULT_IMPLEMENTATION] = "implementation",
        [FAULT_PLATFORM] = "platform",
        [FAULT_OURS] = "fifofuzz",
    };
    check((unsigned)finding->fault < sizeof words / sizeof words[0]);
    return finding->replays ? words[finding->fault] : "not determined";
}

static json_t *failure(const struct content *content) {
    const struct finding *finding = content->finding;
    const struct verdict *verdict = &finding->verdict;
    char expected[512];
    char got[512];
    report_values(finding, expected, got, sizeof expected);
    return json_pack(
        "{s:o, s:o, s:s, s:o, s:s, s:s, s:s, s:o, s:o, s:i, s:i, s:o, s:o}", "signature",
        text(finding->signature), "sentence", printed(content, print_sentence), "verdict",
        verdict->kind == VERDICT_DISAGREED ? "disagreed" : "violated", "clause", clause(content),
        "grade", grade_infos[grade_of(verdict)].name, "fault", fault_word(finding), "fault_text",
        report_fault(finding), "expected", text(expected), "got", text(got), "replays",
        (int)finding->replays, "repeated", (int)finding->repeated, "stderr",
        text_of(finding->stderr_text, finding->stderr_length), "stack", split(finding->stack_text));
}

static json_t *steps(const struct finding *finding) {
    const struct scenario *scenario = &finding->scenario;
    uint32_t step = finding->verdict.step;
    static char line[REPORT_STEP_MAX];
    static char all[SCENARIO_PRINT_MAX];
    line[0] = '\0';
    if (step < scenario->step_count)
        scenario_print_step(scenario, step, line, sizeof line);
    scenario_print(scenario, NULL, all, sizeof all);
    json_t *lines = split(all), *minimized = text(all);
    scenario_print(&finding->original, NULL, all, sizeof all);
    return json_pack("{s:i, s:o, s:o, s:o, s:o}", "step", (int)step + 1, "step_text", text(line),
                     "scenario", minimized, "lines", lines, "original", text(all));
}

static json_t *commands(const struct content *content) {
    json_t *object = json_object();
    for (size_t i = 0; content->file && i < REPORT_WAYS; i++) {
        char *memory = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&memory, &size);
        if (!out)
            continue;
        report_ways[i].print(out, content->run, content->file);
        if (fclose(out) == 0)
            json_object_set_new(object, report_ways[i].key, text_of(memory, size));
        free(memory);
    }
    return object;
}

static json_t *circumstances(const struct content *content) {
    const struct report_run *run = content->run;
    return json_pack("{s:b, s:o, s:s, s:o, s:o, s:s, s:o}", "late", content->finding->verdict.late,
                     "implementation", text(run->implementation), "contract",
                     level_names[run->level], "tier", text(run->tier), "traits", split(run->traits),
                     "version", report_version(), "commands", commands(content));
}

int report_json(FILE *out, const struct report_run *run, const struct finding *finding,
                const char *file) {
    const struct content content = {run, finding, file};
    json_t *all = failure(&content);
    json_t *const parts[] = {steps(finding), circumstances(&content)};
    int error = all ? 0 : -ENOMEM;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (!error && json_object_update(all, parts[i]) != 0)
            error = -ENOMEM;
        json_decref(parts[i]);
    }
    if (!error && json_dumpf(all, out, JSON_INDENT(2)) != 0)
        error = -EIO;
    fputc('\n', out);
    json_decref(all);
    return error;
}

/* --- afterwards ------------------------------------------------------------------------------- */

/* Writes beside the file and renames, so that a full disk leaves the old one. */
static int replace_file(const char *path, const json_t *report) {
    char *beside;
    if (asprintf(&beside, "%s.new", path) < 0)
        return -ENOMEM;
    errno = EIO; /* where jansson does not say */
    int error = json_dump_file(report, beside, JSON_INDENT(2)) == 0 ? 0 : -errno;
    if (!error && rename(beside, path) != 0)
        error = -errno;
    if (error)
        remove(beside);
    free(beside);
    return error;
}

int report_json_amend(const char *path, const char *line) {
    FILE *in = fopen(path, "re");
    if (!in)
        return -errno;
    json_t *report = json_loadf(in, 0, NULL);
    fclose(in);
    if (!json_is_object(report)) {
        json_decref(report);
        return -EINVAL;
    }
    int error = json_object_set_new(report, "confirmation", text(line)) == 0 ? 0 : -ENOMEM;
    if (!error)
        error = replace_file(path, report);
    json_decref(report);
    return error;
}
