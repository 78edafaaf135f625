/*
 * worker.h - the thread that executes scenarios in a world of its own.
 */
#ifndef FIFOFUZZ_WORKER_H
#define FIFOFUZZ_WORKER_H

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "handover.h"
#include "sandbox.h"
#include "steps.h"
#include "trap.h"
#include "watch.h"

/* A thread's stack with guard and alternate signal stack, in one mapping. */
struct stack {
    char *mapping;
    char *base;
    char *alternate;
    stack_t before; /* the thread's own alternate stack */
};
enum {
    STACK_SIZE = 1 << 20,
    STACK_GUARD = 1 << 20, /* as large as the stack: no frame jumps over it */
    STACK_ALTERNATE = 1 << 16,
};

/* Maps a stack and tells `trap` where it lies. Returns 0 or -errno. */
int stack_create(struct stack *stack, struct trap *trap);
void stack_destroy(struct stack *stack);

/* Starts `run(argument)` on `stack` with all but the trapped signals blocked; 0 or -errno. */
int stack_start(const struct stack *stack, pthread_t *thread, void *(*run)(void *), void *argument);

/*
 * Makes the calling thread use the alternate stack for signals, and the one it had before again: a
 * sanitizer unmaps at the end of a thread what it finds there. Both return 0 or -errno.
 */
int stack_use_alternate(struct stack *stack);
int stack_leave_alternate(const struct stack *stack);

struct worker {
    /* Set before the thread starts. */
    int stderr_pipe; /* write end, becomes the worker's descriptor 2 */
    int processor;   /* the one to run on, or -1 */

    /* Set by the thread. */
    pid_t id;
    bool worn; /* its world cannot be put right: no further runs */

    /* The order, valid while the turn is the worker's, and how far it has come. */
    const struct scenario *scenario;
    const struct implementation *implementation;
    enum sandbox_mode mode;
    _Atomic uint32_t step;

    turn_word turn;
    pthread_t thread;
    struct stack stack;
    struct trap trap;
    struct watch watch;
    int descriptor_table; /* /proc/self/task/ID/fd, open in the main thread; -1 if it cannot be */
    enum sandbox_mode last_mode;
    struct steps steps;
    struct arena arena;
    int error;
    char reason[256]; /* why it could not start */
    struct observation observation;
};

/*
 * Starts a worker and waits until its world stands. Returns 0, or -errno with `reason` filled. Free
 * it with worker_end.
 */
int worker_start(struct worker **out, int stderr_pipe, int processor, char *reason,
                 size_t reason_size);

/*
 * Ends the thread, whether it waits for an order or is parked, and frees everything. A thread that
 * does neither cannot be ended: it is left alone with all that it may still touch. So is a parked
 * one under a sanitizer, which would take what the thread had allocated for a leak.
 */
void worker_end(struct worker *worker);

/* Drops all capabilities of the calling thread, from every set. Returns 0 or -errno. */
int worker_drop_capabilities(void);

/*
 * The number of descriptors that are open in the worker's table: since Linux 6.2 the size of their
 * directory in proc(5). -1 before. The worker must have the turn no more.
 */
int32_t worker_descriptor_count(const struct worker *worker);

#endif
