#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "finding_json.h"
#include "markup.h"
#include "matrix.h"
#include "page_parts.h"

/* What the page of one campaign has no use for. The grid scrolls in its own frame. */
static const char matrix_style[] =
    "body { max-width: 90rem; }\n"
    "article, .prose { max-width: 58rem; }\n"
    "a { color: inherit; }\n"
    ".word {\n"
    "  position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);\n"
    "  white-space: nowrap;\n"
    "}\n"
    ".frame { overflow: auto; max-height: 85vh; border: 1px solid var(--rule); }\n"
    ".frame table { width: auto; border-collapse: separate; border-spacing: 0; }\n"
    ".frame th, .frame td { padding: .3rem .6rem; border-top: 1px solid var(--rule); }\n"
    ".frame thead th {\n"
    "  position: sticky; top: 0; z-index: 2; background: var(--ground); border-top: 0;\n"
    "  vertical-align: bottom; overflow-wrap: normal;\n"
    "}\n"
    ".frame tbody th {\n"
    "  position: sticky; left: 0; z-index: 1; background: var(--ground);\n"
    "  font-weight: 400; white-space: nowrap;\n"
    "}\n"
    ".frame thead th:first-child { left: 0; z-index: 3; }\n"
    ".grid thead th + th { writing-mode: vertical-rl; white-space: nowrap; padding: .6rem .1rem; "
    "}\n"
    ".grid td {\n"
    "  position: relative; text-align: center; min-width: 1.9rem;\n"
    "  font: .875rem/1.55 ui-monospace, monospace;\n"
    "}\n"
    ".grid td.violated { background: var(--mark); font-weight: 700; }\n"
    ".grid td a { display: block; }\n"
    ".totals td { white-space: nowrap; }\n"
    ".totals td.lines { white-space: normal; }\n"
    ".prose { margin: .9rem 0; }\n"
    "article:target { outline: 2px solid var(--line); outline-offset: .5rem; }\n"
    "@media (max-width: 36rem) {\n"
    "  .frame tbody th { max-width: 9rem; white-space: normal; font-size: .8rem; }\n"
    "}\n"
    "@media print { .frame { overflow: visible; max-height: none; } }\n";

/* --- the top ---------------------------------------------------------------------------------- */

static void print_verdict(FILE *out, const struct matrix *matrix) {
    char text[128];
    size_t count = matrix_findings(matrix), faulty = 0;
    for (size_t i = 0; i < matrix->count; i++)
        faulty += json_array_size(matrix->rows[i].findings) > 0;
    if (count)
        snprintf(text, sizeof text, "%zu finding%s in %zu of %zu implementations", count,
                 count == 1 ? "" : "s", faulty, matrix->count);
    else
        snprintf(text, sizeof text, "%s",
                 matrix_has_run(matrix) ? "The contract held" : "Nothing was tested");
    page_element(out, "p",
                 count                    ? "verdict violated"
                 : matrix_has_run(matrix) ? "verdict held"
                                          : "verdict missed",
                 text);
}

static void print_limits(FILE *out, const struct matrix *matrix) {
    char text[160];
    int used = snprintf(text, sizeof text, "%d clauses at level %s, seed %" PRIu64, CLAUSE_COUNT,
                        matrix->contract, matrix->seed);
    if (matrix->seconds)
        used += snprintf(text + used, sizeof text - (size_t)used, ", %" PRIu64 " seconds each",
                         matrix->seconds);
    if (matrix->runs)
        snprintf(text + used, sizeof text - (size_t)used, ", %" PRIu64 " scenarios each",
                 matrix->runs);
    page_element(out, "p", "soft", text);
    char *command = cli_command();
    page_element(out, "pre", NULL, command);
    free(command);
}

/* --- the rows --------------------------------------------------------------------------------- */

static void print_number(FILE *out, const char *style, uint64_t number) {
    fprintf(out, "<td class=\"number%s%s\">%s</td>\n", number && *style ? " " : "",
            number ? style : "", figures_grouped(number));
}

/* The name, which leads to the row's findings if it has any. */
static void print_name(FILE *out, const struct matrix *matrix, size_t index) {
    bool leads = json_array_size(matrix->rows[index].findings) > 0;
    if (leads)
        fprintf(out, "<a href=\"#i%zu\">", index + 1);
    markup_text(out, matrix->rows[index].name);
    if (leads)
        fputs("</a>", out);
}

