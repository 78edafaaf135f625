#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "keeper_parts.h"
#include "trap.h"

/* The keeper's descriptors; the agent's own three come first. */
enum { WAKE = 3, PROC = 4, FIRST_UNUSED = 5 };

/* What a tracer like proot has made of a call that is not to be executed: -1, or -2 as it says. */
static bool is_cancelled(int call) {
    return call < 0;
}

/* --- getting ready -------------------------------------------------------------------------- */

/* Wakes up ppoll(2), in which alone it may come. */
static void on_child(int number) {
    (void)number;
}

/* Engines and the trap have handlers for this process, which this copy of it is none of. */
static void take_signals(void) {
    sigset_t child;
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_SETMASK, &child, NULL);
    const struct sigaction action = {.sa_handler = on_child};
    sigaction(SIGCHLD, &action, NULL);
}

/* Puts the descriptors in their places and closes all others. */
static int take_descriptors(const struct keeper *keeper) {
    const int wanted[] = {keeper->requests, keeper->replies, keeper->errors, keeper->wake};
    int moved[4];
    for (int i = 0; i < 4; i++) /* out of each other's way first */
        if ((moved[i] = fcntl(wanted[i], F_DUPFD, FIRST_UNUSED)) < 0)
            return -errno;
    for (int i = 0; i < 4; i++)
        if (dup2(moved[i], i) < 0)
            return -errno;
    if (fcntl(WAKE, F_SETFD, FD_CLOEXEC))
        return -errno;
    return syscall(SYS_close_range, PROC, ~0U, 0) ? -errno : 0;
}

/*
 * A proc file system of this pid namespace, while another one is in sight: without, a user
 * namespace gets none (mount_namespaces(7), on mounts that reveal more). Not to have it is no
 * error.
 */
static void make_proc(void) {
    const unsigned flags =
        MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
    int made = -1, context = (int)syscall(SYS_fsopen, "proc", FSOPEN_CLOEXEC);
    if (context < 0)
        return;
    if (syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
        made = (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, flags);
    close(context);
    if (made >= 0 && made != PROC && dup3(made, PROC, O_CLOEXEC) == PROC)
        close(made);
}

static void mount_proc(void) {
    syscall(SYS_move_mount, PROC, "", AT_FDCWD, "/proc", MOVE_MOUNT_F_EMPTY_PATH);
    close(PROC);
}

/* --- calls that the filter hands over ------------------------------------------------------- */

/* Before the greeting it is the language that starts up and finds out what there is. */
static void count_forbidden(struct keeper_page *page, int call) {
    if (!page->greeted)
        return;
    if (page->forbidden == 0)
        page->forbidden_call = call;
    if (++page->forbidden == KEEPER_FORBIDDEN_MAX)
        kill(-1, SIGKILL);
}

static void answer_call(struct keeper_page *page) {
    union { /* may be larger than what the headers know */
        struct seccomp_notif call;
        char room[1024];
    } notice;
    struct seccomp_notif_resp response = {.error = -EPERM};
    memset(&notice, 0, sizeof(notice));
    if (ioctl(page->listener, SECCOMP_IOCTL_NOTIF_RECV, &notice.call))
        return;
    const struct seccomp_data *call = &notice.call.data;
    response.id = notice.call.id;
    page->answered++;
    if (is_cancelled(call->nr)) {
        response.error = 0;
        response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    } else {
        count_forbidden(page, call->nr);
    }
    ioctl(page->listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
}

/* --- orders --------------------------------------------------------------------------------- */

static void obey(const struct keeper *keeper, struct keeper_request *request) {
    switch ((enum keeper_order)atomic_load(&request->order)) {
    case KEEPER_ASSUME:
        request->error = keeper_assume(keeper);
        break;
    case KEEPER_LIMIT:
        request->error = keeper_limit(keeper->page);
        break;
    case KEEPER_LOOK:
        keeper_look(keeper->page);
        request->error = 0;
        break;
    case KEEPER_NOTHING:
        return;
    }
    keeper_tell(&request->order, KEEPER_NOTHING);
}

static void take_orders(const struct keeper *keeper) {
    uint64_t count;
    if (read(WAKE, &count, sizeof(count)) < 0)
        return;
    obey(keeper, &keeper->page->by_worker);
    obey(keeper, &keeper->page->by_main);
}

/* --- watching ------------------------------------------------------------------------------- */

/* With the agent's end all ends, and this process, whose end takes the namespace along. */
static _Noreturn void end(struct keeper_page *page, int status) {
    page->status = status;
    keeper_tell(&page->state, KEEPER_ENDED);
    keeper_tell(&page->by_worker.order, KEEPER_NOTHING);
    keeper_tell(&page->by_main.order, KEEPER_NOTHING);
    _exit(0);
}

/* Orphans of the namespace are this process's to bury. */
static void reap(struct keeper_page *page, pid_t agent) {
    int status;
    pid_t child;
    while ((child = waitpid(-1, &status, WNOHANG | __WALL)) > 0)
        if (child == agent && (WIFEXITED(status) || WIFSIGNALED(status)))
            end(page, status);
    if (child < 0 && errno == ECHILD)
        end(page, 0);
}

/*
 * There is no limit for root's processes (setrlimit(2), RLIMIT_NPROC), and to be asked about each
 * one would make fork(2) fail where a signal comes in between. So they are counted now and then.
 */
static void count_tasks(struct keeper_page *page) {
    if (keeper_tasks() <= KEEPER_TASKS_MAX)
        return;
    page->forbidden_call = SYS_clone;
    page->forbidden = 1;
    end(page, 0);
}

static _Noreturn void watch(const struct keeper *keeper, pid_t agent) {
    struct pollfd polled[] = {{.fd = WAKE, .events = POLLIN},
                              {.fd = keeper->page->listener, .events = POLLIN}};
    sigset_t none;
    sigemptyset(&none);
    for (;;) {
        reap(keeper->page, agent);
        const int ready = ppoll(polled, 2, &watch_slice, &none);
        if (ready == 0)
            count_tasks(keeper->page);
        if (ready <= 0)
            continue;
        if (polled[0].revents & POLLIN)
            take_orders(keeper);
        if (polled[1].revents & POLLIN)
            answer_call(keeper->page);
        if (polled[1].revents & (POLLHUP | POLLERR))
            polled[1].fd = -1; /* nobody is left under the filter */
    }
}

_Noreturn void keeper_main(struct keeper *keeper) {
    struct keeper_page *page = keeper->page;
    trap_watch(NULL);
    take_signals();
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    setsid(); /* what a terminal sends to the process is not for the agent */
    page->error = take_descriptors(keeper);
    make_proc();
    keeper_tell(&page->state, KEEPER_READY);
    while (keeper_await(&page->state, KEEPER_READY, NULL) == KEEPER_READY)
        ;
    mount_proc();
    pid_t agent = page->error ? page->error : keeper_launch(keeper);
    if (agent < 0) {
        page->error = agent;
        keeper_tell(&page->state, KEEPER_STARTED);
        _exit(1);
    }
    keeper_tell(&page->state, KEEPER_STARTED);
    watch(keeper, agent);
}
