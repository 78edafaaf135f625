#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct finding finding;

static const struct report_run linux_run = {
    .implementation = "own",
    .level = LEVEL_LINUX,
    .tier = "namespaces (root)",
    .traits = "type bits: EINVAL\npointers: EFAULT\n",
};

/* A call that created a FIFO behind a dangling link. */
static void make_finding(void) {
    static const char text[] = "umask 0022\n"
                               "symlink \"nowhere\" \"link\"\n"
                               "mkfifo \"link\" 0644\n";
    struct text_error error;
    memset(&finding, 0, sizeof finding);
    assert_int_equal(scenario_parse(&finding.scenario, NULL, text, sizeof text - 1, &error), 0);
    finding.verdict = (struct verdict){
        .kind = VERDICT_VIOLATED,
        .clause = CLAUSE_EEXIST_DANGLING,
        .aspect = ASPECT_ERRNO,
        .step = 2,
        .expected = EEXIST,
        .got = 0,
    };
    errno_set_add(&finding.verdict.allowed, EEXIST);
    finding.fault = FAULT_IMPLEMENTATION;
    finding.replays = 10;
    finding.repeated = 10;
    snprintf(finding.signature, sizeof finding.signature, "C-EEXIST-dangling.mkfifo.errno.0");
}

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

static void assert_contains(const char *text, const char *part) {
    if (!strstr(text, part))
        fail_msg("\"%s\" is not in:\n%s", part, text);
}

static void assert_lacks(const char *text, const char *part) {
    if (strstr(text, part))
        fail_msg("\"%s\" is in:\n%s", part, text);
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
        "Reproduce with:  fifofuzz repro findings/X/scenario.scn --implementation own\n"
        "See the text:    fifofuzz show findings/X/scenario.scn\n");
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
    assert_contains(text, "  > symlink \"nowhere\" \"link\"\n");
    assert_lacks(text, "C-EEXIST");
    free(text);
    finding.replays = 0; /* of a process that was killed nothing is known */
    text = printed(&linux_run, NULL);
    assert_contains(text, "\nFault: not determined\n");
    assert_lacks(text, "Replays:");
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

/* --- the folder ------------------------------------------------------------------------------- */

static char directory[] = "/tmp/report_test-XXXXXX";

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

static int remove_directory(void **state) {
    (void)state;
    return nftw(directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* The file `name` in `folder`, in new memory, NUL-terminated. */
static char *read_whole(const char *folder, const char *name, size_t *size) {
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *in = fopen(path, "re");
    if (!in)
        fail_msg("%s: %s", path, strerror(errno));
    char *text = calloc(1, 65536);
    assert_non_null(text);
    *size = fread(text, 1, 65535, in);
    fclose(in);
    return text;
}

static void assert_file(const char *folder, const char *name, const char *content) {
    size_t size;
    char *text = read_whole(folder, name, &size);
    assert_string_equal(text, content);
    free(text);
}

static void a_finding_leaves_a_folder_to_go_on_with(void **state) {
    (void)state;
    make_finding();
    char findings[64], folder[512], command[700];
    snprintf(findings, sizeof findings, "%s/new", directory);
    assert_int_equal(report_save(findings, &linux_run, &finding, folder, sizeof folder), 0);
    assert_string_equal(folder + strlen(findings), "/C-EEXIST-dangling.mkfifo.errno.0");
    assert_file(folder, "scenario.scn",
                "# C-EEXIST-dangling.mkfifo.errno.0\numask 0022\nsymlink \"nowhere\" \"link\"\n"
                "mkfifo \"link\" 0644\n");
    snprintf(command, sizeof command, "fifofuzz repro %s/scenario.scn --implementation own\n",
             folder);
    assert_file(folder, "command.txt", command);
    assert_file(folder, "count", "1\n");
    size_t size;
    char *report = read_whole(folder, "report.txt", &size);
    assert_contains(report, "is violated by step 3");
    free(report);
    static struct scenario decoded;
    char *input = read_whole(folder, "input", &size);
    scenario_decode(&decoded, (const uint8_t *)input, size);
    assert_true(scenario_equal(&decoded, &finding.scenario));
    free(input);
}

static void the_same_finding_is_counted_and_another_kept_apart(void **state) {
    (void)state;
    make_finding();
    char findings[64], first[512], again[512], other[512];
    snprintf(findings, sizeof findings, "%s/twice", directory);
    assert_int_equal(report_save(findings, &linux_run, &finding, first, sizeof first), 0);
    assert_int_equal(report_save(findings, &linux_run, &finding, again, sizeof again), 0);
    assert_string_equal(first, again);
    assert_file(first, "count", "2\n");
    struct report_run run = linux_run;
    run.implementation = "libc";
    assert_int_equal(report_save(findings, &run, &finding, other, sizeof other), 0);
    assert_string_equal(other + strlen(first), ".2");
    assert_file(first, "count", "2\n");
    assert_file(other, "count", "1\n");
}

static void a_folder_that_cannot_be_made_is_an_error(void **state) {
    (void)state;
    make_finding();
    char file[64], below[128], folder[512];
    snprintf(file, sizeof file, "%s/file", directory);
    snprintf(below, sizeof below, "%s/file/findings", directory);
    int fd = open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(report_save(below, &linux_run, &finding, folder, sizeof folder), -ENOTDIR);
    assert_int_equal(report_save(directory, &linux_run, &finding, folder, 8), -ENAMETOOLONG);
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
        cmocka_unit_test(a_weaker_level_lists_all_that_it_allows),
        cmocka_unit_test(a_crash_names_its_signal_and_a_forbidden_call_its_name),
        cmocka_unit_test(what_the_implementation_printed_is_made_printable),
        cmocka_unit_test(commands_survive_a_shell),
        cmocka_unit_test(without_a_file_there_are_no_commands),
        cmocka_unit_test(a_finding_leaves_a_folder_to_go_on_with),
        cmocka_unit_test(the_same_finding_is_counted_and_another_kept_apart),
        cmocka_unit_test(a_folder_that_cannot_be_made_is_an_error),
        cmocka_unit_test(abbreviations_of_sources_are_written_out),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
