/*
 * actor.h - a thread that does steps of a scenario beside other such threads.
 *
 * Actors share the worker's directory, umask, descriptors and mounts, as threads of one process do,
 * and have a filter, an identity and a gate of their own. The worker conducts (stage.h): it gives
 * each one operation at a time. An operation may wait in the kernel; a call under test may also be
 * stopped in the middle (gate.h), and then the actor does other operations inside of the signal
 * handler that it is stopped in.
 */
#ifndef FIFOFUZZ_ACTOR_H
#define FIFOFUZZ_ACTOR_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "apart.h"
#include "gate.h"
#include "handover.h"
#include "identity.h"
#include "operation.h"
#include "path_view.h"
#include "stack.h"
#include "steps.h"
#include "still.h"
#include "trap.h"
#include "watch.h"
#include "within.h"

/* The outermost is what it does; the second is done in the handler that the first is stopped in. */
enum { ACTOR_DEPTH = 2 };

/* What the main thread sees of an actor, or of the child that makes its call. */
struct sight {
    struct watch watch;
    struct still still;
    int64_t used_before; /* its processor time when the look began, ns */
};

struct actor {
    turn_word turn; /* TURN_MAIN: idle; TURN_WORKER, TURN_RESUME: it works, or waits;
                       TURN_PAUSED: a call of it is stopped; TURN_ENDED: it is parked */
    unsigned depth; /* operations that were begun and are not over */
    struct operation operations[ACTOR_DEPTH];
    bool asleep; /* at the last look it waited in the kernel */

    /* What the next call is to meet. */
    struct gate_plan arranged;

    /* Set before the thread starts. */
    const struct steps *steps;
    struct path_view views[ACTOR_DEPTH];
    struct within within[ACTOR_DEPTH];
    uint8_t *buffer; /* of ACTOR_BUFFER bytes: what is read and written */
    struct trap trap;

    /* The thread's own. */
    pid_t id;
    int error; /* why it could not start, -errno */
    bool has_gate;
    struct identity_now identity;
    struct gate gate;
    struct stack stack;
    struct apart apart; /* its task, which works in the place of its thread */
    pthread_t thread;
    bool started;
    turn_word child; /* the process that makes its call, and that it waits for; 0: it does so itself
                      */

    /* The main thread's, of a look. */
    struct sight sight, sight_of_child;
    pid_t seen_child;     /* whom sight_of_child is of; 0: nobody */
    unsigned waits, naps; /* that it was waited for, and found asleep in a row */
};
enum { ACTOR_BUFFER = 1 << 16 };

/*
 * Starts an actor on the worker's thread, which has given up what it is to give up but has no
 * filter yet. `frames` gets the stack of a call that ends badly. Returns 0 or -errno; free it with
 * actor_end in either case.
 */
int actor_start(struct actor *actor, const struct steps *steps, uint64_t *frames);

/* Gives it the operation that operations[depth] describes. */
void actor_begin(struct actor *actor);

/* Lets the call that is stopped go on. */
void actor_resume(struct actor *actor);

/* Is a call of it stopped, and no operation being done in its handler? */
static inline bool actor_is_paused(const struct actor *actor) {
    return actor->turn == TURN_PAUSED;
}

/* Does it work, or wait in the kernel? */
static inline bool actor_is_busy(const struct actor *actor) {
    return actor->turn == TURN_WORKER || actor->turn == TURN_RESUME;
}

/*
 * Ends it, whatever it does, and frees everything. A thread that cannot be ended is left alone with
 * all that it may still touch: then it returns false, and `actor` must stay. Called by the main
 * thread when the worker is no more.
 */
bool actor_end(struct actor *actor);

#endif
