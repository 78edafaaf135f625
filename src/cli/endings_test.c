/*
 * endings_test.c - how runs end when something around them goes wrong: standard output, the disk, a
 * killed process.
 */
#include "cli_testing.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include "confirm.h"
#include "findings.h"

static void assert_lacks(const char *text, const char *part) {
    if (strstr(text, part))
        fail_msg("\"%s\" is in:\n%s", part, text);
}

/* --- standard streams ------------------------------------------------------------------------- */

static void lost_output_is_an_error(void **state) {
    (void)state;
    const char *const lines[] = {
        "\"$0\" list clauses >/dev/full",
        "\"$0\" run --help >/dev/full",
        "\"$0\" --version >&-",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        run_shell(lines[i]);
        assert_status(2);
        assert_contains(ran.err, "standard output is lost: ");
    }
    run_shell("\"$0\" list nothing >/dev/full");
    assert_status(2);
    assert_contains(ran.err, "nothing");
}

/* No file takes the number of a closed stream, so no message gets into one. */
static void closed_streams_are_not_taken_by_files(void **state) {
    (void)state;
    write_file("s.scn", "mkfifo \"p\" 0644\n");
    run_shell("\"$0\" encode s.scn -o s.bytes <&- >&- 2>&-");
    assert_status(0);
    run_shell("\"$0\" show s.bytes <&- 2>&-");
    assert_status(0);
    assert_string_equal(ran.out, "mkfifo \"p\" 0644\n");
    run_shell("\"$0\" show missing.scn <&- 2>&-");
    assert_status(2);
    assert_string_equal(ran.out, "");
}

/* --- a killed job ----------------------------------------------------------------------------- */

/* The youngest child of `parent`, or 0: the job, as the janitor came before it. */
static pid_t child_of(pid_t parent) {
    char path[64], text[64];
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)parent, (int)parent);
    read_into(path, text, sizeof text);
    pid_t youngest = 0;
    for (char *at = text; *at;) {
        char *end;
        long child = strtol(at, &end, 10);
        if (end == at)
            break;
        youngest = (pid_t)child;
        at = end;
    }
    return youngest;
}

static void a_job_killed_from_outside_is_no_finding(void **state) {
    (void)state;
    need_sandbox();
    assert_int_equal(mkfifo(in_directory("messages"), 0600), 0);
    pid_t child = start((const char *const[]){"run", "mkfifo", "--findings", "killed", NULL},
                        "messages", NULL);
    FILE *messages = fopen(in_directory("messages"), "re"); /* opens once the child has */
    assert_non_null(messages);
    char line[8192], arguments[8192] = "";
    bool started = fgets(line, sizeof line, messages) && strncmp(line, "seed=", 5) == 0;
    pid_t job = child_of(child);
    if (started && job > 0) {
        char path[64];
        snprintf(path, sizeof path, "/proc/%d/cmdline", (int)job);
        FILE *in = fopen(path, "re");
        size_t length = in ? fread(arguments, 1, sizeof arguments - 1, in) : 0;
        for (size_t i = 0; i < length; i++)
            arguments[i] = arguments[i] ? arguments[i] : ' ';
        if (in)
            fclose(in);
        kill(job, SIGKILL);
    } else {
        kill(child, SIGTERM);
    }
    bool told = false;
    while (fgets(line, sizeof line, messages))
        told |= strstr(line, "killed from outside (signal 9, out of memory?)") != NULL;
    fclose(messages);
    finish(child);
    if (ran.status == 77)
        skip(); /* built without libFuzzer */
    assert_true(started);
    assert_status(70);
    assert_true(told);
    assert_int_equal(rmdir(in_directory("killed")), 0);
    assert_contains(arguments, " --cpu=-1 "); /* a single job stays where the scheduler put it */
}

/* --- a full disk ------------------------------------------------------------------------------ */

/* One page for all of the findings. */
static void mount_small_disk(void) {
    if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
        mkdir("small", 0755) || mount("none", "small", "tmpfs", 0, "size=4k"))
        _exit(77);
}

static void a_finding_that_fits_nowhere_is_printed(void **state) {
    (void)state;
    need_sandbox();
    finish(start((const char *const[]){"run", "--implementation", "canary-type-regular", "--runs",
                                       "2000", "--seed", "1", "--findings", "small", NULL},
                 "err", mount_small_disk));
    if (ran.status == 77)
        skip(); /* not root, or built without libFuzzer */
    assert_status(1);
    assert_contains(ran.err, "fifofuzz: the finding cannot be written: small: No space left");
    assert_contains(ran.err, "are kept in ");
    assert_contains(ran.out, "C-STAT-type is violated by step ");
    assert_contains(ran.out, "\nfifofuzz: ");
    assert_lacks(ran.out, "libFuzzer");
    char kept[128];
    const char *name = strstr(ran.err, "are kept in ") + strlen("are kept in ");
    snprintf(kept, sizeof kept, "%.*s", (int)strcspn(name, "\n"), name);
    assert_int_equal(access(kept, X_OK), 0);
}

