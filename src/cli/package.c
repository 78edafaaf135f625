#include "package.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli.h"
#include "implementations/agents.h"
#include "report.h"

static char *copy(const char *text) {
    char *string = strdup(text);
    if (!string)
        cli_fail(STATUS_OURS, "out of memory");
    return string;
}

/* --- names ------------------------------------------------------------------------------------ */

static const char under[] = " under ";

/* The packages of the implementation called by the first `length` bytes of `name`. */
static const char *base_package(const char *name, size_t length) {
    char base[256];
    snprintf(base, sizeof base, "%.*s", (int)length, name);
    const struct agent_row *row = agent_row(base);
    return row ? row->package : strcmp(base, "libc") == 0 ? "libc6" : "";
}

/* What stands in front of an agent is called as its package is. */
char *package_of(const char *name) {
    const char *at = strstr(name, under);
    char packages[512] = "";
    size_t used = 0, length = at ? (size_t)(at - name) : strlen(name);
    for (; at && used < sizeof packages; at = strstr(at, under)) {
        at += sizeof under - 1;
        used += (size_t)snprintf(packages + used, sizeof packages - used, "%.*s ",
                                 (int)strcspn(at, " "), at);
    }
    if (used < sizeof packages)
        snprintf(packages + used, sizeof packages - used, "%s", base_package(name, length));
    return copy(packages);
}

/* --- versions --------------------------------------------------------------------------------- */

/* In a child: has dpkg-query tell the version of `package` to `out`. */
static _Noreturn void become_query(const char *package, int out) {
    int quiet = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (quiet < 0 || dup2(out, STDOUT_FILENO) < 0 || dup2(quiet, STDERR_FILENO) < 0)
        _exit(STATUS_UNABLE);
    execlp("dpkg-query", "dpkg-query", "-W", "-f", "${Version}", package, (char *)NULL);
    _exit(STATUS_UNABLE);
}

/* Reads to the end, as far as there is room; terminates. */
static void read_all(int fd, char *out, size_t capacity) {
    size_t used = 0;
    ssize_t count;
    while (used + 1 < capacity && (count = read(fd, out + used, capacity - used - 1)) > 0)
        used += (size_t)count;
    out[used] = '\0';
}

/* The version of one package to `out`, "" if it is not installed or nobody knows. */
static void query(const char *package, char *out, size_t capacity) {
    int ends[2], status = 0;
    *out = '\0';
    if (pipe2(ends, O_CLOEXEC) != 0)
        return;
    pid_t child = fork();
    if (child == 0)
        become_query(package, ends[1]);
    close(ends[1]);
    if (child > 0) {
        read_all(ends[0], out, capacity);
        if (waitpid(child, &status, 0) != child || status != 0)
            *out = '\0';
    }
    close(ends[0]);
}

static char *kernel_version(void) {
    struct utsname system;
    char text[sizeof system.sysname + sizeof system.release + 1];
    if (uname(&system) != 0)
        return copy("");
    snprintf(text, sizeof text, "%s %s", system.sysname, system.release);
    return copy(text);
}

/* Versions of all `packages`, which are written over. */
static char *versions(char *packages) {
    char all[512] = "", one[128], *rest = NULL;
    size_t used = 0;
    for (char *word = strtok_r(packages, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        query(word, one, sizeof one);
        if (*one && used < sizeof all)
            used += (size_t)snprintf(all + used, sizeof all - used, "%s%s", used ? ", " : "", one);
    }
    return copy(all);
}

char *package_version(const char *name) {
    if (strcmp(name, "own") == 0)
        return copy(report_version());
    if (strcmp(name, "raw") == 0)
        return kernel_version();
    char *packages = package_of(name);
    char *version = versions(packages);
    free(packages);
    return version;
}
