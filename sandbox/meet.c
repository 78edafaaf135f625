/* meet.c - sandbox_meet: what an agent can do is known from itself alone. */
#include <errno.h>
#include <stdio.h>

#include "check.h"
#include "child.h"
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

/* In a child. */
static void meet(void *answer, void *context) {
    struct meeting *meeting = answer;
    struct sandbox *sandbox;
    meeting->error = sandbox_open(&sandbox, context, -2, meeting->reason, sizeof(meeting->reason));
    if (meeting->error)
        return;
    meeting->mkfifo = sandbox_has(sandbox, STEP_MKFIFO);
    meeting->mkfifoat = sandbox_has(sandbox, STEP_MKFIFOAT);
    sandbox_close(sandbox);
}

int sandbox_meet(struct implementation *implementation, char *reason, size_t reason_size) {
    struct meeting meeting = {.error = -EFAULT,
                              .reason = "the process that starts the agent was killed"};
    int error = tier_admits(implementation, reason, reason_size);
    if (error)
        return error;
    error = child_ask(&meeting, sizeof(meeting), meet, implementation);
    if (error)
        return refuse(reason, reason_size, -error, "no child can be started",
                      "free memory, or raise `ulimit -u`");
    if (meeting.error)
        snprintf(reason, reason_size, "%s", meeting.reason);
    implementation->mkfifo = !meeting.error && meeting.mkfifo ? nobody_calls_mkfifo : NULL;
    implementation->mkfifoat = !meeting.error && meeting.mkfifoat ? nobody_calls_mkfifoat : NULL;
    return meeting.error;
}
