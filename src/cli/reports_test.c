/*
 * reports_test.c - the files that check, repro and run write for machines, as the built program
 * writes them, and validators that others published. FIFOFUZZ_JUNIT_XSD and FIFOFUZZ_SARIF_SCHEMA
 * name schemas to validate against; none is part of this repository.
 */
#include "cli_testing.h"

#include "markup_testing.h"
#include "sarif_testing.h"

#define CANARY "canary-type-regular"

static void visit_nothing(const char *name, const char *attributes, void *context) {
    (void)name;
    (void)attributes;
    (void)context;
}

static void assert_junit(const char *name) {
    static char text[262144];
    read_into(in_directory(name), text, sizeof text);
    markup_read(text, false, visit_nothing, NULL);
}

static json_t *load(const char *name) {
    json_error_t error;
    json_t *document = json_load_file(in_directory(name), JSON_REJECT_DUPLICATES, &error);
    if (!document)
        fail_msg("%s: %s", name, error.text);
    return document;
}

static json_int_t number(const json_t *object, const char *key) {
    assert_true(json_is_integer(json_object_get(object, key)));
    return json_integer_value(json_object_get(object, key));
}

/* The only result in the SARIF file `name` has this rule, file and line. */
static void assert_one_result(const char *name, const char *rule, const char *uri,
                              json_int_t line) {
    json_t *log = load(name);
    const json_t *results = assert_sarif(log);
    assert_int_equal(json_array_size(results), 1);
    const json_t *one = json_array_get(results, 0);
    assert_string_equal(sarif_text(one, "ruleId"), rule);
    const json_t *place =
        json_object_get(json_array_get(json_object_get(one, "locations"), 0), "physicalLocation");
    assert_string_equal(sarif_text(json_object_get(place, "artifactLocation"), "uri"), uri);
    assert_int_equal(number(json_object_get(place, "region"), "startLine"), line);
    json_decref(log);
}

/* --- the verbs -------------------------------------------------------------------------------- */

static void run_check(void) {
    mkdir(in_directory("corpus"), 0777);
    write_file("corpus/a.scn", "mkfifo \"p\" 0644 # 0\n");
    write_file("corpus/b.scn",
               "# remark\n\nmkdir \"d\" 0755 # 0\nmkfifo \"d/x/p\" 0644 # EACCES\n");
    RUN("check", "corpus", "--json", "check.json", "--junit", "check.xml", "--sarif",
        "check.sarif");
    assert_status(1);
}

static void check_has_a_case_per_file(void **state) {
    (void)state;
    need_sandbox();
    run_check();
    assert_junit("check.xml");
    assert_one_result("check.sarif", "outcome", "corpus/b.scn", 4);
    json_t *document = load("check.json");
    assert_int_equal(number(document, "passed"), 1);
    assert_int_equal(number(document, "failed"), 1);
    assert_int_equal(number(document, "status"), 1);
    const json_t *failed = json_array_get(json_object_get(document, "cases"), 1);
    assert_string_equal(sarif_text(failed, "name"), "b");
    assert_string_equal(sarif_text(failed, "message"), "step 2: expected EACCES, got ENOENT");
    json_decref(document);
    RUN("check", "corpus/a.scn", "--sarif", "held.sarif");
    assert_status(0);
    document = load("held.sarif");
    assert_int_equal(json_array_size(assert_sarif(document)), 0);
    json_decref(document);
}

static void run_repro(void) {
    write_file("s.scn", "umask 022\n# remark\nmkfifo \"p\" 0644\n");
    RUN("repro", "s.scn", "--implementation", CANARY, "--json", "repro.json", "--junit",
        "repro.xml", "--sarif", "repro.sarif");
    assert_status(1);
}

static void repro_has_a_case_per_file_with_its_report(void **state) {
    (void)state;
    need_sandbox();
    run_repro();
    assert_junit("repro.xml");
    assert_one_result("repro.sarif", "C-STAT-type", "s.scn", 3);
    json_t *document = load("repro.json");
    const json_t *one = json_array_get(json_object_get(document, "cases"), 0);
    assert_string_equal(sarif_text(one, "state"), "failed");
    assert_string_equal(sarif_text(one, "signature"), "C-STAT-type.mkfifo.type.100000");
    assert_contains(sarif_text(one, "detail"), "  > mkfifo \"p\" 0644\n");
    json_decref(document);
    RUN("repro", "s.scn", "s.scn", "--json", "held.json");
    assert_status(0);
    document = load("held.json");
    assert_int_equal(number(document, "passed"), 2);
    json_decref(document);
}

static void run_run(void) {
    RUN("run", "mkfifo", "--implementation", CANARY, "--runs", "2000", "--seed", "1", "--json",
        "run.json", "--junit", "run.xml", "--sarif", "run.sarif", "--html", "run.html");
    if (ran.status == 77)
        skip(); /* built without libFuzzer */
    assert_status(1);
}

