/* matrix_test.c - what is made of the figures that runs leave, and the matrix's three forms. */
#include "matrix.h"

#include "browser_testing.h"
#include "markup_testing.h"

#define SCRIPT "</td><script>alert(1)</script> & 'x'"

static struct matrix matrix;

static struct matrix_row *add(const char *name, const char *trouble, const char *told) {
    matrix.rows = realloc(matrix.rows, (matrix.count + 1) * sizeof matrix.rows[0]);
    assert_non_null(matrix.rows);
    struct matrix_row *row = &matrix.rows[matrix.count++];
    *row = (struct matrix_row){.name = strdup(name),
                               .package = strdup("some-package"),
                               .version = strdup("1.2-3"),
                               .folder = strdup("findings/x"),
                               .trouble = strdup(trouble),
                               .status = told ? 0 : 2};
    json_error_t error;
    json_t *object = told ? json_loads(told, 0, &error) : NULL;
    if (told && !object)
        fail_msg("%s", error.text);
    matrix_fill(row, object);
    return row;
}

/* One of each state and grade, one that was not run. */
static void make_matrix(void) {
    matrix = (struct matrix){.contract = "linux", .seconds = 60, .seed = 7};
    add("good", "",
        "{\"calls\": 9, \"calls_per_second\": 12345, \"findings\": [],"
        "\"clauses\": {\"C-RETURN\": {\"count\": 9, \"undecided\": 0}}}");
    add("bad " SCRIPT, "",
        "{\"calls\": 5, \"calls_per_second\": 5, \"findings\": ["
        "{\"signature\": \"C-MODE-special.mkfifo.mode\", \"grade\": \"parity\", \"count\": 1},"
        "{\"signature\": \"C-EEXIST.mkfifo.errno.0\", \"grade\": \"grave\", \"count\": 2,"
        " \"step_text\": \"mkfifo \\\"a\\\" 0644\", \"expected\": \"EEXIST\","
        " \"got\": \"success\"},"
        "{\"signature\": \"C-EBADF.mkfifoat.errno.EINVAL\", \"grade\": \"broken\"},"
        "{\"signature\": \"C-RETURN.mkdir.preparation\", \"grade\": \"none\"}],"
        "\"clauses_unreachable\": {\"C-LANDLOCK\": \"no Landlock " SCRIPT "\"},"
        "\"clauses\": {\"C-RETURN\": {\"count\": 5, \"undecided\": 1},"
        " \"C-EFAULT\": {\"count\": 3, \"undecided\": 3},"
        " \"C-EEXIST\": {\"count\": 3, \"undecided\": 0}}}");
    add("absent", "it needs php: apt-get install php-cli", NULL);
}

/* What `print` writes, in new memory. */
static char *written(int (*print)(FILE *out, const struct matrix *matrix)) {
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    assert_int_equal(print(out, &matrix), 0);
    assert_int_equal(fclose(out), 0);
    return text;
}

static int print_narrow(FILE *out, const struct matrix *one) {
    matrix_print(out, one, false);
    return 0;
}

static int print_wide(FILE *out, const struct matrix *one) {
    matrix_print(out, one, true);
    return 0;
}

/* --- cells ------------------------------------------------------------------------------------ */

static void a_cell_claims_no_more_than_the_run_showed(void **state) {
    (void)state;
    make_matrix();
    const struct matrix_row *bad = &matrix.rows[1];
    assert_int_equal(bad->cells[CLAUSE_EEXIST], CELL_VIOLATED);
    assert_int_equal(bad->cells[CLAUSE_EBADF], CELL_VIOLATED); /* though no call was counted */
    assert_int_equal(bad->cells[CLAUSE_RETURN], CELL_HELD);    /* a preparation breaks no clause */
    assert_int_equal(bad->cells[CLAUSE_EFAULT], CELL_UNDECIDED);
    assert_int_equal(bad->cells[CLAUSE_LANDLOCK], CELL_UNREACHABLE);
    assert_int_equal(bad->cells[CLAUSE_ARENA], CELL_MISSED);
    assert_int_equal(bad->counts[CELL_VIOLATED], 3);
    assert_int_equal(matrix.rows[2].counts[CELL_NOT_RUN], CLAUSE_COUNT);
    for (size_t i = 0; i < matrix.count; i++) {
        unsigned sum = 0;
        for (int cell = 0; cell < CELL_COUNT; cell++)
            sum += matrix.rows[i].counts[cell];
        assert_int_equal(sum, CLAUSE_COUNT);
    }
    matrix_free(&matrix);
}

static void findings_are_counted_by_grade_the_worst_first(void **state) {
    (void)state;
    static const char *const order[] = {"grave", "broken", "parity", "none"};
    make_matrix();
    const struct matrix_row *bad = &matrix.rows[1];
    for (int grade = 0; grade < GRADE_COUNT; grade++) {
        assert_int_equal(bad->grades[grade], 1);
        assert_string_equal(json_string_value(json_object_get(
                                json_array_get(bad->findings, (size_t)grade), "grade")),
                            order[grade]);
    }
    assert_int_equal(matrix_findings(&matrix), 4);
    matrix_free(&matrix);
}

