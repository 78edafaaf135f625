/*
 * reproducer_testing.h - builds and runs exports for tests, as many at a time as there are
 * processors, in a directory and a mount namespace of their own.
 */
#ifndef FIFOFUZZ_REPRODUCER_TESTING_H
#define FIFOFUZZ_REPRODUCER_TESTING_H

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <limits.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "reproducer.h"

static const char wrong_mkfifo[] = "one that does nothing"; /* what a script is run with, too */
static char workshop[] = "/tmp/fifofuzz-reproducer-XXXXXX";
static char stand_in[PATH_MAX]; /* beside this test's program */

enum { STATUS_NOT_BUILT = 99, STATUS_SIGNALLED = 98 };

/* --- one program ------------------------------------------------------------------------------ */

/* Starts `arguments` with its output in `log`; never returns. */
_Noreturn static inline void become(char *const *arguments, const char *log) {
    int out = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (out < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
        _exit(STATUS_NOT_BUILT);
    execvp(arguments[0], arguments);
    _exit(STATUS_NOT_BUILT);
}

/* Runs it to its end; `preload` is the implementation that stands in for the C library, or NULL. */
static inline int run_program(char *const *arguments, const char *log, const char *preload) {
    int status;
    pid_t child = fork();
    if (child == 0) {
        if (preload == wrong_mkfifo) {
            char path[2 * PATH_MAX];
            snprintf(path, sizeof path, "%s:%s", workshop, getenv("PATH"));
            setenv("PATH", path, 1);
        } else if (preload) {
            setenv("LD_PRELOAD", stand_in, 1);
            setenv("FIFOFUZZ_STAND_IN", preload, 1);
        }
        become(arguments, log);
    }
    if (child < 0 || waitpid(child, &status, 0) != child)
        return STATUS_NOT_BUILT;
    return WIFEXITED(status) ? WEXITSTATUS(status) : STATUS_SIGNALLED;
}

static inline bool log_has(const char *log, const char *word) {
    char line[512];
    bool found = false;
    FILE *in = fopen(log, "re");
    while (in && !found && fgets(line, sizeof line, in))
        found = strstr(line, word) != NULL;
    if (in)
        fclose(in);
    return found;
}

/* As a program tells it, and as mkfifo(1) does. */
static inline bool log_has_eloop(const char *log) {
    return log_has(log, "got ELOOP") || log_has(log, strerror(ELOOP));
}

/*
 * With the C library, which is right: from 21 links on Linux gives ELOOP by chance while anything
 * is mounted anywhere (examine.c), as other jobs do.
 */
static inline int run_steadily(char *const *arguments, const char *log) {
    enum { TRIES = 200 };
    int status = 1;
    for (int i = 0; i < TRIES && status == 1 && (i == 0 || log_has_eloop(log)); i++)
        status = run_program(arguments, log, NULL);
    return status;
}

/* --- many ------------------------------------------------------------------------------------- */

enum { JOBS_MAX = 1024 };
static struct job {
    char name[128];     /* of its files in the workshop: NAME.c, NAME, NAME.log */
    const char *canary; /* run it with this one, too, or NULL */
    bool script;        /* NAME.c is a shell script */
    pid_t process;
    int with_libc, with_canary; /* exit statuses */
} jobs[JOBS_MAX];
static unsigned job_count, jobs_started, jobs_running;

static inline void path_of_job(const struct job *job, const char *ending, char path[PATH_MAX]) {
    snprintf(path, PATH_MAX, "%.256s/%.*s%s", workshop, (int)sizeof job->name, job->name, ending);
}

/* Permissions mean nothing to root, and a script cannot give up its privileges. */
static inline bool become_ordinary(void) {
    const unsigned nobody = 65534;
    return geteuid() != 0 ||
           (setgroups(0, NULL) == 0 && setgid(nobody) == 0 && setuid(nobody) == 0);
}

/* Builds and runs, and leaves the two statuses in a file. */
_Noreturn static inline void do_job(const struct job *job) {
    char source[PATH_MAX], program[PATH_MAX], log[PATH_MAX], canary_log[PATH_MAX];
    path_of_job(job, ".c", source);
    path_of_job(job, "", program);
    path_of_job(job, ".log", log);
    path_of_job(job, ".canary.log", canary_log);
    if (unshare(CLONE_NEWNS) == 0)
        (void)mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL);
    char *const build[] = {(char *)"cc",
                           (char *)"-Wall",
                           (char *)"-Wextra",
                           (char *)"-Werror",
                           (char *)"-o",
                           program,
                           source,
                           NULL};
    char *const run[] = {program, NULL};
    char *const interpret[] = {(char *)"/bin/sh", source, NULL};
    char *const *command = job->script ? interpret : run;
    int statuses[2] = {STATUS_NOT_BUILT, 0};
    if (job->script ? become_ordinary() : run_program(build, log, NULL) == 0) {
        statuses[0] = run_steadily(command, log);
        statuses[1] = job->canary ? run_program(command, canary_log, job->canary) : 0;
    }
    char result[PATH_MAX];
    path_of_job(job, ".status", result);
    FILE *out = fopen(result, "we");
    if (out) {
        fprintf(out, "%d %d\n", statuses[0], statuses[1]);
        fclose(out);
    }
    _exit(0);
}

