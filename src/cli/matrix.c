#include "matrix.h"

#include <stdlib.h>
#include <string.h>

#include "finding_json.h"

const struct cell_info cell_infos[CELL_COUNT] = {
    [CELL_HELD] = {"held", "held", '+', "held", "it applied, and nothing broke it"},
    [CELL_VIOLATED] = {"violated", "violated", 'X', "violated", "a finding broke it"},
    [CELL_UNDECIDED] = {"undecided", "undecided", '?', "missed",
                        "the documents leave open all that was seen"},
    [CELL_UNREACHABLE] = {"unreachable", "unreachable", '-', "soft",
                          "host or implementation lack what it needs"},
    [CELL_MISSED] = {"not reached", "not_reached", '.', "missed", "not in the time there was"},
    [CELL_NOT_RUN] = {"not run", "not_run", ' ', "soft", "the run told nothing"},
};

/* --- findings --------------------------------------------------------------------------------- */

static enum grade grade_at(const json_t *findings, size_t index) {
    return grade_find(finding_text(json_array_get(findings, index), "grade"));
}

/* The worst first; of one grade in the order in which they were found. */
static json_t *sorted(const json_t *findings) {
    json_t *array = json_array();
    for (int grade = GRADE_COUNT - 1; grade >= 0; grade--)
        for (size_t i = 0; i < json_array_size(findings); i++)
            if (grade_at(findings, i) == (enum grade)grade)
                json_array_append(array, json_array_get(findings, i));
    return array;
}

static bool is_violated(const struct matrix_row *row, enum clause clause) {
    for (size_t i = 0; i < json_array_size(row->findings); i++)
        if (finding_clause(finding_text(json_array_get(row->findings, i), "signature")) == clause)
            return true;
    return false;
}

/* --- cells ------------------------------------------------------------------------------------ */

const char *matrix_reason(const struct matrix_row *row, enum clause clause) {
    return finding_text(json_object_get(row->figures, "clauses_unreachable"),
                        clause_infos[clause].name);
}

/* What an agent does not tell does not count as reached, but it was left open. */
static enum cell cell_of(const struct matrix_row *row, enum clause clause) {
    const json_t *counts =
        json_object_get(json_object_get(row->figures, "clauses"), clause_infos[clause].name);
    json_int_t count = json_integer_value(json_object_get(counts, "count"));
    if (is_violated(row, clause))
        return CELL_VIOLATED;
    if (*matrix_reason(row, clause))
        return CELL_UNREACHABLE;
    json_int_t undecided = json_integer_value(json_object_get(counts, "undecided"));
    if (count == 0 && undecided == 0)
        return CELL_MISSED;
    return undecided >= count ? CELL_UNDECIDED : CELL_HELD;
}

/* A run that was refused writes figures, too; they tell of nothing. */
static bool tells_something(const json_t *figures) {
    return json_integer_value(json_object_get(figures, "calls")) > 0 ||
           json_array_size(json_object_get(figures, "findings")) > 0;
}

void matrix_fill(struct matrix_row *row, json_t *figures) {
    if (tells_something(figures)) {
        row->figures = figures;
        row->findings = sorted(json_object_get(figures, "findings"));
    } else {
        json_decref(figures);
    }
    for (int i = 0; i < CLAUSE_COUNT; i++) {
        row->cells[i] = row->figures ? cell_of(row, (enum clause)i) : CELL_NOT_RUN;
        row->counts[row->cells[i]]++;
    }
    for (size_t i = 0; i < json_array_size(row->findings); i++)
        row->grades[grade_at(row->findings, i)]++;
}

/* --- the whole -------------------------------------------------------------------------------- */

uint64_t matrix_rate(const struct matrix_row *row) {
    return (uint64_t)json_integer_value(json_object_get(row->figures, "calls_per_second"));
}

size_t matrix_findings(const struct matrix *matrix) {
    size_t count = 0;
    for (size_t i = 0; i < matrix->count; i++)
        count += json_array_size(matrix->rows[i].findings);
    return count;
}

bool matrix_has_run(const struct matrix *matrix) {
    bool any = false;
    for (size_t i = 0; i < matrix->count; i++)
        any |= matrix->rows[i].figures != NULL;
    return any;
}

void matrix_free(struct matrix *matrix) {
    for (size_t i = 0; i < matrix->count; i++) {
        struct matrix_row *row = &matrix->rows[i];
        free(row->name);
        free(row->package);
        free(row->version);
        free(row->folder);
        free(row->trouble);
        json_decref(row->findings);
        json_decref(row->figures);
    }
    free(matrix->rows);
    *matrix = (struct matrix){.rows = NULL};
}
