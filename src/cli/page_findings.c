#include "finding_json.h"
#include "markup.h"
#include "page_parts.h"
#include "report.h"

/* The step at fault is said in words: a colour alone tells not everybody. */
static void print_step(FILE *out, const json_t *report, size_t index) {
    const char *line = json_string_value(json_array_get(json_object_get(report, "lines"), index));
    json_int_t fault = json_integer_value(json_object_get(report, "step"));
    bool is_fault = (json_int_t)index + 1 == fault;
    fprintf(out, "<li%s><code>", is_fault ? " class=\"fault\"" : "");
    markup_text(out, line ? line : "");
    fputs("</code>", out);
    if (is_fault)
        fprintf(out, " <small class=\"violated\">%s</small>",
                json_is_true(json_object_get(report, "late")) ? "at fault, or a step before"
                                                              : "at fault");
    fputs("</li>\n", out);
}

/* The fault is near the end; of a scenario with very many steps that is what a page shows. */
static void print_scenario(FILE *out, const json_t *report) {
    enum { SHOWN = 24 };
    size_t count = json_array_size(json_object_get(report, "lines"));
    size_t skipped = count > SHOWN ? count - SHOWN : 0;
    if (count == 0)
        return;
    if (skipped)
        fprintf(out, "<p class=\"soft\">The last %d steps; scenario.scn has all %zu.</p>\n", SHOWN,
                count);
    fprintf(out, "<ol class=\"scenario\" style=\"counter-reset: step %zu\">\n", skipped);
    for (size_t i = skipped; i < count; i++)
        print_step(out, report, i);
    fputs("</ol>\n", out);
}

static void print_clause(FILE *out, const json_t *clause) {
    if (!json_is_object(clause))
        return;
    page_element(out, "p", NULL, finding_text(clause, "summary"));
    fputs("<p class=\"source\">", out);
    markup_text(out, finding_text(clause, "source"));
    fputs(" (POSIX: ", out);
    markup_text(out, finding_text(clause, "posix"));
    fputs("; manual pages: ", out);
    markup_text(out, finding_text(clause, "documented"));
    fputs(")</p>\n", out);
}

static void print_facts(FILE *out, const struct figures_finding *finding, const json_t *report) {
    char text[96];
    json_int_t replays = json_integer_value(json_object_get(report, "replays"));
    fputs("<dl class=\"facts\">\n", out);
    page_entry(out, "Grade", finding_text(report, "grade"));
    page_entry(out, "Expected", finding_text(report, "expected"));
    page_entry(out, "Got", finding_text(report, "got"));
    page_entry(out, "Fault", finding_text(report, "fault_text"));
    if (replays > 0) {
        snprintf(text, sizeof text, "in %d of %d replays",
                 (int)json_integer_value(json_object_get(report, "repeated")), (int)replays);
        page_entry(out, "Reproduced", text);
    }
    snprintf(text, sizeof text, "%s time%s", figures_grouped(finding->count),
             finding->count == 1 ? "" : "s");
    page_entry(out, "Found", text);
    page_entry(out, "Signature", finding->signature);
    page_entry(out, "Folder", finding->folder[0] ? finding->folder : "could not be written");
    fputs("</dl>\n", out);
}

static void print_noise(FILE *out, const char *noise) {
    if (!*noise)
        return;
    page_element(out, "p", "soft", "The implementation printed");
    fputs("<pre class=\"noise\" tabindex=\"0\">", out); /* the keyboard can scroll it */
    markup_text(out, noise);
    fputs("</pre>\n", out);
}

static void print_commands(FILE *out, const json_t *commands) {
    for (size_t i = 0; i < REPORT_WAYS; i++) {
        const char *command = finding_text(commands, report_ways[i].key);
        if (!*command)
            continue;
        page_element(out, "p", "soft", report_ways[i].title);
        page_element(out, "pre", NULL, command);
    }
}

void page_finding(FILE *out, const struct figures_finding *finding, const json_t *report,
                  const char *anchor) {
    const char *sentence = finding_text(report, "sentence");
    fputs("<article", out);
    if (anchor)
        fprintf(out, " id=\"%s\"", anchor);
    fputs(">\n", out);
    page_element(out, "h3", "violated", *sentence ? sentence : finding->signature);
    print_clause(out, json_object_get(report, "clause"));
    print_scenario(out, report);
    print_facts(out, finding, report);
    page_element(out, "p", "lines", finding_text(report, "confirmation"));
    print_noise(out, finding_text(report, "stderr"));
    print_commands(out, json_object_get(report, "commands"));
    fputs("</article>\n", out);
}

void page_findings(FILE *out, const struct figures *figures) {
    if (figures->finding_count == 0)
        return;
    page_element(out, "h2", NULL, "Findings");
    for (unsigned i = 0; i < figures->finding_count; i++) {
        json_t *report = finding_load(figures->findings[i].folder);
        page_finding(out, &figures->findings[i], report, NULL);
        json_decref(report);
    }
}
