#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "policy.h"

static void every_row_says_why(void **state) {
    (void)state;
    size_t count;
    const struct policy_rule *rules = policy_rules(&count);
    assert_true(count > 100);
    for (size_t i = 0; i < count; i++) {
        assert_true(strlen(rules[i].group) > 0);
        assert_true(strlen(rules[i].reason) > 0);
        assert_true(!rules[i].condition || strlen(rules[i].condition) > 0);
    }
}

/* But what an agent may do in any way can have them for the worker. */
static void a_name_has_several_rows_only_with_conditions(void **state) {
    (void)state;
    size_t count;
    const struct policy_rule *rules = policy_rules(&count);
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < i; j++)
            if (strcmp(rules[i].syscall, rules[j].syscall) == 0)
                assert_true(rules[j].condition &&
                            (rules[i].condition || rules[i].whom > rules[j].whom));
}

/* Of those that apply to `whom`. */
static void assert_in_no_row(const char *const *names, size_t name_count, enum policy_whom whom) {
    size_t count;
    const struct policy_rule *rules = policy_rules(&count);
    for (size_t i = 0; i < name_count; i++)
        for (size_t j = 0; j < count; j++)
            if (rules[j].whom <= whom)
                assert_string_not_equal(names[i], rules[j].syscall);
}

static void what_leaves_the_sandbox_is_in_no_row(void **state) {
    (void)state;
    const char *const dangerous[] = {"clone3",
                                     "fork",
                                     "vfork",
                                     "execve",
                                     "execveat",
                                     "kill",
                                     "tkill",
                                     "mount",
                                     "umount2",
                                     "pivot_root",
                                     "chroot",
                                     "unshare",
                                     "setns",
                                     "ptrace",
                                     "socket",
                                     "setitimer",
                                     "alarm",
                                     "seccomp",
                                     "exit_group",
                                     "setxattr",
                                     "bpf",
                                     "keyctl",
                                     "removexattr",
                                     "fsetxattr",
                                     "fremovexattr",
                                     "move_mount",
                                     "fsopen",
                                     "fsconfig",
                                     "fsmount",
                                     "fspick",
                                     "mount_setattr",
                                     "name_to_handle_at",
                                     "io_uring_setup",
                                     "setuid",
                                     "setrlimit",
                                     "open_tree",
                                     "process_vm_writev",
                                     "perf_event_open",
                                     "timer_create",
                                     "sched_setaffinity",
                                     "open_by_handle_at"};
    assert_in_no_row(dangerous, sizeof(dangerous) / sizeof(dangerous[0]), POLICY_WORKER);
}

/* Namespaces keep an agent's processes and signals, but none of these. */
static void what_leaves_an_agents_namespaces_is_in_no_row(void **state) {
    (void)state;
    const char *const dangerous[] = {"clone3",
                                     "mount",
                                     "umount2",
                                     "pivot_root",
                                     "chroot",
                                     "unshare",
                                     "setns",
                                     "move_mount",
                                     "open_tree",
                                     "fsopen",
                                     "mount_setattr",
                                     "bpf",
                                     "perf_event_open",
                                     "keyctl",
                                     "add_key",
                                     "request_key",
                                     "init_module",
                                     "finit_module",
                                     "kexec_load",
                                     "reboot",
                                     "swapon",
                                     "settimeofday",
                                     "clock_settime",
                                     "adjtimex",
                                     "sethostname",
                                     "iopl",
                                     "ioperm",
                                     "syslog",
                                     "acct",
                                     "quotactl",
                                     "userfaultfd",
                                     "io_uring_setup",
                                     "fanotify_init",
                                     "name_to_handle_at",
                                     "open_by_handle_at",
                                     "setxattr"};
    assert_in_no_row(dangerous, sizeof(dangerous) / sizeof(dangerous[0]), POLICY_WRAPPED);
}

static void an_agents_filter_fits(void **state) {
    (void)state;
    enum { CAPACITY = 4096 };
    static struct sock_filter filter[CAPACITY];
    const struct cookies cookies = {1, 2};
    unsigned short length, wrapped;
    assert_int_equal(policy_agent(false, &cookies, filter, CAPACITY, &length), 0);
    assert_int_equal(policy_agent(true, &cookies, filter, CAPACITY, &wrapped), 0);
    assert_true(length > 100 && wrapped > length);
    assert_int_equal(policy_agent(true, &cookies, filter, 10, &length), -E2BIG);
}

