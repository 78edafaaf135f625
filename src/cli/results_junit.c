/*
 * The elements and attributes that both the Ant schema (JUnit.xsd) and that of Jenkins
 * (junit-10.xsd) know, in the order that the stricter first one asks for. Neither has a place for a
 * file's name and line, so these begin the failure's text.
 */
#include <string.h>
#include <unistd.h>

#include "markup.h"
#include "report.h"
#include "results.h"

static void attribute(FILE *out, const char *name, const char *value) {
    fprintf(out, " %s=\"", name);
    markup_attribute(out, value);
    fputc('"', out);
}

static void property(FILE *out, const char *name, const char *value) {
    if (!*value)
        return;
    fputs("      <property", out);
    attribute(out, "name", name);
    attribute(out, "value", value);
    fputs("/>\n", out);
}

static void print_properties(FILE *out, const struct results *results) {
    fputs("    <properties>\n", out);
    property(out, "command", results->command);
    property(out, "target", results->target);
    property(out, "implementation", results->subject.implementation);
    property(out, "contract", results->subject.contract);
    property(out, "tier", results->tier);
    property(out, "traits", results->traits);
    property(out, "version", report_version());
    fputs("    </properties>\n", out);
}

/* What went wrong, or why it was not tried. */
static void print_trouble(FILE *out, const struct result *result) {
    static const char *const elements[RESULT_STATES] = {
        [RESULT_FAILED] = "failure",
        [RESULT_SKIPPED] = "skipped",
        [RESULT_ERROR] = "error",
    };
    const char *element = elements[result->state];
    fprintf(out, ">\n      <%s", element);
    attribute(out, "message", result->message);
    if (result->state != RESULT_SKIPPED)
        attribute(out, "type", *result->rule ? result->rule : "fifofuzz");
    fputc('>', out);
    if (*result->file && result->line)
        markup_text(out, result->file), fprintf(out, ":%u\n", result->line);
    markup_text(out, result->detail);
    fprintf(out, "</%s>\n    </testcase>\n", element);
}

static void print_case(FILE *out, const struct results *results, const struct result *result) {
    char group[64];
    snprintf(group, sizeof group, "fifofuzz.%s", results->suite);
    fputs("    <testcase", out);
    attribute(out, "name", result->name);
    attribute(out, "classname", group);
    fprintf(out, " time=\"%.3f\"", result->seconds);
    if (result->state == RESULT_PASSED)
        fputs("/>\n", out);
    else
        print_trouble(out, result);
}

static void print_suite(FILE *out, const struct results *results) {
    char host[256] = "", start[32] = "";
    struct tm broken;
    if (gethostname(host, sizeof host - 1) != 0 || !host[0])
        snprintf(host, sizeof host, "localhost");
    if (gmtime_r(&results->start, &broken))
        strftime(start, sizeof start, "%Y-%m-%dT%H:%M:%S", &broken);
    fputs("  <testsuite", out);
    attribute(out, "name", results->suite);
    attribute(out, "package", "fifofuzz");
    fputs(" id=\"0\"", out);
    attribute(out, "hostname", host);
    attribute(out, "timestamp", start);
    fprintf(out, " time=\"%.3f\" tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\">\n",
            results->seconds, results->count, results_in(results, RESULT_FAILED),
            results_in(results, RESULT_ERROR), results_in(results, RESULT_SKIPPED));
}

int results_junit(FILE *out, const void *results) {
    const struct results *all = results;
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n", out);
    print_suite(out, all);
    print_properties(out, all);
    for (size_t i = 0; i < all->count; i++)
        print_case(out, all, &all->cases[i]);
    fputs("    <system-out/>\n    <system-err/>\n  </testsuite>\n</testsuites>\n", out);
    return 0;
}
