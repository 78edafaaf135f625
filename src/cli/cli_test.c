/*
 * cli_test.c - the verbs: what they print, and their exit statuses.
 */
#include "cli_testing.h"

#include <ctype.h>
#include <dirent.h>
#include <dlfcn.h>
#include <jansson.h>

/* --- mistakes --------------------------------------------------------------------------------- */

static void wrong_words_are_misuse(void **state) {
    (void)state;
    RUN("frobnicate");
    assert_status(2);
    assert_contains(ran.err, "unknown verb \"frobnicate\"");
    RUN("run", "--frobnicate");
    assert_status(2);
    assert_contains(ran.err, "unknown option --frobnicate");
    assert_contains(ran.err, "usage: fifofuzz run");
    RUN("run", "no-such-target");
    assert_status(2);
    assert_contains(ran.err, "unknown target \"no-such-target\"");
    RUN("run", "--jobs", "0");
    assert_status(2);
    assert_contains(ran.err, "--jobs takes a number from 1 to");
    RUN("run", "--seed");
    assert_status(2);
    assert_contains(ran.err, "--seed needs a value");
    RUN("run", "--contract", "strict");
    assert_status(2);
    assert_contains(ran.err, "no contract is called \"strict\"");
    RUN("list", "everything");
    assert_status(2);
    RUN("show");
    assert_status(2);
}

static void an_unknown_clause_gets_suggestions(void **state) {
    (void)state;
    RUN("explain", "dangling");
    assert_status(2);
    assert_contains(ran.err, "no clause is called \"dangling\"");
    assert_contains(ran.err, "  C-EEXIST-dangling\n");
}

static void a_malformed_scenario_is_shown_by_line_and_column(void **state) {
    (void)state;
    write_file("bad.scn", "umask 022\nmkfifo \"p\" rw\n");
    const char *const verbs[] = {"show", "encode", "repro", "check", "export-c", "export-sh"};
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        RUN(verbs[i], "bad.scn");
        assert_status(2);
        assert_contains(ran.err, "bad.scn:2:12: expected ");
        assert_contains(ran.err, "; found \"rw\"");
        assert_string_equal(ran.out, "");
    }
}

static void a_missing_file_is_named(void **state) {
    (void)state;
    const char *const verbs[] = {"show", "encode", "repro", "check"};
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        RUN(verbs[i], "missing.scn");
        assert_status(2);
        assert_contains(ran.err, "missing.scn: No such file or directory");
    }
}

static void a_folder_that_is_no_finding_is_named(void **state) {
    (void)state;
    mkdir(in_directory("folder"), 0777);
    const char *const verbs[] = {"show", "encode", "repro", "keep"};
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        RUN(verbs[i], "folder");
        assert_status(2);
        assert_contains(ran.err, "fifofuzz: folder: a folder without scenario.scn");
    }
}

static void an_implementation_that_cannot_be_had_is_explained(void **state) {
    (void)state;
    need_sandbox();
    write_file("empty.scn", "");
    write_file("text.so", "this is no shared object\n");
    RUN("repro", "empty.scn", "--implementation", "./text.so");
    assert_status(2);
    assert_contains(ran.err, "cannot be loaded as a shared object: ./text.so: ");
    RUN("repro", "empty.scn", "--implementation", "./missing.so");
    assert_status(2);
    assert_contains(ran.err, "missing.so");
    RUN("repro", "empty.scn", "--implementation", "no-such-name");
    assert_status(2);
    assert_contains(ran.err, "no implementation is called \"no-such-name\"");
    /* cmocka's own shared object; ISO C has no cast from a function to an object pointer */
    void (*function)(const char *, const int) = _skip;
    void *address;
    memcpy(&address, &function, sizeof address);
    Dl_info cmocka;
    assert_true(dladdr(address, &cmocka) != 0);
    RUN("repro", "empty.scn", "--implementation", cmocka.dli_fname);
    assert_status(2);
    assert_contains(ran.err, "exports neither mkfifo nor mkfifoat");
}

static void an_unwritable_findings_folder_stops_before_the_start(void **state) {
    (void)state;
    write_file("file", "");
    RUN("run", "--time", "1", "--findings", "file/findings");
    assert_status(2);
    assert_contains(ran.err, "findings cannot be written to file/findings: Not a directory");
    assert_null(strstr(ran.err, "seed="));
    RUN("run", "--time", "1", "--findings", "file");
    assert_status(2);
    assert_contains(ran.err, "findings cannot be written to file: Not a directory");
    assert_null(strstr(ran.err, "seed="));
    RUN("run", "--time", "1", "--corpus", "file");
    assert_status(2);
    assert_contains(ran.err, "a corpus cannot be written to file: Not a directory");
    assert_null(strstr(ran.err, "seed="));
}

