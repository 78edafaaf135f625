#include "apart.h"

#include <alloca.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>

enum left { STAYS, RETURNED, ENDED };

/* What the thread may use of its own stack below the frame that it sleeps in. */
enum { FRAMES_OF_SLEEPER = 1 << 15 };

/*
 * pthread_exit(3) in the task goes back to the thread's first frame and destroys from there what is
 * the thread's. That must not reach the frames that it sleeps in.
 */
enum { FRAMES_OF_DESTRUCTORS = 1 << 15 };

static int go_on(void *argument) {
    struct apart *apart = argument;
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &apart->mask, NULL, sizeof(apart->mask));
    apart->run(apart->argument);
    turn_give(&apart->left, RETURNED);
    return 0; /* to clone(3), which makes exit(2) of it */
}

void apart_end(struct apart *apart) {
    turn_give(&apart->left, ENDED);
}

/*
 * Returns when the task has ended by itself, or ends the thread. errno is the task's, too: nothing
 * that sets it may be called before the task is about to end.
 */
static void sleep_until_left(struct apart *apart) {
    uint32_t task;
    while (turn_await(&apart->left, STAYS, NULL) == STAYS)
        ;
    while ((task = apart->task) != 0) /* the kernel wakes without FUTEX_PRIVATE_FLAG */
        syscall(SYS_futex, &apart->task, FUTEX_WAIT, task, NULL, NULL, 0);
    while (apart->left == ENDED) /* of this thread alone, without the C library */
        syscall(SYS_exit, 0);
}

/* `frame` is one that the task may use the stack below of. */
static int step_back(struct apart *apart, int shared, uintptr_t frame) {
    const int flags = shared | CLONE_VM | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM |
                      CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;
    const uint64_t all = UINT64_MAX;
    const uintptr_t top = (frame - FRAMES_OF_SLEEPER) & ~(uintptr_t)63;
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &apart->mask, sizeof(all));
    int task = clone(go_on, (void *)top, flags, apart, &apart->task, NULL, &apart->task);
    const int error = task < 0 ? -errno : 0;
    if (!error)
        sleep_until_left(apart);
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &apart->mask, NULL, sizeof(all));
    return error;
}

int apart_run(struct apart *apart, int shared, void (*run)(void *argument), void *argument) {
    volatile char *room = alloca(FRAMES_OF_DESTRUCTORS);
    room[0] = 0; /* else the compiler leaves it out */
    *apart = (struct apart){.run = run, .argument = argument};
    return step_back(apart, shared, (uintptr_t)room);
}
