/*
 * Several actors and the FIFO in use. A pause, an injected error or circumstances of calls change
 * nothing in the file tree: what they mean for a call is the contract's affair.
 */
#include <errno.h>

#include "world.h"

int world_prepare_stage(struct world *world, const struct step *step) {
    struct stage *stage = &world->stage;
    switch ((int)step->kind) {
    case STEP_ACTOR:
        stage->actor = (uint8_t)step->mode;
        return 0;
    case STEP_INJECT:
        stage->injected[stage->actor] = true;
        stage->error[stage->actor] = (uint8_t)step->mode;
        return 0;
    case STEP_WITHIN:
        stage->within = step->flags;
        return 0;
    case STEP_PAUSE:
    case STEP_RESUME:
        return 0;
    default:
        return EOPNOTSUPP;
    }
}