static void a_host_without_a_place_for_the_arena_is_77_with_the_reason(void **state) {
    (void)state;
    write_file("empty.scn", "");
    const char *const verbs[] = {"repro", "check"};
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        RUN_CONFINED(forbid_arenas, verbs[i], "empty.scn");
        assert_status(77);
        assert_contains(ran.err, "this host cannot run implementations: ");
    }
    RUN_CONFINED(forbid_arenas, "doctor");
    assert_status(77);
    assert_contains(ran.out, "missing sandbox");
    assert_contains(ran.out, "fix: ");
}

/* --- what needs no sandbox -------------------------------------------------------------------- */

static void every_verb_has_help(void **state) {
    (void)state;
    const char *const verbs[] = {"run",      "repro",     "minimize", "keep",    "check",
                                 "show",     "encode",    "list",     "explain", "doctor",
                                 "export-c", "export-sh", "bench",    "matrix"};
    RUN("--help");
    assert_status(0);
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        char line[32];
        snprintf(line, sizeof line, "\n  %s ", verbs[i]);
        RUN("--help");
        assert_contains(ran.out, line);
        RUN(verbs[i], "--help");
        assert_status(0);
        snprintf(line, sizeof line, "usage: fifofuzz %s", verbs[i]);
        assert_contains(ran.out, line);
        assert_string_equal(ran.err, "");
    }
    RUN("--version");
    assert_status(0);
    assert_contains(ran.out, "fifofuzz ");
}

static void tables_list_what_there_is(void **state) {
    (void)state;
    RUN("list", "targets");
    assert_contains(ran.out, "sequence ");
    RUN("list", "implementations");
    assert_contains(ran.out, "own ");
    assert_contains(ran.out, "[C-EEXIST-dangling]");
    assert_contains(ran.out, "\nagents, in processes of their own:\nglibc ");
    RUN("list", "clauses");
    assert_contains(ran.out, "\nC-EEXIST-dangling ");
    assert_contains(ran.out, " [needs landlock]\n");
    assert_contains(ran.out, "\nbeyond any scenario, and why:\n  C-DEV-ignored ");
    RUN("list", "policy");
    assert_contains(ran.out, "  mknodat ");
    RUN("list", "steps");
    assert_contains(ran.out, "\nsymlink BODY PATH ");
    assert_contains(ran.out, "\nSLOT = open PATH [FLAG...] ");
    assert_contains(
        ran.out,
        "\n    FLAG: path, nofollow, directory, write, both, wait, truncate, append\nclose SLOT ");
    assert_contains(ran.out, "\nacl PATH ENTRIES [FLAG...] ");
}

static void a_clause_is_explained(void **state) {
    (void)state;
    RUN("explain", "C-SLASH-missing");
    assert_status(0);
    assert_contains(ran.out, "C-SLASH-missing: ");
    assert_contains(ran.out, "Source:      POSIX ");
    assert_contains(ran.out, "posix:       shall\n");
    assert_contains(ran.out, "documented:  silent\n");
    assert_contains(ran.out, "needs:       nothing special of the host\n");
    assert_contains(ran.out, "C-SLASH-missing.scn:\n");
    RUN("explain", "C-LANDLOCK");
    assert_contains(ran.out, "needs:       landlock (where it is missing: ");
}

static void a_sentence_beyond_any_scenario_is_explained_with_the_reason(void **state) {
    (void)state;
    RUN("explain", "C-EDQUOT");
    assert_status(0);
    assert_contains(ran.out, "C-EDQUOT: no scenario can reach it: tmpfs is mounted without quotas");
    RUN("explain", "edquot");
    assert_status(2);
    assert_contains(ran.err, "  C-EDQUOT\n");
}

static void text_survives_encode_and_show(void **state) {
    (void)state;
    static const char text[] = "symlink \"nowhere\" \"link\"\n"
                               "d0 = open \".\" path\n"
                               "mkfifoat d0 \"\\{255:x}\" 0644\n"
                               "mkfifo null 037777777777\n";
    write_file("s.scn", text);
    RUN("encode", "s.scn", "-o", "s.bytes");
    assert_status(0);
    RUN("show", "s.bytes");
    assert_status(0);
    assert_string_equal(ran.out, text);
    RUN("show", "--text", "s.bytes");
    assert_status(2);
}