/* What would let an implementation out of its identity, into another, or out of its process. */
static void the_calls_of_the_harness_ask_for_both_cookies(void **state) {
    (void)state;
    const char *const guarded[] = {"capset",
                                   "clone",
                                   "landlock_add_rule",
                                   "landlock_create_ruleset",
                                   "landlock_restrict_self",
                                   "setgroups",
                                   "setresgid",
                                   "setresuid",
                                   "wait4"};
    size_t count;
    const struct policy_rule *rules = policy_rules(&count);
    for (size_t i = 0; i < sizeof(guarded) / sizeof(guarded[0]); i++) {
        unsigned rows = 0;
        for (size_t j = 0; j < count; j++) {
            if (strcmp(guarded[i], rules[j].syscall) != 0 || rules[j].whom != POLICY_WORKER)
                continue;
            rows++;
            assert_string_equal(rules[j].group, "the harness's own");
            assert_non_null(strstr(rules[j].condition, "cookies"));
        }
        assert_true(rows > 0);
    }
}

static void every_row_is_in_the_printed_filter(void **state) {
    (void)state;
    static char text[1 << 18];
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_int_equal(policy_print(file), 0);
    rewind(file);
    assert_true(fread(text, 1, sizeof(text) - 1, file) > 0);
    fclose(file);
#ifdef __x86_64__ /* has every call of the table */
    size_t count;
    const struct policy_rule *rules = policy_rules(&count);
    for (size_t i = 0; i < count; i++) {
        char wanted[64];
        snprintf(wanted, sizeof(wanted), "filter for syscall \"%s\"", rules[i].syscall);
        if (rules[i].whom == POLICY_WORKER && !strstr(text, wanted) &&
            strcmp(rules[i].syscall, "fchmodat2") != 0)
            fail_msg("%s is not in the filter", rules[i].syscall);
    }
    assert_non_null(strstr(text, "(452)")); /* fchmodat2, which libseccomp 2.5 does not name */
#endif
    assert_non_null(strstr(text, "action TRAP"));
}

static void calls_have_names(void **state) {
    (void)state;
    assert_string_equal(policy_syscall_name(SYS_socket), "socket");
    assert_string_equal(policy_syscall_name(999999), "system call 999999");
}

/* --- the filter at work, in a child --------------------------------------------------------- */

static volatile sig_atomic_t trapped_call;

static void on_trap(int number, siginfo_t *info, void *context) {
    (void)number;
    (void)context;
    trapped_call = info->si_syscall;
}

/* 0 if the call was let through. */
static int trapped(long call, long a, long b, long c) {
    trapped_call = 0;
    syscall(call, a, b, c);
    return trapped_call;
}

static int try_calls(void) {
    const pid_t self = getpid();
    struct rlimit limit;
    int failures = 0;
    failures += trapped(SYS_getppid, 0, 0, 0) != 0;
    failures += trapped(SYS_fcntl, 0, F_GETFL, 0) != 0;
    failures += trapped(SYS_fcntl, 0, F_SETOWN, 0) != SYS_fcntl;
    failures += trapped(SYS_fcntl, 0, F_SETLEASE, 0) != SYS_fcntl;
    failures += trapped(SYS_rt_sigaction, SIGTERM, 0, 0) != 0;
    failures += trapped(SYS_rt_sigaction, SIGTERM, (long)(intptr_t)&limit, 0) != SYS_rt_sigaction;
    failures += trapped(SYS_prctl, PR_GET_NAME, 0, 0) != 0;
    failures += trapped(SYS_prctl, PR_SET_DUMPABLE, 0, 0) != SYS_prctl;
    failures += trapped(SYS_prctl, PR_SET_PDEATHSIG, 0, 0) != SYS_prctl;
    failures += trapped(SYS_prctl, 59 /* PR_SET_SYSCALL_USER_DISPATCH */, 0, 0) != SYS_prctl;
    failures += trapped(SYS_clone, 0, 0, 0) != SYS_clone;
    failures += trapped(SYS_wait4, -1, 0, WNOHANG) != SYS_wait4;
    failures += trapped(SYS_socket, AF_UNIX, SOCK_STREAM, 0) != SYS_socket;
    failures += trapped(SYS_prlimit64, 0, RLIMIT_NOFILE, 0) != 0;
    failures += trapped(SYS_prlimit64, 0, RLIMIT_NOFILE, (long)(intptr_t)&limit) != SYS_prlimit64;
    failures += trapped(SYS_tgkill, self, self, 0) != SYS_tgkill;
    failures += trapped(SYS_tgkill, self, self + 1, SIGABRT) != SYS_tgkill;
    failures += trapped(SYS_tgkill, getppid(), self, SIGABRT) != SYS_tgkill;
    failures += trapped(SYS_exit_group, 0, 0, 0) != SYS_exit_group;
    return failures;
}

