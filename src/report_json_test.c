#include "report_json.h"

#include <errno.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct finding finding;

static const struct report_run linux_run = {
    .implementation = "./my lib.so",
    .level = LEVEL_LINUX,
    .tier = "namespaces (root)",
    .traits = "type bits: EINVAL\npointers: EFAULT\n",
};

static void parse(struct scenario *scenario, const char *text) {
    struct text_error error;
    assert_int_equal(scenario_parse(scenario, NULL, text, strlen(text), &error), 0);
}

/* A call that created a FIFO behind a dangling link. */
static void make_finding(void) {
    memset(&finding, 0, sizeof finding);
    parse(&finding.scenario, "symlink \"nowhere\" \"link\"\nmkfifo \"link\" 0644\n");
    parse(&finding.original, "mkfifo \"x\" 0644\n");
    finding.verdict = (struct verdict){
        .kind = VERDICT_VIOLATED,
        .clause = CLAUSE_EEXIST_DANGLING,
        .aspect = ASPECT_ERRNO,
        .step = 1,
        .expected = EEXIST,
    };
    errno_set_add(&finding.verdict.allowed, EEXIST);
    finding.fault = FAULT_IMPLEMENTATION;
    finding.replays = 10;
    finding.repeated = 9;
    snprintf(finding.signature, sizeof finding.signature, "C-EEXIST-dangling.mkfifo.errno.0");
}

/* What report_json writes, read back. */
static json_t *written(const char *file) {
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    assert_int_equal(report_json(out, &linux_run, &finding, file), 0);
    assert_int_equal(fclose(out), 0);
    json_error_t error;
    json_t *report = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
    if (!report)
        fail_msg("%s in:\n%s", error.text, text);
    free(text);
    return report;
}

static void assert_text(const json_t *object, const char *key, const char *wanted) {
    const json_t *value = json_object_get(object, key);
    if (!json_is_string(value))
        fail_msg("%s is no string", key);
    assert_string_equal(json_string_value(value), wanted);
}

static void assert_number(const json_t *object, const char *key, json_int_t wanted) {
    assert_true(json_is_integer(json_object_get(object, key)));
    assert_int_equal(json_integer_value(json_object_get(object, key)), wanted);
}

static void a_finding_is_told_in_parts(void **state) {
    (void)state;
    make_finding();
    json_t *report = written("f.scn");
    assert_text(report, "signature", "C-EEXIST-dangling.mkfifo.errno.0");
    assert_text(report, "sentence",
                "C-EEXIST-dangling is violated by step 2: the call: expected EEXIST, got success");
    assert_text(report, "verdict", "violated");
    assert_text(report, "grade", "grave");
    assert_text(report, "fault", "implementation");
    assert_text(report, "expected", "EEXIST");
    assert_text(report, "got", "success");
    assert_number(report, "step", 2);
    assert_text(report, "step_text", "mkfifo \"link\" 0644");
    assert_text(report, "original", "mkfifo \"x\" 0644\n");
    assert_text(report, "scenario", "symlink \"nowhere\" \"link\"\nmkfifo \"link\" 0644\n");
    assert_int_equal(json_array_size(json_object_get(report, "lines")), 2);
    assert_number(report, "replays", 10);
    assert_number(report, "repeated", 9);
    assert_true(json_is_false(json_object_get(report, "late")));
    assert_text(report, "implementation", "./my lib.so");
    assert_text(report, "contract", "linux");
    assert_text(report, "tier", "namespaces (root)");
    assert_text(report, "version", report_version());
    assert_int_equal(json_array_size(json_object_get(report, "traits")), 2);
    const json_t *clause = json_object_get(report, "clause");
    assert_text(clause, "name", "C-EEXIST-dangling");
    assert_text(clause, "source", "POSIX DESCRIPTION; mkfifo(3) EEXIST");
    assert_text(clause, "posix", "shall");
    assert_text(clause, "documented", "shall");
    const json_t *commands = json_object_get(report, "commands");
    assert_text(commands, "reproduce", "fifofuzz repro f.scn --implementation './my lib.so'");
    assert_text(commands, "export_c", "fifofuzz export-c f.scn");
    assert_text(commands, "keep", "fifofuzz keep f.scn");
    assert_int_equal(json_object_size(commands), REPORT_WAYS);
    json_decref(report);
}

static void what_is_not_known_is_not_claimed(void **state) {
    (void)state;
    make_finding();
    finding.verdict.kind = VERDICT_DISAGREED;
    finding.replays = 0;
    json_t *report = written(NULL);
    assert_text(report, "verdict", "disagreed");
    assert_text(report, "grade", "none");
    assert_text(report, "fault", "not determined");
    assert_true(json_is_null(json_object_get(report, "clause")));
    assert_int_equal(json_object_size(json_object_get(report, "commands")), 0);
    json_decref(report);
    scenario_clear(&finding.scenario); /* all that a killed process left may be nothing */
    finding.verdict.step = 0;
    report = written(NULL);
    assert_text(report, "step_text", "");
    json_decref(report);
}

static void any_bytes_of_the_implementation_are_kept_as_text(void **state) {
    (void)state;
    make_finding();
    static const char noise[] = "\x1b\xff\0\xc3\xa4\n";
    finding.stderr_length = sizeof noise - 1;
    memcpy(finding.stderr_text, noise, sizeof noise - 1);
    json_t *report = written(NULL);
    assert_text(report, "stderr", "\\x1b\\xff\\x00\xc3\xa4\n");
    json_decref(report);
}

static void a_stack_is_a_list_of_its_frames(void **state) {
    (void)state;
    make_finding();
    snprintf(finding.stack_text, sizeof finding.stack_text,
             "#0 inner mine.c:7 (mine.so+0x11)\n#1 mkfifo+0x12 (mine.so+0x22)\n");
    json_t *report = written(NULL);
    const json_t *stack = json_object_get(report, "stack");
    assert_int_equal(json_array_size(stack), 2);
    assert_string_equal(json_string_value(json_array_get(stack, 1)),
                        "#1 mkfifo+0x12 (mine.so+0x22)");
    json_decref(report);
}

static void a_report_is_amended_as_a_whole_or_not_at_all(void **state) {
    (void)state;
    char path[] = "/tmp/report_json_test-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    make_finding();
    FILE *out = fdopen(fd, "w");
    assert_non_null(out);
    assert_int_equal(report_json(out, &linux_run, &finding, "f.scn"), 0);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(report_json_amend(path, "Confirmed: \xff"), 0);
    json_t *report = json_load_file(path, 0, NULL);
    assert_text(report, "confirmation", "Confirmed: \\xff");
    assert_text(report, "signature", "C-EEXIST-dangling.mkfifo.errno.0");
    json_decref(report);
    assert_int_equal(truncate(path, 10), 0);
    assert_int_equal(report_json_amend(path, "Confirmed: so"), -EINVAL);
    unlink(path);
    assert_int_equal(report_json_amend(path, "Confirmed: so"), -ENOENT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_finding_is_told_in_parts),
        cmocka_unit_test(what_is_not_known_is_not_claimed),
        cmocka_unit_test(any_bytes_of_the_implementation_are_kept_as_text),
        cmocka_unit_test(a_stack_is_a_list_of_its_frames),
        cmocka_unit_test(a_report_is_amended_as_a_whole_or_not_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
