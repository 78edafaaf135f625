/* results_test.c - lists of results and their forms, from what no verb could be made to say. */
#include "results.h"

#include <errno.h>
#include <ftw.h>
#include <unistd.h>

#include "document.h"
#include "markup_testing.h"
#include "sarif_testing.h"

static char directory[] = "/tmp/results_test-XXXXXX";
static struct results results;

/* What implementations print and files are called; the end marks would end most quotings. */
#define HOSTILE "<b> & \"x\" 'y' ]]> --> </failure> \x1b[31m \xff \xed\xa0\x80 \xc3\xa4\n\ttab"

static const struct cli_subject subject = {"./we <i>rd&.so", "linux", NULL};

static void make_results(void) {
    results_begin(&results, "check", &subject);
    results.tier = "namespaces (root)";
    results.traits = "one\ntwo\n";
    results_add(&results, RESULT_PASSED, "C-RETURN");
    struct result *failed = results_add(&results, RESULT_FAILED, HOSTILE);
    result_set(&failed->rule, "C-SLASH-missing");
    result_set(&failed->message, "%s", HOSTILE);
    result_set(&failed->detail, "%s", HOSTILE);
    result_set(&failed->signature, "C-SLASH-missing.mkfifo.errno.0");
    result_place(failed, "a b/%<\"\xff>.bytes", 0);
    struct result *skipped = results_add(&results, RESULT_SKIPPED, "C-LANDLOCK");
    result_set(&skipped->message, "needs landlock: %s", HOSTILE);
    struct result *broken = results_add(&results, RESULT_ERROR, "run");
    result_set(&broken->message, "%s", HOSTILE);
    results_end(&results, STATUS_FINDING);
}

/* What `form` writes, in new memory. */
static char *written(int (*form)(FILE *out, const void *results)) {
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    assert_int_equal(form(out, &results), 0);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(strlen(text), size);
    return text;
}

/* --- JUnit ------------------------------------------------------------------------------------ */

struct tally {
    unsigned cases, failures, errors, skipped, suites, properties;
};

static void visit_junit(const char *name, const char *attributes, void *context) {
    struct tally *tally = context;
    static const char *const suite_needs[] = {"name",     "timestamp", "hostname", "tests",
                                              "failures", "errors",    "time",     "skipped"};
    static const char *const case_needs[] = {"name", "classname", "time"};
    tally->properties += strcmp(name, "property") == 0;
    tally->failures += strcmp(name, "failure") == 0;
    tally->errors += strcmp(name, "error") == 0;
    tally->skipped += strcmp(name, "skipped") == 0;
    if (strcmp(name, "failure") == 0 || strcmp(name, "error") == 0)
        assert_non_null(markup_attribute_of(attributes, "type"));
    for (size_t i = 0; strcmp(name, "testcase") == 0 && i < 3; i++)
        assert_non_null(markup_attribute_of(attributes, case_needs[i]));
    tally->cases += strcmp(name, "testcase") == 0;
    if (strcmp(name, "testsuite") != 0)
        return;
    tally->suites++;
    for (size_t i = 0; i < sizeof suite_needs / sizeof suite_needs[0]; i++)
        assert_non_null(markup_attribute_of(attributes, suite_needs[i]));
    assert_string_equal(markup_attribute_of(attributes, "tests"), "4");
    assert_string_equal(markup_attribute_of(attributes, "failures"), "1");
    assert_string_equal(markup_attribute_of(attributes, "errors"), "1");
    assert_string_equal(markup_attribute_of(attributes, "skipped"), "1");
}

static void junit_is_well_formed_whatever_was_printed(void **state) {
    (void)state;
    make_results();
    char *text = written(results_junit);
    struct tally tally = {0};
    markup_read(text, false, visit_junit, &tally);
    assert_int_equal(tally.suites, 1);
    assert_int_equal(tally.cases, 4);
    assert_int_equal(tally.failures, 1);
    assert_int_equal(tally.errors, 1);
    assert_int_equal(tally.skipped, 1);
    assert_true(tally.properties >= 5);
    assert_non_null(strstr(text, "&lt;/failure&gt; \\x1b[31m \\xff \\xed\\xa0\\x80 \xc3\xa4"));
    assert_non_null(strstr(text, "\xc3\xa4&#10;&#9;tab\" type=\"C-SLASH-missing\""));
    free(text);
    results_free(&results);
}

/* --- SARIF and JSON --------------------------------------------------------------------------- */

static json_t *read_back(int (*form)(FILE *out, const void *results)) {
    char *text = written(form);
    json_error_t error;
    json_t *document = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    if (!document)
        fail_msg("%s in:\n%s", error.text, text);
    free(text);
    return document;
}

static void sarif_has_what_the_standard_demands(void **state) {
    (void)state;
    make_results();
    json_t *log = read_back(results_sarif);
    const json_t *found = assert_sarif(log);
    assert_int_equal(json_array_size(found), 1);
    const json_t *one = json_array_get(found, 0);
    assert_string_equal(sarif_text(one, "ruleId"), "C-SLASH-missing");
    const json_t *place =
        json_object_get(json_array_get(json_object_get(one, "locations"), 0), "physicalLocation");
    assert_string_equal(sarif_text(json_object_get(place, "artifactLocation"), "uri"),
                        "a%20b/%25%3C%22%FF%3E.bytes");
    assert_null(json_object_get(place, "region")); /* bytes have no lines */
    assert_string_equal(sarif_text(json_object_get(one, "partialFingerprints"), "signature/v1"),
                        "C-SLASH-missing.mkfifo.errno.0");
    json_decref(log);
    results_free(&results);
}

