/*
 * guest.h - an agent in the worker's arena: what it sees of the host, the process that keeps it,
 * and the channel to it. It comes and goes with its worker.
 */
#ifndef FIFOFUZZ_GUEST_H
#define FIFOFUZZ_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "channel.h"
#include "implementations/implementation.h"
#include "keeper.h"
#include "view.h"
#include "watch.h"

enum {
    GUEST_NUMBERS = 4, /* the worker's own descriptors for it, above the limit of scenarios */
    GUEST_OWN_MAX = 256,
};

struct guest {
    struct view view;
    struct keeper keeper;
    struct channel channel;
    bool wrapped;                /* as struct agent has it */
    int requests[2], replies[2]; /* pipes, in the worker's table until the arena stands */
    bool own[GUEST_OWN_MAX];     /* descriptors that the agent had before any scenario */

    /* What the main thread looks at the agent through. */
    int process;      /* its directory in proc(5), or -1 */
    int status;       /* its file `status` there, or -1 */
    int32_t baseline; /* how many descriptors it has for itself; -1 if unknown */
};

/*
 * Prepares `agent` on the main thread; what it prints goes to `errors`. Returns 0, or -errno with
 * `reason` filled. Give back with guest_close in either case.
 */
int guest_open(struct guest *guest, const struct agent *agent, int errors, char *reason,
               size_t reason_size);
void guest_close(struct guest *guest);

/*
 * On the worker's thread, one after the other: while the host's tree is there; once the arena
 * stands, whose limit of descriptors is `nofile`; and, the worker's other descriptors being closed,
 * the agent's start and greeting. Return 0, or -errno with `reason` filled; -ENOTSUP of the last
 * one says that it may work the second time, as the agent cannot be acted on from outside.
 */
int guest_before_arena(struct guest *guest, char *reason, size_t reason_size);
int guest_in_arena(struct guest *guest, uint32_t nofile, char *reason, size_t reason_size);
int guest_start(struct guest *guest, char *reason, size_t reason_size);

/* True if a slot holds the worker's `number`, and the agent has that slot open, too. */
bool guest_holds(const struct guest *guest, int32_t number, const int32_t *slots, const bool *open);

/* What the worker calls `number` is called in the agent. `open` says for slots what is open. */
int32_t guest_number(const struct guest *guest, int32_t number, const int32_t *slots,
                     const bool *open);

/* On the main thread, once the worker stands. `worker` is the thread's id. */
void guest_watch(struct guest *guest, pid_t worker);

/* As watch_look, of everything that lives with the agent. */
enum watch_verdict guest_look(struct guest *guest, struct watch *watch, uint64_t progress);

/*
 * After a run: true if the agent has more descriptors than before, which are its own from now on. A
 * language opens some for itself when it first needs them, be it for its garbage collection, and a
 * run in which it does says nothing. What the same scenario opens again and again is a leak.
 */
bool guest_settles(struct guest *guest);

/*
 * After a run: puts what the agent's process shows into `observation`, where that is not what the
 * worker's showed: umask, current directory, number of descriptors. Returns true if it is the same.
 */
bool guest_observe(const struct guest *guest, struct observation *observation);

#endif