static void show_keeps_expectations_and_drops_remarks(void **state) {
    (void)state;
    write_file("s.scn", "# remark\n\n  mkfifo  \"p\" 0644   # EEXIST\n");
    RUN("show", "s.scn");
    assert_status(0);
    assert_contains(ran.out, "mkfifo \"p\" 0644");
    assert_contains(ran.out, "# EEXIST\n");
    assert_null(strstr(ran.out, "remark"));
}

/* --- what runs implementations ---------------------------------------------------------------- */

static void a_wrong_expectation_fails_its_file_alone(void **state) {
    (void)state;
    need_sandbox();
    mkdir(in_directory("corpus"), 0777);
    write_file("corpus/a.scn", "mkfifo \"p\" 0644 # 0\nmkfifo \"p\" 0644 # EEXIST\n");
    write_file("corpus/b.scn", "mkdir \"d\" 0755 # 0\nmkfifo \"d/no/p\" 0644 # EACCES\n");
    write_file("corpus/ignored.txt", "this is no scenario");
    RUN("check", "corpus");
    assert_status(1);
    assert_contains(ran.out, "1..2\nok 1 - a\nnot ok 2 - b\n");
    assert_contains(ran.out, "# corpus/b.scn:2: not the outcome that the file states\n");
    assert_contains(ran.out, "#   step 2: mkfifo \"d/no/p\" 0644\n");
    assert_contains(ran.out, "#   expected: EACCES\n#   got:      ENOENT\n");
    RUN("check", "corpus/a.scn");
    assert_status(0);
    RUN("check", "corpus/a.scn", "--implementation", "canary-type-regular");
    assert_status(1);
    assert_contains(ran.out, "# corpus/a.scn:1: C-STAT-type\n");
}

/* Linux gives EINVAL, which the file states; to drop the bits, as klibc does, is as right. */
static void an_implementation_that_drops_foreign_type_bits_is_not_accused(void **state) {
    (void)state;
    need_sandbox();
    write_file("type.scn", "mkfifo \"p\" 0100644 # EINVAL\nmkfifo \"p\" 0644 # 0\n");
    RUN("check", "type.scn");
    assert_status(0);
    assert_string_equal(ran.out, "1..1\nok 1 - type\n");
    RUN("check", "type.scn", "--implementation", "honest-masks-type");
    assert_status(0);
    assert_contains(ran.out,
                    "ok 1 - type # SKIP step 1: honest-masks-type drops foreign type bits");
    write_file("type.scn", "mkfifo \"p\" 0100644 # EINVAL\nmkfifo \"q\" 0100644 # EINVAL\n");
    RUN("check", "type.scn", "--implementation", "canary-type-masked-sometimes");
    assert_status(1);
}

static void a_verdict_that_changes_fails_its_file(void **state) {
    (void)state;
    need_sandbox();
    write_file("twice.scn", "mkfifo \"p\" 0644 # 0\n");
    RUN("check", "twice.scn", "--implementation", "canary-second-call");
    assert_status(0);
    RUN("check", "twice.scn", "--implementation", "canary-second-call", "--repeat", "3");
    assert_status(1);
    assert_contains(ran.out, "not ok 1 - twice\n");
    RUN("check", "twice.scn", "--repeat", "3");
    assert_status(0);
}

static void a_violation_is_reproduced_and_blamed(void **state) {
    (void)state;
    need_sandbox();
    write_file("s.scn", "mkfifo \"p\" 0644\n");
    RUN("repro", "s.scn", "--repeat", "5");
    assert_status(0);
    assert_contains(ran.out, "s.scn: held in 5 of 5 runs\n");
    RUN("repro", "s.scn", "--repeat", "5", "--implementation", "canary-type-regular");
    assert_status(1);
    assert_contains(ran.out, "C-STAT-type is violated by step 1");
    assert_contains(ran.out, "Fault: the implementation");
    assert_contains(ran.out, "  > mkfifo \"p\" 0644\n");
    assert_contains(ran.out, "s.scn: 5 of 5 runs: violated C-STAT-type\n");
}

/* The name of the one folder in findings/ that `wanted` begins, in a static buffer. */
static const char *find_folder(const char *findings, const char *wanted) {
    static char name[600];
    DIR *folder = opendir(in_directory(findings));
    assert_non_null(folder);
    name[0] = '\0';
    struct dirent *entry;
    while ((entry = readdir(folder)))
        if (strncmp(entry->d_name, wanted, strlen(wanted)) == 0)
            snprintf(name, sizeof name, "%s/%s", findings, entry->d_name);
    closedir(folder);
    return name;
}

