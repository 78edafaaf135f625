#include "json_out.h"
#include "report.h"
#include "results.h"

static const char *const state_names[RESULT_STATES] = {
    [RESULT_PASSED] = "passed",
    [RESULT_FAILED] = "failed",
    [RESULT_SKIPPED] = "skipped",
    [RESULT_ERROR] = "error",
};

/* A text that is left out where there is none. */
static void add_text(json_t *object, const char *key, const char *value) {
    if (*value)
        json_object_set_new(object, key, json_out_text(value));
}

static json_t *one_case(const struct result *result) {
    json_t *object = json_pack("{s:s, s:s, s:f}", "name", result->name, "state",
                               state_names[result->state], "seconds", result->seconds);
    add_text(object, "file", result->file);
    if (result->line)
        json_object_set_new(object, "line", json_integer(result->line));
    add_text(object, "rule", result->rule);
    add_text(object, "message", result->message);
    add_text(object, "detail", result->detail);
    add_text(object, "signature", result->signature);
    return object;
}

static json_t *cases(const struct results *results) {
    json_t *array = json_array();
    for (size_t i = 0; i < results->count; i++)
        json_array_append_new(array, one_case(&results->cases[i]));
    return array;
}

static json_int_t count(const struct results *results, enum result_state state) {
    return (json_int_t)results_in(results, state);
}

int results_json(FILE *out, const void *results) {
    const struct results *all = results;
    json_t *object = json_pack(
        "{s:s, s:s, s:o, s:o, s:s, s:s, s:o, s:f, s:i, s:I, s:I, s:I, s:I, s:o}", "suite",
        all->suite, "version", report_version(), "command", json_out_text(all->command),
        "implementation", json_out_text(all->subject.implementation), "contract",
        all->subject.contract, "tier", all->tier, "traits", json_out_text(all->traits), "seconds",
        all->seconds, "status", all->status, "passed", count(all, RESULT_PASSED), "failed",
        count(all, RESULT_FAILED), "skipped", count(all, RESULT_SKIPPED), "errors",
        count(all, RESULT_ERROR), "cases", cases(all));
    return json_out_write(out, object);
}
