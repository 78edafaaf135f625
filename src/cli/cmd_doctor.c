/* doctor: what this host can do, and what to do where it cannot. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cli.h"
#include "targets.h"

/* Prints one line, and below it the way out if the requirement is not met. */
static void print_line(bool met, const char *what, const char *fix) {
    const char *color = cli_color(stdout, met ? "\x1b[32m" : "\x1b[31m");
    printf("%s%-8s%s%s\n", color, met ? "ok" : "missing", cli_color(stdout, "\x1b[0m"), what);
    if (!met)
        printf("        fix: %s\n", fix);
}

/* The number in a file of /proc, or -1. */
static long read_number(const char *path) {
    FILE *in = fopen(path, "re");
    char line[32];
    long number = in && fgets(line, sizeof line, in) ? strtol(line, NULL, 10) : -1;
    if (in)
        fclose(in);
    return number;
}

/* True if a line of `path` has `word` in it. */
static bool file_mentions(const char *path, const char *word) {
    FILE *in = fopen(path, "re");
    char line[512];
    bool found = false;
    while (in && !found && fgets(line, sizeof line, in))
        found = strstr(line, word) != NULL;
    if (in)
        fclose(in);
    return found;
}

static bool has_sys_admin(void) {
    enum { CAP_SYS_ADMIN_BIT = 21 }; /* linux/capability.h */
    FILE *in = fopen("/proc/self/status", "re");
    char line[512];
    uint64_t effective = 0;
    while (in && fgets(line, sizeof line, in))
        if (strncmp(line, "CapEff:", 7) == 0)
            effective = strtoull(line + 7, NULL, 16);
    if (in)
        fclose(in);
    return effective >> CAP_SYS_ADMIN_BIT & 1;
}

static void check_kernel(void) {
    struct utsname names;
    char what[sizeof names.release + 32] = "Linux";
    if (uname(&names) == 0)
        snprintf(what, sizeof what, "kernel: Linux %s", names.release);
    print_line(true, what, "");
}

/* Mount namespaces: by privilege, or through a user namespace. */
static void check_namespaces(void) {
    if (has_sys_admin()) {
        print_line(true, "namespaces: CAP_SYS_ADMIN, no user namespace needed", "");
        return;
    }
    long most = read_number("/proc/sys/user/max_user_namespaces");
    print_line(most > 0, "namespaces: user namespaces exist (user.max_user_namespaces)",
               "sysctl -w user.max_user_namespaces=10000, or run as root");
    if (read_number("/proc/sys/kernel/unprivileged_userns_clone") == 0)
        print_line(false, "namespaces: kernel.unprivileged_userns_clone",
                   "sysctl -w kernel.unprivileged_userns_clone=1, or run as root");
    if (read_number("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == 1)
        print_line(false, "namespaces: AppArmor restricts unprivileged user namespaces",
                   "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or run as root");
}

static void check_kernel_features(void) {
    print_line(file_mentions("/proc/filesystems", "tmpfs"), "tmpfs: the arena's file system",
               "a kernel with CONFIG_TMPFS");
    bool filters = prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0;
    print_line(filters, "seccomp: system call filters", "a kernel with CONFIG_SECCOMP_FILTER");
}

static bool in_path(const char *program) {
    const char *value = getenv("PATH");
    char *path = strdup(value ? value : "");
    bool found = false;
    char *rest = path;
    for (char *folder; !found && (folder = strsep(&rest, ":"));) {
        char *file = cli_join(folder[0] ? folder : ".", program);
        found = access(file, X_OK) == 0;
        free(file);
    }
    free(path);
    return found;
}

/* The compiler matters only where it would have to build one. */
static void check_fuzz_targets(void) {
    bool all = true;
    for (size_t i = 0; i < target_count; i++) {
        char *name, *what;
        if (asprintf(&name, "fuzz_%s", targets[i].name) < 0 ||
            asprintf(&what, "%s: the engine's program", name) < 0)
            cli_fail(STATUS_OURS, "out of memory");
        char *path = cli_shipped(name);
        bool there = access(path, X_OK) == 0;
        print_line(there, what, targets[i].package ? targets[i].package : "scripts/build");
        all = all && there;
        free(path);
        free(what);
        free(name);
    }
    if (!all)
        print_line(in_path("clang"), "clang: builds the fuzz targets with libFuzzer",
                   "apt-get install clang, or scripts/setup");
}

static unsigned clauses_that_need(enum ability ability) {
    unsigned count = 0;
    for (int i = 0; i < CLAUSE_COUNT; i++)
        count += clause_infos[i].need == ability;
    return count;
}

/* What scenarios can have on this host, found out by the sandbox. */
static void check_abilities(const struct host *host) {
    for (int i = 0; i < ABILITY_COUNT; i++) {
        char what[128];
        snprintf(what, sizeof what, "%s (clauses that need it: %u)", ability_infos[i].name,
                 clauses_that_need((enum ability)i));
        print_line(host->can[i], what, ability_infos[i].lacking);
    }
    printf("%-8sfs.protected_symlinks is %s\n%-8sfs.protected_hardlinks is %s\n", "fact",
           host->protected_symlinks ? "on" : "off", "fact",
           host->protected_hardlinks ? "on" : "off");
    printf("%-8sdescriptors of a scenario: %u (RLIMIT_NOFILE)\n", "fact", host->nofile);
}

/* The proof: a sandbox that really stands. */
static bool check_sandbox(void) {
    char reason[1024] = "";
    struct sandbox *sandbox = NULL;
    bool stands =
        sandbox_prepare(reason, sizeof reason) == 0 &&
        sandbox_open(&sandbox, implementation_find("own"), -1, reason, sizeof reason) == 0;
    char what[128] = "sandbox: a worker in an arena of its own";
    if (stands)
        snprintf(what, sizeof what, "sandbox: a worker in an arena of its own; tier: %s",
                 sandbox_tier());
    print_line(stands, what, reason);
    if (stands && sandbox_shortfall()[0])
        print_line(false, "namespaces: scenarios have less without them", sandbox_shortfall());
    if (stands)
        check_abilities(sandbox_host(sandbox));
    sandbox_close(stands ? sandbox : NULL);
    return stands;
}

static int run_doctor(int argc, char **argv) {
    if (cli_options(&verb_doctor, argc, argv, NULL, 0) != argc)
        cli_misuse(&verb_doctor, "takes no operands");
    check_kernel();
    check_namespaces();
    check_kernel_features();
    check_fuzz_targets();
    fflush(stdout);
    return check_sandbox() ? STATUS_HELD : STATUS_UNABLE;
}

const struct verb verb_doctor = {
    .name = "doctor",
    .arguments = "",
    .summary = "Says what this host can run, and how to mend what it cannot.",
    .help =
        "At the end a real sandbox is opened, and tells what its scenarios can have. Exit status\n"
        "0 if it stands, else 77. What else is missing only limits what can be tested: a\n"
        "clause that needs it is counted as unreachable.\n",
    .run = run_doctor,
};