/* The reason stands where the numbers would, so that nobody has to scroll for it. */
static void print_not_run(FILE *out, const struct matrix_row *row) {
    fprintf(out, "<td class=\"lines\" colspan=\"%d\">not run: ", CELL_NOT_RUN + GRADE_COUNT);
    markup_text(out, row->trouble);
    fputs("</td>\n", out);
}

static void print_row(FILE *out, const struct matrix *matrix, size_t index) {
    const struct matrix_row *row = &matrix->rows[index];
    fputs("<tr><th scope=\"row\">", out);
    print_name(out, matrix, index);
    if (row->figures && *row->trouble)
        page_element(out, "div", "source", row->trouble);
    fputs("</th>\n", out);
    page_element(out, "td", NULL, row->version);
    for (int cell = 0; row->figures && cell < CELL_NOT_RUN; cell++)
        print_number(out, cell == CELL_VIOLATED ? "violated" : "", row->counts[cell]);
    if (row->figures)
        print_number(out, "", matrix_rate(row));
    for (int grade = GRADE_COUNT - 1; row->figures && grade > GRADE_NONE; grade--)
        print_number(out, grade == GRADE_GRAVE ? "violated" : "", row->grades[grade]);
    if (!row->figures)
        print_not_run(out, row);
    fputs("</tr>\n", out);
}

static void print_column(FILE *out, const char *style, const char *text) {
    fprintf(out, "<th scope=\"col\"%s%s%s>%s</th>", *style ? " class=\"" : "", style,
            *style ? "\"" : "", text);
}

static void print_totals(FILE *out, const struct matrix *matrix) {
    fputs("<h2>Implementations</h2>\n<div class=\"frame\" tabindex=\"0\">\n"
          "<table class=\"totals\">\n<caption class=\"word\">Clauses by state and findings by "
          "grade, for each implementation</caption>\n<thead><tr>",
          out);
    print_column(out, "", "Implementation");
    print_column(out, "", "Version");
    for (int cell = 0; cell < CELL_NOT_RUN; cell++)
        print_column(out, "number", cell_infos[cell].name);
    print_column(out, "number", "calls a second");
    for (int grade = GRADE_COUNT - 1; grade > GRADE_NONE; grade--)
        print_column(out, "number", grade_infos[grade].name);
    fputs("</tr></thead>\n<tbody>\n", out);
    for (size_t i = 0; i < matrix->count; i++)
        print_row(out, matrix, i);
    fputs("</tbody>\n</table>\n</div>\n<dl class=\"facts prose\">\n", out);
    for (int grade = GRADE_COUNT - 1; grade > GRADE_NONE; grade--)
        page_entry(out, grade_infos[grade].name, grade_infos[grade].meaning);
    fputs("</dl>\n", out);
}

/* --- the grid --------------------------------------------------------------------------------- */

/* The first finding of the row that broke the clause, the worst of them. */
static size_t finding_of(const struct matrix_row *row, enum clause clause) {
    size_t i = 0;
    while (i < json_array_size(row->findings) &&
           finding_clause(finding_text(json_array_get(row->findings, i), "signature")) != clause)
        i++;
    return i;
}

/* A symbol for the eye, the word for who hears it, the reason for who points at it. */
static void print_cell(FILE *out, const struct matrix *matrix, size_t index, enum clause clause) {
    const struct matrix_row *row = &matrix->rows[index];
    const struct cell_info *info = &cell_infos[row->cells[clause]];
    const char *reason = matrix_reason(row, clause);
    fprintf(out, "<td class=\"%s\" title=\"", info->style);
    markup_attribute(out, row->name);
    fprintf(out, ": %s%s", info->name, *reason ? ": " : "");
    markup_attribute(out, reason);
    fputs("\">", out);
    bool leads = row->cells[clause] == CELL_VIOLATED;
    if (leads)
        fprintf(out, "<a href=\"#f%zu-%zu\">", index + 1, finding_of(row, clause) + 1);
    fprintf(out, "%c<span class=\"word\"> %s</span>%s</td>\n", info->symbol, info->name,
            leads ? "</a>" : "");
}

static void print_clause(FILE *out, const struct matrix *matrix, enum clause clause) {
    fputs("<tr><th scope=\"row\" title=\"", out);
    markup_attribute(out, clause_infos[clause].summary);
    fprintf(out, "\">%s</th>\n", clause_infos[clause].name);
    for (size_t i = 0; i < matrix->count; i++)
        print_cell(out, matrix, i, clause);
    fputs("</tr>\n", out);
}

