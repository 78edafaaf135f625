/*
 * hostile_test.c - implementations that do all they should not. Whatever one does, the run says so
 * and the next run, of a plain implementation, is as if nothing had been.
 */
#include "hostile_testing.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/socket.h>

/* --- what they do --------------------------------------------------------------------------- */

static int trap_instruction(const char *path, mode_t mode) {
    (void)path;
    (void)mode;
    __builtin_trap();
}

static int read_past_the_end(const char *path, mode_t mode) {
    (void)mode;
    const volatile char *end = path + strlen(path);
    return end[1];
}

static int write_to_the_path(const char *path, mode_t mode) {
    (void)mode;
    *(char *)(uintptr_t)path = 'x';
    return 0;
}

static int overflow_the_stack(const char *path, mode_t mode) {
    volatile char frame[4096];
    frame[0] = (char)mode;
    return (zero ? 0 : overflow_the_stack(path, mode)) + frame[0];
}

static int raise_signal(const char *path, mode_t mode) {
    (void)path;
    (void)mode;
    return raise(SIGABRT);
}

static int abort_process(const char *path, mode_t mode) {
    (void)path;
    (void)mode;
    abort();
}

static int kill_parent(const char *path, mode_t mode) {
    (void)path;
    (void)mode;
    return kill(getppid(), SIGKILL);
}

static int kill_main_thread(const char *path, mode_t mode) {
    (void)path;
    (void)mode;
    return (int)syscall(SYS_tgkill, getpid(), getpid(), SIGABRT);
}

static int fork_process(const char *path, mode_t mode) {
    (void)path;
    (void)mode;
    return fork();
}

static int execute(const char *path, mode_t mode) {
    (void)mode;
    return execl("/bin/sh", path, (char *)NULL);
}

static int open_socket(const char *path, mode_t mode) {
    (void)path;
    (void)mode;
    return socket(AF_UNIX, SOCK_STREAM, 0);
}

static int open_sockets_for_ever(const char *path, mode_t mode) {
    int number;
    do
        number = open_socket(path, mode);
    while (number >= -1);
    return number;
}

static int mount_something(const char *path, mode_t mode) {
    (void)mode;
    return mount("none", path, "tmpfs", 0, NULL);
}

static int open_file_system(const char *path, mode_t mode) {
    (void)path;
    (void)mode;
    return (int)syscall(430 /* fsopen */, "tmpfs", 0);
}

static int change_root(const char *path, mode_t mode) {
    (void)mode;
    return chroot(path);
}

static int exit_thread_by_number(const char *path, mode_t mode) {
    (void)path;
    return (int)syscall(SYS_exit, mode);
}

/* --- how it ends ---------------------------------------------------------------------------- */

static const struct hostile {
    const char *name;
    mkfifo_function *mkfifo;
    enum ending ending;
    int detail; /* -1: not compared */
} hostiles[] = {
    {"crash", crash, ENDING_CRASHED, SIGSEGV},
    {"trap_instruction", trap_instruction, ENDING_CRASHED, -1},
    {"read_past_the_end", read_past_the_end, ENDING_CRASHED, SIGSEGV},
    {"write_to_the_path", write_to_the_path, ENDING_CRASHED, SIGSEGV},
    {"overflow_the_stack", overflow_the_stack, ENDING_OVERFLOWED, -1},
    {"raise_signal", raise_signal, ENDING_CRASHED, SIGABRT},
    {"abort_process", abort_process, ENDING_CRASHED, SIGABRT},
    {"kill_parent", kill_parent, ENDING_FORBIDDEN, SYS_kill},
    {"kill_main_thread", kill_main_thread, ENDING_FORBIDDEN, SYS_tgkill},
    {"fork_process", fork_process, ENDING_FORBIDDEN, -1},
    {"execute", execute, ENDING_FORBIDDEN, SYS_execve},
    {"open_socket", open_socket, ENDING_FORBIDDEN, SYS_socket},
    {"open_sockets_for_ever", open_sockets_for_ever, ENDING_FORBIDDEN, SYS_socket},
    {"mount_something", mount_something, ENDING_FORBIDDEN, SYS_mount},
    {"open_file_system", open_file_system, ENDING_FORBIDDEN, 430},
    {"change_root", change_root, ENDING_FORBIDDEN, SYS_chroot},
    {"exit_process", exit_process, ENDING_EXITED, -1},
    {"exit_process", exit_process, ENDING_EXITED, -1}, /* the handler runs once: armed again? */
    {"exit_at_once", exit_at_once, ENDING_FORBIDDEN, SYS_exit_group},
    {"exit_thread_by_number", exit_thread_by_number, ENDING_FORBIDDEN, SYS_exit},
    {"loop_for_ever", loop_for_ever, ENDING_HUNG, 1},
    {"sleep_for_ever", sleep_for_ever, ENDING_HUNG, 0},
};