static inline void read_statuses(struct job *job) {
    char result[PATH_MAX], line[32] = "", *end;
    path_of_job(job, ".status", result);
    FILE *in = fopen(result, "re");
    if (in && !fgets(line, sizeof line, in))
        line[0] = '\0';
    if (in)
        fclose(in);
    job->with_libc = line[0] ? (int)strtol(line, &end, 10) : STATUS_NOT_BUILT;
    job->with_canary = line[0] ? (int)strtol(end, NULL, 10) : STATUS_NOT_BUILT;
}

static inline void await_job(void) {
    pid_t ended = wait(NULL);
    assert_true(ended > 0);
    for (unsigned i = 0; i < jobs_started; i++)
        if (jobs[i].process == ended) {
            jobs[i].process = 0;
            jobs_running--;
            read_statuses(&jobs[i]);
        }
}

/* Starts a job whose NAME.c is written, in time. */
static inline void start_job(struct job *job) {
    while (jobs_running >= (unsigned)sysconf(_SC_NPROCESSORS_ONLN))
        await_job();
    fflush(NULL);
    job->process = fork();
    assert_true(job->process >= 0);
    if (job->process == 0)
        do_job(job);
    jobs_started = job_count;
    jobs_running++;
}

static inline struct job *new_job(const char *name, const char *canary, bool script) {
    assert_true(job_count < JOBS_MAX);
    struct job *job = &jobs[job_count++];
    *job = (struct job){.canary = canary, .script = script};
    snprintf(job->name, sizeof job->name, "%s", name);
    return job;
}

/* Exports the reproduction as C and starts what builds and runs it. */
static inline void add_program(const char *name, const char *canary,
                               const struct reproduction *reproduction) {
    char source[PATH_MAX];
    struct job *job = new_job(name, canary, false);
    path_of_job(job, ".c", source);
    FILE *out = fopen(source, "we");
    assert_non_null(out);
    assert_int_equal(reproducer_print_c(out, reproduction), 0);
    fclose(out);
    start_job(job);
}

/* The same as a script, which is also run with a mkfifo that does nothing, if shell can say it. */
static inline bool add_script(const char *name, const struct reproduction *reproduction) {
    char source[PATH_MAX], reason[128];
    struct job *job = new_job(name, wrong_mkfifo, true);
    path_of_job(job, ".c", source);
    FILE *out = fopen(source, "we");
    assert_non_null(out);
    int error = reproducer_print_sh(out, reproduction, reason, sizeof reason);
    fclose(out);
    if (error == -ENOTSUP)
        job_count--;
    else
        start_job(job);
    return error == 0;
}

static inline void await_jobs(void) {
    while (jobs_running)
        await_job();
}

/* Prints what went wrong last, and where. */
static inline void print_log(const struct job *job, const char *ending) {
    char path[PATH_MAX], line[512];
    path_of_job(job, ending, path);
    FILE *in = fopen(path, "re");
    while (in && fgets(line, sizeof line, in))
        if (strstr(line, "WRONG") || strstr(line, "error:") || strstr(line, "cannot"))
            print_message("    %s", line);
    if (in)
        fclose(in);
}

/* --- around all tests ------------------------------------------------------------------------- */

static inline int make_workshop(void **state) {
    (void)state;
    ssize_t length = readlink("/proc/self/exe", stand_in, sizeof stand_in - 32);
    if (length < 0 || !mkdtemp(workshop) || chmod(workshop, 01777))
        return -1;
    stand_in[length] = '\0';
    char *name = strrchr(stand_in, '/');
    snprintf(name, 32, "/stand_in.so");
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/mkfifo", workshop);
    FILE *out = fopen(path, "we");
    return out && fputs("#!/bin/sh\n", out) >= 0 && fclose(out) == 0 ? chmod(path, 0755) : -1;
}

static inline int remove_entry(const char *path, const struct stat *facts, int type,
                               struct FTW *position) {
    (void)facts;
    (void)type;
    (void)position;
    return remove(path);
}

static inline int remove_workshop(void **state) {
    (void)state;
    return getenv("FIFOFUZZ_KEEP") ? 0 : nftw(workshop, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

#endif
