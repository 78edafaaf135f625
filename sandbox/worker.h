/*
 * worker.h - the thread that executes scenarios in a world of its own, with its steward.
 */
#ifndef FIFOFUZZ_WORKER_H
#define FIFOFUZZ_WORKER_H

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "apart.h"
#include "arena.h"
#include "guest.h"
#include "handover.h"
#include "sandbox.h"
#include "stack.h"
#include "stage.h"
#include "steps.h"
#include "steward.h"
#include "trap.h"
#include "watch.h"

/* What a worker is started with; it keeps none of it open. */
struct worker_plan {
    const char *directory;     /* the arena, without namespaces; copied into the arena's `path` */
    int stderr_pipe;           /* write end, becomes the worker's descriptor 2 */
    int processor;             /* the one to run on, or -1 */
    int namespace;             /* descriptor of the user namespace for idmapped mounts, or -1 */
    uint32_t nofile;           /* the limit of descriptors that scenarios know */
    const struct agent *agent; /* that it is to have as a guest, or NULL */
    bool staged;               /* it is to have actors */
};

struct worker {
    struct worker_plan plan; /* set before the thread starts */

    /* Set by the thread. */
    pid_t id;
    bool worn; /* its world cannot be put right: no further runs */

    /* The order, valid while the turn is the worker's, and how far it has come. */
    const struct scenario *scenario;
    const struct implementation *implementation;
    enum sandbox_mode mode;
    _Atomic uint32_t step;

    turn_word turn;
    pthread_t thread; /* asleep: `apart` works in its place */
    struct apart apart;
    struct stack stack;
    struct trap trap;
    struct watch watch;
    int descriptor_table; /* /proc/self/task/ID/fd, open in the main thread; -1 if it cannot be */
    enum sandbox_mode last_mode;
    struct steps steps;
    struct arena arena;
    struct guest guest; /* the agent, if there is one */
    struct stage stage; /* the actors, if there are any */
    int error;
    char reason[256]; /* why it could not start */
    struct observation observation;
};

/*
 * Starts a worker and waits until its world stands, and its guest has greeted. Returns 0, or -errno
 * with `reason` filled. Free it with worker_end.
 */
int worker_start(struct worker **out, const struct worker_plan *plan, char *reason,
                 size_t reason_size);

/* One look at a worker that has the turn, as watch_look; it never hangs while its steward works. */
enum watch_verdict worker_look(struct worker *worker);

/*
 * Ends the thread, whether it waits for an order or is parked, and frees everything. A thread that
 * does neither cannot be ended: it is left alone with all that it may still touch. So is a parked
 * one under a sanitizer, which would take what the thread had allocated for a leak.
 */
void worker_end(struct worker *worker);

/*
 * True when `address` lies in the path of a call under test, which it may read but not write; in
 * the guard page behind one, where a path is read past its NUL.
 */
bool worker_holds(const struct worker *worker, uint64_t address);
bool worker_holds_behind(const struct worker *worker, uint64_t address);

/*
 * The number of descriptors that are open in the worker's table: since Linux 6.2 the size of their
 * directory in proc(5). -1 before. The worker must have the turn no more.
 */
int32_t worker_descriptor_count(const struct worker *worker);

#endif
