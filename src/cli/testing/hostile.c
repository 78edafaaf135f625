/*
 * hostile.c - a shared object that does all it should not, for containment_test.c. The name of the
 * file it is loaded as says what: "fork.so" forks. It is a plain mkfifo, but a mode with S_IROTH
 * makes it commit its deed after the call; any other name is an honest implementation.
 *
 * A deed is committed only where the host's files are out of sight. Where they are not, which is
 * what must never be, it makes a FIFO "escaped" instead, so that the host comes to no harm.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static volatile int zero;
static volatile int *volatile nowhere = (int *)8;
static int kept_errno; /* what the call under test leaves */

static int make_fifo(int directory, const char *path, mode_t mode) {
    return (int)syscall(SYS_mknodat, directory, path, S_IFIFO | mode, 0);
}

static void tell_escape(void) {
    make_fifo(AT_FDCWD, "escaped", 0600);
}

static bool host_in_sight(void) {
    return access("/proc/self/exe", F_OK) == 0 || access("/etc/passwd", F_OK) == 0 ||
           access("/bin/sh", F_OK) == 0;
}

/* --- reaching for the host's files ------------------------------------------------------------ */

static void create_outside(void) {
    mkdir("/etc", 0755);
    mkdir("/tmp", 0777);
    make_fifo(AT_FDCWD, "/etc/fifofuzz-hostile", 0600);
    make_fifo(AT_FDCWD, "/tmp/fifofuzz-hostile", 0600);
}

static void climb(void) {
    char path[512] = "";
    for (int i = 0; i < 100; i++)
        memcpy(path + (size_t)i * 3, "../", 4);
    memcpy(path + 300, "fifofuzz-hostile", sizeof "fifofuzz-hostile");
    make_fifo(AT_FDCWD, path, 0600);
}

/* What the arena does not hold and could be opened all the same would be a way out. */
static void open_host_files(void) {
    static const char *const paths[] = {
        "/etc/passwd",
        "/proc/self/root/etc/passwd",
        "/proc/1/root/etc/passwd",
        "/dev/null",
        "/proc/self/mem",
        "/proc/self/exe",
        "/proc/self/cwd",
        "/sys/kernel",
        "../../etc/passwd",
        "/dev/fd/0",
        "/dev/mem",
        "/bin/sh",
    };
    struct stat arena, opened;
    if (stat("/", &arena) != 0)
        return;
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        int file = open(paths[i], O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        if (file >= 0 && (fstat(file, &opened) != 0 || opened.st_dev != arena.st_dev))
            tell_escape();
        close(file);
    }
}

/* --- other processes and threads -------------------------------------------------------------- */

static void kill_parent(void) {
    kill(getppid(), SIGKILL);
}

static void kill_self(void) {
    kill(getpid(), SIGKILL);
}

static void kill_thread(void) {
    syscall(SYS_tgkill, getpid(), getpid(), SIGKILL);
}

static void stop_self(void) {
    kill(getpid(), SIGSTOP);
}

static void raise_fault(void) {
    raise(SIGSEGV);
}

static void fork_child(void) {
    if (fork() == 0)
        _exit(0);
}

static void vfork_child(void) {
    if (vfork() == 0) /* NOLINT(clang-analyzer-security.insecureAPI.vfork): it must be refused */
        _exit(0);
}

static void *run_thread(void *argument) {
    return argument;
}

static void create_thread(void) {
    pthread_t thread;
    pthread_create(&thread, NULL, run_thread, NULL);
}

static void execute(void) {
    execl("/bin/true", "true", (char *)NULL);
}

static void run_shell(void) {
    (void)!system("true"); /* NOLINT(cert-env33-c): it must be refused */
}

static void open_pipe(void) {
    FILE *pipe = popen("true", "re"); /* NOLINT(cert-env33-c): it must be refused */
    if (pipe)
        pclose(pipe);
}

