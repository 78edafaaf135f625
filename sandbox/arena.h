/*
 * arena.h - the file system, or directory, that the worker lives in: made once, listed and emptied
 * every time.
 */
#ifndef FIFOFUZZ_ARENA_H
#define FIFOFUZZ_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "directory.h"
#include "outcome.h"
#include "record.h"
#include "steps.h"
#include "view.h"

enum {
    ARENA_LEVELS = 16, /* directories held open while descending; deeper ones by chdir(2) */
};

struct arena {
    char path[DIRECTORY_PATH_SIZE];            /* of its root: "/", or where it lies on the host */
    uint64_t dev, ino;                         /* of its root */
    uint64_t standard_dev[3], standard_ino[3]; /* of the files behind descriptors 0, 1 and 2 */
    const struct view *view; /* what of its root is the harness's; NULL: nothing */
    int32_t numbers_end;     /* descriptors from here on are the harness's */
    struct record record;
    char listings[ARENA_LEVELS + 1][LISTING_SIZE];
};

/*
 * Moves the calling thread, which must have unshared its mount namespace, into a fresh tmpfs: its
 * root and current directory are there, and the host's tree is in its namespace no more. `outside`
 * gets a descriptor of the empty file system that the arena is mounted in, where nothing but that
 * descriptor leads: for mounts_open, and to be closed. Returns 0, or -errno with `reason` filled.
 */
int arena_enter(int *outside, char *reason, size_t reason_size);

/*
 * Without namespaces: makes `directory` of the host, which is empty, the arena: the calling
 * thread's current directory, and its root too where chroot(2) is allowed. Sets arena->path.
 * Returns 0, or -errno with `reason` filled.
 */
int arena_move(struct arena *arena, const char *directory, char *reason, size_t reason_size);

/*
 * Makes and removes a FIFO and notes what the arena's root and descriptors 0, 1 and 2 are. Returns
 * 0, or -errno with `reason` filled.
 */
int arena_prove(struct arena *arena, char *reason, size_t reason_size);

/*
 * Closes the descriptors from 3 up to `end`, which does not count, but not the harness's own: what
 * the last run left open stays until the next one, for the main thread to count. The cost is that
 * of the numbers, not of what is open: a table that was large once stays so.
 */
void arena_begin(const struct arena *arena, int32_t end);

/*
 * Fills the part of `observation` that shows the world after a scenario, then makes the world what
 * it was before it: no mounts, empty arena, cwd "/", umask 022. What the steward mounted is listed
 * before the arena itself is. Returns false when that cannot be done; the observation is complete
 * all the same.
 */
bool arena_observe(struct arena *arena, struct steps *steps, struct observation *observation);

/*
 * Undoes what the steps may have done, without looking: what the implementation did besides, to
 * mode and directory, stays until arena_reset. Returns false when it cannot.
 */
bool arena_clear(struct arena *arena, struct steps *steps);

/* Makes the world what it was, whatever happened. Returns false when it cannot. */
bool arena_reset(struct arena *arena);

#endif
