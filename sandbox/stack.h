/*
 * stack.h - stacks for the sandbox's threads, with guards that no frame jumps over.
 */
#ifndef FIFOFUZZ_STACK_H
#define FIFOFUZZ_STACK_H

#include <pthread.h>
#include <signal.h>

#include "trap.h"

/* A thread's stack with guard and alternate signal stack, in one mapping. */
struct stack {
    char *mapping;
    char *base;
    char *alternate;
    size_t size;    /* of the stack at `base` */
    stack_t before; /* the thread's own alternate stack */
};
enum {
    STACK_SIZE = 1 << 20,      /* of a thread that runs code under test as usual */
    STACK_GUARD = 1 << 20,     /* as large as that: no frame jumps over it */
    STACK_ALTERNATE = 1 << 20, /* code under test runs on it, while a call is stopped (gate.h) */
};

/*
 * Maps a stack of `size` bytes, whole pages, and tells `trap`, unless that is NULL, where it lies.
 * Returns 0 or -errno; free it with stack_destroy, which allows that, too.
 */
int stack_create(struct stack *stack, size_t size, struct trap *trap);
void stack_destroy(struct stack *stack);

/* Tells `trap` that its thread is on this stack, and takes signals on its alternate one. */
void stack_tell(const struct stack *stack, struct trap *trap);

/* Starts `run(argument)` on `stack` with all but the trapped signals blocked; 0 or -errno. */
int stack_start(const struct stack *stack, pthread_t *thread, void *(*run)(void *), void *argument);

/*
 * Makes the calling thread use the alternate stack for signals, and the one it had before again: a
 * sanitizer unmaps at the end of a thread what it finds there. Both return 0 or -errno.
 */
int stack_use_alternate(struct stack *stack);
int stack_leave_alternate(const struct stack *stack);

#endif
