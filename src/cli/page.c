#include "page.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "cli.h"
#include "markup.h"
#include "page_parts.h"
#include "report.h"

void page_element(FILE *out, const char *tag, const char *name, const char *text) {
    fprintf(out, "<%s", tag);
    if (name)
        fprintf(out, " class=\"%s\"", name);
    fputc('>', out);
    markup_text(out, text);
    fprintf(out, "</%s>\n", tag);
}

void page_entry(FILE *out, const char *label, const char *text) {
    if (!*text)
        return;
    page_element(out, "dt", NULL, label);
    page_element(out, "dd", NULL, text);
}

/* --- the top ---------------------------------------------------------------------------------- */

void page_head(FILE *out, const char *title, const char *more) {
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
          "<meta name=\"color-scheme\" content=\"light dark\">\n<title>fifofuzz: ",
          out);
    markup_text(out, title);
    fprintf(out, "</title>\n<style>\n%s%s</style>\n</head>\n<body>\n", page_style, more);
}

void page_foot(FILE *out) {
    fputs("<footer>Written by fifofuzz ", out);
    markup_text(out, report_version());
    fputs(", which holds implementations of mkfifo and mkfifoat against POSIX and the Linux manual "
          "pages.</footer>\n</body>\n</html>\n",
          out);
}

/* The run in one sentence. Where no clause was reached, nothing can have held. */
static void print_verdict(FILE *out, const struct figures *figures, int status) {
    char text[96];
    const char *name = "missed";
    if (figures->finding_count) {
        name = "violated";
        snprintf(text, sizeof text, "%u finding%s: the contract is violated",
                 figures->finding_count, figures->finding_count == 1 ? "" : "s");
    } else if (status != STATUS_HELD && status < 128) {
        snprintf(text, sizeof text, "The run could not be finished (exit status %d)", status);
    } else if (!figures->target->examines) {
        name = "held";
        snprintf(text, sizeof text, "No fault was found");
    } else if (figures->reached_count == 0) {
        snprintf(text, sizeof text, "Nothing was tested");
    } else {
        name = "held";
        snprintf(text, sizeof text, "The contract held in %s call%s",
                 figures_grouped(figures->totals.calls), figures->totals.calls == 1 ? "" : "s");
    }
    page_element(out, "p",
                 name[0] == 'h'   ? "verdict held"
                 : name[0] == 'v' ? "verdict violated"
                                  : "verdict missed",
                 text);
}

static void print_number(FILE *out, const char *label, const char *number) {
    fputs("<div>", out);
    page_entry(out, label, number);
    fputs("</div>\n", out);
}

static void print_numbers(FILE *out, const struct figures *figures) {
    const struct campaign_totals *totals = &figures->totals;
    char text[64];
    fputs("<dl class=\"numbers\">\n", out);
    if (figures->target->examines) {
        snprintf(text, sizeof text, "%u of %u", figures->reached_count, figures->reachable_count);
        print_number(out, "clauses reached", text);
        print_number(out, "calls", figures_grouped(totals->calls));
        print_number(out, "scenarios", figures_grouped(totals->scenarios));
        print_number(out, "calls a second", figures_grouped(figures_rate(figures, totals->calls)));
        print_number(out, "undecided", figures_grouped(totals->undecided));
    }
    snprintf(text, sizeof text, "%.1f", (double)figures->elapsed / 1000);
    print_number(out, "seconds", text);
    fputs("</dl>\n</header>\n<main>\n", out);
}

/* --- what was tested -------------------------------------------------------------------------- */

static void print_time(FILE *out, const struct figures *figures) {
    char text[64] = "";
    struct tm broken;
    time_t start = time(NULL) - (time_t)(figures->elapsed / 1000);
    if (gmtime_r(&start, &broken))
        strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &broken);
    page_entry(out, "Started", text);
}

static void print_tested(FILE *out, const struct figures *figures) {
    const struct crew_plan *plan = figures->plan;
    char text[128];
    fputs("<h2>What was tested</h2>\n<dl class=\"facts\">\n", out);
    page_entry(out, "Implementation", plan->implementation);
    page_entry(out, "Traits", figures->campaign->jobs[0].traits_text);
    page_entry(out, "Contract", plan->contract);
    snprintf(text, sizeof text, "%s: %s", figures->target->name, figures->target->summary);
    page_entry(out, "Target", text);
    page_entry(out, "Sandbox", figures->tier);
    snprintf(text, sizeof text, "%" PRIu64, plan->seed);
    page_entry(out, "Seed", text);
    snprintf(text, sizeof text, "%" PRIu64, plan->jobs);
    page_entry(out, "Processes", text);
    print_time(out, figures);
    page_entry(out, "fifofuzz", report_version());
    char *command = cli_command();
    fputs("</dl>\n", out);
    page_element(out, "pre", NULL, command);
    free(command);
}

int page_write(FILE *out, const struct figures *figures, int status) {
    page_head(out, figures->plan->implementation, "");
    fputs("<header>\n<h1>fifofuzz: ", out);
    markup_text(out, figures->plan->implementation);
    fputs("</h1>\n", out);
    print_verdict(out, figures, status);
    print_numbers(out, figures);
    page_findings(out, figures);
    print_tested(out, figures);
    if (figures->target->examines) {
        page_plots(out, figures);
        page_clauses(out, figures);
    }
    fputs("</main>\n", out);
    page_foot(out);
    return 0;
}
