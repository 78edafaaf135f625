#include "apart.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>

/* What the thread may use of its own stack below the frame that it sleeps in. */
enum { FRAMES_OF_SLEEPER = 1 << 15 };

static int go_on(void *argument) {
    struct apart *apart = argument;
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &apart->mask, NULL, sizeof(apart->mask));
    apart->run(apart->argument);
    apart_release(apart);
    return 0; /* to clone(3), which makes exit(2) of it */
}

void apart_release(struct apart *apart) {
    turn_give(&apart->left, 1);
}

/* errno is the task's, too: nothing that sets it may be called before the task is about to end. */
static void sleep_until_left(struct apart *apart) {
    uint32_t task;
    while (turn_await(&apart->left, 0, NULL) == 0)
        ;
    while ((task = apart->task) != 0) /* the kernel wakes without FUTEX_PRIVATE_FLAG */
        syscall(SYS_futex, &apart->task, FUTEX_WAIT, task, NULL, NULL, 0);
}

int apart_run(struct apart *apart, void (*run)(void *argument), void *argument) {
    const int flags = CLONE_VM | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM |
                      CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;
    const uint64_t all = UINT64_MAX;
    const uintptr_t here = (uintptr_t)__builtin_frame_address(0) & ~(uintptr_t)63;
    *apart = (struct apart){.run = run, .argument = argument};
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &apart->mask, sizeof(all));
    int task = clone(go_on, (void *)(here - FRAMES_OF_SLEEPER), flags, apart, &apart->task, NULL,
                     &apart->task);
    const int error = task < 0 ? -errno : 0;
    if (!error)
        sleep_until_left(apart);
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &apart->mask, NULL, sizeof(all));
    return error;
}
