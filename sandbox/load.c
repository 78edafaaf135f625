/*
 * load.c - sandbox_load: a shared object's constructors run before anything is known about it.
 *
 * It is loaded twice. First in a child, because a constructor that crashes or hangs leaves the
 * dynamic linker's lock held for ever, and with it the process could not even exit. Only what loads
 * there is loaded here, on a thread of its own. Both see the host's files read-only.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "check.h"
#include "handover.h"
#include "identity.h"
#include "landlock.h"
#include "reason.h"
#include "sandbox.h"
#include "stack.h"
#include "tier.h"
#include "watch.h"

/* What a load gave. */
struct loaded {
    int error;
    char reason[512];
};

/* --- read-only files ------------------------------------------------------------------------ */

/* mount_setattr(2), Linux 5.12; older headers lack the number, which all architectures share. */
#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif
enum { ATTRIBUTE_READ_ONLY = 1, RECURSIVELY = 0x8000 /* AT_RECURSIVE */ };

/* Without namespaces Landlock does it, but for what it does not know (landlock.h). */
static int enter_domain(char *reason, size_t reason_size) {
    static const char fix[] = "use a container profile that allows Landlock, or run as root";
    struct identity_now ignored;
    int error = identity_give_up(&ignored);
    if (!error)
        error = landlock_enclose(NULL);
    if (error)
        return refuse(reason, reason_size, -error, "the host's files cannot be protected", fix);
    return 0;
}

/* Makes the host read-only for the calling thread and drops its capabilities, to stay so. */
static int enter_read_only(char *reason, size_t reason_size) {
    const struct {
        uint64_t set, clear, propagation, user_namespace;
    } attributes = {.set = ATTRIBUTE_READ_ONLY};
    static const char fix[] = "run as root, or use a kernel from 5.12 with user namespaces";
    if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL))
        return refuse(reason, reason_size, errno, "the kernel refused a mount namespace", fix);
    if (syscall(SYS_mount_setattr, AT_FDCWD, "/", RECURSIVELY, &attributes, sizeof(attributes)) &&
        errno != ENOSYS) /* before 5.12 the object is trusted as any that one links with */
        return refuse(reason, reason_size, errno, "the host's files cannot be made read-only", fix);
    int error = identity_drop_capabilities();
    if (error)
        return refuse(reason, reason_size, -error, "capabilities cannot be dropped", fix);
    return 0;
}

static void load_here(struct loaded *loaded, struct implementation *out, const char *path) {
    const size_t size = sizeof(loaded->reason);
    loaded->error = tier_has_namespaces() ? enter_read_only(loaded->reason, size)
                                          : enter_domain(loaded->reason, size);
    if (!loaded->error)
        loaded->error = implementation_load(out, path, loaded->reason, sizeof(loaded->reason));
}

static void crashed(struct loaded *loaded, const char *path) {
    loaded->error = -EFAULT;
    snprintf(loaded->reason, sizeof(loaded->reason), "%.200s crashes while it is loaded", path);
}

static void hung(struct loaded *loaded, const char *path) {
    loaded->error = -ETIME;
    snprintf(loaded->reason, sizeof(loaded->reason), "%.200s hangs while it is loaded", path);
}

/* --- in a child ----------------------------------------------------------------------------- */

static _Noreturn void run_child(int answer, const char *path) {
    struct loaded loaded = {0};
    struct implementation ignored;
    const int fatal[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS, SIGTRAP};
    for (size_t i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++)
        signal(fatal[i], SIG_DFL); /* the parent tells the story, not an engine's handler */
    setrlimit(RLIMIT_CORE, &(struct rlimit){0});
    load_here(&loaded, &ignored, path);
    if (write(answer, &loaded, sizeof(loaded)) < 0)
        _exit(1);
    _exit(0);
}

