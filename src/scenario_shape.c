#include "scenario_shape.h"

#include "check.h"

enum target_shape shape_draw(enum target_shape shape, struct random *random) {
    static const uint8_t others[] = {SHAPE_RENDEZVOUS, SHAPE_THREADS, SHAPE_INJECT};
    enum { OTHERS_ONE_IN = 8 };
    if (shape != SHAPE_ALL)
        return shape;
    return random_one_in(random, OTHERS_ONE_IN) ? random_item(random, others) : SHAPE_SEQUENCE;
}

bool shape_has_calls(enum target_shape shape) {
    return shape >= SHAPE_SEQUENCE;
}

bool shape_takes(enum target_shape shape, enum step_kind kind) {
    const bool stops = kind == STEP_PAUSE || kind == STEP_RESUME;
    if (kind < STEP_ACTOR)
        return true;
    return shape >= SHAPE_INJECT || (shape == SHAPE_THREADS && kind != STEP_INJECT) ||
           (shape == SHAPE_RENDEZVOUS && kind != STEP_INJECT && !stops);
}

/* Has a scenario of `shape` such steps? Of an open step it may lack the flags alone. */
static bool takes(enum target_shape shape, const struct step *step) {
    return shape_takes(shape,
                       step->kind == STEP_OPEN && step_is_staged(step) ? STEP_ACTOR : step->kind);
}

/* The kind of the one call of a shape that has but one. */
static enum step_kind call_kind(enum target_shape shape) {
    return shape == SHAPE_MKFIFOAT ? STEP_MKFIFOAT : STEP_MKFIFO;
}

bool scenario_fits(const struct scenario *scenario, enum target_shape shape) {
    for (uint32_t i = 0; i < scenario->step_count; i++)
        if (!takes(shape, &scenario->steps[i]))
            return false;
    if (shape_has_calls(shape))
        return true;
    uint32_t last = scenario->step_count - 1;
    if (scenario->step_count == 0 || scenario->steps[last].kind != call_kind(shape))
        return false;
    for (uint32_t i = 0; i < last; i++) {
        if (step_is_call(&scenario->steps[i]))
            return false;
    }
    return true;
}

/* Index of the last call of `kind`, else of the last call, else the number of steps. */
static uint32_t call_to_keep(const struct scenario *scenario, enum step_kind kind) {
    uint32_t other = scenario->step_count;
    for (uint32_t i = scenario->step_count; i-- > 0;) {
        if (scenario->steps[i].kind == kind)
            return i;
        if (other == scenario->step_count && step_is_call(&scenario->steps[i]))
            other = i;
    }
    return other;
}

static void add_call(struct scenario *scenario, enum step_kind kind) {
    if (scenario->step_count == SCENARIO_STEPS_MAX)
        scenario_truncate(scenario, SCENARIO_STEPS_MAX - 1);
    struct step *step = scenario_add(scenario, kind);
    check(step != NULL);
    step->path = scenario_store(scenario, "f", 1);
    step->mode = 0644;
}

static void remove_steps(struct scenario *scenario, enum target_shape shape) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < scenario->step_count; i++) {
        struct step step = scenario->steps[i];
        if (step.kind == STEP_OPEN && !takes(shape, &step))
            step.flags &= OPEN_PLAIN;
        if (takes(shape, &step))
            scenario->steps[count++] = step;
    }
    scenario_truncate(scenario, count);
}

/* Leaves one call, the last step. */
static void keep_one_call(struct scenario *scenario, enum target_shape shape) {
    enum step_kind kind = call_kind(shape);
    uint32_t keep = call_to_keep(scenario, kind);
    if (keep == scenario->step_count) {
        add_call(scenario, kind);
        return;
    }
    uint32_t count = 0;
    for (uint32_t i = 0; i <= keep; i++) {
        if (i == keep || !step_is_call(&scenario->steps[i]))
            scenario->steps[count++] = scenario->steps[i];
    }
    scenario_truncate(scenario, count);
    struct step *call = &scenario->steps[count - 1];
    if (call->kind != kind) {
        call->kind = (uint8_t)kind;
        call->dirfd = (struct dirfd){.kind = DIRFD_CWD};
    }
}

void scenario_restrict(struct scenario *scenario, enum target_shape shape) {
    if (scenario_fits(scenario, shape))
        return;
    remove_steps(scenario, shape);
    if (!scenario_fits(scenario, shape))
        keep_one_call(scenario, shape);
}
