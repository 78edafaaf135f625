/*
 * Several actors and the FIFO in use. A pause, an injected error or circumstances of calls change
 * nothing in the file tree: what they mean for a call is the contract's affair.
 */
#include <errno.h>

#include "world.h"

int world_prepare_use(struct world *world, const struct step *step) {
    struct acting *acting = &world->acting;
    switch ((int)step->kind) {
    case STEP_ACTOR:
        acting->actor = (uint8_t)step->mode;
        return 0;
    case STEP_INJECT:
        acting->injected[acting->actor] = true;
        acting->error[acting->actor] = (uint8_t)step->mode;
        return 0;
    case STEP_WITHIN:
        acting->within = step->flags;
        return 0;
    case STEP_PAUSE:
    case STEP_RESUME:
        return 0;
    default:
        return EOPNOTSUPP;
    }
}
