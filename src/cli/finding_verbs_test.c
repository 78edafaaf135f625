/*
 * finding_verbs_test.c - what a person does with a finding: the end of a run that found something,
 * the commands that it prints, minimize, keep, and runs that collect several findings.
 */
#include "cli_testing.h"

#include <dirent.h>
#include <sched.h>
#include <sys/mount.h>

static void assert_file(const char *name, const char *content) {
    static char text[65536];
    read_into(in_directory(name), text, sizeof text);
    assert_string_equal(text, content);
}

/* --- the end of a run ---------------------------------------------------------------------------
 */

/* The parts of `text` come in this order. */
static void assert_in_order(const char *text, const char *const *parts) {
    const char *at = text;
    for (size_t i = 0; parts[i]; i++) {
        const char *found = strstr(at, parts[i]);
        if (!found) {
            fail_msg("\"%s\" does not follow in:\n%s", parts[i], text);
            return;
        }
        at = found + strlen(parts[i]);
    }
}

/* What follows `label` on its line, in new memory. */
static char *command_behind(const char *text, const char *label) {
    const char *start = strstr(text, label);
    assert_non_null(start);
    start += strlen(label);
    return strndup(start, strcspn(start, "\n"));
}

static void a_run_with_a_finding_ends_with_commands_that_work(void **state) {
    (void)state;
    need_sandbox();
    RUN("run", "--implementation", "canary-type-regular", "--runs", "2000", "--seed", "1");
    if (ran.status == 77)
        skip(); /* built without libFuzzer */
    assert_status(1);
    static char text[sizeof ran.out];
    memcpy(text, ran.out, sizeof text);
    static const char sentence[] = "C-STAT-type is violated by step 1: the type of the new node: "
                                   "expected a FIFO, got a regular file\n";
    const char *const parts[] = {sentence,
                                 "C-STAT-type: ",
                                 "\nSource: ",
                                 "\nScenario:\n  > mkfifo",
                                 "\nExpected: a FIFO\nGot:      a regular file\n",
                                 "\nReproduce with:        ",
                                 "\nAs C:                  ",
                                 "\nKeep as a regression:  ",
                                 "\nConfirmed:             in 3 of 3 fresh processes\n",
                                 NULL};
    assert_in_order(text, parts);
    static const struct {
        const char *label;
        int status;
        const char *said;
    } commands[] = {
        {"Reproduce with:        ", 1, ": 1 of 1 runs: violated C-STAT-type\n"},
        {"As C:                  ", 0, "CALL(1, mkfifo"},
        {"Keep as a regression:  ", 0, "/regressions/C-STAT-type.mkfifo"},
    };
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        char *command = command_behind(text, commands[i].label);
        char *line;
        const char *more = strstr(command, " keep ") ? " --folder kept/regressions" : "";
        assert_true(asprintf(&line, "mkdir -p kept; %s%s", command, more) > 0);
        run_shell(line);
        assert_status(commands[i].status);
        assert_contains(ran.out, commands[i].said);
        free(line);
        free(command);
    }
}

/* --- minimize -----------------------------------------------------------------------------------
 */

static void a_scenario_is_made_small(void **state) {
    (void)state;
    need_sandbox();
    write_file("long.scn", "umask 027\nmkdir \"some dir\" 0700\nfile \"some dir/f\" 0600 \"xyz\"\n"
                           "as 0:0,7\nmkfifo \"some dir/../p\" 0640\nmkdir \"later\" 0755\n");
    RUN("minimize", "long.scn", "--implementation", "canary-type-regular", "-o", "small.scn");
    assert_status(0);
    assert_contains(ran.err, "1 of 6 steps are left, after ");
    assert_file("small.scn", "mkfifo \"a\" 0644 # 0\n");
    RUN("minimize", "long.scn");
    assert_status(2);
    assert_contains(ran.err, "long.scn: the contract holds on own: there is nothing to minimize\n");
}

/* It has to be called twice, in the same process. */
static void what_an_implementation_remembers_is_minimized_too(void **state) {
    (void)state;
    need_sandbox();
    write_file("twice.scn", "umask 0\nmkdir \"d\" 0755\nmkfifo \"d/a\" 0600\nchmod \"d\" 0700\n"
                            "mkfifo \"d/b\" 0600\nmkfifo \"d/c\" 0600\n");
    RUN("minimize", "twice.scn", "--implementation", "canary-second-call");
    assert_status(0);
    assert_contains(ran.err, "2 of 6 steps are left, after ");
}

/* --- keep ---------------------------------------------------------------------------------------
 */

