/*
 * apart.h - a task with directory, umask, descriptors and filter of its own in the place of a
 * thread.
 *
 * Whoever ends a thread, the C library as well as a sanitizer, blocks signals for that, which the
 * worker's filter does not let through; and containers refuse unshare(2) as a whole, but clone(2)
 * only with new namespaces. So a thread that the C library has made steps back: it sleeps, and a
 * second task, which need share neither directory nor descriptors with the others, goes on in its
 * place, on its stack and with its thread-local memory. What binds the task goes with it, and the
 * thread ends as any other.
 */
#ifndef FIFOFUZZ_APART_H
#define FIFOFUZZ_APART_H

#include <stdatomic.h>
#include <stdint.h>
#include <sys/types.h>

#include "handover.h"

struct apart {
    turn_word left; /* how the task has left the thread's stack, see apart.c; 0: it has not */
    turn_word task; /* its id; 0 once it has ended */
    void (*run)(void *argument);
    void *argument;
    uint64_t mask; /* the signal mask that it starts with */
};

/*
 * Runs `run(argument)` in such a task while the calling thread sleeps with all signals blocked.
 * `shared` is what it has in common with the thread: CLONE_FS | CLONE_FILES, or 0 for copies.
 * Returns 0 once it has returned, -errno if it cannot be started. A task that ends otherwise leaves
 * the thread asleep, which can then only end, too: apart_end. Takes 64 KiB of the stack for itself.
 */
int apart_run(struct apart *apart, int shared, void (*run)(void *argument), void *argument);

/*
 * The task has ended, or is about to, by exit(2) and without returning: the thread ends in the same
 * way as soon as it has, and its caller never sees apart_run return. Of the thread's memory only
 * what its destructors would have freed stays allocated, unless the task called pthread_exit(3).
 * For any thread.
 */
void apart_end(struct apart *apart);

#endif