static void a_file_is_named_from_where_the_reader_stands(void **state) {
    (void)state;
    char *here = getcwd(NULL, 0);
    const struct {
        char *path;
        const char *uri;
    } rows[] = {
        {cli_join(here, "x.bytes"), "x.bytes"},
        {strdup("./././x.bytes"), "x.bytes"},
        {strdup("/nowhere/x.bytes"), "file:///nowhere/x.bytes"},
        {strdup("../x.bytes"), "../x.bytes"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        results_begin(&results, "repro", &subject);
        struct result *result = results_add(&results, RESULT_FAILED, "x");
        result_set(&result->rule, RULE_PREPARATION);
        result_set(&result->message, "it failed");
        result_place(result, rows[i].path, 0);
        results_end(&results, STATUS_FINDING);
        json_t *log = read_back(results_sarif);
        const json_t *one = json_array_get(assert_sarif(log), 0);
        const json_t *place = json_object_get(json_array_get(json_object_get(one, "locations"), 0),
                                              "physicalLocation");
        assert_string_equal(sarif_text(json_object_get(place, "artifactLocation"), "uri"),
                            rows[i].uri);
        json_decref(log);
        results_free(&results);
        free(rows[i].path);
    }
    free(here);
}

static void json_holds_all_of_it(void **state) {
    (void)state;
    make_results();
    json_t *document = read_back(results_json);
    assert_int_equal(json_integer_value(json_object_get(document, "status")), STATUS_FINDING);
    assert_int_equal(json_integer_value(json_object_get(document, "failed")), 1);
    const json_t *cases = json_object_get(document, "cases");
    assert_int_equal(json_array_size(cases), 4);
    assert_string_equal(sarif_text(json_array_get(cases, 0), "state"), "passed");
    assert_string_equal(sarif_text(json_array_get(cases, 1), "state"), "failed");
    assert_string_equal(sarif_text(json_array_get(cases, 2), "state"), "skipped");
    assert_string_equal(sarif_text(json_array_get(cases, 3), "state"), "error");
    assert_null(json_object_get(json_array_get(cases, 0), "message"));
    json_decref(document);
    results_free(&results);
}

/* --- places ----------------------------------------------------------------------------------- */

static void the_line_of_a_step_is_counted_past_remarks(void **state) {
    (void)state;
    char *path = cli_join(directory, "scenario.scn");
    FILE *out = fopen(path, "we");
    assert_non_null(out);
    fputs("# a remark\n\n  umask 022 # 0\n \t\n\t# another\nmkfifo \"#\" 0644", out);
    assert_int_equal(fclose(out), 0);
    static const uint32_t lines[] = {3, 6, 0};
    for (uint32_t step = 0; step < 3; step++) {
        results_begin(&results, "repro", &subject);
        struct result *result = results_add(&results, RESULT_FAILED, "x");
        result_place(result, step ? directory : path, step); /* a folder stands for its scenario */
        assert_int_equal(result->line, lines[step]);
        assert_string_equal(result->file, path);
        results_free(&results);
    }
    results_begin(&results, "repro", &subject);
    struct result *result = results_add(&results, RESULT_FAILED, "-");
    result_place(result, "-", 0);
    assert_string_equal(result->file, "");
    results_free(&results);
    free(path);
}

/* --- documents -------------------------------------------------------------------------------- */

static int write_half(FILE *out, const void *context) {
    (void)context;
    fputs("half", out);
    return -ENOSPC;
}

static int write_whole(FILE *out, const void *context) {
    fputs(context, out);
    return 0;
}

static void assert_content(const char *path, const char *wanted) {
    char text[64] = "";
    FILE *in = fopen(path, "re");
    assert_non_null(in);
    size_t length = fread(text, 1, sizeof text - 1, in);
    fclose(in);
    text[length] = '\0';
    assert_string_equal(text, wanted);
}

static void a_document_is_replaced_as_a_whole_or_not_at_all(void **state) {
    (void)state;
    char *path = cli_join(directory, "document");
    char *link = cli_join(directory, "link");
    assert_int_equal(document_write(path, write_whole, "first"), 0);
    assert_int_equal(document_write(path, write_half, NULL), -ENOSPC);
    assert_content(path, "first");
    document_need(path);
    assert_content(path, "first");
    assert_int_equal(symlink("document", link), 0);
    assert_int_equal(document_write(link, write_whole, "second"), 0);
    assert_content(path, "second"); /* through the link, which stays one */
    char target[16];
    assert_int_equal(readlink(link, target, sizeof target), 8);
    assert_int_equal(document_write("/dev/full", write_whole, "x"), -ENOSPC);
    assert_int_equal(access("/dev/full", W_OK), 0);
    unlink(path);
    unlink(link);
    free(path);
    free(link);
}

/* --- the directory ---------------------------------------------------------------------------- */

static int make_directory(void **state) {
    (void)state;
    return mkdtemp(directory) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *facts, int type, struct FTW *at) {
    (void)facts;
    (void)type;
    (void)at;
    return remove(path);
}

/* Nothing may be left beside a document. */
static int remove_directory(void **state) {
    (void)state;
    char *path = cli_join(directory, "scenario.scn");
    unlink(path);
    free(path);
    int left = rmdir(directory);
    if (left)
        nftw(directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return left;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(junit_is_well_formed_whatever_was_printed),
        cmocka_unit_test(sarif_has_what_the_standard_demands),
        cmocka_unit_test(a_file_is_named_from_where_the_reader_stands),
        cmocka_unit_test(json_holds_all_of_it),
        cmocka_unit_test(the_line_of_a_step_is_counted_past_remarks),
        cmocka_unit_test(a_document_is_replaced_as_a_whole_or_not_at_all),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
