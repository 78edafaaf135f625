/*
 * tier_test.c - the sandbox where a host refuses some of what it wants, as a container does. The
 * same tests run once for each way of refusing, in a process that has refused it to itself.
 */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "check.h"
#include "directory.h"
#include "identity.h"
#include "landlock.h"
#include "testing.h"
#include "tier.h"

/* A way of refusing, and the tier that is left. */
struct model {
    bool privileged; /* capabilities are kept */
    bool nobody;     /* the user is not 0 */
    bool landlock, filters;
    const char *tier;
};
static const struct model models[] = {
    {false, false, true, true, "landlock"},
    {false, true, true, true, "landlock"},
    {false, false, false, true, "directory"},
    {false, true, false, true, "directory"},
    {false, false, true, false, "landlock, without seccomp"},
    {false, false, false, false, "directory, without seccomp"},
    {true, false, true, true, "landlock (own root)"},
    {true, false, false, true, "directory (own root)"},
};
static const struct model *model;                        /* of this process */
static char outside[] = "/dev/shm/fifofuzz-tier-XXXXXX"; /* TMPDIR, with nothing else in it */

/* --- refusing ------------------------------------------------------------------------------- */

static void forbid(scmp_filter_ctx filter, int number) {
    check(seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), number, 0) == 0);
}

static bool load_refusals(void) {
    enum { LANDLOCK_CREATE_RULESET = 444 };
    const struct scmp_arg_cmp of_filters = {.arg = 0, .op = SCMP_CMP_EQ, .datum_a = PR_SET_SECCOMP};
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    forbid(filter, SCMP_SYS(unshare));
    forbid(filter, SCMP_SYS(mount));
    if (!model->landlock)
        forbid(filter, LANDLOCK_CREATE_RULESET);
    if (!model->filters) {
        forbid(filter, SCMP_SYS(seccomp));
        check(seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(EINVAL), SCMP_SYS(prctl), 1,
                                     &of_filters) == 0);
    }
    const bool loaded = seccomp_load(filter) == 0;
    seccomp_release(filter);
    return loaded;
}

/* Makes this process's host what `model` says; false where the real one is less than that. */
static bool refuse_what_is_modelled(void) {
    enum { NOBODY = 65534 };
    struct identity_now ignored;
    const bool root = chroot("/") == 0;
    if ((model->landlock && !landlock_available()) ||
        ((model->privileged || model->nobody) && !root))
        return false;
    if (model->nobody)
        check(setresgid(NOBODY, NOBODY, NOBODY) == 0 && setresuid(NOBODY, NOBODY, NOBODY) == 0);
    if (!load_refusals())
        return false;
    check(model->privileged || identity_give_up(&ignored) == 0);
    return true;
}

/* As reopen does, but for what may be run everywhere. */
static void open_anew(void) {
    char reason[512];
    sandbox_close(sandbox);
    sandbox = NULL;
    if (sandbox_open(&sandbox, implementation_find("own"), -1, reason, sizeof(reason)))
        fail_msg("%s", reason);
}

/* --- what is to be had ---------------------------------------------------------------------- */

static void the_tier_is_said_with_what_it_lacks(void **state) {
    (void)state;
    const struct host *host = sandbox_host(sandbox);
    assert_string_equal(sandbox_tier(), model->tier);
    assert_non_null(strstr(sandbox_shortfall(), "the kernel refused"));
    assert_int_equal(host->can[ABILITY_ROOT], model->privileged);
    assert_int_equal(host->can[ABILITY_FILTER], model->filters);
    assert_true(host->can[ABILITY_TMPFS] && host->can[ABILITY_DESCRIPTORS]);
    static const enum ability none[] = {ABILITY_IDENTITIES, ABILITY_MOUNTS, ABILITY_ACLS,
                                        ABILITY_CAPABILITIES, ABILITY_LANDLOCK};
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
        assert_false(host->can[none[i]]);
}