static void assert_next_run_is_good(void) {
    const struct observation *seen = run("mkdir \"d\" 0755 # 0\n"
                                         "mkfifo \"d/p\" 0600 # 0\n"
                                         "mkfifo \"d/p\" 0600 # EEXIST\n");
    assert_int_equal(seen->node_count, 3);
    assert_world_is_fresh();
}

static void every_bad_end_is_told_and_survived(void **state) {
    (void)state;
    reopen();
    for (size_t i = 0; i < sizeof(hostiles) / sizeof(hostiles[0]); i++) {
        const struct hostile *hostile = &hostiles[i];
        const unsigned generation = sandbox_generation(sandbox);
        const struct implementation one = {.mkfifo = hostile->mkfifo};
        parse("mkdir \"d\" 0755\nmkfifo \"name\" 0001\n");
        const struct observation *seen =
            sandbox_run(sandbox, &scenario, &one, i % 2 ? SANDBOX_BARE : SANDBOX_OBSERVED);
        if (seen->ending != hostile->ending)
            fail_msg("%s: ending %d, detail %d", hostile->name, seen->ending, seen->detail);
        if (hostile->detail != -1 && seen->detail != hostile->detail)
            fail_msg("%s: detail %d", hostile->name, seen->detail);
        assert_int_equal(seen->step, 1);
        assert_int_equal(seen->outcome_count, 1);
        assert_int_equal(seen->path_written, hostile->mkfifo == write_to_the_path);
        assert_next_run_is_good();
        assert_int_equal(sandbox_generation(sandbox), generation + 1);
    }
}

static void the_faulting_address_is_told(void **state) {
    (void)state;
    reopen();
    const struct observation *seen = run_function(crash);
    assert_int_equal(seen->address, 8);
    seen = run_function(read_past_the_end);
    assert_int_equal(seen->address % 4096, 0); /* the first byte of the guard page */
    assert_next_run_is_good();
}

/* --- what stays in the arena ---------------------------------------------------------------- */

static int climb(const char *path, mode_t mode) {
    for (int i = 0; i < 100; i++)
        if (chdir(".."))
            return -1;
    if (open("etc/passwd", O_RDONLY) != -1 || open("/etc/passwd", O_RDONLY) != -1 ||
        open("/proc/self/root/etc/passwd", O_RDONLY) != -1 || open("/dev/null", O_RDONLY) != -1)
        return -2;
    if (mkdir("/etc", 0755) || plain_mkfifo("/etc/passwd", mode))
        return -3;
    return plain_mkfifo(path, mode);
}

static void the_host_is_out_of_reach(void **state) {
    (void)state;
    reopen();
    struct stat host_before, host_after;
    assert_int_equal(stat("/etc/passwd", &host_before), 0);
    const struct observation *seen = run_function(climb);
    assert_int_equal(seen->ending, ENDING_DONE);
    assert_int_equal(seen->outcomes[0].result, 0);
    assert_int_equal(seen->node_count, 4);
    assert_int_equal(stat("/etc/passwd", &host_after), 0);
    assert_true(host_before.st_ino == host_after.st_ino);
    assert_true(S_ISREG(host_after.st_mode));
    assert_next_run_is_good();
}

static int close_everything(const char *path, mode_t mode) {
    for (int i = 0; i < 1024; i++)
        close(i);
    return plain_mkfifo(path, mode);
}

static int replace_standard_descriptors(const char *path, mode_t mode) {
    int file = open("file", O_CREAT | O_RDWR, 0600);
    for (int i = 0; i < 3; i++)
        if (dup2(file, i) < 0)
            return -1;
    return plain_mkfifo(path, mode);
}