static void print_legend(FILE *out) {
    char label[64];
    fputs("<dl class=\"facts prose\">\n", out);
    for (int cell = 0; cell < CELL_NOT_RUN; cell++) {
        snprintf(label, sizeof label, "%c %s", cell_infos[cell].symbol, cell_infos[cell].name);
        page_entry(out, label, cell_infos[cell].meaning);
    }
    fputs("</dl>\n", out);
}

static void print_grid(FILE *out, const struct matrix *matrix) {
    fputs("<h2>The contract, clause by clause</h2>\n", out);
    print_legend(out);
    fputs("<div class=\"frame\" tabindex=\"0\">\n<table class=\"grid\">\n<caption class=\"word\">"
          "The state of each clause for each implementation</caption>\n<thead><tr>",
          out);
    print_column(out, "", "Clause");
    for (size_t i = 0; i < matrix->count; i++) {
        fputs("<th scope=\"col\">", out);
        print_name(out, matrix, i);
        fputs("</th>\n", out);
    }
    fputs("</tr></thead>\n<tbody>\n", out);
    for (int i = 0; i < CLAUSE_COUNT; i++)
        print_clause(out, matrix, (enum clause)i);
    fputs("</tbody>\n</table>\n</div>\n", out);
}

/* --- what lies behind ------------------------------------------------------------------------- */

static void print_findings(FILE *out, const struct matrix *matrix, size_t index) {
    const struct matrix_row *row = &matrix->rows[index];
    if (json_array_size(row->findings) == 0)
        return;
    fprintf(out, "<h2 id=\"i%zu\">", index + 1);
    markup_text(out, row->name);
    fputs("</h2>\n", out);
    for (size_t i = 0; i < json_array_size(row->findings); i++) {
        const json_t *report = json_array_get(row->findings, i);
        char anchor[64];
        snprintf(anchor, sizeof anchor, "f%zu-%zu", index + 1, i + 1);
        const struct figures_finding finding = {
            .signature = finding_text(report, "signature"),
            .folder = finding_text(report, "folder"),
            .reason = "",
            .count = (uint64_t)json_integer_value(json_object_get(report, "count"))};
        page_finding(out, &finding, report, anchor);
    }
}

/* True if `row` is the first with that reason for that clause: then it is told there. */
static bool is_first(const struct matrix *matrix, size_t index, enum clause clause) {
    const char *reason = matrix_reason(&matrix->rows[index], clause);
    for (size_t i = 0; i < index; i++)
        if (strcmp(matrix_reason(&matrix->rows[i], clause), reason) == 0)
            return false;
    return *reason != '\0';
}

/* In words what a phone cannot point at: who cannot reach the clause for that reason. */
static void print_reason(FILE *out, const struct matrix *matrix, size_t index, enum clause clause) {
    const char *reason = matrix_reason(&matrix->rows[index], clause);
    page_element(out, "dt", NULL, clause_infos[clause].name);
    fputs("<dd>", out);
    markup_text(out, reason);
    for (size_t i = index; i < matrix->count; i++)
        if (strcmp(matrix_reason(&matrix->rows[i], clause), reason) == 0) {
            fputs(i == index ? ": " : ", ", out);
            markup_text(out, matrix->rows[i].name);
        }
    fputs("</dd>\n", out);
}

static void print_reasons(FILE *out, const struct matrix *matrix) {
    fputs("<h2>Why clauses are unreachable</h2>\n<dl class=\"facts prose\">\n", out);
    for (int clause = 0; clause < CLAUSE_COUNT; clause++)
        for (size_t i = 0; i < matrix->count; i++)
            if (is_first(matrix, i, (enum clause)clause))
                print_reason(out, matrix, i, (enum clause)clause);
    for (unsigned i = 0; i < beyond_count; i++) {
        page_element(out, "dt", NULL, beyond_infos[i].name);
        fputs("<dd>", out);
        markup_text(out, beyond_infos[i].reason);
        fputs(": all</dd>\n", out);
    }
    fputs("</dl>\n", out);
}

int matrix_page(FILE *out, const struct matrix *matrix) {
    page_head(out, "implementations compared", matrix_style);
    fputs("<header>\n<h1>fifofuzz: implementations compared</h1>\n", out);
    print_verdict(out, matrix);
    print_limits(out, matrix);
    fputs("</header>\n<main>\n", out);
    print_totals(out, matrix);
    print_grid(out, matrix);
    for (size_t i = 0; i < matrix->count; i++)
        print_findings(out, matrix, i);
    print_reasons(out, matrix);
    fputs("</main>\n", out);
    page_foot(out);
    return 0;
}
