/* meet.c - sandbox_meet: what an agent can do is known from itself alone. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "reason.h"
#include "sandbox.h"
#include "tier.h"

/* What the child tells. */
struct meeting {
    int error;
    bool mkfifo, mkfifoat;
    char reason[512];
};

static int nobody_calls_mkfifo(const char *path, mode_t mode) {
    (void)path;
    (void)mode;
    check(false);
    return -1;
}

static int nobody_calls_mkfifoat(int dirfd, const char *path, mode_t mode) {
    (void)dirfd;
    return nobody_calls_mkfifo(path, mode);
}

static _Noreturn void meet(struct meeting *meeting, const struct implementation *implementation) {
    struct sandbox *sandbox;
    meeting->error =
        sandbox_open(&sandbox, implementation, -2, meeting->reason, sizeof(meeting->reason));
    if (!meeting->error) {
        meeting->mkfifo = sandbox_has(sandbox, STEP_MKFIFO);
        meeting->mkfifoat = sandbox_has(sandbox, STEP_MKFIFOAT);
        sandbox_close(sandbox);
    }
    _exit(0);
}

static void await_child(pid_t child) {
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
        ;
}

int sandbox_meet(struct implementation *implementation, char *reason, size_t reason_size) {
    int error = tier_admits(implementation, reason, reason_size);
    if (error)
        return error;
    struct meeting *shared =
        mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return refuse(reason, reason_size, errno, "no memory can be shared", "free some");
    shared->error = -EFAULT;
    snprintf(shared->reason, sizeof(shared->reason),
             "the process that starts the agent was killed");
    pid_t child = fork();
    if (child == 0)
        meet(shared, implementation);
    if (child > 0)
        await_child(child);
    error = child < 0
                ? refuse(reason, reason_size, errno, "no child can be started", "raise `ulimit -u`")
                : shared->error;
    if (child > 0 && error)
        snprintf(reason, reason_size, "%s", shared->reason);
    implementation->mkfifo = !error && shared->mkfifo ? nobody_calls_mkfifo : NULL;
    implementation->mkfifoat = !error && shared->mkfifoat ? nobody_calls_mkfifoat : NULL;
    munmap(shared, sizeof(*shared));
    return error;
}
