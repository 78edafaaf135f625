/*
 * within.h - the circumstances of a call under test: in a child process, on a small stack, with all
 * signals blocked.
 *
 * A child has one thread, which makes the call, tells the result in memory that both share, and
 * ends by exit(2). The thread that made it waits meanwhile. The child has the filter, the identity
 * and the mounts of that thread, and of directory, umask, limits and descriptors a copy of its own:
 * what the call leaves behind there ends with it and is not seen. Whatever ends the call otherwise
 * is told as if it had ended that of the thread.
 *
 * In a child no call is stopped in the middle (gate.h): the order is dropped, and the call is over
 * when its step is. System calls are answered there as ever.
 */
#ifndef FIFOFUZZ_WITHIN_H
#define FIFOFUZZ_WITHIN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "cookies.h"
#include "stack.h"
#include "trap.h"

/*
 * What WITHIN_STACK leaves a call: as much as the smallest stack that a thread can have on x86-64
 * (PTHREAD_STACK_MIN). An honest call takes some hundred bytes, one with a path of PATH_MAX bytes
 * in its frame 5000, and the dynamic linker 4000 to bind a function that is called first. With a
 * sanitizer it is more: frames are larger, and the sanitizer writes its report on the stack of the
 * code at fault.
 */
enum {
    WITHIN_STACK_SIZE = 1 << 14,
    WITHIN_STACK_SANITIZED = 1 << 18,
};

struct within_child;

/* What it takes. For one call at a time: one that is made while another is stopped has its own. */
struct within {
    struct stack stack;         /* the small one */
    struct within_child *child; /* what a child and the thread share; NULL: not mapped */
};

/* Maps it. Returns 0 or -errno; free it with within_destroy, which allows that, too. */
int within_create(struct within *within);
void within_destroy(struct within *within);

/* What a call under test gave. */
struct within_answer {
    int32_t result, error;
};

/* Who makes the call, and how. */
struct within_order {
    unsigned flags;    /* WITHIN_* of scenario.h; fork and vfork together are vfork */
    struct trap *trap; /* of the calling thread */
    const struct cookies *cookies;
    turn_word *child; /* becomes the child's process id while there is one, else it is 0 */

    /* Makes the call and nothing else. In a child errno and memory may be the thread's. */
    void (*call)(void *context, bool in_child, struct within_answer *answer);
    void *context;
};

/*
 * Makes the call that `order` describes, on a watched thread (trap_watch) and under its filter.
 * Returns only if the call has come back; otherwise the calling thread's run ends (trap_end).
 */
void within_call(struct within *within, const struct within_order *order,
                 struct within_answer *answer);

/* True if the kernel lets the calling thread make such children, and small stacks are known. */
bool within_available(void);

#endif