static void trace(void) {
    ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

/* --- not coming back -------------------------------------------------------------------------- */

static void call_exit(void) {
    exit(0);
}

static void call_exit_at_once(void) {
    _exit(0);
}

static void end_thread(void) {
    pthread_exit(NULL);
}

static void call_abort(void) {
    abort();
}

static void fault(void) {
    *nowhere = 1;
}

static int recurse(int depth) {
    volatile char frame[4096];
    frame[0] = (char)depth;
    return (zero ? 0 : recurse(depth + 1)) + frame[0]; /* NOLINT(misc-no-recursion): its purpose */
}

static void overflow_stack(void) {
    recurse(0);
}

static void loop(void) {
    while (!zero)
        ;
}

static void block(void) {
    uint32_t word = 0;
    while (!zero)
        syscall(SYS_futex, &word, FUTEX_WAIT, 0, NULL);
}

/* --- descriptors, output, the tree ------------------------------------------------------------ */

static void close_descriptors(void) {
    for (int i = 0; i < 1024; i++)
        close(i);
}

static void replace_descriptors(void) {
    int root = open("/", O_RDONLY);
    for (int i = 0; i < 1024; i++)
        dup2(root, i);
}

static void chatter(void) {
    static char text[1 << 16];
    for (int written = 0; written < 10 << 20; written += (int)sizeof text)
        for (int stream = 1; stream <= 2; stream++)
            if (write(stream, text, sizeof text) < 0 && errno != EAGAIN)
                return;
}

static void exhaust_inodes(void) {
    char name[32];
    for (int i = 0; i < 20000; i++) {
        snprintf(name, sizeof name, "inode%d", i);
        make_fifo(AT_FDCWD, name, 0600);
    }
}

static void fill_space(void) {
    static char text[1 << 20];
    int file = open("/filled", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    while (write(file, text, sizeof text) > 0)
        ;
    close(file);
}

static void make_deep_tree(void) {
    int directory = open("/", O_RDONLY | O_CLOEXEC);
    for (int i = 0; i < 500 && directory >= 0; i++) {
        mkdirat(directory, "deep", 0700);
        int next = openat(directory, "deep", O_RDONLY | O_CLOEXEC);
        close(directory);
        directory = next;
    }
    close(directory);
}

static void forbid_root(void) {
    chmod("/", 0);
}

static void remove_all(void) {
    char listing[4096];
    int root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ssize_t size = syscall(SYS_getdents64, root, listing, sizeof listing);
    for (ssize_t at = 0; at < size;) {
        enum { LENGTH = 16, NAME = 19 }; /* offsets in struct linux_dirent64, getdents(2) */
        unsigned short length;
        memcpy(&length, listing + at + LENGTH, sizeof length);
        const char *name = listing + at + NAME;
        if (unlinkat(root, name, 0) != 0 && unlinkat(root, name, AT_REMOVEDIR) != 0)
            renameat(root, name, root, "full");
        at += length;
    }
    close(root);
}

/* --- the state of the process ----------------------------------------------------------------- */

static void smash_errno(void) {
    kept_errno = 4242;
}

static void handle_signals(void) {
    signal(SIGSEGV, SIG_IGN);
}

static void block_signals(void) {
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
}

static void block_signals_and_fork(void) {
    block_signals();
    fork_child();
}

static void block_signals_and_fault(void) {
    block_signals();
    fault();
}

static void set_limit(void) {
    setrlimit(RLIMIT_NOFILE, &(struct rlimit){0, 0});
}

static void set_dumpable(void) {
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

static void open_socket(void) {
    close(socket(AF_INET, SOCK_STREAM, 0));
}

static void mount_proc(void) {
    mkdir("/proc", 0755);
    mount("proc", "/proc", "proc", 0, NULL);
}

static void change_root(void) {
    (void)!chroot("/");
}

static void unshare_user(void) {
    unshare(CLONE_NEWUSER);
}

/* --- the table -------------------------------------------------------------------------------- */

static const struct deed {
    const char *name;
    void (*commit)(void);
} deeds[] = {
    {"abort", call_abort},
    {"block", block},
    {"block_signals", block_signals},
    {"block_signals_and_fault", block_signals_and_fault},
    {"block_signals_and_fork", block_signals_and_fork},
    {"change_root", change_root},
    {"chatter", chatter},
    {"climb", climb},
    {"close_descriptors", close_descriptors},
    {"create_outside", create_outside},
    {"create_thread", create_thread},
    {"end_thread", end_thread},
    {"execute", execute},
    {"exhaust_inodes", exhaust_inodes},
    {"exit", call_exit},
    {"exit_at_once", call_exit_at_once},
    {"fault", fault},
    {"fill_space", fill_space},
    {"forbid_root", forbid_root},
    {"fork", fork_child},
    {"handle_signals", handle_signals},
    {"kill_parent", kill_parent},
    {"kill_self", kill_self},
    {"kill_thread", kill_thread},
    {"loop", loop},
    {"make_deep_tree", make_deep_tree},
    {"mount_proc", mount_proc},
    {"open_host_files", open_host_files},
    {"open_pipe", open_pipe},
    {"open_socket", open_socket},
    {"overflow_stack", overflow_stack},
    {"raise_fault", raise_fault},
    {"remove_all", remove_all},
    {"replace_descriptors", replace_descriptors},
    {"run_shell", run_shell},
    {"set_dumpable", set_dumpable},
    {"set_limit", set_limit},
    {"smash_errno", smash_errno},
    {"stop_self", stop_self},
    {"trace", trace},
    {"unshare_user", unshare_user},
    {"vfork", vfork_child},
};

static const struct deed *chosen;

__attribute__((constructor)) static void choose(void) {
    Dl_info self;
    if (!dladdr(deeds, &self))
        return;
    const char *slash = strrchr(self.dli_fname, '/');
    const char *name = slash ? slash + 1 : self.dli_fname;
    for (size_t i = 0; i < sizeof deeds / sizeof deeds[0]; i++) {
        size_t length = strlen(deeds[i].name);
        if (strncmp(name, deeds[i].name, length) == 0 && strcmp(name + length, ".so") == 0)
            chosen = &deeds[i];
    }
}

int mkfifoat(int directory, const char *path, mode_t mode) {
    int result = make_fifo(directory, path, mode);
    kept_errno = errno;
    if (chosen && mode & S_IROTH) {
        if (host_in_sight())
            tell_escape();
        else
            chosen->commit();
    }
    errno = kept_errno;
    return result;
}

int mkfifo(const char *path, mode_t mode) {
    return mkfifoat(AT_FDCWD, path, mode);
}
