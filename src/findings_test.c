#include "findings.h"

#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "report_testing.h"

static const struct contract contract = {.level = LEVEL_LINUX};

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
    assert_int_equal(
        findings_save(findings, &linux_run, &contract, &finding, folder, sizeof folder), 0);
    assert_string_equal(folder + strlen(findings), "/C-EEXIST-dangling.mkfifo.errno.0");
    assert_file(folder, "scenario.scn",
                "# C-EEXIST-dangling.mkfifo.errno.0\numask 0022 # 0\n"
                "symlink \"nowhere\" \"link\" # 0\nmkfifo \"link\" 0644 # EEXIST\n");
    snprintf(command, sizeof command, "fifofuzz repro %s/scenario.scn --implementation own\n",
             folder);
    assert_file(folder, "command.txt", command);
    assert_file(folder, "count", "1\n");
    size_t size;
    char *report = read_whole(folder, "report.txt", &size);
    assert_contains(report, "is violated by step 3");
    free(report);
    report = read_whole(folder, "report.json", &size);
    assert_contains(report, "\"signature\": \"C-EEXIST-dangling.mkfifo.errno.0\"");
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
    assert_int_equal(findings_save(findings, &linux_run, &contract, &finding, first, sizeof first),
                     0);
    assert_int_equal(findings_save(findings, &linux_run, &contract, &finding, again, sizeof again),
                     0);
    assert_string_equal(first, again);
    assert_file(first, "count", "2\n");
    struct report_run run = linux_run;
    run.implementation = "libc";
    assert_int_equal(findings_save(findings, &run, &contract, &finding, other, sizeof other), 0);
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
    assert_int_equal(findings_save(below, &linux_run, &contract, &finding, folder, sizeof folder),
                     -ENOTDIR);
    assert_int_equal(findings_save(directory, &linux_run, &contract, &finding, folder, 8),
                     -ENAMETOOLONG);
}

static void the_scenario_as_it_was_found_is_kept(void **state) {
    (void)state;
    make_finding();
    char findings[64], folder[512];
    snprintf(findings, sizeof findings, "%s/small", directory);
    scenario_truncate(&finding.scenario, 1);
    assert_int_equal(
        findings_save(findings, &linux_run, &contract, &finding, folder, sizeof folder), 0);
    assert_file(folder, "scenario.scn", "# C-EEXIST-dangling.mkfifo.errno.0\numask 0022 # 0\n");
    assert_file(folder, "original.scn",
                "# C-EEXIST-dangling.mkfifo.errno.0\numask 0022 # 0\n"
                "symlink \"nowhere\" \"link\" # 0\nmkfifo \"link\" 0644 # EEXIST\n");
}

static void a_replaced_finding_keeps_its_folder_and_count(void **state) {
    (void)state;
    make_finding();
    char findings[64], folder[512];
    snprintf(findings, sizeof findings, "%s/replaced", directory);
    for (int i = 0; i < 2; i++)
        assert_int_equal(
            findings_save(findings, &linux_run, &contract, &finding, folder, sizeof folder), 0);
    assert_int_equal(findings_count(folder, 40), 0);
    scenario_truncate(&finding.scenario, 2);
    finding.verdict.step = 1;
    assert_int_equal(findings_replace(folder, &linux_run, &contract, &finding), 0);
    assert_int_equal(findings_amend(folder, "One line more."), 0);
    assert_file(folder, "count", "42\n");
    size_t size;
    char *report = read_whole(folder, "report.txt", &size);
    assert_contains(report, "is violated by step 2");
    assert_string_equal(report + size - strlen("One line more.\n"), "One line more.\n");
    free(report);
}

static void a_line_is_not_added_twice(void **state) {
    (void)state;
    make_finding();
    char findings[64], folder[512];
    snprintf(findings, sizeof findings, "%s/amended", directory);
    assert_int_equal(
        findings_save(findings, &linux_run, &contract, &finding, folder, sizeof folder), 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal(findings_amend(folder, "Confirmed: yes"), 0);
    size_t size;
    char *report = read_whole(folder, "report.txt", &size);
    const char *line = strstr(report, "Confirmed: yes\n");
    assert_non_null(line);
    assert_string_equal(line, "Confirmed: yes\n");
    free(report);
    assert_int_equal(findings_amend(findings, "no report"), -ENOENT);
    report = read_whole(folder, "report.json", &size);
    assert_contains(report, "\"confirmation\": \"Confirmed: yes\"");
    free(report);
}

/* As many as two runs that find the same. */
static void those_who_count_at_the_same_time_lose_nothing(void **state) {
    (void)state;
    enum { PROCESSES = 4, TIMES = 200 };
    make_finding();
    char findings[64], folder[512];
    snprintf(findings, sizeof findings, "%s/shared", directory);
    assert_int_equal(
        findings_save(findings, &linux_run, &contract, &finding, folder, sizeof folder), 0);
    for (int i = 0; i < PROCESSES; i++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child > 0)
            continue;
        int errors = 0;
        for (int k = 0; k < TIMES; k++)
            errors |= findings_count(folder, 1);
        _exit(errors != 0);
    }
    int status;
    for (int i = 0; i < PROCESSES; i++) {
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    assert_file(folder, "count", "801\n");
}

/* What a killed process leaves half filled goes with the next finding; another's stays. */
static void leftovers_of_the_dead_are_removed(void **state) {
    (void)state;
    make_finding();
    char findings[64], dead[600], alive[600], folder[512];
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    snprintf(findings, sizeof findings, "%s/killed", directory);
    snprintf(dead, sizeof dead, "%s/.new-%d", findings, (int)child);
    snprintf(alive, sizeof alive, "%s/.new-%d", findings, (int)getppid());
    assert_int_equal(mkdir(findings, 0700) | mkdir(dead, 0700) | mkdir(alive, 0700), 0);
    int fd = openat(AT_FDCWD, dead, O_DIRECTORY | O_CLOEXEC);
    int file = openat(fd, "scenario.scn", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(file >= 0);
    close(file);
    close(fd);
    assert_int_equal(
        findings_save(findings, &linux_run, &contract, &finding, folder, sizeof folder), 0);
    assert_int_not_equal(access(dead, F_OK), 0);
    assert_int_equal(access(alive, F_OK), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_finding_leaves_a_folder_to_go_on_with),
        cmocka_unit_test(the_same_finding_is_counted_and_another_kept_apart),
        cmocka_unit_test(the_scenario_as_it_was_found_is_kept),
        cmocka_unit_test(a_replaced_finding_keeps_its_folder_and_count),
        cmocka_unit_test(a_line_is_not_added_twice),
        cmocka_unit_test(those_who_count_at_the_same_time_lose_nothing),
        cmocka_unit_test(leftovers_of_the_dead_are_removed),
        cmocka_unit_test(a_folder_that_cannot_be_made_is_an_error),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