static struct finding finding;
static const struct report_run circumstances = {
    .implementation = "own", .tier = "none", .traits = ""};

static const struct contract contract = {.level = LEVEL_LINUX};

static void make_finding(void) {
    static const char text[] = "mkfifo \"p\" 0644\n";
    struct text_error error;
    assert_int_equal(scenario_parse(&finding.scenario, NULL, text, sizeof text - 1, &error), 0);
    scenario_copy(&finding.original, &finding.scenario);
    finding.verdict = (struct verdict){.kind = VERDICT_VIOLATED, .clause = CLAUSE_RETURNS};
    snprintf(finding.signature, sizeof finding.signature, "C-X.mkfifo");
}

static void an_incomplete_folder_is_removed(void **state) {
    (void)state;
    char folder[PATH_MAX];
    make_finding();
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    const struct rlimit small = {8, before.rlim_max}; /* setrlimit(2): EFBIG beyond */
    void (*old)(int) = signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    int error = findings_save(in_directory("full"), &circumstances, &contract, &finding, folder,
                              sizeof folder);
    setrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, old);
    assert_int_equal(error, -EFBIG);
    assert_int_equal(rmdir(in_directory("full")), 0);
}

/* --- a finding that does not come back -------------------------------------------------------- */

/* What the report says after the finding of a scenario that holds; `pending` is a signal or 0. */
static void confirm_in_child(const char *signature, int pending, char *report, size_t size) {
    const struct crew_plan plan = {.engine = &engines[0],
                                   .target = "mkfifo",
                                   .implementation = "own",
                                   .contract = "linux",
                                   .jobs = 2,
                                   .seed = 77};
    char folder[PATH_MAX], file[PATH_MAX + 16];
    make_finding();
    snprintf(finding.signature, sizeof finding.signature, "%s", signature);
    assert_int_equal(findings_save(in_directory("vague"), &circumstances, &contract, &finding,
                                   folder, sizeof folder),
                     0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct figures_finding one = {.signature = signature, .folder = folder};
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, SIGINT);
        sigprocmask(SIG_BLOCK, &set, NULL);
        if (pending)
            raise(pending);
        confirm_findings(&plan, &one, 1);
        _exit(0);
    }
    finish(child);
    assert_status(0);
    snprintf(file, sizeof file, "%s/report.txt", folder);
    read_into(file, report, size);
}

static void an_unconfirmed_finding_names_the_run(void **state) {
    (void)state;
    static char report[8192];
    need_sandbox();
    confirm_in_child("C-X.mkfifo.errno", 0, report, sizeof report);
    assert_contains(report,
                    "Not confirmed:         in no fresh process; it depends on what was run "
                    "before\nRepeat the run:        ");
    assert_contains(report, program_invocation_name);
    assert_contains(report, " run mkfifo --implementation own --jobs 2 --seed 77\n");
    confirm_in_child("C-X.mkfifo.parent-times", 0, report, sizeof report);
    assert_contains(report, "it depends on the clock\nRepeat the run:        ");
}

static void who_interrupts_does_not_wait_for_confirmation(void **state) {
    (void)state;
    static char report[8192];
    need_sandbox();
    confirm_in_child("C-X.mkfifo.type", SIGINT, report, sizeof report);
    assert_contains(report, "\nReproduce with: ");
    assert_lacks(report, "onfirmed:");
}

/* --- names that look like options ------------------------------------------------------------- */

static void a_folder_may_begin_with_a_dash(void **state) {
    (void)state;
    need_sandbox();
    RUN("run", "mkfifo", "--implementation", "canary-type-regular", "--runs", "500", "--seed", "1",
        "--findings", "-dash ed");
    if (ran.status == 77)
        skip(); /* built without libFuzzer */
    assert_status(1);
    assert_contains(ran.out, " repro './-dash ed/C-STAT-type.mkfifo.type.100000/scenario.scn' ");
    RUN("repro", "./-dash ed/C-STAT-type.mkfifo.type.100000/scenario.scn", "--implementation",
        "canary-type-regular");
    assert_status(1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lost_output_is_an_error),
        cmocka_unit_test(closed_streams_are_not_taken_by_files),
        cmocka_unit_test(a_job_killed_from_outside_is_no_finding),
        cmocka_unit_test(a_finding_that_fits_nowhere_is_printed),
        cmocka_unit_test(an_incomplete_folder_is_removed),
        cmocka_unit_test(an_unconfirmed_finding_names_the_run),
        cmocka_unit_test(who_interrupts_does_not_wait_for_confirmation),
        cmocka_unit_test(a_folder_may_begin_with_a_dash),
    };
    return cmocka_run_group_tests(tests, prepare, clean_up);
}
