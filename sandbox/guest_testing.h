/*
 * guest_testing.h - agents for the tests: this test program itself, started with a deed as its
 * argument. It speaks the protocol by hand and does the deed when it is asked for a FIFO.
 */
#ifndef FIFOFUZZ_GUEST_TESTING_H
#define FIFOFUZZ_GUEST_TESTING_H

#include <fcntl.h>
#include <limits.h>

#include "testing.h"

static const char *deed;

/* One request: its words, and the bytes behind it. */
struct request {
    char verb[16];
    long a, b;
    char path[8192];
};

static inline bool read_request(struct request *request) {
    char line[256], *rest;
    long numbers[3] = {0};
    int count = 0;
    if (!fgets(line, sizeof(line), stdin))
        return false;
    rest = line + strcspn(line, " ");
    snprintf(request->verb, sizeof(request->verb), "%.*s", (int)(rest - line), line);
    while (*rest == ' ' && count < 3)
        numbers[count++] = strtol(rest, &rest, 10);
    const bool has_path = strcmp(request->verb, "umask") != 0 &&
                          strcmp(request->verb, "close") != 0 && strcmp(request->verb, "dup") != 0;
    const size_t size = has_path ? (size_t)numbers[count - 1] : 0;
    request->a = numbers[0];
    request->b = numbers[1];
    if (fread(request->path, 1, size, stdin) != size)
        return false;
    request->path[size] = '\0';
    return true;
}

static inline long do_honestly(const struct request *request) {
    const char *verb = request->verb;
    if (strcmp(verb, "mkfifo") == 0)
        return mkfifo(request->path, (mode_t)request->a);
    if (strcmp(verb, "mkfifoat") == 0)
        return mkfifoat((int)request->a, request->path, (mode_t)request->b);
    if (strcmp(verb, "umask") == 0)
        return umask((mode_t)request->a) & 0;
    if (strcmp(verb, "chdir") == 0)
        return chdir(request->path);
    if (strcmp(verb, "open") == 0)
        return open(request->path, (int)request->a);
    if (strcmp(verb, "dup") == 0)
        return fcntl((int)request->a, F_DUPFD_CLOEXEC, (int)request->b);
    return close((int)request->a);
}

static inline void reply(long result) {
    printf("%ld %d\n", result, result < 0 ? errno : ERRNO_POISON);
    fflush(stdout);
}

/* The agent. `act` does the deed and returns true if nothing else is to be done. */
static inline int be_agent(bool (*act)(const struct request *request)) {
    static struct request request;
    if (strcmp(deed, "no greeting") == 0)
        return 0;
    printf(strcmp(deed, "bad greeting") == 0 ? "hello\n"
                                             : "fifofuzz-agent 1 %d mkfifo mkfifoat open\n",
           (int)getpid());
    fflush(stdout);
    while (read_request(&request)) {
        const bool call = strncmp(request.verb, "mkfifo", 6) == 0;
        if (!call || !act(&request))
            reply(do_honestly(&request));
    }
    return 0;
}

/* --- in the test ---------------------------------------------------------------------------- */

static const char *agent_command[] = {NULL, "--agent", NULL, NULL};
static struct agent agent = {.command = agent_command};
static struct implementation guest_implementation = {.name = "guest", .agent = &agent};

/* Opens the sandbox with an agent that does `what`. Returns sandbox_open's error. */
static inline int open_with(const char *what, char *reason, size_t reason_size) {
    static char self[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
    assert_true(length > 0);
    self[length] = '\0';
    agent_command[0] = self;
    agent_command[2] = what;
    sandbox_close(sandbox);
    sandbox = NULL;
    return sandbox_open(&sandbox, &guest_implementation, -1, reason, reason_size);
}

/* Runs `text` on the agent. */
static inline const struct observation *run_on_agent(const char *text) {
    parse(text);
    return sandbox_run(sandbox, &scenario, &guest_implementation, SANDBOX_OBSERVED);
}

#endif
