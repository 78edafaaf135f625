/*
 * watch.h - tells a thread that hangs from one that the machine keeps waiting.
 *
 * Wall-clock time alone says nothing on a loaded machine. So a thread hangs only if it has used two
 * seconds of processor time within one step, or if it was found asleep at every look for two
 * seconds. One that is ready to run but does not get to is never said to hang.
 */
#ifndef FIFOFUZZ_WATCH_H
#define FIFOFUZZ_WATCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

/* How often to look, and the pause between two looks. */
extern const struct timespec watch_slice;

struct watch {
    clockid_t clock;   /* the thread's processor time */
    int stat_file;     /* its stat file in proc(5), see watch_open */
    uint64_t progress; /* as given by the last look */
    int64_t since;     /* its processor time when `progress` last changed, ns */
    int64_t last;      /* its processor time at the last look */
    unsigned asleep;   /* looks in a row that found it asleep */
    unsigned slept;    /* looks that found it asleep since `progress` last changed */
    unsigned looks;
};

enum watch_verdict {
    WATCH_ALIVE,
    WATCH_BLOCKED, /* asleep for too long */
    WATCH_RUNNING, /* running for too long */
    WATCH_GONE,    /* it has exited */
};

/*
 * Opens the stat file at `path`, for as long as the thread is to be watched: under a low limit of
 * descriptors that could not be done later. Without that file no thread is found asleep or gone.
 */
void watch_open(struct watch *watch, const char *path);
void watch_close(const struct watch *watch);

/* The processor time of thread `id` of this process, as pthread_getcpuclockid(3) makes it. */
static inline clockid_t watch_clock(pid_t id) {
    enum { OF_A_THREAD = 6 }; /* CPUCLOCK_PERTHREAD_MASK | CPUCLOCK_SCHED */
    return (clockid_t)(~(unsigned)id << 3 | OF_A_THREAD);
}

/* The processor time of process `id`. */
static inline clockid_t watch_clock_of_process(pid_t id) {
    enum { SCHEDULED = 2 }; /* CPUCLOCK_SCHED */
    return (clockid_t)(~(unsigned)id << 3 | SCHEDULED);
}

/* The processor time that it has used, ns. */
int64_t watch_used(const struct watch *watch);

/* Starts watching what clock and file belong to. Cheap: nothing is looked at yet. */
void watch_begin(struct watch *watch);

/* One look, to be taken after each slice; `progress` is any number that changes with progress. */
enum watch_verdict watch_look(struct watch *watch, uint64_t progress);

/* What a look has found, where it is no thread of this process. */
struct watch_sight {
    int64_t used; /* processor time so far, ns */
    bool asleep;  /* nothing was running or ready to */
    bool stirred; /* yet something has happened since the last look */
};

/*
 * What such a look says. One that sleeps, stirs and sleeps again may go on for ten seconds: it
 * retries what will not succeed.
 */
enum watch_verdict watch_judge(struct watch *watch, uint64_t progress,
                               const struct watch_sight *sight);

#endif