static void figures_of_a_refused_run_tell_nothing(void **state) {
    (void)state;
    matrix = (struct matrix){.contract = "linux"};
    add("refused", "no", "{\"calls\": 0, \"findings\": [], \"clauses\": {}}");
    assert_null(matrix.rows[0].figures);
    assert_false(matrix_has_run(&matrix));
    matrix_free(&matrix);
}

/* --- forms ------------------------------------------------------------------------------------ */

static void the_table_fits_a_terminal(void **state) {
    (void)state;
    make_matrix();
    char *text = written(print_narrow);
    for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
        assert_in_range(strcspn(line, "\n"), 0, 100);
    assert_contains(text, "12,345     0      0      0\n");
    assert_contains(text, "it needs php: apt-get install php-cli\n");
    assert_contains(text, "  grave   C-EEXIST.mkfifo.errno.0  mkfifo \"a\" 0644: expected EEXIST,");
    assert_lacks(text, "C-TIME-equal");
    free(text);
    text = written(print_wide);
    assert_contains(text, "\nC-EEXIST                    .  X");
    assert_contains(text, "\nC-RETURN                    +  +");
    free(text);
    matrix_free(&matrix);
}

static void json_has_each_cell(void **state) {
    (void)state;
    make_matrix();
    char *text = written(matrix_json);
    json_t *object = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(object);
    json_t *rows = json_object_get(object, "implementations");
    assert_int_equal(json_array_size(rows), 3);
    json_t *clauses = json_object_get(json_array_get(rows, 1), "clauses");
    assert_int_equal(json_object_size(clauses), CLAUSE_COUNT);
    const json_t *cell = json_object_get(clauses, "C-LANDLOCK");
    assert_string_equal(json_string_value(json_object_get(cell, "state")), "unreachable");
    assert_non_null(strstr(json_string_value(json_object_get(cell, "reason")), "no Landlock"));
    assert_int_equal(json_array_size(json_object_get(json_array_get(rows, 1), "findings")), 4);
    assert_true(json_is_null(json_object_get(json_array_get(rows, 2), "calls")));
    json_decref(object);
    free(text);
    matrix_free(&matrix);
}

/* What a strict reader of the page finds. */
struct tally {
    unsigned articles, tables, cells;
    const char *page;
};

/* Links stay within the page and lead to what is there; nothing is fetched or run. */
static void visit(const char *name, const char *attributes, void *context) {
    static const char *const elements[] = {"script", "link", "img", "iframe", "object", "form"};
    struct tally *tally = context;
    for (size_t i = 0; i < sizeof elements / sizeof elements[0]; i++)
        assert_string_not_equal(name, elements[i]);
    assert_null(markup_attribute_of(attributes, "src"));
    const char *link = markup_attribute_of(attributes, "href");
    if (link) {
        char target[4200]; /* as long as an attribute may be */
        assert_int_equal(*link, '#');
        snprintf(target, sizeof target, " id=\"%s\"", link + 1);
        assert_contains(tally->page, target);
    }
    tally->articles += strcmp(name, "article") == 0;
    tally->tables += strcmp(name, "table") == 0;
    tally->cells += strcmp(name, "td") == 0 && markup_attribute_of(attributes, "title") != NULL;
}

static void a_page_leads_from_cells_to_findings(void **state) {
    (void)state;
    make_matrix();
    char *text = written(matrix_page);
    struct tally tally = {.page = text};
    markup_read(text, true, visit, &tally);
    assert_int_equal(tally.articles, 4);
    assert_int_equal(tally.tables, 2);
    assert_int_equal(tally.cells, 3 * CLAUSE_COUNT);
    assert_contains(text, "<a href=\"#f2-1\">X<span class=\"word\"> violated</span></a>");
    assert_contains(text, ">not run: it needs php: apt-get install php-cli</td>");
    assert_contains(text, "4 findings in 1 of 3 implementations");
    assert_lacks(text, "<script");
    free(text);
    matrix_free(&matrix);
}

static void a_browser_has_nothing_to_complain_of(void **state) {
    (void)state;
    static const unsigned widths[] = {390, 1200};
    need_chromium();
    make_matrix();
    char *text = written(matrix_page);
    for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++)
        assert_shown_without_complaint("matrix.html", text, widths[i]);
    free(text);
    matrix_free(&matrix);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cell_claims_no_more_than_the_run_showed),
        cmocka_unit_test(findings_are_counted_by_grade_the_worst_first),
        cmocka_unit_test(figures_of_a_refused_run_tell_nothing),
        cmocka_unit_test(the_table_fits_a_terminal),
        cmocka_unit_test(json_has_each_cell),
        cmocka_unit_test(a_page_leads_from_cells_to_findings),
        cmocka_unit_test(a_browser_has_nothing_to_complain_of),
    };
    return cmocka_run_group_tests(tests, make_findings_directory, remove_findings_directory);
}
