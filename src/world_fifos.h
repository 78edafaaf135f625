/*
 * world_fifos.h - the FIFOs of a world that are in use, for the parts of world.h that open, close
 * and use them. What one FIFO does, pipe.h says; here are the descriptors that lead to it, the
 * actors that wait at it, and what comes back to whom.
 *
 * world_fifos.c has what is declared here, but for the first three.
 */
#ifndef FIFOFUZZ_WORLD_FIFOS_H
#define FIFOFUZZ_WORLD_FIFOS_H

#include "world.h"

/*
 * open(2) by `actor`, whom the world's identity stands for, for the slot that `step` names. Returns
 * 0 or the errno; at a FIFO it may wait. world_descriptor.c
 */
int world_open(struct world *world, unsigned actor, const struct step *step);

/* Closes the descriptor that `slot` holds. Returns 0 or EBADF. world_descriptor.c */
int world_close(struct world *world, unsigned slot);

/* Lets `slot` hold `descriptor`, which is open and takes up a row then. world_descriptor.c */
void world_hold(struct world *world, unsigned slot, const struct descriptor *descriptor);

/* Does an actor wait at `node`, so that it exists even without name and descriptor? */
bool world_is_awaited(const struct world *world, node_id node);

/*
 * Opens the FIFO at `place` as `number`, or does not, with `refusal` if that is not 0, which is
 * what permissions and the like say. Returns 0 or the errno.
 */
int world_open_fifo(struct world *world, unsigned actor, const struct step *step,
                    struct place place, int32_t number, int refusal);

/* One more descriptor for `end`, and one less: the last one closes it. END_NONE is none. */
void world_share_end(struct world *world, uint8_t end);
void world_release_end(struct world *world, uint8_t end);

/* A read, write, poll, resize or use step on the FIFO that is open as `number`. 0 or the errno. */
int world_use_fifo(struct world *world, unsigned actor, const struct step *step, int32_t number);

/* A signal for `actor`, if it waits at a FIFO; `restart`: SA_RESTART. */
void world_signal(struct world *world, unsigned actor, bool restart);

#endif
