/*
 * pipe_actors_testing.h - threads that make calls at a FIFO as they are told to, and how to see
 * without waiting for a time that none of them will do anything more.
 */
#ifndef FIFOFUZZ_PIPE_ACTORS_TESTING_H
#define FIFOFUZZ_PIPE_ACTORS_TESTING_H

#include "pipe_testing.h"

#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>

#include "still.h"

enum job { JOB_OPEN, JOB_READ, JOB_WRITE, JOB_END };

/* A thread that makes calls, one at a time, when it is told to. */
struct actor {
    pthread_t thread;
    struct open_end *end; /* used by the call; NULL for an open */
    int64_t result;       /* or -errno */
    uint64_t digest;
    _Atomic(pid_t) id;
    struct still still;
    atomic_uint begun; /* jobs, of which the last may not be over; a futex */
    atomic_uint ended;
    enum job job;
    enum pipe_access access; /* of an open */
    int descriptor;
    uint32_t size, tag;
    bool nonblock, sigpipe;
    bool collected; /* the result was compared */
    uint8_t bytes[PIPE_TEST_SIZE_MAX];
};

static struct actor actors[PIPE_ACTORS];
static _Thread_local volatile sig_atomic_t sigpipe_came;

static inline void on_signal(int number) {
    sigpipe_came |= number == SIGPIPE;
}

/* --- actors ----------------------------------------------------------------------------------- */

static inline int64_t do_job(struct actor *actor) {
    switch (actor->job) {
    case JOB_OPEN:
        return open("fifo", open_flags(actor->access, actor->nonblock));
    case JOB_READ:
        return read(actor->descriptor, actor->bytes, actor->size);
    case JOB_WRITE:
        return write(actor->descriptor, actor->bytes, actor->size);
    case JOB_END:
        break;
    }
    return 0;
}

static inline void *act(void *argument) {
    struct actor *actor = (struct actor *)argument;
    atomic_store(&actor->id, gettid());
    for (unsigned done = 0;; done++) {
        while (atomic_load(&actor->begun) == done)
            syscall(SYS_futex, &actor->begun, FUTEX_WAIT_PRIVATE, done, NULL);
        if (actor->job == JOB_END)
            return NULL;
        sigpipe_came = 0;
        int64_t result = do_job(actor);
        actor->result = result < 0 ? -errno : result;
        actor->sigpipe = sigpipe_came;
        if (actor->job == JOB_READ && result >= 0)
            actor->digest = hash_bytes(actor->bytes, (size_t)result);
        atomic_store(&actor->ended, done + 1);
    }
}

static inline bool is_idle(struct actor *actor) {
    return atomic_load(&actor->begun) == atomic_load(&actor->ended);
}

static inline void begin(struct actor *actor, enum job job) {
    actor->job = job;
    actor->collected = false;
    atomic_fetch_add(&actor->begun, 1);
    syscall(SYS_futex, &actor->begun, FUTEX_WAKE_PRIVATE, 1);
}

/* --- when all is still ------------------------------------------------------------------------ */

/* Is each actor idle, or asleep at the FIFO? Then nobody will touch it, for idle actors do not. */
static inline bool is_still(void) {
    bool idle[PIPE_ACTORS], still = true;
    int64_t runs[PIPE_ACTORS];
    for (unsigned i = 0; i < PIPE_ACTORS; i++) {
        idle[i] = is_idle(&actors[i]);
        runs[i] = still_first(&actors[i].still);
    }
    for (unsigned i = 0; i < PIPE_ACTORS && still; i++)
        still = idle[i] || still_second(&actors[i].still, runs[i]);
    return still;
}

static inline void wait_until_still(void) {
    while (!is_still())
        sched_yield();
}

/* --- beginning and end ------------------------------------------------------------------------ */

static inline bool start_actors(void) {
    for (unsigned i = 0; i < PIPE_ACTORS; i++) {
        actors[i].collected = true;
        if (pthread_create(&actors[i].thread, NULL, act, &actors[i]) != 0)
            return false;
        while (actors[i].id == 0)
            sched_yield();
        char directory[64];
        snprintf(directory, sizeof directory, "/proc/self/task/%d", actors[i].id);
        still_open(&actors[i].still, directory);
    }
    return still_available();
}

static inline void end_actors(void) {
    for (unsigned i = 0; i < PIPE_ACTORS; i++) {
        begin(&actors[i], JOB_END);
        pthread_join(actors[i].thread, NULL);
        still_close(&actors[i].still);
    }
}

#endif
