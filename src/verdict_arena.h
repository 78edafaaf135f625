/*
 * verdict_arena.h - the comparison of the whole arena and of the process state with the world after
 * the last step; a part of verdict.c.
 */
#ifndef FIFOFUZZ_VERDICT_ARENA_H
#define FIFOFUZZ_VERDICT_ARENA_H

#include "verdict.h"

/*
 * Compares every node: names, types, modes, owners, links, sizes, file contents and link bodies.
 * Notes inode numbers in the world's nodes. Fills `verdict` (clause C-ARENA) at the first
 * difference and leaves it alone otherwise.
 */
void verdict_compare_arena(struct world *world, const struct observation *observation,
                           struct verdict *verdict);

/* Compares cwd, umask and descriptors, by the inode numbers that verdict_compare_arena noted. */
void verdict_compare_state(struct world *world, const struct observation *observation,
                           struct verdict *verdict);

#endif
