/*
 * containment_test.c - the proof from end to end that nothing escapes and all is told: for each
 * deed of testing/hostile.c, `fifofuzz run` and the bare fuzz target find it and leave what repeats
 * it, and the host is as it was. Runs the programs in the folder above this test.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* What the change of other nodes may be told as: it depends on where they are. */
#define OTHER_NODES "C-ARENA. C-FAIL-noeffect. C-SIZE-parent. C-NLINK-parent. C-TIME-parent."

static const struct deed {
    const char *name; /* as in hostile.c */
    const char
        *clauses;     /* what may begin the signature, any of them; NULL if nothing is violated */
    const char *told; /* what the report must say */
} deeds[] = {
    /* these take longest, so they begin first */
    {"block", "C-RETURNS.", "hung (it was blocked)"},
    {"loop", "C-RETURNS.", "hung (it was running)"},
    {"exhaust_inodes", OTHER_NODES, ""},

    {"nothing", NULL, NULL},
    {"open_host_files", NULL, NULL},
    {"chatter", NULL, NULL},

    {"climb", OTHER_NODES, ""},
    {"create_outside", OTHER_NODES, ""},
    {"fill_space", OTHER_NODES, ""},
    {"forbid_root", "C-", ""},
    {"make_deep_tree", OTHER_NODES, ""},
    {"remove_all", "C-", ""},

    {"change_root", "C-CONTAINED.", "forbidden system call (chroot)"},
    {"create_thread", "C-CONTAINED.", "forbidden system call (clone"},
    {"execute", "C-CONTAINED.", "forbidden system call (execve)"},
    {"exit_at_once", "C-CONTAINED.", "forbidden system call (exit_group)"},
    {"fork", "C-CONTAINED.", "forbidden system call (clone"},
    {"handle_signals", "C-CONTAINED.", "forbidden system call (rt_sigaction)"},
    {"kill_parent", "C-CONTAINED.", "forbidden system call (kill)"},
    {"kill_self", "C-CONTAINED.", "forbidden system call (kill)"},
    {"kill_thread", "C-CONTAINED.", "forbidden system call (tgkill)"},
    {"mount_proc", "C-CONTAINED.", "forbidden system call (mount)"},
    {"open_pipe", "C-CONTAINED.", "forbidden system call (clone"},
    {"open_socket", "C-CONTAINED.", "forbidden system call (socket)"},
    {"raise_fault", "C-CONTAINED.", "forbidden system call (tgkill)"},
    {"run_shell", "C-CONTAINED.", "forbidden system call (rt_sigaction)"},
    {"set_dumpable", "C-CONTAINED.", "forbidden system call (prctl)"},
    {"set_limit", "C-CONTAINED.", "forbidden system call (prlimit64)"},
    {"stop_self", "C-CONTAINED.", "forbidden system call (kill)"},
    {"trace", "C-CONTAINED.", "forbidden system call (ptrace)"},
    {"unshare_user", "C-CONTAINED.", "forbidden system call (unshare)"},
    {"vfork", "C-CONTAINED.", "forbidden system call ("}, /* a clone on some machines */

    {"abort", "C-RETURNS.", "crashed (Aborted)"},
    {"end_thread", "C-CONTAINED. C-RETURNS.", ""}, /* glibc aborts if it cannot unwind */
    {"exit", "C-RETURNS.", "called exit()"},
    {"fault", "C-RETURNS.", "crashed (Segmentation fault)"},
    {"overflow_stack", "C-RETURNS.", "overflowed its stack"},

    {"block_signals", "C-STATE-signals.", ""},
    {"block_signals_and_fault", "C-RETURNS.", "crashed (Segmentation fault)"},
    {"block_signals_and_fork", "C-CONTAINED.", "forbidden system call (clone"},
    {"close_descriptors", "C-", ""},
    {"replace_descriptors", "C-", ""},
    {"smash_errno", "C-", "4242"},
};

enum { DEEDS = sizeof deeds / sizeof deeds[0], LANES = 3 };

static char build[PATH_MAX]; /* the folder above the test's */
static char directory[] = "/tmp/containment_test-XXXXXX";
static char mounts[1 << 20], mounts_now[1 << 20];

/* --- the proof of one deed, in a process and a folder of its own ------------------------------ */

static const struct deed *deed;

static char *read_whole(const char *path, char *text, size_t capacity) {
    FILE *in = fopen(path, "re");
    size_t length = in ? fread(text, 1, capacity - 1, in) : 0;
    text[length] = '\0';
    if (in)
        fclose(in);
    return text;
}

