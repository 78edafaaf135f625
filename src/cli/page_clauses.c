#include "finding_json.h"
#include "markup.h"
#include "page_parts.h"
#include "report.h"

enum state { STATE_VIOLATED, STATE_MISSED, STATE_HELD, STATE_UNREACHABLE, STATE_BEYOND, STATES };

/* The groups of the table, in its order. */
static const struct {
    const char *title, *style, *remark;
} groups[STATES] = {
    [STATE_VIOLATED] = {"Violated", "violated", ""},
    [STATE_MISSED] = {"Not reached", "missed", "in this run"},
    [STATE_HELD] = {"Held", "held", "in every call that it applied to"},
    [STATE_UNREACHABLE] = {"Unreachable here", "soft", "and so not tested"},
    [STATE_BEYOND] = {"Beyond any scenario", "soft", "and so not tested"},
};

static bool is_violated(const struct figures *figures, enum clause clause) {
    for (unsigned i = 0; i < figures->finding_count; i++)
        if (finding_clause(figures->findings[i].signature) == clause)
            return true;
    return false;
}

static enum state state_of(const struct figures *figures, enum clause clause) {
    if (is_violated(figures, clause))
        return STATE_VIOLATED;
    if (figures->unreachable[clause])
        return STATE_UNREACHABLE;
    return clause_set_has(&figures->totals.clauses, clause) ? STATE_HELD : STATE_MISSED;
}

static void print_title(FILE *out, enum state state, unsigned count) {
    fprintf(out,
            "<tbody>\n<tr><th colspan=\"3\" scope=\"rowgroup\"><span class=\"%s\">%s: %u</span>",
            groups[state].style, groups[state].title, count);
    fputs(" <span class=\"source\">", out);
    markup_text(out, groups[state].remark);
    fputs("</span></th></tr>\n", out);
}

static void print_source(FILE *out, enum clause clause) {
    const struct clause_info *info = &clause_infos[clause];
    char text[512] = "";
    FILE *memory = fmemopen(text, sizeof text, "w");
    if (memory) {
        report_source(memory, clause);
        fprintf(memory, " (POSIX: %s; manual pages: %s)", report_strength(info->posix),
                report_strength(info->documented));
        fclose(memory);
    }
    page_element(out, "div", "source", text);
}

static void print_clause(FILE *out, const struct figures *figures, enum clause clause) {
    char first[32] = "";
    const struct campaign_totals *totals = &figures->totals;
    if (totals->reached[clause])
        snprintf(first, sizeof first, "%.2f s", (double)totals->first_after[clause] / 1000);
    fputs("<tr><th scope=\"row\">", out);
    page_element(out, "span", "name", clause_infos[clause].name);
    page_element(out, "div", NULL, clause_infos[clause].summary);
    print_source(out, clause);
    if (figures->unreachable[clause])
        page_element(out, "div", "missed", figures->unreachable[clause]);
    fputs("</th>\n", out);
    page_element(out, "td", "number", figures_grouped(totals->reached[clause]));
    page_element(out, "td", "number", first);
    fputs("</tr>\n", out);
}

static void print_beyond(FILE *out) {
    print_title(out, STATE_BEYOND, beyond_count);
    for (unsigned i = 0; i < beyond_count; i++) {
        fputs("<tr><th scope=\"row\" colspan=\"3\">", out);
        page_element(out, "span", "name", beyond_infos[i].name);
        page_element(out, "div", NULL, beyond_infos[i].reason);
        fputs("</th></tr>\n", out);
    }
    fputs("</tbody>\n", out);
}

static void print_group(FILE *out, const struct figures *figures, enum state state) {
    unsigned count = 0;
    for (int i = 0; i < CLAUSE_COUNT; i++)
        count += state_of(figures, (enum clause)i) == state;
    if (count == 0)
        return;
    print_title(out, state, count);
    for (int i = 0; i < CLAUSE_COUNT; i++)
        if (state_of(figures, (enum clause)i) == state)
            print_clause(out, figures, (enum clause)i);
    fputs("</tbody>\n", out);
}

void page_clauses(FILE *out, const struct figures *figures) {
    fputs("<h2>The contract, clause by clause</h2>\n<table>\n<caption>How many calls each clause "
          "applied to, and when it first did</caption>\n<thead><tr><th scope=\"col\">Clause</th>"
          "<th scope=\"col\" class=\"number\">Calls</th>"
          "<th scope=\"col\" class=\"number\">First after</th></tr></thead>\n",
          out);
    for (int state = 0; state < STATE_BEYOND; state++)
        print_group(out, figures, (enum state)state);
    print_beyond(out);
    fputs("</table>\n", out);
}
