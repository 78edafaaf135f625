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

enum job { JOB_OPEN, JOB_READ, JOB_WRITE, JOB_END };

/* A thread that makes calls, one at a time, when it is told to. */
struct actor {
    pthread_t thread;
    struct open_end *end; /* used by the call; NULL for an open */
    int64_t result;       /* or -errno */
    uint64_t digest;
    _Atomic(pid_t) id;
    int state;         /* /proc/self/task/ID/stat */
    int activity;      /* /proc/self/task/ID/syscall */
    int runs;          /* /proc/self/task/ID/schedstat */
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

/*
 * Number `which` of the file from 0 on, a name in brackets and what is before it not counted, and
 * with what character the first one begins: it may be a letter.
 */
static inline long read_number(int file, int which, char *first) {
    char text[512];
    ssize_t length = pread(file, text, sizeof text - 1, 0);
    assert_true(length > 0);
    text[length] = '\0';
    char *at = strrchr(text, ')');
    at = at ? at + 2 : text;
    *first = *at;
    long number = strtol(at, &at, 10);
    while (which-- > 0)
        number = strtol(at, &at, 10);
    return number;
}

static inline long read_runs(const struct actor *actor) {
    char digit;
    return read_number(actor->runs, 2, &digit);
}

/* How often the actor has run, if it is off its processor in a call under test; 0 if it is not. */
static inline long off_processor(const struct actor *actor) {
    char digit;
    long runs = read_runs(actor);
    long call = read_number(actor->activity, 0, &digit);
    bool under_test = digit >= '0' && digit <= '9' &&
                      (call == SYS_openat || call == SYS_read || call == SYS_write);
    return under_test ? runs : 0;
}

/* Does the actor sleep, and has not run since off_processor told `runs`? */
static inline bool is_asleep(const struct actor *actor, long runs) {
    char state;
    read_number(actor->state, 0, &state);
    return state == 'S' && read_runs(actor) == runs;
}

/*
 * Is each actor idle, or asleep and was so at the moment between the two loops? Then nobody will
 * touch the FIFO, for idle actors do not. The state alone would not tell: it is 'S' before a thread
 * looks once more whether it has to wait and goes off its processor. Nor would it do to be off: a
 * thread that is being woken is, too.
 */
static inline bool is_still(void) {
    long runs[PIPE_ACTORS];
    bool still = true;
    for (unsigned i = 0; i < PIPE_ACTORS && still; i++) {
        runs[i] = is_idle(&actors[i]) ? -1 : off_processor(&actors[i]);
        still = runs[i] != 0;
    }
    for (unsigned i = 0; i < PIPE_ACTORS && still; i++)
        still = runs[i] < 0 || is_asleep(&actors[i], runs[i]);
    return still;
}

static inline void wait_until_still(void) {
    while (!is_still())
        sched_yield();
}

/* --- beginning and end ------------------------------------------------------------------------ */

static inline int open_view(const struct actor *actor, const char *view) {
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%d/%s", actor->id, view);
    return open(path, O_RDONLY | O_CLOEXEC);
}

static inline bool start_actors(void) {
    bool seen = true;
    for (unsigned i = 0; i < PIPE_ACTORS; i++) {
        actors[i].collected = true;
        if (pthread_create(&actors[i].thread, NULL, act, &actors[i]) != 0)
            return false;
        while (actors[i].id == 0)
            sched_yield();
        actors[i].state = open_view(&actors[i], "stat");
        actors[i].activity = open_view(&actors[i], "syscall");
        actors[i].runs = open_view(&actors[i], "schedstat");
        seen = seen && actors[i].state >= 0 && actors[i].activity >= 0 && actors[i].runs >= 0;
    }
    return seen;
}

static inline void end_actors(void) {
    for (unsigned i = 0; i < PIPE_ACTORS; i++) {
        begin(&actors[i], JOB_END);
        pthread_join(actors[i].thread, NULL);
    }
}

#endif