__attribute__((format(printf, 2, 3))) static void need(bool condition, const char *format, ...) {
    static char text[1 << 16];
    if (condition)
        return;
    va_list values;
    fprintf(stderr, "%s: ", deed->name);
    va_start(values, format);
    vfprintf(stderr, format, values);
    va_end(values);
    fprintf(stderr, "\nThe last program printed:\n%s", read_whole("out", text, sizeof text));
    fprintf(stderr, "%s\n", read_whole("err", text, sizeof text));
    _exit(1);
}

/* Runs build/ARGUMENTS[0]; returns its exit status, or 128 and the signal that ended it. */
static int run(const char *const *arguments) {
    char *argv[16] = {0};
    pid_t child = fork();
    if (child == 0) {
        for (size_t i = 0; arguments[i]; i++)
            argv[i] = strdup(arguments[i]);
        char program[PATH_MAX + 32];
        snprintf(program, sizeof program, "%s/%s", build, arguments[0]);
        if (freopen("/dev/null", "r", stdin) && freopen("out", "w", stdout) &&
            freopen("err", "w", stderr))
            execv(program, argv);
        _exit(99);
    }
    int status;
    if (child < 0 || waitpid(child, &status, 0) != child)
        return 98;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* The names in a folder, sorted, a blank between; in a static buffer. */
static const char *names_in(const char *folder) {
    static char names[4096];
    struct dirent **entries;
    int count = scandir(folder, &entries, NULL, alphasort);
    size_t length = 0;
    names[0] = '\0';
    need(count >= 0, "%s: %s", folder, strerror(errno));
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && length < sizeof names)
            length += (size_t)snprintf(names + length, sizeof names - length, "%s%s",
                                       length ? " " : "", name);
        free(entries[i]);
    }
    free(entries);
    return names;
}

static void need_names(const char *folder, const char *wanted) {
    const char *names = names_in(folder);
    need(strcmp(names, wanted) == 0, "%s holds \"%s\" instead of \"%s\"", folder, names, wanted);
}

/* True if one of `words`, a blank between them, begins `text`. */
static bool begins_with_any(const char *text, const char *words) {
    for (;;) {
        size_t length = strcspn(words, " ");
        if (strncmp(text, words, length) == 0)
            return true;
        if (words[length] == '\0')
            return false;
        words += length + 1;
    }
}

/* `fifofuzz run` has left one finding, which says all there is to say. */
static void need_finding(void) {
    static char folder[512], path[600], report[1 << 18];
    const char *name = names_in("findings");
    need(*name && !strstr(name, " C-"), "not one finding but \"%s\"", name);
    need(begins_with_any(name, deed->clauses), "reported as %s", name);
    snprintf(folder, sizeof folder, "findings/%s", name);
    need_names(
        folder,
        "command.txt count input original.scn report.json report.txt reproducer.c scenario.scn");
    snprintf(path, sizeof path, "%s/report.txt", folder);
    read_whole(path, report, sizeof report);
    need(strstr(report, deed->told), "\"%s\" is not in:\n%s", deed->told, report);
    need(strstr(report, "Confirmed:             in 3 of 3 fresh processes\n"), "not confirmed:\n%s",
         report);
    need(!strstr(report, "escaped"), "the host was in sight:\n%s", report);
}

/* Both programs find it and leave what repeats it. */
static void prove_found(const char *object) {
    char of_target[300], artifact[600];
    snprintf(of_target, sizeof of_target, "--implementation=%s", object);
    int status = run((const char *const[]){"fifofuzz", "run", "sequence", "--implementation",
                                           object, "--time", "100", "--seed", "1",
                                           "--minimize-time", "2", "--findings", "findings", NULL});
    need(status == 1, "run: status %d", status);
    need_finding();
    status = run((const char *const[]){"fuzz_sequence", of_target, "-artifact_prefix=artifacts/",
                                       "-runs=200000", "-seed=1", "--minimize-time=0", NULL});
    need(status > 0 && status < 98, "fuzz_sequence: status %d", status);
    snprintf(artifact, sizeof artifact, "artifacts/%s", names_in("artifacts"));
    need(strncmp(artifact, "artifacts/crash-", 16) == 0 && !strchr(artifact, ' '),
         "not one artifact but \"%s\"", artifact);
    status =
        run((const char *const[]){"fifofuzz", "repro", artifact, "--implementation", object, NULL});
    need(status == 1, "repro: status %d", status);
    status =
        run((const char *const[]){"fuzz_sequence", of_target, "--minimize-time=0", artifact, NULL});
    need(status > 0 && status < 98, "fuzz_sequence %s: status %d", artifact, status);
}

