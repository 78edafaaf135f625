#include "contract.h"
#include "errno_name.h"

/* What a scenario of several actors has been told to do to the next calls. */
struct arranged {
    bool stops[ACTORS]; /* the next call of that actor does not run through */
    bool injects[ACTORS];
    uint8_t error[ACTORS];
};

static void arrange(struct arranged *arranged, unsigned actor, const struct step *step) {
    if (step->kind == STEP_PAUSE)
        arranged->stops[actor] = step->mode > 0;
    if (step->kind != STEP_INJECT)
        return;
    arranged->injects[actor] = true;
    arranged->error[actor] = (uint8_t)step->mode;
}

static int call(const struct contract *contract, struct world *world, struct arranged *arranged,
                const struct step *step) {
    struct acting *acting = &world->acting;
    struct prediction prediction;
    acting->injected = arranged->injects[acting->actor];
    acting->error = arranged->error[acting->actor];
    arranged->injects[acting->actor] = false;
    contract_predict(contract, world, step, &prediction);
    acting->injected = false;
    if (prediction.error == 0 && !prediction.phantom)
        world_create(world, &prediction.walk, NODE_FIFO, &prediction.birth);
    return prediction.error;
}

static bool has_name(int error) {
    const char *name = errno_name(error);
    size_t length = 0;
    while (name[length])
        length++;
    return errno_value(name, length) == error;
}

/* Notes which earlier steps on FIFOs came back during step `index`. */
static void note_returns(const struct world *world, uint32_t index,
                         struct expectations *expectations) {
    const struct fifo_step *met = &world->fifo_step;
    for (int i = 0; i < met->came_count; i++) {
        const int32_t result = met->came[i].with.result;
        if (met->came[i].step != index)
            expectations->error[met->came[i].step] =
                (int16_t)(EXPECT_WAITS + (result < 0 ? -result : 0));
    }
}

static int take_step(const struct contract *contract, struct world *world,
                     struct arranged *arranged, uint32_t index, struct expectations *expectations) {
    const struct step *step = &world->scenario->steps[index];
    if (world_is_busy(world, step))
        return EXPECT_NOTHING;
    if (step_is_call(step)) {
        const int error = call(contract, world, arranged, step);
        return has_name(error) && !step_is_beyond_c(step) ? error : EXPECT_NOTHING;
    }
    const int error = world_prepare(world, step);
    arrange(arranged, world->acting.actor, step);
    note_returns(world, index, expectations);
    if (world_waits(world, index))
        return EXPECT_WAITS + EXPECT_NEVER;
    return has_name(error) ? error : EXPECT_NOTHING;
}

/* Is the step a call that stops, so that what follows depends on when it goes on? */
static bool stops(const struct world *world, const struct arranged *arranged,
                  const struct step *step) {
    return step_is_call(step) && arranged->stops[world->acting.actor];
}

void contract_expect(const struct contract *contract, struct world *world,
                     const struct scenario *scenario, struct expectations *expectations) {
    struct arranged arranged = {0};
    bool known = true;
    world_reset(world, scenario, &contract->host);
    for (uint32_t i = 0; i < scenario->step_count; i++) {
        known = known && !stops(world, &arranged, &scenario->steps[i]);
        expectations->error[i] = EXPECT_NOTHING;
        if (known)
            expectations->error[i] =
                (int16_t)take_step(contract, world, &arranged, i, expectations);
        known = known && !world->fifo_step.uncertain;
    }
}
