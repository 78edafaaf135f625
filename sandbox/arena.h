/*
 * arena.h - the file system that the worker lives in: mounted once, listed and emptied every time.
 */
#ifndef FIFOFUZZ_ARENA_H
#define FIFOFUZZ_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "outcome.h"
#include "steps.h"

enum {
    ARENA_LEVELS = 16,    /* directories held open while descending; deeper ones by chdir(2) */
    ARENA_LISTING = 8192, /* bytes of one getdents64(2) */
};

/* A node with several names, first met as `node`: removing one name changes the facts of all. */
struct arena_link {
    uint64_t ino;
    uint32_t node;
};

struct arena {
    uint64_t dev, ino;                         /* of its root */
    uint64_t standard_dev[3], standard_ino[3]; /* of the files behind descriptors 0, 1 and 2 */
    uint32_t link_count;
    struct arena_link links[OBSERVED_NODES_MAX];
    char listings[ARENA_LEVELS + 1][ARENA_LISTING];
};

/*
 * Moves the calling thread, which must have unshared its mount namespace, into a fresh tmpfs: its
 * root and current directory are there, and the host's tree is in its namespace no more. Returns 0,
 * or -errno with `reason` filled.
 */
int arena_enter(char *reason, size_t reason_size);

/*
 * Makes and removes a FIFO and notes what the arena's root and descriptors 0, 1 and 2 are. Returns
 * 0, or -errno with `reason` filled.
 */
int arena_prove(struct arena *arena, char *reason, size_t reason_size);

/*
 * Closes all descriptors but 0, 1 and 2: what the last run left open stays until the next one, for
 * the main thread to count.
 */
void arena_begin(void);

/*
 * Fills the part of `observation` that shows the world after a scenario, then makes the world what
 * it was before it: empty arena, cwd "/", umask 022. Returns false when that cannot be done; the
 * observation is complete all the same.
 */
bool arena_observe(struct arena *arena, const struct steps *steps, struct observation *observation);

/*
 * Undoes what the steps may have done, without looking: what the implementation did besides, to
 * mode and directory, stays until arena_reset. Returns false when it cannot.
 */
bool arena_clear(struct arena *arena, const struct steps *steps);

/* Makes the world what it was, whatever happened. Returns false when it cannot. */
bool arena_reset(struct arena *arena);

#endif
