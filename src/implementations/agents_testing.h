/*
 * agents_testing.h - a conversation with an agent as the harness would have it, for tests, in a
 * tmpfs of their own.
 */
#ifndef FIFOFUZZ_AGENTS_TESTING_H
#define FIFOFUZZ_AGENTS_TESTING_H

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "implementations/agents.h"

enum { EXIT_SKIPPED = 77 };

static struct implementation found;
static char reason[1024];

static inline const char *word(size_t index) {
    return found.agent->command[index];
}

/* --- a conversation --------------------------------------------------------------------------- */

static struct {
    pid_t process;
    FILE *to, *from;
    char line[4096]; /* the last one that it said */
} agent;

static inline const char *hear(void) {
    assert_non_null(fgets(agent.line, sizeof agent.line, agent.from));
    agent.line[strcspn(agent.line, "\n")] = '\0';
    return agent.line;
}

/* In a directory of its own within this process's tmpfs, which becomes the current one. */
static inline void start(const char *name) {
    static int count;
    char directory[16];
    int in[2] = {-1, -1}, out[2] = {-1, -1};
    if (agent_find(&found, name, reason, sizeof reason) != 0)
        fail_msg("%s", reason);
    snprintf(directory, sizeof directory, "../%d", ++count);
    assert_int_equal(mkdir(directory, 0755) || chdir(directory), 0);
    assert_int_equal(pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC), 0);
    agent.process = fork();
    if (agent.process == 0) {
        int said = open("said", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        if (dup2(in[0], 0) == 0 && dup2(out[1], 1) == 1 && dup2(said, 2) == 2)
            execv(word(0), (char *const *)(uintptr_t)found.agent->command);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    agent.to = fdopen(in[1], "w");
    agent.from = fdopen(out[0], "r");
    assert_true(agent.to && agent.from);
}

/* Sends the line, with the size of the path at its end, and the path; returns the reply. */
static inline const char *ask(const char *line, const void *path, size_t size) {
    fprintf(agent.to, "%s %zu\n", line, size);
    fwrite(path, 1, size, agent.to);
    assert_int_equal(fflush(agent.to), 0);
    return hear();
}

static inline const char *ask_plainly(const char *line) {
    fprintf(agent.to, "%s\n", line);
    assert_int_equal(fflush(agent.to), 0);
    return hear();
}

/* How it ended, once its input has. */
static inline int stop(void) {
    int status;
    assert_int_equal(fclose(agent.to), 0);
    assert_int_equal(fgetc(agent.from), EOF);
    fclose(agent.from);
    assert_int_equal(waitpid(agent.process, &status, 0), agent.process);
    return status;
}

static inline bool succeeded(const char *reply) {
    return strcmp(reply, "0") == 0 || strncmp(reply, "0 ", 2) == 0;
}

static inline int number(const char *reply) {
    return (int)strtol(reply, NULL, 10);
}

/* Whether the agent greeted with that word. */
static inline bool able(const char *greeting, const char *what) {
    const char *at = strstr(greeting, what);
    size_t length = strlen(what);
    return at && at[-1] == ' ' && (at[length] == ' ' || at[length] == '\0');
}

static inline mode_t mode_of(const char *path) {
    struct stat facts;
    return lstat(path, &facts) == 0 ? facts.st_mode : 0;
}

/* --- the place -------------------------------------------------------------------------------- */

static char place[] = "/tmp/agents_test.XXXXXX";

/* A tmpfs that nobody else sees, with a current directory in it. Returns false if there is none. */
static inline bool hide(void) {
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        !mkdtemp(place))
        return false;
    if (mount("agents_test", place, "tmpfs", 0, NULL) != 0) {
        rmdir(place);
        return false;
    }
    return chdir(place) == 0 && mkdir("0", 0755) == 0 && chdir("0") == 0;
}

static inline int leave(void **state) {
    (void)state;
    return chdir("/") || umount2(place, MNT_DETACH) || rmdir(place);
}

#endif
