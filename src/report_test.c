#include "report_testing.h"

/* What report_print prints, in new memory. */
static char *printed(const struct report_run *run, const char *file) {
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    report_print(out, run, &finding, file);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void a_report_reads_as_agreed(void **state) {
    (void)state;
    make_finding();
    char *text = printed(&linux_run, "findings/X/scenario.scn");
    assert_string_equal(
        text,
        "C-EEXIST-dangling is violated by step 3: the call: expected EEXIST, got success\n"
        "C-EEXIST-dangling: a dangling or looping symbolic link as last component gives EEXIST "
        "and nothing is created\n"
        "Source: POSIX DESCRIPTION; mkfifo(3) EEXIST (POSIX: shall; manual pages: shall)\n"
        "Grade: grave: data, the caller or another node suffer, or the wrong thing is made\n"
        "Fault: the implementation: the bare system call does it right\n"
        "\n"
        "Scenario:\n"
        "    umask 0022\n"
        "    symlink \"nowhere\" \"link\"\n"
        "  > mkfifo \"link\" 0644\n"
        "\n"
        "Expected: EEXIST\n"
        "Got:      success\n"
        "Replays:  reproduced in 10 of 10 replays\n"
        "\n"
        "Implementation: own\n"
        "Contract: linux\n"
        "Trait: type bits: EINVAL\n"
        "Trait: pointers: EFAULT\n"
        "Sandbox: namespaces (root)\n"
        "fifofuzz: 0.1\n"
        "\n"
        "Reproduce with:        fifofuzz repro findings/X/scenario.scn --implementation own\n"
        "As C:                  fifofuzz export-c findings/X/scenario.scn\n"
        "Keep as a regression:  fifofuzz keep findings/X/scenario.scn\n");
    free(text);
}

static void whoever_is_at_fault_is_named(void **state) {
    (void)state;
    make_finding();
    finding.fault = FAULT_PLATFORM;
    char *text = printed(&linux_run, NULL);
    assert_contains(text, "\nFault: kernel, file system or fifofuzz's model: ");
    free(text);
    finding.fault = FAULT_OURS;
    finding.verdict.kind = VERDICT_DISAGREED;
    finding.verdict.aspect = ASPECT_PREPARATION;
    finding.verdict.step = 1;
    text = printed(&linux_run, NULL);
    assert_contains(text, "Step 2 went otherwise than the model says: ");
    assert_contains(text, "\nFault: fifofuzz: ");
    assert_contains(text, "\nGrade: none: ");
    assert_contains(text, "  > symlink \"nowhere\" \"link\"\n");
    assert_lacks(text, "C-EEXIST");
    free(text);
    finding.replays = 0; /* of a process that was killed nothing is known */
    text = printed(&linux_run, NULL);
    assert_contains(text, "\nFault: not determined\n");
    assert_lacks(text, "Replays:");
    free(text);
}

/* Its replays show nothing, which must not be taken for a finding that comes and goes. */
static void a_sanitizers_report_is_not_said_to_be_unstable(void **state) {
    (void)state;
    make_finding();
    finding.verdict.aspect = ASPECT_ENDING;
    finding.verdict.expected = ENDING_DONE;
    finding.verdict.got = ENDING_SANITIZER;
    finding.repeated = 0;
    char *text = printed(&linux_run, NULL);
    assert_contains(text, "\nReplays:  none: a sanitizer takes one report of a process\n");
    assert_lacks(text, "reproduced in");
    free(text);
}

static void a_weaker_level_lists_all_that_it_allows(void **state) {
    (void)state;
    make_finding();
    errno_set_add(&finding.verdict.allowed, ENOTDIR);
    struct report_run run = linux_run;
    run.level = LEVEL_POSIX;
    char *text = printed(&run, "f.scn");
    assert_contains(text, "\nExpected: EEXIST or ENOTDIR\n");
    assert_contains(text, "\nContract: posix\n");
    assert_contains(text, "fifofuzz repro f.scn --implementation own --contract posix\n");
    free(text);
}

static void a_crash_names_its_signal_and_a_forbidden_call_its_name(void **state) {
    (void)state;
    make_finding();
    finding.verdict.aspect = ASPECT_ENDING;
    finding.verdict.expected = ENDING_DONE;
    finding.verdict.got = ENDING_CRASHED;
    finding.verdict.number = 11;
    char *text = printed(&linux_run, NULL);
    assert_contains(text, "\nGot:      crashed (Segmentation fault)\n");
    free(text);
    finding.verdict.got = ENDING_FORBIDDEN;
    finding.verdict.number = 41; /* socket on x86-64, another one elsewhere: any name will do */
    text = printed(&linux_run, NULL);
    assert_contains(text, "\nGot:      issued a forbidden system call (");
    free(text);
}

static void what_the_implementation_printed_is_made_printable(void **state) {
    (void)state;
    make_finding();
    static const char noise[] = "one\n\x1b[31mtwo";
    finding.stderr_length = sizeof noise - 1;
    memcpy(finding.stderr_text, noise, sizeof noise - 1);
    char *text = printed(&linux_run, NULL);
    assert_contains(text, "The implementation printed:\n    one\n    \\x1b[31mtwo\n");
    free(text);
}

static void a_stack_is_printed_a_frame_a_line(void **state) {
    (void)state;
    make_finding();
    char *text = printed(&linux_run, NULL);
    assert_lacks(text, "stack");
    free(text);
    finding.stderr_length = 6;
    memcpy(finding.stderr_text, "noise\n", 6);
    snprintf(finding.stack_text, sizeof finding.stack_text,
             "#0 inner mine.c:7 (mine.so+0x11)\n"
             "#1 mkfifo+0x12 (mine.so+0x22)\n");
    text = printed(&linux_run, NULL);
    assert_contains(text, "    noise\n\nThe implementation's stack:\n"
                          "    #0 inner mine.c:7 (mine.so+0x11)\n"
                          "    #1 mkfifo+0x12 (mine.so+0x22)\n\nImplementation: own\n");
    free(text);
}

static void commands_survive_a_shell(void **state) {
    (void)state;
    make_finding();
    struct report_run run = linux_run;
    run.implementation = "./my lib's.so";
    char *text = printed(&run, "a b/$(x).scn");
    assert_contains(text, "fifofuzz repro 'a b/$(x).scn' --implementation './my lib'\\''s.so'\n");
    free(text);
}

static void without_a_file_there_are_no_commands(void **state) {
    (void)state;
    make_finding();
    char *text = printed(&linux_run, NULL);
    assert_lacks(text, "Reproduce with");
    free(text);
}

static void abbreviations_of_sources_are_written_out(void **state) {
    (void)state;
    for (int i = 0; i < CLAUSE_COUNT; i++) {
        char *text = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&text, &size);
        report_source(out, (enum clause)i);
        fclose(out);
        assert_lacks(text, "m3 ");
        assert_lacks(text, "m2 ");
        assert_lacks(text, "pr:");
        free(text);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_report_reads_as_agreed),
        cmocka_unit_test(whoever_is_at_fault_is_named),
        cmocka_unit_test(a_sanitizers_report_is_not_said_to_be_unstable),
        cmocka_unit_test(a_weaker_level_lists_all_that_it_allows),
        cmocka_unit_test(a_crash_names_its_signal_and_a_forbidden_call_its_name),
        cmocka_unit_test(what_the_implementation_printed_is_made_printable),
        cmocka_unit_test(a_stack_is_printed_a_frame_a_line),
        cmocka_unit_test(commands_survive_a_shell),
        cmocka_unit_test(without_a_file_there_are_no_commands),
        cmocka_unit_test(abbreviations_of_sources_are_written_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