static void a_scenario_finds_what_it_finds_elsewhere(void **state) {
    (void)state;
    assert_world_is_fresh();
    const struct observation *seen = run("mkdir \"d\" 02755 # 0\n"
                                         "chdir \"d\" # 0\n"
                                         "umask 077\n"
                                         "d0 = open \".\" path # 0\n"
                                         "symlink \"d/e\" \"l\" # 0\n"
                                         "mkfifoat d0 \"a\" 0666 # 0\n"
                                         "mkfifo \"a\" 0666 # EEXIST\n"
                                         "mkfifo \"l/b\" 0666 # ENOENT\n"
                                         "chmod \".\" 0555 # 0\n"
                                         "mkfifo \"c\" 0666 # EACCES\n"
                                         "chmod \".\" 0000 # 0\n");
    const struct observed_node *directory = find(seen, 0, "d");
    assert_non_null(directory);
    const struct observed_node *made = find(seen, (uint32_t)(directory - seen->nodes), "a");
    assert_non_null(made);
    assert_int_equal(made->facts.mode, S_IFIFO | 0600);
    assert_int_equal(made->facts.uid, 0);
    assert_int_equal(made->facts.gid, 0);
    assert_int_equal(seen->umask, 077);
    assert_int_equal(seen->slots[0].number, 3);
    assert_true(seen->open[3] && !seen->open[4]);
}

static void directories_change_their_parents_as_elsewhere(void **state) {
    (void)state;
    run_twice("mkdir \"a\" 0755 # 0\nmkdir \"b\" 0755 # 0\nmkdir \"a/c\" 0755 # 0\n"
              "file \"a/f\" 0644 \"text\" # 0\nlink \"a/f\" \"b/g\" # 0\n"
              "rename \"a/c\" \"b/c\" # 0\nrename \"b/g\" \"a/g\" # 0\n"
              "mkfifo \"b/c/../x\" 0644 # 0\n");
}

static void the_process_is_none_of_a_scenarios_business(void **state) {
    (void)state;
    char before[PATH_MAX], after[PATH_MAX];
    const mode_t mask = umask(027);
    assert_non_null(getcwd(before, sizeof(before)));
    run("mkdir \"d\" 0755 # 0\nchdir \"d\" # 0\numask 0\nd0 = open \".\" # 0\n");
    assert_non_null(getcwd(after, sizeof(after)));
    assert_string_equal(before, after);
    assert_int_equal(umask(mask), 027);
}

/* --- ends ----------------------------------------------------------------------------------- */

static int leave(const char *path, mode_t mode) {
    (void)path;
    (void)mode;
    pthread_exit(NULL);
}

static int end_thread(const char *path, mode_t mode) {
    (void)path;
    (void)mode;
    return (int)syscall(SYS_exit, 0);
}

static void what_does_not_come_back_costs_the_worker_alone(void **state) {
    (void)state;
    static const char deep[] = "mkdir \"d\" 0755\nmkdir \"d/e\" 0755\nchdir \"d/e\"\n"
                               "mkfifo \"name\" 0644\n";
    open_anew();
    assert_int_equal(run_with(crash, deep, SANDBOX_OBSERVED)->ending, ENDING_CRASHED);
    assert_world_is_fresh();
    assert_int_equal(run_function(end_thread)->detail, SYS_exit);
    assert_world_is_fresh();
    assert_int_equal(run_function(leave)->detail, SYS_exit);
    assert_world_is_fresh();
    assert_true(sandbox_generation(sandbox) >= 3);
}

static int try_socket(const char *path, mode_t mode) {
    (void)mode;
    close((int)syscall(SYS_socket, 1, 1, 0));
    return plain_mkfifo(path, mode);
}

static void forbidden_calls_are_seen_with_a_filter(void **state) {
    (void)state;
    open_anew();
    assert_int_equal(run_function(try_socket)->ending,
                     model->filters ? ENDING_FORBIDDEN : ENDING_DONE);
}

/* --- what is outside ------------------------------------------------------------------------ */

static char forbidden_place[PATH_MAX];

static int make_outside(const char *path, mode_t mode) {
    (void)path;
    return plain_mkfifo(forbidden_place, mode);
}

static void nothing_is_made_outside_of_the_directory(void **state) {
    (void)state;
    if (!model->landlock && !model->privileged)
        skip(); /* only our own implementations run there */
    snprintf(forbidden_place, sizeof(forbidden_place), "%s/stray", outside);
    const struct observation *seen = run_function(make_outside);
    assert_int_equal(seen->outcomes[0].result, -1);
    assert_int_equal(access(forbidden_place, F_OK), -1);
}

