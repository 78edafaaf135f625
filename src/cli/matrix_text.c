#include <string.h>

#include "figures.h"
#include "finding_json.h"
#include "matrix.h"

enum { WIDTH = 100, NAME_WIDTH = 26, VERSION_WIDTH = 17 };

/* --- the rows --------------------------------------------------------------------------------- */

/* `text` in a column of `width`; what is longer takes a line of its own, so that columns stay. */
static void print_name(FILE *out, const char *text) {
    fprintf(out, "%-*s", NAME_WIDTH, text);
    if (strlen(text) >= NAME_WIDTH)
        fprintf(out, "\n%*s", NAME_WIDTH, "");
}

/* Words from column `indent` on, and in further lines from there. */
static void print_words(FILE *out, const char *text, size_t indent) {
    for (size_t column = indent; *text; text += *text == ' ') {
        size_t length = strcspn(text, " ");
        bool first = column == indent;
        if (!first && column + 1 + length > WIDTH) {
            fprintf(out, "\n%*s", (int)indent, "");
            column = indent;
            first = true;
        }
        fprintf(out, "%s%.*s", first ? "" : " ", (int)length, text);
        column += length + !first;
        text += length;
    }
    fputc('\n', out);
}

static void print_counts(FILE *out, const struct matrix_row *row) {
    for (int cell = 0; cell < CELL_NOT_RUN; cell++)
        fprintf(out, "%5u", row->counts[cell]);
    fprintf(out, "%9s", figures_grouped(matrix_rate(row)));
    fprintf(out, "%6u%7u%7u\n", row->grades[GRADE_GRAVE], row->grades[GRADE_BROKEN],
            row->grades[GRADE_PARITY]);
}

static void print_row(FILE *out, const struct matrix_row *row) {
    print_name(out, row->name);
    if (row->figures) {
        fprintf(out, "%-*.*s", VERSION_WIDTH, VERSION_WIDTH - 1, row->version);
        print_counts(out, row);
    }
    if (*row->trouble) {
        if (row->figures)
            fprintf(out, "%*s", NAME_WIDTH, "");
        print_words(out, row->trouble, NAME_WIDTH);
    }
}

static void print_head(FILE *out) {
    fprintf(out, "%-*s%-*s held viol unde unre miss  calls/s grave broken parity\n", NAME_WIDTH,
            "implementation", VERSION_WIDTH, "version");
}

static void print_legend(FILE *out, const struct matrix *matrix) {
    fputc('\n', out);
    for (int cell = 0; cell < CELL_NOT_RUN; cell++)
        fprintf(out, "%-12s %s\n", cell_infos[cell].name, cell_infos[cell].meaning);
    for (int grade = GRADE_COUNT - 1; grade > GRADE_NONE; grade--)
        fprintf(out, "%-12s %s\n", grade_infos[grade].name, grade_infos[grade].meaning);
    fprintf(out, "%d clauses at level %s; %u sentences are beyond any scenario\n", CLAUSE_COUNT,
            matrix->contract, beyond_count);
}

/* --- findings --------------------------------------------------------------------------------- */

/* A line, cut where the terminal ends. Control characters were made printable before. */
static void print_finding(FILE *out, const json_t *report) {
    char line[1024];
    const char *grade = finding_text(report, "grade");
    int length =
        snprintf(line, sizeof line, "  %-7s %s  %s%s%s, got %s", *grade ? grade : "none",
                 finding_text(report, "signature"), finding_text(report, "step_text"),
                 ": expected ", finding_text(report, "expected"), finding_text(report, "got"));
    if (length > WIDTH)
        memcpy(line + WIDTH - 3, "...", 4);
    fprintf(out, "%s\n", line);
}

static void print_findings(FILE *out, const struct matrix_row *row) {
    size_t count = json_array_size(row->findings);
    if (count == 0)
        return;
    fprintf(out, "\n%s: %zu finding%s in %s\n", row->name, count, count == 1 ? "" : "s",
            row->folder);
    for (size_t i = 0; i < count; i++)
        print_finding(out, json_array_get(row->findings, i));
}

/* --- the grid --------------------------------------------------------------------------------- */

static void print_grid(FILE *out, const struct matrix *matrix) {
    fputc('\n', out);
    for (size_t i = 0; i < matrix->count; i++)
        fprintf(out, "%*zu  %s\n", NAME_WIDTH, i + 1, matrix->rows[i].name);
    fprintf(out, "\n%-*s", NAME_WIDTH, "");
    for (size_t i = 0; i < matrix->count; i++)
        fprintf(out, "%3zu", i + 1);
    fputc('\n', out);
    for (int clause = 0; clause < CLAUSE_COUNT; clause++) {
        fprintf(out, "%-*s", NAME_WIDTH, clause_infos[clause].name);
        for (size_t i = 0; i < matrix->count; i++)
            fprintf(out, "%3c", cell_infos[matrix->rows[i].cells[clause]].symbol);
        fputc('\n', out);
    }
    for (int cell = 0; cell < CELL_NOT_RUN; cell++)
        fprintf(out, "%s%c %s", cell ? "   " : "\n", cell_infos[cell].symbol,
                cell_infos[cell].name);
    fputc('\n', out);
}

void matrix_print(FILE *out, const struct matrix *matrix, bool wide) {
    print_head(out);
    for (size_t i = 0; i < matrix->count; i++)
        print_row(out, &matrix->rows[i]);
    print_legend(out, matrix);
    for (size_t i = 0; i < matrix->count; i++)
        print_findings(out, &matrix->rows[i]);
    if (wide)
        print_grid(out, matrix);
}