static void a_run_finds_a_canary_and_leaves_a_folder(void **state) {
    (void)state;
    need_sandbox();
    RUN("run", "--implementation", "canary-type-regular", "--runs", "2000", "--seed", "1", "--json",
        "run.json");
    if (ran.status == 77)
        skip(); /* built without libFuzzer */
    assert_status(1);
    assert_contains(ran.err, "seed=1 version=");
    assert_contains(ran.err, " implementation=canary-type-regular contract=linux tier=");
    assert_contains(ran.out, "C-STAT-type is violated by step ");
    char folder[600];
    snprintf(folder, sizeof folder, "%s", find_folder("findings", "C-STAT-type."));
    assert_string_not_equal(folder, "");
    RUN("repro", folder, "--implementation", "canary-type-regular");
    assert_status(1);
    RUN("repro", folder);
    assert_status(0);
    strncat(folder, "/input", sizeof folder - strlen(folder) - 1);
    RUN("repro", folder, "--implementation", "canary-type-regular");
    assert_status(1);
    json_error_t error;
    json_t *figures = json_load_file(in_directory("run.json"), 0, &error);
    assert_non_null(figures);
    assert_true(json_integer_value(json_object_get(figures, "calls")) > 0);
    assert_int_equal(json_integer_value(json_object_get(figures, "seed")), 1);
    assert_int_equal(json_array_size(json_object_get(figures, "findings")), 1);
    json_decref(figures);
}

/* True if a process has the test's directory in its arguments. */
static bool anyone_left(void) {
    DIR *processes = opendir("/proc");
    assert_non_null(processes);
    struct dirent *entry;
    bool left = false;
    while ((entry = readdir(processes))) {
        char path[300], text[8192];
        snprintf(path, sizeof path, "/proc/%s/cmdline", entry->d_name);
        if (!isdigit((unsigned char)entry->d_name[0]) ||
            strtol(entry->d_name, NULL, 10) == getpid())
            continue;
        FILE *in = fopen(path, "re");
        size_t length = in ? fread(text, 1, sizeof text, in) : 0;
        left |= memmem(text, length, directory, strlen(directory)) != NULL;
        if (in)
            fclose(in);
    }
    closedir(processes);
    return left;
}

static void an_interrupt_ends_a_run_with_its_summary(void **state) {
    (void)state;
    need_sandbox();
    assert_int_equal(mkfifo(in_directory("messages"), 0600), 0);
    pid_t child = start((const char *const[]){"run", "mkfifo", "--jobs", "2", "--findings",
                                              in_directory("interrupted"), NULL},
                        "messages", NULL);
    FILE *messages = fopen(in_directory("messages"), "re"); /* opens once the child has */
    assert_non_null(messages);
    char line[8192];
    assert_non_null(fgets(line, sizeof line, messages));
    bool started = strncmp(line, "seed=", 5) == 0;
    kill(child, SIGINT);
    bool summary = false;
    while (fgets(line, sizeof line, messages))
        summary |= strstr(line, "  calls ") != NULL;
    fclose(messages);
    finish(child);
    if (ran.status == 77)
        skip(); /* built without libFuzzer */
    assert_true(started);
    assert_status(128 + SIGINT);
    assert_true(summary);
    assert_false(anyone_left());
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_words_are_misuse),
        cmocka_unit_test(an_unknown_clause_gets_suggestions),
        cmocka_unit_test(a_malformed_scenario_is_shown_by_line_and_column),
        cmocka_unit_test(a_missing_file_is_named),
        cmocka_unit_test(a_folder_that_is_no_finding_is_named),
        cmocka_unit_test(an_implementation_that_cannot_be_had_is_explained),
        cmocka_unit_test(an_unwritable_findings_folder_stops_before_the_start),
        cmocka_unit_test(a_host_without_a_place_for_the_arena_is_77_with_the_reason),
        cmocka_unit_test(every_verb_has_help),
        cmocka_unit_test(tables_list_what_there_is),
        cmocka_unit_test(a_clause_is_explained),
        cmocka_unit_test(a_sentence_beyond_any_scenario_is_explained_with_the_reason),
        cmocka_unit_test(text_survives_encode_and_show),
        cmocka_unit_test(show_keeps_expectations_and_drops_remarks),
        cmocka_unit_test(a_wrong_expectation_fails_its_file_alone),
        cmocka_unit_test(an_implementation_that_drops_foreign_type_bits_is_not_accused),
        cmocka_unit_test(a_verdict_that_changes_fails_its_file),
        cmocka_unit_test(a_violation_is_reproduced_and_blamed),
        cmocka_unit_test(a_run_finds_a_canary_and_leaves_a_folder),
        cmocka_unit_test(an_interrupt_ends_a_run_with_its_summary),
    };
    return cmocka_run_group_tests(tests, prepare, clean_up);
}
