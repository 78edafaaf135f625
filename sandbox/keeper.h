/*
 * keeper.h - the process that keeps an agent: the first one of a pid namespace, which starts the
 * agent, watches it, answers for its system calls and acts on it from outside.
 *
 * It is a copy of this process, made on the worker's thread before the arena stands, with all
 * capabilities and no filter; it runs no code under test. Whatever the agent starts lives in the
 * namespace, too, and ends with the keeper, as the keeper does with the worker's thread. What it
 * and the two threads know of each other lies in a page of shared memory.
 *
 * The agent's filter (policy_agent) hands system calls that it does not allow to the keeper
 * (seccomp_unotify(2)): it refuses them and counts. It counts the agent's processes, too, and ends
 * one that has too many.
 */
#ifndef FIFOFUZZ_KEEPER_H
#define FIFOFUZZ_KEEPER_H

#include <linux/filter.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "cookies.h"
#include "scenario.h"
#include "watch.h"

enum {
    KEEPER_FORBIDDEN_MAX = 1000, /* so many refused calls end the agent */
    KEEPER_TASKS_MAX = 128,      /* processes and threads of an agent at one time */
    KEEPER_FILTER_MAX = 4096,    /* instructions */
};

enum keeper_state {
    KEEPER_BEGUN,   /* it was just made */
    KEEPER_READY,   /* it waits for the arena */
    KEEPER_ARENA,   /* the arena stands: the agent may start */
    KEEPER_STARTED, /* the agent's process runs, or `error` says why not */
    KEEPER_ENDED,   /* the agent has ended with `status`, and all that it started is being ended */
};

/* What an order asks for. */
enum keeper_order {
    KEEPER_NOTHING,
    KEEPER_ASSUME, /* give the agent `identity` and `capabilities` */
    KEEPER_LIMIT,  /* let the agent have `descriptors` */
    KEEPER_LOOK,   /* see whether anything in the namespace runs */
};

/* An order and what came of it. Each side that gives orders has one. */
struct keeper_request {
    _Atomic uint32_t order; /* enum keeper_order; KEEPER_NOTHING when it is done */
    int error;
};

struct keeper_page {
    _Atomic uint32_t state; /* enum keeper_state, a futex word */
    int error;              /* -errno: the agent's process could not be started */
    int program_error;      /* -errno: its program could not be executed */
    int status;             /* of the agent that has ended, as waitpid(2) gives it */

    _Atomic uint32_t forbidden;     /* how many calls were refused since the greeting */
    _Atomic int32_t forbidden_call; /* the first of them */
    _Atomic bool greeted;

    struct keeper_request by_worker, by_main;
    int listener; /* the keeper's descriptor for calls that the filter hands over */
    pid_t agent;  /* who has greeted, as the namespace counts */
    struct identity identity;
    uint32_t capabilities; /* effective ones, bits */
    bool assumed;          /* the agent is `identity_now`: what stays is not set again */
    struct identity identity_now;
    uint64_t descriptors; /* the agent's soft RLIMIT_NOFILE; UINT64_MAX: as it started */
    uint64_t answered;    /* calls that the filter has handed over, and how many at the last look */
    uint64_t answered_before;
    struct watch_sight sight; /* of all together, at the last look */
};

struct keeper {
    struct keeper_page *page; /* shared */
    pid_t process;            /* as this process counts, 0 if there is none */
    int wake;                 /* eventfd: there is an order */
    int worker_wake;          /* its number in the worker's table */

    /* Set before the start. */
    const char *const *command;    /* the agent's arguments */
    int requests, replies, errors; /* its descriptors 0, 1 and 2 */
    bool plain; /* it cannot be acted on: it has no capabilities at all, and identities never change
                 */
    struct cookies cookies;
    struct sock_filter filter[KEEPER_FILTER_MAX];
    unsigned short filter_length;
};

/* The capabilities that a scenario can name, and those that changing to it takes. Bits. */
uint32_t keeper_capabilities(void);

/*
 * Makes the page and the eventfd and builds the filter; `wrapped` as policy_agent takes it. On the
 * main thread. Returns 0 or -errno; give back with keeper_destroy in either case.
 */
int keeper_create(struct keeper *keeper, bool wrapped);
void keeper_destroy(struct keeper *keeper);

/*
 * Starts the process, on the worker's thread while the host's tree is still its root: it comes
 * along into the arena, as the two share root and current directory. Returns 0 or -errno.
 */
int keeper_start(struct keeper *keeper);

/* The arena stands: lets the agent start. On the worker's thread; returns as above. */
int keeper_admit(struct keeper *keeper);

/*
 * Gives an order on the worker's or the main thread and waits until it is done, or, with `limit`,
 * at most that long. Returns its error, 0, or -ETIME; -ESRCH when the agent has ended.
 */
int keeper_order(struct keeper *keeper, struct keeper_request *request, enum keeper_order order,
                 const struct timespec *limit);

/* Waits on the worker until the agent is seen to have ended; its replies have. */
void keeper_await_end(struct keeper *keeper);

/* Ends it and all that is in its namespace, and waits for that. On the main thread. */
void keeper_end(struct keeper *keeper);

#endif
