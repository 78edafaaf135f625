/*
 * apart.h - a thread with directory, umask and descriptors of its own where unshare(2) is refused.
 *
 * Containers refuse unshare(2) as a whole, but clone(2) only with new namespaces. The C library
 * makes no threads that share neither directory nor descriptors with the others, so a thread that
 * it has made steps back: it sleeps, and a second task without these ties goes on in its place, on
 * its stack and with its thread-local memory.
 */
#ifndef FIFOFUZZ_APART_H
#define FIFOFUZZ_APART_H

#include <stdatomic.h>
#include <stdint.h>
#include <sys/types.h>

#include "handover.h"

struct apart {
    turn_word left; /* not 0: nothing of the task will be on the thread's stack any more */
    turn_word task; /* its id; 0 once it has ended */
    void (*run)(void *argument);
    void *argument;
    uint64_t mask; /* the signal mask that it starts with */
};

/*
 * Runs `run(argument)` in such a task while the calling thread sleeps with all signals blocked.
 * Returns 0 once it has returned, -errno if it cannot be started. A task that ends otherwise leaves
 * the thread asleep: its stack may be in ruins. apart_release wakes it where that is not so.
 */
int apart_run(struct apart *apart, void (*run)(void *argument), void *argument);

/* The task ends by exit(2) without returning, from where it has touched no other's frames. */
void apart_release(struct apart *apart);

#endif
