/*
 * cli_testing.h - runs the built program for a test: FIFOFUZZ in the environment, or `fifofuzz` in
 * the folder above the test. Each test that includes this has a directory of its own, made by
 * `prepare` and removed by `clean_up`.
 */
#ifndef FIFOFUZZ_CLI_TESTING_H
#define FIFOFUZZ_CLI_TESTING_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
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
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char program[PATH_MAX];
static char directory[] = "/tmp/fifofuzz-cli-XXXXXX";
static bool sandboxed; /* this host can run implementations of all kinds */

/* --- running the program ---------------------------------------------------------------------- */

/* What one run of the program left. */
static struct {
    int status;
    char out[262144], err[65536];
} ran;

static inline void read_into(const char *path, char *text, size_t capacity) {
    FILE *in = fopen(path, "re");
    size_t length = in ? fread(text, 1, capacity - 1, in) : 0;
    text[length] = '\0';
    if (in)
        fclose(in);
}

/* Denies this process a system call. */
static inline void forbid(unsigned number) {
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = {sizeof code / sizeof code[0], code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0)
        _exit(99);
}

/* unshare(2), as a container does. */
static inline void forbid_namespaces(void) {
    forbid(SYS_unshare);
}

/* Nor is there a place for a private directory. */
static inline void forbid_arenas(void) {
    forbid_namespaces();
    forbid(SYS_mkdir);
}

/* landlock_create_ruleset(2), as if the kernel had no Landlock. */
static inline void forbid_landlock(void) {
    enum { LANDLOCK_CREATE_RULESET = 444 }; /* on all architectures; older headers lack it */
    forbid(LANDLOCK_CREATE_RULESET);
}

/*
 * Starts a program, found as a shell does, in the test's directory; `err` is its standard error.
 * `confine` is called before, unless it is NULL. What it keeps goes to the test's directory, too.
 */
static inline pid_t start_program(const char *path, const char *const *arguments, const char *err,
                                  void (*confine)(void)) {
    pid_t child = fork();
    assert_true(child >= 0);
    if (child > 0)
        return child;
    if (chdir(directory) != 0 || !freopen("/dev/null", "r", stdin) ||
        !freopen("out", "w", stdout) || !freopen(err, "w", stderr))
        _exit(99);
    setenv("TMPDIR", directory, 1);
    if (confine)
        confine();
    char *argv[32] = {strdup(path)};
    for (size_t i = 0; arguments[i]; i++)
        argv[i + 1] = strdup(arguments[i]);
    execvp(path, argv);
    _exit(99);
}

static inline pid_t start(const char *const *arguments, const char *err, void (*confine)(void)) {
    return start_program(program, arguments, err, confine);
}

static inline char *in_directory(const char *name) {
    static char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return path;
}

static inline void finish(pid_t child) {
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    ran.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    read_into(in_directory("out"), ran.out, sizeof ran.out);
    read_into(in_directory("err"), ran.err, sizeof ran.err);
}

/* Runs the program with the arguments behind, up to a NULL. */
#define RUN(...) finish(start((const char *const[]){__VA_ARGS__, NULL}, "err", NULL))
#define RUN_CONFINED(confine, ...)                                                                 \
    finish(start((const char *const[]){__VA_ARGS__, NULL}, "err", confine))

/* Runs a line of shell in the test's directory, with the program as $0. */
static inline void run_shell(const char *line) {
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (chdir(directory) != 0 || !freopen("out", "w", stdout) || !freopen("err", "w", stderr))
            _exit(99);
        setenv("TMPDIR", directory, 1);
        execl("/bin/sh", "sh", "-c", line, program, NULL);
        _exit(99);
    }
    finish(child);
}

static inline void assert_status(int wanted) {
    if (ran.status != wanted)
        fail_msg("status %d instead of %d; stdout:\n%s\nstderr:\n%s", ran.status, wanted, ran.out,
                 ran.err);
}

static inline void assert_contains(const char *text, const char *part) {
    if (!strstr(text, part))
        fail_msg("\"%s\" is not in:\n%s", part, text);
}

static inline void write_file(const char *name, const char *text) {
    FILE *out = fopen(in_directory(name), "we");
    assert_non_null(out);
    fputs(text, out);
    assert_int_equal(fclose(out), 0);
}

/* How many names `folder` of the test's directory has, but those that begin with a dot. */
static inline unsigned count_files(const char *folder) {
    DIR *open = opendir(in_directory(folder));
    unsigned count = 0;
    assert_non_null(open);
    for (const struct dirent *entry; (entry = readdir(open));)
        count += entry->d_name[0] != '.';
    closedir(open);
    return count;
}

/* True if `command` is installed. */
static inline bool is_installed(const char *command) {
    const char *at = getenv("PATH");
    for (size_t length; at && *at; at += length + (at[length] == ':')) {
        char path[PATH_MAX];
        length = strcspn(at, ":");
        snprintf(path, sizeof path, "%.*s/%s", (int)length, at, command);
        if (access(path, X_OK) == 0)
            return true;
    }
    return false;
}

static inline void need_sandbox(void) {
    if (!sandboxed)
        skip();
}

static inline int remove_one(const char *path, const struct stat *facts, int type, struct FTW *at) {
    (void)facts;
    (void)type;
    (void)at;
    return remove(path);
}

static inline int prepare(void **state) {
    (void)state;
    const char *given = getenv("FIFOFUZZ");
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 16);
    if (given && !realpath(given, program))
        return -1;
    if (!given && length > 0) {
        program[length] = '\0';
        memcpy(strrchr(program, '/') + 1, "../fifofuzz", sizeof "../fifofuzz");
    }
    if (access(program, X_OK) != 0 || !mkdtemp(directory))
        return -1;
    RUN("doctor");
    sandboxed = ran.status == 0 && !strstr(ran.out, "missing namespaces: ");
    return 0;
}

static inline int clean_up(void **state) {
    (void)state;
    return nftw(directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

#endif