static void who_may_run_depends_on_what_holds_it(void **state) {
    (void)state;
    char reason[1024];
    const struct agent agent = {.wrapped = false};
    const struct implementation of_agent = {.name = "a", .agent = &agent},
                                loaded = {.name = "b.so"};
    const struct implementation *canary = implementation_find("canary-links-39");
    const bool held = model->landlock && model->filters;
    assert_int_equal(tier_admits(implementation_find("own"), reason, sizeof(reason)), 0);
    assert_int_equal(tier_admits(&of_agent, reason, sizeof(reason)), -EPERM);
    assert_non_null(strstr(reason, model->tier));
    assert_int_equal(tier_admits(&loaded, reason, sizeof(reason)), held ? 0 : -EPERM);
    assert_int_equal(tier_admits(canary, reason, sizeof(reason)),
                     held && model->privileged ? 0 : -EPERM);
    assert_int_equal(tier_admits(NULL, reason, sizeof(reason)),
                     held && model->privileged ? 0 : -EPERM);
}

/* --- what is left behind -------------------------------------------------------------------- */

static bool is_empty(const char *path) {
    unsigned names = 0;
    DIR *directory = opendir(path);
    assert_non_null(directory);
    while (readdir(directory))
        names++;
    closedir(directory);
    return names == 2; /* "." and ".." */
}

/* As a process does that is killed: its directory stays, with what cannot simply be removed. */
static void leave_a_directory(void) {
    char reason[256], path[DIRECTORY_PATH_SIZE];
    enum { DEPTH = 300 };
    check(directory_open(reason, sizeof(reason)) == 0 && directory_add(path) == 0);
    check(chdir(path) == 0);
    for (int i = 0; i < DEPTH; i++)
        check(mkdir("deeper", 0755) == 0 && mkfifo("fifo", 0) == 0 && chdir("deeper") == 0);
    check(chmod("..", 0) == 0);
    _exit(0);
}

static void nothing_stays_not_even_of_a_killed_process(void **state) {
    (void)state;
    int status;
    assert_false(is_empty(outside));
    pid_t child = fork();
    if (child == 0)
        leave_a_directory();
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    sandbox_close(sandbox);
    sandbox = NULL;
    assert_true(is_empty(outside));
}

/* --- the programs --------------------------------------------------------------------------- */

