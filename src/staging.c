#include "staging.h"

/* What is arranged while steps go by. */
struct arranged {
    int32_t numbers[SCENARIO_SLOTS]; /* what the slots hold */
    uint8_t actor, within;
    uint32_t as;
    bool injected[ACTORS];
    uint8_t error[ACTORS];
};

static void arrange(struct arranged *now, const struct step *step, uint32_t index) {
    switch ((int)step->kind) {
    case STEP_ACTOR:
        now->actor = (uint8_t)step->mode;
        break;
    case STEP_WITHIN:
        now->within = step->flags;
        break;
    case STEP_AS:
        now->as = index + 1;
        break;
    case STEP_INJECT:
        now->injected[now->actor] = true;
        now->error[now->actor] = (uint8_t)step->mode;
        break;
    default:
        break;
    }
}

static bool gives_descriptor(const struct step *step) {
    return step->kind == STEP_OPEN || step->kind == STEP_DUP;
}

/* Notes what descriptors came during step `index`: its own, and those that were waited for. */
static void take_descriptors(struct arranged *now, const struct scenario *scenario,
                             const struct observation *observation, uint32_t index) {
    for (uint32_t i = 0; i <= index; i++) {
        const struct step *step = &scenario->steps[i];
        const struct outcome *outcome = &observation->outcomes[i];
        if (gives_descriptor(step) && outcome->ended == index && outcome->result >= 0 &&
            outcome->reply == REPLY_RETURNED)
            now->numbers[step->slot] = outcome->result;
    }
}

/* Notes which late calls were under way. */
static void find_overlaps(const struct staging *staging, const struct observation *observation,
                          struct staged_step *step, uint32_t index) {
    for (uint32_t i = 0; i < staging->late_count; i++) {
        const uint32_t late = staging->late[i];
        if (late == index || observation->outcomes[late].ended < index)
            continue;
        const bool own = staging->steps[late].actor == step->actor;
        step->nested |= own;
        step->beside |= !own;
    }
}

static void take_call(struct staging *staging, struct arranged *now, const struct dirfd *dirfd,
                      const struct observation *observation, uint32_t index) {
    struct staged_step *step = &staging->steps[index];
    step->late = observation->outcomes[index].ended != index;
    step->number = dirfd->kind == DIRFD_SLOT ? now->numbers[dirfd->number] : 0;
    step->injected = now->injected[step->actor] && !step->nested;
    step->error = now->error[step->actor];
    now->injected[step->actor] = false;
    if (!step->late)
        return;
    staging->cut |= staging->late_count == STAGING_LATE_MAX;
    if (!staging->cut)
        staging->late[staging->late_count++] = index;
}

void staging_find(struct staging *staging, const struct scenario *scenario,
                  const struct observation *observation) {
    struct arranged now = {.actor = 0};
    for (int slot = 0; slot < SCENARIO_SLOTS; slot++)
        now.numbers[slot] = -1;
    staging->late_count = 0;
    staging->cut = false;
    const uint32_t count = observation->outcome_count + (observation->ending != ENDING_DONE);
    for (uint32_t i = 0; i < count && i < scenario->step_count; i++) {
        const struct step *step = &scenario->steps[i];
        struct staged_step *staged = &staging->steps[i];
        arrange(&now, step, i);
        *staged = (struct staged_step){.actor = now.actor, .within = now.within, .as = now.as};
        find_overlaps(staging, observation, staged, i);
        if (step_is_call(step) && observation->outcomes[i].reply != REPLY_BUSY)
            take_call(staging, &now, &step->dirfd, observation, i);
        take_descriptors(&now, scenario, observation, i);
    }
}