static void lost_standard_descriptors_are_seen_and_cost_the_worker(void **state) {
    (void)state;
    reopen();
    unsigned generation = sandbox_generation(sandbox);
    const struct observation *seen = run_function(close_everything);
    assert_int_equal(seen->ending, ENDING_DONE);
    for (int i = 0; i < OBSERVED_DESCRIPTORS; i++)
        assert_false(seen->open[i]);
    assert_int_equal(seen->node_count, 2);
    assert_next_run_is_good();
    assert_int_equal(sandbox_generation(sandbox), generation + 1);
    seen = run_function(replace_standard_descriptors);
    assert_int_equal(seen->ending, ENDING_DONE);
    assert_int_equal(seen->outcomes[0].result, 0);
    assert_next_run_is_good();
    assert_int_equal(sandbox_generation(sandbox), generation + 2);
}

static int leak(const char *path, mode_t mode) {
    for (int i = 0; i < 40; i++)
        if (open("/", O_RDONLY) < 0)
            return -1;
    while (open("/", O_RDONLY) >= 0)
        ;
    umask(0777);
    chmod("/", 0);
    (void)mode;
    (void)path;
    return 0;
}

static int block_signals(const char *path, mode_t mode) {
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    return plain_mkfifo(path, mode);
}

static void what_is_left_behind_is_seen_and_put_right(void **state) {
    (void)state;
    reopen();
    const struct observation *seen = run_function(leak);
    assert_int_equal(seen->ending, ENDING_DONE);
    assert_int_equal(seen->outcomes[0].result, 0);
    assert_int_equal(seen->umask, 0777);
    assert_int_equal(seen->root.mode, S_IFDIR);
    for (int i = 0; i < OBSERVED_DESCRIPTORS; i++)
        assert_true(seen->open[i]);
    assert_next_run_is_good();
}

static int exhaust_inodes(const char *path, mode_t mode) {
    char name[32];
    for (int i = 0;; i++) {
        snprintf(name, sizeof(name), "%s%d", path, i);
        if (plain_mkfifo(name, mode))
            return errno == ENOSPC ? 0 : -1;
    }
}

static int exhaust_space(const char *path, mode_t mode) {
    static char block[1 << 20];
    int file = open(path, O_CREAT | O_WRONLY, mode);
    while (write(file, block, sizeof(block)) > 0)
        ;
    return errno == ENOSPC ? 0 : -1;
}

static void a_full_arena_is_emptied(void **state) {
    (void)state;
    reopen();
    const unsigned generation = sandbox_generation(sandbox);
    const struct observation *seen = run_function(exhaust_inodes);
    assert_int_equal(seen->outcomes[0].result, 0);
    assert_true(seen->overflow);
    assert_next_run_is_good();
    seen = run_function(exhaust_space);
    assert_int_equal(seen->outcomes[0].result, 0);
    assert_next_run_is_good();
    assert_int_equal(sandbox_generation(sandbox), generation);
}

static int identity(const char *path, mode_t mode) {
    (void)path;
    (void)mode;
    return getuid() || geteuid() || getgid() || getegid() || getgroups(0, NULL) > 0 ||
           mknod("device", S_IFCHR | 0600, 0x103) != -1 || errno != EPERM;
}

static void the_worker_is_root_without_capabilities(void **state) {
    (void)state;
    reopen();
    if (strcmp(sandbox_tier(), "namespaces (root)") != 0)
        skip(); /* supplementary groups cannot be left in a user namespace */
    const struct observation *seen = run_function(identity);
    assert_int_equal(seen->ending, ENDING_DONE);
    assert_int_equal(seen->outcomes[0].result, 0);
    assert_int_equal(seen->node_count, 1);
}

static int block_signals_and_fork(const char *path, mode_t mode) {
    block_signals(path, mode);
    return fork();
}

static int block_signals_and_crash(const char *path, mode_t mode) {
    block_signals(path, mode);
    return crash(path, mode);
}

static int block_signals_and_loop(const char *path, mode_t mode) {
    block_signals(path, mode);
    return loop_for_ever(path, mode);
}

static void *end_thread_at_once(void *argument) {
    return argument;
}