/* Goes to the folder above the test's, where the programs are. */
static void go_to_programs(void) {
    char folder[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", folder, sizeof(folder) - 1);
    check(length > 0);
    folder[length] = '\0';
    *strrchr(folder, '/') = '\0';
    check(chdir(folder) == 0 && chdir("..") == 0);
}

static char printed[1 << 20]; /* by the last program, on both outputs */

/* Runs a program with its arguments, ended by NULL; returns its status as waitpid(2) gives it. */
static int run_program(const char *const *arguments) {
    int output[2], status;
    size_t length = 0;
    assert_int_equal(pipe(output), 0);
    pid_t child = fork();
    if (child == 0) {
        go_to_programs();
        dup2(output[1], 1);
        dup2(output[1], 2);
        close(output[0]);
        close(output[1]);
        execv(arguments[0], (char *const *)(uintptr_t)arguments);
        _exit(99);
    }
    close(output[1]);
    for (ssize_t more;
         (more = read(output[0], printed + length, sizeof(printed) - 1 - length)) > 0;)
        length += (size_t)more;
    printed[length] = '\0';
    close(output[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void assert_printed(const char *text) {
    if (!strstr(printed, text))
        fail_msg("\"%s\" is not in:\n%s", text, printed);
}

static void targets_test_and_say_in_which_tier(void **state) {
    (void)state;
    char said[128];
    const char *const arguments[] = {"./fuzz_sequence", "-runs=0", "seeds/sequence", NULL};
    const int status = run_program(arguments);
    if (status)
        fail_msg("status %x:\n%s", (unsigned)status, printed);
    snprintf(said, sizeof(said), "fifofuzz: sandbox: %s: the kernel refused", model->tier);
    assert_printed(said);
    assert_null(strstr(printed, "NOTHING IS TESTED"));
}

static void the_corpus_holds(void **state) {
    (void)state;
    const char *const arguments[] = {"./fifofuzz", "check", "corpus/conformance", NULL};
    const int status = run_program(arguments);
    const char *failed = strstr(printed, "not ok");
    if (status)
        fail_msg("status %x:\n%s", (unsigned)status, failed ? failed : printed);
}

/* Writes a scenario to a file of its own and has it repeated. Returns the exit status. */
static int repeat(const char *text, const char *implementation) {
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s/x.scn", outside);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
    const char *const arguments[] = {"./fifofuzz",       "repro",        path,
                                     "--implementation", implementation, NULL};
    const int status = run_program(arguments);
    unlink(path);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void a_reproducer_has_its_verdict_or_the_reason(void **state) {
    (void)state;
    static const char crashing[] = "mkfifo \"p\" 0001\n", leaving[] = "mkfifo \"/p\" 0644\n";
    if (model->landlock && model->filters) {
        assert_int_equal(repeat(crashing, "tests/faulty.so"), 1);
        assert_printed("C-RETURNS is violated by step 1: the call: expected returned, got crashed");
    } else {
        assert_int_equal(repeat(crashing, "tests/faulty.so"), EXIT_SKIPPED);
        assert_printed("faulty.so is not run in the tier ");
    }
    assert_int_equal(repeat(leaving, "own"), model->privileged ? 0 : EXIT_SKIPPED);
    assert_printed(model->privileged ? "held in 1 of 1 runs"
                                     : "cannot be told here, where steps that need root");
}

/* --- all of it for each model --------------------------------------------------------------- */

static int run_model(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_tier_is_said_with_what_it_lacks),
        cmocka_unit_test(a_scenario_finds_what_it_finds_elsewhere),
        cmocka_unit_test(directories_change_their_parents_as_elsewhere),
        cmocka_unit_test(the_process_is_none_of_a_scenarios_business),
        cmocka_unit_test(what_does_not_come_back_costs_the_worker_alone),
        cmocka_unit_test(forbidden_calls_are_seen_with_a_filter),
        cmocka_unit_test(nothing_is_made_outside_of_the_directory),
        cmocka_unit_test(who_may_run_depends_on_what_holds_it),
        cmocka_unit_test(nothing_stays_not_even_of_a_killed_process),
        cmocka_unit_test(targets_test_and_say_in_which_tier),
        cmocka_unit_test(the_corpus_holds),
        cmocka_unit_test(a_reproducer_has_its_verdict_or_the_reason),
    };
    char reason[512];
    fprintf(stderr, "%s%s\n", model->tier, model->nobody ? ", as another user" : "");
    int error = sandbox_prepare(reason, sizeof(reason));
    if (!error)
        error = sandbox_open(&sandbox, implementation_find("own"), -1, reason, sizeof(reason));
    if (error)
        fprintf(stderr, "no sandbox: %s\n", reason);
    return error ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void) {
    int failed = 0, tried = 0;
    if (!mkdtemp(outside) || chmod(outside, 01777) || setenv("TMPDIR", outside, 1)) {
        fprintf(stderr, "skipped: no directory in /dev/shm\n");
        return EXIT_SKIPPED;
    }
    for (size_t i = 0; i < sizeof(models) / sizeof(models[0]); i++) {
        int status = 0;
        model = &models[i];
        pid_t child = fork();
        if (child == 0)
            _exit(!refuse_what_is_modelled() ? EXIT_SKIPPED : run_model() ? 1 : 0);
        check(child > 0 && waitpid(child, &status, 0) == child);
        tried += !(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SKIPPED);
        failed += status != 0 && !(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SKIPPED);
    }
    const bool clean = rmdir(outside) == 0;
    if (!clean)
        fprintf(stderr, "%s is not empty\n", outside);
    if (tried == 0)
        fprintf(stderr, "skipped: nothing can be refused here as it is modelled\n");
    return failed || !clean ? 1 : tried ? 0 : EXIT_SKIPPED;
}