static void a_finding_becomes_a_regression_test(void **state) {
    (void)state;
    write_file("C-EEXIST.mkfifo.errno.0.scn",
               "# found\nmkdir \"a\" 0755 # 0\nmkfifo \"a\" 0644 # EEXIST\n");
    RUN("keep", "C-EEXIST.mkfifo.errno.0.scn", "--folder", "tests", "--name", "existing");
    assert_status(0);
    assert_string_equal(ran.out, "tests/existing.scn\n");
    assert_file("tests/existing.scn",
                "# C-EEXIST: a last component that exists gives EEXIST, whatever it is\n"
                "# Found as C-EEXIST.mkfifo.errno.0.\n"
                "mkdir \"a\" 0755 # 0\nmkfifo \"a\" 0644 # EEXIST\n");
    RUN("keep", "C-EEXIST.mkfifo.errno.0.scn", "--folder", "tests", "--name", "existing");
    assert_status(2);
    assert_contains(ran.err, "tests/existing.scn: File exists: give another name with --name\n");
    RUN("keep", "C-EEXIST.mkfifo.errno.0.scn", "--folder", "tests", "--name", "../x");
    assert_status(2);
    need_sandbox();
    RUN("check", "tests");
    assert_status(0);
}

/* As an installation is: EROFS for everybody, root too. */
static void make_read_only(void) {
    if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
        (mkdir("prefix", 0755) && errno != EEXIST) ||
        mount("none", "prefix", "tmpfs", MS_RDONLY, NULL))
        _exit(77);
}

static void a_corpus_that_is_read_only_is_told_with_the_way_out(void **state) {
    (void)state;
    write_file("found.scn", "mkdir \"a\" 0755 # 0\n");
    const char *const folders[] = {"prefix", "prefix/regressions"};
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        RUN_CONFINED(make_read_only, "keep", "found.scn", "--folder", folders[i]);
        if (ran.status == 77)
            skip(); /* not root */
        assert_status(2);
        assert_contains(ran.err, ": Read-only file system: give a folder that can be written with "
                                 "--folder\n");
    }
}

static void results_that_a_file_lacks_are_the_oracles(void **state) {
    (void)state;
    need_sandbox();
    write_file("bare.scn", "symlink \"no\" \"l\"\nmkfifo \"l\" 0644\nmkfifo \"x/\" 0644\n");
    mkdir(in_directory("C-X.mkfifo"), 0777);
    write_file("C-X.mkfifo/original.scn", "mkfifo \"p\" 0644 # 0\n");
    RUN("keep", "C-X.mkfifo/original.scn", "--folder", "bare");
    assert_status(0);
    assert_contains(ran.out, "bare/C-X.mkfifo.scn\n");
    RUN("keep", "bare.scn", "--folder", "bare");
    assert_status(0);
    assert_file("bare/bare.scn", "# bare\nsymlink \"no\" \"l\" # 0\nmkfifo \"l\" 0644 # EEXIST\n"
                                 "mkfifo \"x/\" 0644 # ENOENT\n");
}

/* --- several findings ---------------------------------------------------------------------------
 */

static unsigned count_folders(const char *name) {
    unsigned count = 0;
    DIR *folders = opendir(in_directory(name));
    assert_non_null(folders);
    const struct dirent *entry;
    while ((entry = readdir(folders)))
        count += entry->d_name[0] != '.';
    closedir(folders);
    return count;
}

static unsigned count_lines(const char *text) {
    unsigned count = 0;
    for (; *text; text++)
        count += *text == '\n';
    return count;
}

static void a_run_that_keeps_going_collects_distinct_findings(void **state) {
    (void)state;
    need_sandbox();
    RUN("run", "--implementation", "canary-always-eperm", "--runs", "400", "--seed", "1",
        "--findings", "several", "--keep-going", "--json", "several.json");
    if (ran.status == 77)
        skip(); /* built without libFuzzer */
    assert_status(1);
    unsigned folders = count_folders("several");
    assert_in_range(folders, 5, 64);
    assert_int_equal(count_lines(ran.out), folders);
    assert_contains(ran.out, "several/C-");
    assert_contains(ran.err, "  seen ");
}

/* After a crash, a hang or an exit the run goes on with another worker. */
static void a_run_goes_on_after_a_crash(void **state) {
    (void)state;
    need_sandbox();
    RUN("run", "mkfifo", "--implementation", "canary-empty-aborts", "--runs", "3000", "--seed", "1",
        "--findings", "crashes", "--keep-going");
    if (ran.status == 77)
        skip(); /* built without libFuzzer */
    assert_status(1);
    assert_contains(ran.out, "C-RETURNS is violated by step 1: the call: expected returned, got "
                             "crashed\n");
    assert_contains(ran.err, "\n  scenarios         3,0"); /* as many as were to be run */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_with_a_finding_ends_with_commands_that_work),
        cmocka_unit_test(a_scenario_is_made_small),
        cmocka_unit_test(what_an_implementation_remembers_is_minimized_too),
        cmocka_unit_test(a_finding_becomes_a_regression_test),
        cmocka_unit_test(a_corpus_that_is_read_only_is_told_with_the_way_out),
        cmocka_unit_test(results_that_a_file_lacks_are_the_oracles),
        cmocka_unit_test(a_run_that_keeps_going_collects_distinct_findings),
        cmocka_unit_test(a_run_goes_on_after_a_crash),
    };
    return cmocka_run_group_tests(tests, prepare, clean_up);
}
