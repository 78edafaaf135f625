#include "contract.h"
#include "errno_name.h"

static int take_step(const struct contract *contract, struct world *world,
                     const struct step *step) {
    if (!step_is_call(step))
        return world_prepare(world, step);
    struct prediction prediction;
    contract_predict(contract, world, step, &prediction);
    if (prediction.error == 0)
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

void contract_expect(const struct contract *contract, struct world *world,
                     const struct scenario *scenario, struct expectations *expectations) {
    world_reset(world, scenario, &contract->host);
    for (uint32_t i = 0; i < scenario->step_count; i++) {
        const struct step *step = &scenario->steps[i];
        int error = take_step(contract, world, step);
        bool known = has_name(error) && !step_is_beyond_c(step);
        expectations->error[i] = (int16_t)(known ? error : EXPECT_NOTHING);
    }
}
