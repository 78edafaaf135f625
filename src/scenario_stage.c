#include "scenario_stage.h"

#include <errno.h>

#include "scenario_call.h"
#include "scenario_operands.h"

/* A scenario that is being made. */
struct play {
    struct zoo *zoo;
    enum target_shape shape;
    uint32_t actor;
    bool stopped[ACTORS]; /* its last call may be stopped */
};

/* --- operands -------------------------------------------------------------------------------- */

/* What the documents list, what Linux gives besides, and success; else any. */
static uint32_t random_error(struct random *random) {
    static const uint8_t usual[] = {EDQUOT, EIO,    ENOMEM,    ENOSPC, EPERM, EROFS,
                                    EINTR,  ENOSYS, EOVERFLOW, ESTALE, 0,     EEXIST,
                                    ENOENT, EACCES, EAGAIN,    EINVAL};
    if (random_one_in(random, 4))
        return random_below(random, ERROR_MAX + 1);
    return random_item(random, usual);
}

/* An implementation makes few system calls, and most of its faults lie before the first two; of
 * instructions it may execute hundreds, in each of which may be a fault. */
static uint32_t random_stop(struct random *random, bool instruction) {
    static const uint8_t calls[] = {1, 1, 1, 1, 1, 2, 2, 2, 3, 3, 4, 5, 8};
    return instruction ? random_between(random, 1, 8U << random_below(random, 6))
                       : random_item(random, calls);
}

void stage_set_number(struct step *step, struct random *random) {
    switch ((int)step->kind) {
    case STEP_PAUSE:
        step->mode = random_stop(random, step->flags & PAUSE_INSTRUCTION);
        break;
    case STEP_INJECT:
        step->mode = random_error(random);
        break;
    default:
        step->mode = random_below(random, ACTORS);
        break;
    }
}

enum step_kind stage_random_kind(struct random *random, enum target_shape shape) {
    static const uint8_t threads[] = {STEP_ACTOR, STEP_ACTOR,  STEP_PAUSE,
                                      STEP_PAUSE, STEP_RESUME, STEP_WITHIN};
    if (shape == SHAPE_INJECT && random_one_in(random, 2))
        return STEP_INJECT;
    return random_item(random, threads);
}

/* --- steps ----------------------------------------------------------------------------------- */

static struct step *add_step(const struct play *play, enum step_kind kind) {
    return scenario_add(play->zoo->scenario, kind);
}

static void let_act(struct play *play, uint32_t actor) {
    if (play->actor == actor)
        return;
    struct step *step = add_step(play, STEP_ACTOR);
    if (!step)
        return;
    step->mode = actor;
    play->actor = actor;
}

static void arrange_stop(struct play *play) {
    struct step *step = add_step(play, STEP_PAUSE);
    if (!step)
        return;
    step->flags = random_one_in(play->zoo->random, 6) ? PAUSE_INSTRUCTION : 0;
    stage_set_number(step, play->zoo->random);
    play->stopped[play->actor] = true;
}

static void arrange_failure(const struct play *play) {
    struct step *step = add_step(play, STEP_INJECT);
    if (!step)
        return;
    step->flags = random_one_in(play->zoo->random, 2) ? INJECT_ONCE : 0;
    stage_set_number(step, play->zoo->random);
}

static void change_circumstances(const struct play *play) {
    struct step *step = add_step(play, STEP_WITHIN);
    if (step)
        step->flags = (uint8_t)(1U << random_below(play->zoo->random, 6) &
                                step_flags_all(STEP_WITHIN)); /* none, at times */
}

/* A call that was made before, of the last few: by whoever acts now. */
static const struct step *recent_call(const struct play *play) {
    const struct scenario *scenario = play->zoo->scenario;
    uint32_t back = random_between(play->zoo->random, 1, 6);
    const struct step *found = NULL;
    for (uint32_t i = scenario->step_count; i-- > 0 && back > 0; back--)
        if (step_is_call(&scenario->steps[i]) && scenario->steps[i].pointer == POINTER_STRING)
            found = &scenario->steps[i];
    return found;
}

/* The same name once more: what overlapping calls get into each other's way with. */
static bool add_twin(const struct play *play) {
    struct scenario *scenario = play->zoo->scenario;
    const struct step *call = recent_call(play);
    if (!call)
        return false;
    const struct step twin = *call;
    struct step *step = scenario_add(scenario, twin.kind);
    if (!step)
        return false;
    *step = twin;
    step->path = scenario_store(scenario, scenario_text(scenario, twin.path), twin.path.length);
    step->mode = mode_random(play->zoo->random) & 07777;
    step->high = 0;
    return true;
}

static void add_call(struct play *play) {
    struct random *random = play->zoo->random;
    if (play->shape == SHAPE_INJECT && random_one_in(random, 2))
        arrange_failure(play);
    if (!play->stopped[play->actor] &&
        (play->shape == SHAPE_THREADS ? !random_one_in(random, 3) : random_one_in(random, 3)))
        arrange_stop(play);
    if (random_one_in(random, 2) && add_twin(play))
        return;
    call_add(play->zoo, random_one_in(random, 2) ? STEP_MKFIFO : STEP_MKFIFOAT);
}

static void go_on(struct play *play, uint32_t actor) {
    if (!play->stopped[actor])
        return;
    let_act(play, actor);
    (void)add_step(play, STEP_RESUME);
    play->stopped[actor] = false;
}

void stage_add_calls(struct zoo *zoo, enum target_shape shape, stage_change *change) {
    struct play play = {.zoo = zoo, .shape = shape};
    struct random *random = zoo->random;
    if (random_one_in(random, 8))
        change_circumstances(&play);
    add_call(&play);
    for (uint32_t i = random_between(random, 1, 6); i > 0; i--) {
        if (random_one_in(random, 2))
            let_act(&play, random_below(random, ACTORS));
        if (random_one_in(random, 4))
            go_on(&play, random_below(random, ACTORS));
        if (random_one_in(random, 4))
            change(zoo);
        else
            add_call(&play);
    }
    for (uint32_t actor = 0; actor < ACTORS; actor++)
        go_on(&play, actor);
}
