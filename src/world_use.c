/*
 * Several actors and the FIFO in use. A pause, an injected error or circumstances of calls change
 * nothing in the file tree: what they mean for a call, staging.h finds out.
 */
#include <errno.h>

#include "world.h"

int world_prepare_use(struct world *world, const struct step *step) {
    switch ((int)step->kind) {
    case STEP_ACTOR:
        world->acting.actor = (uint8_t)step->mode;
        return 0;
    case STEP_PAUSE:
    case STEP_RESUME:
    case STEP_INJECT:
    case STEP_WITHIN:
        return 0;
    default:
        return EOPNOTSUPP;
    }
}
