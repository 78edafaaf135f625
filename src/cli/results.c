#include "results.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "clock.h"
#include "document.h"
#include "printable.h"

void results_begin(struct results *results, const char *suite, const struct cli_subject *subject) {
    *results = (struct results){
        .suite = suite, .target = "", .subject = *subject, .tier = "", .traits = ""};
    char *command = cli_command();
    result_set(&results->command, "%s", command);
    free(command);
    results->start = time(NULL);
    results->start_ns = results->mark_ns = (uint64_t)clock_monotonic_ns();
}

struct result *results_add(struct results *results, enum result_state state, const char *name) {
    struct result *grown = realloc(results->cases, (results->count + 1) * sizeof *results->cases);
    if (!grown)
        cli_fail(STATUS_OURS, "out of memory");
    results->cases = grown;
    struct result *result = &grown[results->count++];
    *result = (struct result){.state = state};
    char **const texts[] = {&result->file,   &result->rule,      &result->message,
                            &result->detail, &result->signature, &result->name};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        result_set(texts[i], "%s", "");
    result_set(&result->name, "%s", name);
    uint64_t now = (uint64_t)clock_monotonic_ns();
    result->seconds = (double)(now - results->mark_ns) / 1e9;
    results->mark_ns = now;
    return result;
}

void result_set(char **text, const char *format, ...) {
    va_list arguments;
    char *raw;
    va_start(arguments, format);
    int length = vasprintf(&raw, format, arguments);
    va_end(arguments);
    char *printable = length < 0 ? NULL : printable_copy(raw, (size_t)length);
    if (!printable)
        cli_fail(STATUS_OURS, "out of memory");
    free(raw);
    free(*text);
    *text = printable;
}

/* --- places ----------------------------------------------------------------------------------- */

/* The line of step `step` in the text at `path`: those without a step are empty or remarks. */
static uint32_t line_of_step(const char *path, uint32_t step) {
    FILE *in = fopen(path, "re");
    char *line = NULL;
    size_t capacity = 0;
    uint32_t number = 0, found = 0;
    while (in && !found && getline(&line, &capacity, in) > 0) {
        const char *start = line + strspn(line, " \t");
        number++;
        if (*start != '#' && *start != '\n' && *start != '\0' && step-- == 0)
            found = number;
    }
    free(line);
    if (in)
        fclose(in);
    return found;
}

void result_place(struct result *result, const char *path, uint32_t step) {
    struct stat facts;
    if (strcmp(path, "-") == 0)
        return;
    bool is_folder = stat(path, &facts) == 0 && S_ISDIR(facts.st_mode);
    free(result->file);
    result->file = is_folder ? cli_join(path, "scenario.scn") : strdup(path);
    if (!result->file)
        cli_fail(STATUS_OURS, "out of memory");
    size_t length = strlen(result->file);
    bool is_text = length > 4 && strcmp(result->file + length - 4, ".scn") == 0;
    result->line = is_text ? line_of_step(result->file, step) : 0;
}

/* --- the whole -------------------------------------------------------------------------------- */

size_t results_in(const struct results *results, enum result_state state) {
    size_t count = 0;
    for (size_t i = 0; i < results->count; i++)
        count += results->cases[i].state == state;
    return count;
}

void results_end(struct results *results, int status) {
    results->seconds = (double)((uint64_t)clock_monotonic_ns() - results->start_ns) / 1e9;
    results->status = status;
}

void results_free(struct results *results) {
    for (size_t i = 0; i < results->count; i++) {
        struct result *result = &results->cases[i];
        free(result->name);
        free(result->file);
        free(result->rule);
        free(result->message);
        free(result->detail);
        free(result->signature);
    }
    free(results->cases);
    free(results->command);
    *results = (struct results){0};
}

void result_files_need(const struct result_files *files) {
    document_need(files->json);
    document_need(files->junit);
    document_need(files->sarif);
}

int result_files_write(const struct result_files *files, struct results *results, int status) {
    const struct {
        const char *path;
        int (*write)(FILE *out, const void *results);
    } forms[] = {
        {files->json, results_json}, {files->junit, results_junit}, {files->sarif, results_sarif}};
    results_end(results, status);
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        if (forms[i].path && document_write(forms[i].path, forms[i].write, results) != 0 &&
            status == STATUS_HELD)
            status = STATUS_USAGE;
    return status;
}