#define FIRST_COOKIE  0x0123456789abcdefUL
#define SECOND_COOKIE 0xfedcba9876543210UL

/* 0 if the call was let through with these two numbers. */
static int trapped_with(struct cookies cookies, long call, long b) {
    trapped_call = 0;
    cookies_call(&cookies, call, 0, (uintptr_t)b, 0, 0);
    return trapped_call;
}

/* With bad pointers or as no change, so that what is let through does nothing. */
static int try_cookies(const struct cookies *right) {
    const unsigned long one = right->first, two = right->second;
    const struct cookies wrong[] = {{0, 0},         {one, 0},
                                    {0, two},       {two, one},
                                    {one ^ 1, two}, {one ^ 1UL << 63, two},
                                    {one, two ^ 1}, {one, two ^ 1UL << 63}};
    const long calls[] = {SYS_capset, SYS_setgroups, SYS_wait4, 444, 445, 446};
    int failures = 0;
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        failures += trapped_with(*right, calls[i], 0) != 0;
        for (size_t j = 0; j < sizeof(wrong) / sizeof(wrong[0]); j++)
            failures += trapped_with(wrong[j], calls[i], 0) != calls[i];
    }
    failures += trapped_with(*right, SYS_setresuid, 0) != 0;
    failures += trapped_with(*right, SYS_setresgid, 0) != 0;
    failures += trapped(SYS_setresuid, 0, 0, 0) != SYS_setresuid;
    failures += trapped(SYS_setresgid, 0, 0, 0) != SYS_setresgid;
    failures += trapped_with(*right, SYS_prlimit64, RLIMIT_NOFILE) != 0;
    trapped_call = 0;
    cookies_call(right, SYS_prlimit64, 0, RLIMIT_CORE, 8, 0);
    failures += trapped_call != SYS_prlimit64;
    return failures;
}

/* Arguments 3 and 4 hold the numbers. Only what is let through by mistake makes a process. */
static int trapped_clone(struct cookies cookies, unsigned long flags) {
    trapped_call = 0;
    syscall(SYS_clone, flags, 0, (uintptr_t)1, cookies.first, cookies.second, 0);
    return trapped_call;
}

static int try_clone(const struct cookies *right) {
    const struct cookies wrong[] = {
        {0, 0}, {right->first, 0}, {0, right->second}, {right->second, right->first}};
    const unsigned long fork = CLONE_PARENT_SETTID, vfork = fork | CLONE_VM | CLONE_VFORK;
    int failures = 0;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        failures += trapped_clone(wrong[i], fork) != SYS_clone ||
                    trapped_clone(wrong[i], vfork) != SYS_clone;
    failures += trapped_clone(*right, fork | CLONE_NEWUSER) != SYS_clone;
    failures += trapped_clone(*right, fork | CLONE_FILES) != SYS_clone;
    failures += trapped_clone(*right, vfork | CLONE_THREAD) != SYS_clone;
    failures += trapped_clone(*right, SIGCHLD) != SYS_clone;
    return failures;
}

static _Noreturn void run_child(int ending) {
    struct sigaction action = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO};
    sigaction(SIGSYS, &action, NULL);
    signal(SIGABRT, SIG_DFL);
    const struct cookies cookies = {FIRST_COOKIE, SECOND_COOKIE};
    if (policy_load(getpid(), getpid(), &cookies) || try_calls() || try_cookies(&cookies) ||
        try_clone(&cookies))
        for (;;)
            pause(); /* forbidden as well, the child's alarm ends it */
    for (;;) {
        if (ending == SIGABRT)
            syscall(SYS_tgkill, getpid(), getpid(), SIGABRT);
        syscall(SYS_exit, 42);
    }
}

static int status_of_child(int ending) {
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        alarm(60);
        run_child(ending);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void the_filter_lets_through_what_the_rows_say(void **state) {
    (void)state;
    int status = status_of_child(0);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 42);
}

static void a_thread_can_abort_itself(void **state) {
    (void)state;
    int status = status_of_child(SIGABRT);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_says_why),
        cmocka_unit_test(a_name_has_several_rows_only_with_conditions),
        cmocka_unit_test(what_leaves_the_sandbox_is_in_no_row),
        cmocka_unit_test(what_leaves_an_agents_namespaces_is_in_no_row),
        cmocka_unit_test(an_agents_filter_fits),
        cmocka_unit_test(the_calls_of_the_harness_ask_for_both_cookies),
        cmocka_unit_test(every_row_is_in_the_printed_filter),
        cmocka_unit_test(calls_have_names),
        cmocka_unit_test(the_filter_lets_through_what_the_rows_say),
        cmocka_unit_test(a_thread_can_abort_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