/* posix_spawn(3), popen(3) and pthread_create(3) block all signals before they call clone(2). */
static int start_thread(const char *path, mode_t mode) {
    pthread_t thread;
    (void)path;
    (void)mode;
    return pthread_create(&thread, NULL, end_thread_at_once, NULL);
}

static void blocked_signals_hide_nothing(void **state) {
    (void)state;
    reopen();
    const struct {
        mkfifo_function *function;
        enum ending ending;
    } cases[] = {
        {block_signals_and_fork, ENDING_FORBIDDEN},
        {block_signals_and_crash, ENDING_CRASHED},
        {block_signals_and_loop, ENDING_HUNG},
        {start_thread, ENDING_FORBIDDEN},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(run_function(cases[i].function)->ending, cases[i].ending);
        assert_next_run_is_good();
    }
}

/* Each result says what went wrong, so that one is enough to find it. */
static int use_the_mask(const char *path, mode_t mode) {
    sigset_t set, old;
    sigfillset(&set);
    if (sigprocmask(SIG_SETMASK, &set, NULL) || sigprocmask(SIG_SETMASK, NULL, &old))
        return 1;
    if (!sigismember(&old, SIGSEGV) || !sigismember(&old, SIGUSR1) || sigismember(&old, SIGKILL))
        return 2;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    if (sigprocmask(SIG_UNBLOCK, &set, &old) || !sigismember(&old, SIGUSR1) ||
        sigprocmask(SIG_BLOCK, NULL, &old) || sigismember(&old, SIGUSR1))
        return 3;
    /* Raw: the kernel takes one set for both, C's restrict does not. */
    if (syscall(SYS_rt_sigprocmask, SIG_BLOCK, &set, &set, 8) || sigismember(&set, SIGUSR1) ||
        sigprocmask(42, NULL, &old) || !sigismember(&old, SIGUSR1))
        return 4;
    if (sigprocmask(42, &set, NULL) != -1 || errno != EINVAL ||
        syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, NULL, 4) != -1 || errno != EINVAL)
        return 5;
    return plain_mkfifo(path, mode);
}

static void the_signal_mask_seems_to_work_and_its_change_is_seen(void **state) {
    (void)state;
    reopen();
    const struct observation *seen = run_function(use_the_mask);
    assert_int_equal(seen->ending, ENDING_DONE);
    assert_int_equal(seen->outcomes[0].result, 0);
    assert_true(seen->signals_changed);
    assert_next_run_is_good();
    seen = run_function(plain_mkfifo);
    assert_false(seen->signals_changed);
}

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif

#ifdef __SANITIZE_ADDRESS__
static int write_past_a_block(const char *path, mode_t mode) {
    volatile char *block = malloc(strlen(path));
    block[strlen(path) + (size_t)zero] = (char)mode;
    free((void *)(uintptr_t)block);
    return 0;
}
#endif

static void a_sanitizer_report_is_told_with_its_text(void **state) {
    (void)state;
    reopen();
#ifdef __SANITIZE_ADDRESS__
    const struct observation *seen = run_function(write_past_a_block);
    static char text[65536];
    assert_int_equal(seen->ending, ENDING_SANITIZER);
    assert_true(sandbox_stderr(sandbox, text, sizeof(text)) > 0);
    assert_non_null(strstr(text, "heap-buffer-overflow"));
    assert_next_run_is_good();
#else
    skip();
#endif
}

int main(void) {
    open_or_skip();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_bad_end_is_told_and_survived),
        cmocka_unit_test(the_faulting_address_is_told),
        cmocka_unit_test(the_host_is_out_of_reach),
        cmocka_unit_test(lost_standard_descriptors_are_seen_and_cost_the_worker),
        cmocka_unit_test(what_is_left_behind_is_seen_and_put_right),
        cmocka_unit_test(a_full_arena_is_emptied),
        cmocka_unit_test(the_worker_is_root_without_capabilities),
        cmocka_unit_test(blocked_signals_hide_nothing),
        cmocka_unit_test(the_signal_mask_seems_to_work_and_its_change_is_seen),
        cmocka_unit_test(a_sanitizer_report_is_told_with_its_text),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    sandbox_close(sandbox);
    return failed;
}