/* Waits for the child's answer; true when it came. */
static bool await_answer(struct loaded *loaded, pid_t child, int answer, const char *path) {
    char stat_path[64];
    struct watch watch;
    struct pollfd polled = {.fd = answer, .events = POLLIN};
    check(clock_getcpuclockid(child, &watch.clock) == 0);
    snprintf(stat_path, sizeof(stat_path), "/proc/%d/stat", (int)child);
    watch_open(&watch, stat_path);
    watch_begin(&watch);
    enum watch_verdict verdict = WATCH_ALIVE;
    while (poll(&polled, 1, (int)(watch_slice.tv_nsec / 1000000)) <= 0) {
        verdict = watch_look(&watch, 0);
        if (verdict == WATCH_BLOCKED || verdict == WATCH_RUNNING)
            break;
        siginfo_t info = {0};
        if (waitid(P_PID, (id_t)child, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid)
            break;
    }
    watch_close(&watch);
    if (verdict == WATCH_BLOCKED || verdict == WATCH_RUNNING) {
        hung(loaded, path);
        return false;
    }
    if (read(answer, loaded, sizeof(*loaded)) == sizeof(*loaded))
        return true;
    crashed(loaded, path);
    return false;
}

static void try_in_child(struct loaded *loaded, const char *path) {
    int answer[2];
    if (pipe2(answer, O_CLOEXEC | O_NONBLOCK)) {
        loaded->error = refuse(loaded->reason, sizeof(loaded->reason), errno, "no pipe can be made",
                               "raise `ulimit -n`");
        return;
    }
    pid_t child = fork();
    if (child == 0)
        run_child(answer[1], path);
    close(answer[1]);
    if (child < 0) {
        loaded->error = refuse(loaded->reason, sizeof(loaded->reason), errno,
                               "no child can be started", "raise `ulimit -u`");
    } else {
        if (!await_answer(loaded, child, answer[0], path))
            kill(child, SIGKILL);
        waitpid(child, NULL, 0);
    }
    close(answer[0]);
}

/* --- on a thread ---------------------------------------------------------------------------- */

struct loader {
    turn_word turn;
    struct trap trap;
    struct stack stack;
    pthread_t thread;
    struct watch watch;
    _Atomic pid_t id; /* 0 until the thread runs; written after clock and file of `watch` */
    const char *path;
    struct implementation *out;
    struct loaded loaded;
};

static void *loader_main(void *argument) {
    struct loader *loader = argument;
    /* Its own: the clock of a thread that has ended cannot be had (pthread_getcpuclockid(3)). */
    check(pthread_getcpuclockid(pthread_self(), &loader->watch.clock) == 0);
    watch_open(&loader->watch, "/proc/thread-self/stat");
    loader->id = (pid_t)syscall(SYS_gettid);
    stack_use_alternate(&loader->stack);
    trap_watch(&loader->trap);
    load_here(&loader->loaded, loader->out, loader->path);
    trap_watch(NULL);
    stack_leave_alternate(&loader->stack);
    turn_give(&loader->turn, TURN_MAIN);
    return NULL;
}

/* Returns 0 when the thread has ended; else it is parked, or beyond reach, and keeps `loader`. */
static int await_loader(struct loader *loader) {
    watch_begin(&loader->watch);
    while (turn_await(&loader->turn, TURN_WORKER, &watch_slice) == TURN_WORKER) {
        if (loader->id == 0)
            continue; /* the machine has not let it start */
        enum watch_verdict verdict = watch_look(&loader->watch, 0);
        if (loader->turn != TURN_WORKER)
            continue; /* it came to an end during the look */
        if (verdict == WATCH_GONE)
            return -EFAULT;
        if (verdict != WATCH_ALIVE) {
            syscall(SYS_tgkill, getpid(), loader->id, trap_parking_signal());
            pthread_detach(loader->thread);
            return -ETIME;
        }
    }
    if (loader->turn == TURN_ENDED) {
        pthread_detach(loader->thread);
        return -EFAULT;
    }
    pthread_join(loader->thread, NULL);
    return 0;
}

static void load_on_thread(struct loaded *loaded, struct implementation *out, const char *path) {
    struct loader *loader =
        mmap(NULL, sizeof(*loader), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    check(loader != MAP_FAILED);
    loader->path = path;
    loader->out = out;
    loader->turn = TURN_WORKER;
    loader->trap.turn = &loader->turn;
    int error = stack_create(&loader->stack, STACK_SIZE, &loader->trap);
    if (!error)
        error = stack_start(&loader->stack, &loader->thread, loader_main, loader);
    if (error) {
        loaded->error = refuse(loaded->reason, sizeof(loaded->reason), -error,
                               "the loader's thread cannot be started", "free some memory");
        return;
    }
    error = await_loader(loader);
    watch_close(&loader->watch);
    if (error == -EFAULT) {
        crashed(loaded, path);
    } else if (error) {
        hung(loaded, path);
    } else {
        *loaded = loader->loaded;
        stack_destroy(&loader->stack);
        munmap(loader, sizeof(*loader));
    }
}

/*
 * The handlers do not stay: libFuzzer, which comes after LLVMFuzzerInitialize, installs none where
 * it finds one (FuzzerUtilPosix.cpp, SetSigaction).
 */
int sandbox_load(struct implementation *out, const char *path, char *reason, size_t reason_size) {
    const struct implementation stranger = {.name = path};
    struct loaded loaded = {0};
    loaded.error = tier_admits(&stranger, loaded.reason, sizeof(loaded.reason));
    if (!loaded.error)
        try_in_child(&loaded, path);
    if (!loaded.error) {
        const bool installed = trap_install();
        load_on_thread(&loaded, out, path);
        if (installed)
            trap_remove();
    }
    if (loaded.error)
        snprintf(reason, reason_size, "%s", loaded.reason);
    return loaded.error;
}