/* Neither program finds anything. */
static void prove_held(const char *object) {
    char of_target[300];
    snprintf(of_target, sizeof of_target, "--implementation=%s", object);
    int status =
        run((const char *const[]){"fifofuzz", "run", "sequence", "--implementation", object,
                                  "--runs", "500", "--seed", "1", "--findings", "findings", NULL});
    need(status == 0, "run: status %d", status);
    need_names("findings", "");
    status = run((const char *const[]){"fuzz_sequence", of_target, "-artifact_prefix=artifacts/",
                                       "-runs=500", "-seed=1", NULL});
    need(status == 0, "fuzz_sequence: status %d", status);
    need_names("artifacts", "");
}

static const char *const planted[] = {
    "/etc/fifofuzz-hostile", "/tmp/fifofuzz-hostile", "/fifofuzz-hostile", "/escaped", "../escaped",
};

/* Nothing planted, mounted or left running. */
static void need_untouched_host(void) {
    struct stat facts;
    for (size_t i = 0; i < sizeof planted / sizeof planted[0]; i++)
        need(lstat(planted[i], &facts) != 0 && errno == ENOENT, "%s is there", planted[i]);
    read_whole("/proc/self/mountinfo", mounts_now, sizeof mounts_now);
    need(strcmp(mounts, mounts_now) == 0, "the mounts changed from\n%s\nto\n%s", mounts,
         mounts_now);
    pid_t left = waitpid(-1, NULL, WNOHANG);
    need(left < 0 && errno == ECHILD, "a process is left behind");
    need_names("tmp", "");
    need_names(".", "artifacts err findings object out tmp");
}

static _Noreturn void prove(const struct deed *one) {
    char object[256], source[PATH_MAX + 32];
    deed = one;
    snprintf(object, sizeof object, "object/%s.so", deed->name);
    snprintf(source, sizeof source, "%s/tests/hostile.so", build);
    need(mkdir(deed->name, 0700) == 0 && chdir(deed->name) == 0 && mkdir("object", 0700) == 0 &&
             mkdir("tmp", 0700) == 0 && mkdir("artifacts", 0700) == 0 &&
             mkdir("findings", 0700) == 0 && symlink(source, object) == 0,
         "%s", strerror(errno));
    need(access(object, R_OK) == 0, "%s is missing", source);
    /* Orphans of the programs become children of this process. */
    need(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0, "%s", strerror(errno));
    setenv("TMPDIR", "tmp", true);
    /* For its stack traces libFuzzer starts a program that outlives it. */
    setenv("UBSAN_OPTIONS", "symbolize=0", true);
    setenv("ASAN_OPTIONS", "symbolize=0:detect_leaks=0", true);
    if (deed->clauses)
        prove_found(object);
    else
        prove_held(object);
    need_untouched_host();
    _exit(0);
}

/* --- all deeds -------------------------------------------------------------------------------- */

/* Waits for one proof to end; 1 if it failed. */
static unsigned collect(void) {
    int status;
    assert_true(wait(&status) > 0);
    return status != 0;
}

static void every_deed_is_contained_told_and_repeatable(void **state) {
    (void)state;
    unsigned failures = 0, running = 0;
    fflush(NULL);
    for (size_t i = 0; i < DEEDS; i++) {
        if (running++ >= LANES)
            failures += collect();
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0)
            prove(&deeds[i]);
    }
    for (unsigned i = 0; i < LANES; i++)
        failures += collect();
    print_message("%d deeds, %u failures\n", (int)DEEDS, failures);
    assert_int_equal(failures, 0);
}

/* --- the group -------------------------------------------------------------------------------- */

static int remove_one(const char *path, const struct stat *facts, int type, struct FTW *at) {
    (void)facts;
    (void)type;
    (void)at;
    return remove(path);
}

/* True if fuzz targets can run here; prints why not. */
static bool able(void) {
    static char reason[4096];
    int status = run((const char *const[]){"fifofuzz", "run", "--runs", "1", NULL});
    if (status != 0)
        fprintf(stderr, "containment_test: status %d: %s", status,
                read_whole("err", reason, sizeof reason));
    return status == 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_deed_is_contained_told_and_repeatable),
    };
    if (!realpath("/proc/self/exe", build) || !mkdtemp(directory) || chdir(directory) != 0)
        return 1;
    for (int i = 0; i < 2; i++)
        *strrchr(build, '/') = '\0';
    read_whole("/proc/self/mountinfo", mounts, sizeof mounts);
    int failed = able() ? cmocka_run_group_tests(tests, NULL, NULL) : 77;
    nftw(directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return failed;
}
