#include "json_out.h"
#include "matrix.h"
#include "report.h"

static json_t *number(uint64_t value) {
    return json_integer((json_int_t)value);
}

/* The names of `keys` by what `counts` has for them. */
static json_t *cell_counts(const struct matrix_row *row) {
    json_t *object = json_object();
    for (int cell = 0; cell < CELL_COUNT; cell++)
        json_object_set_new(object, cell_infos[cell].key, number(row->counts[cell]));
    return object;
}

static json_t *grade_counts(const struct matrix_row *row) {
    json_t *object = json_object();
    for (int grade = 0; grade < GRADE_COUNT; grade++)
        json_object_set_new(object, grade_infos[grade].name, number(row->grades[grade]));
    return object;
}

static json_t *cell(const struct matrix_row *row, enum clause clause) {
    const char *reason = matrix_reason(row, clause);
    json_t *object = json_pack("{s:s}", "state", cell_infos[row->cells[clause]].key);
    if (row->cells[clause] == CELL_UNREACHABLE)
        json_object_set_new(object, "reason", json_out_text(reason));
    return object;
}

static json_t *cells(const struct matrix_row *row) {
    json_t *object = json_object();
    for (int i = 0; i < CLAUSE_COUNT; i++)
        json_object_set_new(object, clause_infos[i].name, cell(row, (enum clause)i));
    return object;
}

/* A value of the run's figures, null where it left none. */
static json_t *figure(const struct matrix_row *row, const char *key) {
    json_t *value = json_object_get(row->figures, key);
    return value ? json_incref(value) : json_null();
}

static json_t *implementation(const struct matrix_row *row) {
    static const char *const figures[] = {"traits",  "tier",  "seed",
                                          "seconds", "calls", "calls_per_second"};
    json_t *object =
        json_pack("{s:o, s:o, s:o, s:o, s:o, s:i, s:o, s:o, s:o}", "name", json_out_text(row->name),
                  "package", json_out_text(row->package), "package_version",
                  json_out_text(row->version), "folder", json_out_text(row->folder), "trouble",
                  json_out_text(row->trouble), "status", row->status, "counts", cell_counts(row),
                  "grades", grade_counts(row), "clauses", cells(row));
    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++)
        json_object_set_new(object, figures[i], figure(row, figures[i]));
    json_object_set_new(object, "findings",
                        row->findings ? json_incref(row->findings) : json_array());
    return object;
}

int matrix_json(FILE *out, const struct matrix *matrix) {
    json_t *rows = json_array();
    for (size_t i = 0; i < matrix->count; i++)
        json_array_append_new(rows, implementation(&matrix->rows[i]));
    return json_out_write(out, json_pack("{s:s, s:s, s:o, s:o, s:o, s:o}", "version",
                                         report_version(), "contract", matrix->contract, "seconds",
                                         number(matrix->seconds), "runs", number(matrix->runs),
                                         "seed", number(matrix->seed), "implementations", rows));
}