static void run_has_a_case_per_clause_and_a_page(void **state) {
    (void)state;
    static char page[262144];
    char uri[300];
    need_sandbox();
    run_run();
    assert_junit("run.xml");
    json_t *figures = load("run.json");
    const json_t *found = json_array_get(json_object_get(figures, "findings"), 0);
    assert_string_equal(sarif_text(json_object_get(found, "clause"), "name"), "C-STAT-type");
    snprintf(uri, sizeof uri, "%s/scenario.scn", sarif_text(found, "folder"));
    assert_one_result("run.sarif", "C-STAT-type", uri, number(found, "step") + 1);
    json_decref(figures);
    read_into(in_directory("run.html"), page, sizeof page);
    markup_read(page, true, visit_nothing, NULL);
    assert_contains(page, "1 finding: the contract is violated");
    assert_contains(page, " run mkfifo --implementation " CANARY " --runs 2000 --seed 1 ");
    assert_contains(page, "C-STAT-type is violated by step ");
}

/* --- files that cannot be written ------------------------------------------------------------- */

static void a_file_that_cannot_be_written_stops_before_anything_runs(void **state) {
    (void)state;
    static const struct {
        const char *verb, *operand, *option;
    } rows[] = {
        {"check", "s.scn", "--json"}, {"check", "s.scn", "--junit"}, {"check", "s.scn", "--sarif"},
        {"repro", "s.scn", "--json"}, {"repro", "s.scn", "--junit"}, {"repro", "s.scn", "--sarif"},
        {"run", "mkfifo", "--json"},  {"run", "mkfifo", "--junit"},  {"run", "mkfifo", "--sarif"},
        {"run", "mkfifo", "--html"},
    };
    write_file("s.scn", "mkfifo \"p\" 0644\n");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        RUN(rows[i].verb, rows[i].operand, rows[i].option, "missing/file");
        assert_status(2);
        assert_string_equal(ran.err, "fifofuzz: missing/file: No such file or directory\n");
        assert_string_equal(ran.out, "");
        RUN(rows[i].verb, rows[i].operand, rows[i].option, ".");
        assert_status(2);
        assert_string_equal(ran.err, "fifofuzz: .: Is a directory\n");
    }
}

static void a_full_disk_at_the_end_is_no_success(void **state) {
    (void)state;
    need_sandbox();
    write_file("s.scn", "mkfifo \"p\" 0644\n");
    RUN("check", "s.scn", "--json", "/dev/full");
    assert_status(2);
    assert_contains(ran.err, "fifofuzz: /dev/full: No space left on device\n");
    assert_contains(ran.out, "ok 1 - s\n");
    const char *const options[] = {"--json", "--junit", "--sarif",
                                   "--html"}; /* larger than a buffer */
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        RUN("run", "--runs", "1", options[i], "/dev/full");
        assert_status(2);
        assert_contains(ran.err, "fifofuzz: /dev/full: No space left on device\n");
    }
}

/* --- validators ------------------------------------------------------------------------------- */

/* Runs a validator; false if it is not there. It must have no complaint. */
static bool validates(const char *const *arguments) {
    if (access(arguments[0], X_OK) != 0)
        return false;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (chdir(directory) != 0 || !freopen("out", "w", stdout) || !freopen("err", "w", stderr))
            _exit(99);
        execv(arguments[0], (char *const *)arguments);
        _exit(99);
    }
    finish(child);
    assert_status(0);
    return true;
}

static void junit_passes_xmllint(void **state) {
    (void)state;
    static const char *const files[] = {"check.xml", "repro.xml", "run.xml"};
    const char *schema = getenv("FIFOFUZZ_JUNIT_XSD");
    need_sandbox();
    run_check();
    run_repro();
    run_run();
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        const char *const plain[] = {"/usr/bin/xmllint", "--nonet", "--noout", files[i], NULL};
        const char *const strict[] = {"/usr/bin/xmllint", "--nonet", "--noout", "--schema", schema,
                                      files[i],           NULL};
        if (!validates(schema ? strict : plain)) {
            print_message("xmllint is not installed (libxml2-utils)\n");
            skip();
        }
    }
}

static void sarif_passes_its_schema(void **state) {
    (void)state;
    static const char *const files[] = {"check.sarif", "repro.sarif", "run.sarif"};
    static const char validate[] = "import json, sys, jsonschema\n"
                                   "schema, file = (json.load(open(f)) for f in sys.argv[1:])\n"
                                   "jsonschema.validate(file, schema)\n";
    const char *schema = getenv("FIFOFUZZ_SARIF_SCHEMA");
    need_sandbox();
    if (!schema) {
        print_message("FIFOFUZZ_SARIF_SCHEMA names no schema\n");
        skip();
    }
    run_check();
    run_repro();
    run_run();
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        if (!validates((const char *const[]){"/usr/bin/python3", "-I", "-c", validate, schema,
                                             files[i], NULL})) {
            print_message("python3 is not installed\n");
            skip();
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check_has_a_case_per_file),
        cmocka_unit_test(repro_has_a_case_per_file_with_its_report),
        cmocka_unit_test(run_has_a_case_per_clause_and_a_page),
        cmocka_unit_test(a_file_that_cannot_be_written_stops_before_anything_runs),
        cmocka_unit_test(a_full_disk_at_the_end_is_no_success),
        cmocka_unit_test(junit_passes_xmllint),
        cmocka_unit_test(sarif_passes_its_schema),
    };
    return cmocka_run_group_tests(tests, prepare, clean_up);
}
