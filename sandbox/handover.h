/*
 * handover.h - whose turn it is: one futex word between the main thread and the worker.
 *
 * Nobody spins: with both threads on one processor the other side cannot run while one spins, and
 * measured there, sleeping at once is a hundred times faster.
 */
#ifndef FIFOFUZZ_HANDOVER_H
#define FIFOFUZZ_HANDOVER_H

#include <errno.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum turn {
    TURN_MAIN,   /* the worker waits for an order */
    TURN_WORKER, /* the worker has one */
    TURN_QUIT,   /* the worker's last order: end the thread */
    TURN_ENDED,  /* the worker is parked for good, see struct trap */
    TURN_FAILED, /* the worker could not set up its world and has ended */
    TURN_GONE,   /* the main thread has found that the worker exited during a run */
    TURN_LOOK,   /* the worker asks the main thread to look at its actors */
    TURN_PAUSED, /* an actor's call is stopped in the middle */
    TURN_RESUME, /* and goes on */
};

typedef _Atomic uint32_t turn_word;

/* Gives the turn to `to` and wakes who waits for it. Safe in a signal handler. */
static inline void turn_give(turn_word *word, uint32_t to) {
    atomic_store_explicit(word, to, memory_order_release);
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

/* Wakes everyone who sleeps on the word: they look at it again. */
static inline void turn_wake(turn_word *word) {
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0);
}

/*
 * Sleeps while the word is `mine`, at most for `limit` (relative; NULL: for ever). Returns the
 * word, which is still `mine` only when the limit has passed or a signal handler ran.
 */
static inline uint32_t turn_await(turn_word *word, uint32_t mine, const struct timespec *limit) {
    uint32_t now = atomic_load_explicit(word, memory_order_acquire);
    if (now == mine) {
        syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, mine, limit, NULL, 0);
        now = atomic_load_explicit(word, memory_order_acquire);
    }
    return now;
}

#endif
