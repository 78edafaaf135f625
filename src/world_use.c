/*
 * Several actors and the FIFO in use. A pause, an injected error or circumstances of calls change
 * nothing in the file tree: what they mean for a call, staging.h finds out.
 */
#include <errno.h>

#include "world_fifos.h"

/* What a slot holds is used only if it is a FIFO. */
static int on_slot(struct world *world, const struct step *step) {
    const struct descriptor *descriptor = world_descriptor(world, world->slots[step->slot]);
    if (!descriptor)
        return EBADF;
    if (descriptor->place.node == NODE_NONE ||
        world->nodes[descriptor->place.node].type != NODE_FIFO)
        return EOPNOTSUPP;
    return world_use_fifo(world, world->acting.actor, step, descriptor->number);
}

int world_prepare_use(struct world *world, const struct step *step) {
    world->fifo_step.step = (uint32_t)(step - world->scenario->steps);
    switch ((int)step->kind) {
    case STEP_ACTOR:
        world->acting.actor = (uint8_t)step->mode;
        return 0;
    case STEP_SIGNAL:
        world_signal(world, step->mode, step->flags & SIGNAL_RESTART);
        return 0;
    case STEP_PAUSE:
    case STEP_RESUME:
    case STEP_INJECT:
    case STEP_WITHIN:
        return 0;
    default:
        return on_slot(world, step);
    }
}
