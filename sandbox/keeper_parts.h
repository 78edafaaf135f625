/*
 * keeper_parts.h - what the files of the keeper share; others use keeper.h.
 */
#ifndef FIFOFUZZ_KEEPER_PARTS_H
#define FIFOFUZZ_KEEPER_PARTS_H

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "keeper.h"

/* Sets a word that other processes wait for, and wakes them. */
static inline void keeper_tell(_Atomic uint32_t *word, uint32_t value) {
    atomic_store(word, value);
    syscall(SYS_futex, word, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
}

/* Sleeps while the word is `value`, at most for `limit` (NULL: for ever). Returns the word. */
static inline uint32_t keeper_await(_Atomic uint32_t *word, uint32_t value,
                                    const struct timespec *limit) {
    if (atomic_load(word) == value)
        syscall(SYS_futex, word, FUTEX_WAIT, value, limit, NULL, 0);
    return atomic_load(word);
}

/* The body of the process. */
_Noreturn void keeper_main(struct keeper *keeper);

/*
 * Starts the agent in the namespace of the calling keeper, whose descriptors 0, 1 and 2 become the
 * agent's and are closed here. Returns its id with the page's `listener` set (seccomp_unotify(2)),
 * or -errno.
 */
pid_t keeper_launch(struct keeper *keeper);

/* Gives the agent the identity of the page. Returns 0 or -errno. */
int keeper_assume(const struct keeper *keeper);

/* Gives the agent the page's limit of descriptors. Returns 0 or -errno. */
int keeper_limit(const struct keeper_page *page);

/* Fills the page's `sight`. */
void keeper_look(struct keeper_page *page);

/* How many processes and threads there are in the namespace, besides the keeper. */
unsigned keeper_tasks(void);

#endif
