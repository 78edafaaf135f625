#include "scenario_generate.h"

#include "check.h"
#include "scenario_call.h"
#include "scenario_operands.h"
#include "scenario_stage.h"
#include "scenario_use.h"
#include "scenario_zoo.h"
#include "scenario_zoo_mount.h"
#include "scenario_zoo_rights.h"
#include "scenario_zoo_touch.h"

static enum step_kind random_call_kind(struct random *random) {
    return random_one_in(random, 2) ? STEP_MKFIFO : STEP_MKFIFOAT;
}

/* --- what happens between calls -------------------------------------------------------------- */

static void change_cwd(struct zoo *zoo) {
    uint32_t to = random_one_in(zoo->random, 4) ? ZOO_ROOT : zoo_want(zoo, KINDS_GOOD_PARENT);
    zoo_step(zoo, STEP_CHDIR, to);
    zoo->cwd = to;
}

static void change_permissions(struct zoo *zoo) {
    zoo_chmod(zoo, random_below(zoo->random, zoo->count));
}

static void change_name(struct zoo *zoo) {
    zoo_rename(zoo, zoo_want(zoo, KINDS_PRESENT));
}

static void change_presence(struct zoo *zoo) {
    zoo_remove(zoo, zoo_want(zoo, KINDS_PRESENT));
}

static void change_kind(struct zoo *zoo) {
    zoo_replace(zoo, zoo_want(zoo, KINDS_PRESENT), KINDS_PRESENT);
}

static void change_slot(struct zoo *zoo) {
    if (zoo->slot > 0 && random_one_in(zoo->random, 2)) {
        struct step *step = scenario_add(zoo->scenario, STEP_CLOSE);
        if (step != NULL)
            step->slot = (uint8_t)random_below(zoo->random, zoo->slot);
        return;
    }
    if (zoo->slot > 0 && random_one_in(zoo->random, 2))
        zoo->slot--;
    zoo_open(zoo, zoo_want(zoo, KINDS_PRESENT), random_below(zoo->random, OPEN_PLAIN + 1));
    if ((zoo->subjects & SUBJECT_DESCRIPTORS) != 0)
        zoo_dup(zoo, random_below(zoo->random, zoo->slot > 0 ? zoo->slot : SCENARIO_SLOTS));
}

static void change_links(struct zoo *zoo) {
    zoo_make(zoo, KIND(HARD_LINK));
}

static void change_mounts(struct zoo *zoo) {
    uint32_t member = zoo_want(zoo, KINDS_MOUNT);
    if (random_one_in(zoo->random, 2))
        zoo_remount(zoo, member);
    else if (random_one_in(zoo->random, 2))
        zoo_detach(zoo, member);
    else
        zoo_cover(zoo, member);
}

/* Something that the scenario's subjects bring. */
static void change_subject(struct zoo *zoo) {
    if ((zoo->subjects & SUBJECT_MOUNTS) != 0 && random_one_in(zoo->random, 2))
        change_mounts(zoo);
    else if ((zoo->subjects & SUBJECT_IDENTITIES) != 0 && random_one_in(zoo->random, 3))
        zoo_act(zoo);
    else
        zoo_change_rights(zoo, zoo_want(zoo, KINDS_DIRECTORY));
}

static void change_one_thing(struct zoo *zoo) {
    static void (*const changes[])(struct zoo *) = {
        zoo_umask,   zoo_umask,       change_cwd,  change_permissions, change_permissions,
        change_name, change_presence, change_kind, change_slot,        change_links,
    };
    if (zoo->subjects != 0 && random_one_in(zoo->random, 2))
        change_subject(zoo);
    else
        random_item(zoo->random, changes)(zoo);
}

/* The last step, a call, once more, at times after its name was removed; its mode may be another.
 */
static void repeat_call(struct zoo *zoo) {
    struct scenario *scenario = zoo->scenario;
    const struct step *last = &scenario->steps[scenario->step_count - 1];
    if (last->path.length > 0 && random_one_in(zoo->random, 3)) {
        struct step *removal = scenario_add(scenario, STEP_UNLINK);
        if (removal == NULL)
            return;
        removal->path =
            scenario_store(scenario, scenario_text(scenario, last->path), last->path.length);
    }
    struct step *step = scenario_add(scenario, last->kind);
    if (step == NULL)
        return;
    *step = *last;
    step->path = scenario_store(scenario, scenario_text(scenario, last->path), last->path.length);
    if (step->path.length == 0 && step->pointer == POINTER_UNTERMINATED)
        step->pointer = POINTER_NULL;
    if (pointer_is_split(step))
        step->other = rest_random(scenario, zoo->random);
    if (random_one_in(zoo->random, 2))
        step_set_whole_mode(step, mode_random(zoo->random));
}

/* --- whole scenarios ------------------------------------------------------------------------- */

static void add_beginning(struct zoo *zoo) {
    zoo_begin(zoo);
    if (!random_one_in(zoo->random, 4))
        return;
    for (uint32_t i = random_below(zoo->random, 3) + 1; i > 0; i--)
        zoo_make(zoo, KINDS_PRESENT);
    if (random_one_in(zoo->random, 3))
        change_one_thing(zoo);
}

static void add_calls(struct zoo *zoo, uint32_t count) {
    call_add(zoo, random_call_kind(zoo->random));
    while (--count > 0) {
        if (random_one_in(zoo->random, 5)) {
            repeat_call(zoo);
            continue;
        }
        if (random_one_in(zoo->random, 2))
            change_one_thing(zoo);
        call_add(zoo, random_call_kind(zoo->random));
    }
}

/* Hundreds of plain calls in one process, for state that fills up or goes stale. */
static void add_many_calls(struct zoo *zoo) {
    uint32_t kind = random_call_kind(zoo->random);
    for (uint32_t i = random_between(zoo->random, 100, 320); i > 0; i--) {
        if (random_one_in(zoo->random, 16)) {
            call_add(zoo, random_call_kind(zoo->random));
            continue;
        }
        struct path path;
        path.length = 0;
        name_add(&path, zoo->random, NAME_SHORT, zoo->serial++);
        struct step *step = scenario_add(zoo->scenario, kind);
        if (step == NULL)
            return;
        step->path = scenario_store(zoo->scenario, path.bytes, path.length);
        step->mode = mode_random(zoo->random);
    }
}

static void add_sequence(struct zoo *zoo) {
    static const uint8_t counts[] = {1, 1, 1, 2, 2, 2, 2, 3, 3, 4};
    /* Mounts, owners and ACLs cost more than the calls that they are made for. */
    static const uint8_t counts_in_setting[] = {1, 3, 4, 5, 6, 7, 8, 10, 12};
    if (zoo->subjects != 0)
        add_calls(zoo, random_item(zoo->random, counts_in_setting));
    else if (random_one_in(zoo->random, 4000))
        add_many_calls(zoo);
    else if (random_one_in(zoo->random, 200))
        add_calls(zoo, random_between(zoo->random, 8, 24));
    else
        add_calls(zoo, random_item(zoo->random, counts));
}

void scenario_generate(struct scenario *out, struct random *random, enum target_shape shape) {
    struct zoo zoo;
    scenario_clear(out);
    zoo_start(&zoo, out, random, shape);
    if (shape != SHAPE_RENDEZVOUS || random_one_in(random, 6))
        add_beginning(&zoo);
    if (shape == SHAPE_RENDEZVOUS || (shape_takes(shape, STEP_READ) && random_one_in(random, 8)))
        use_add_steps(&zoo);
    if (shape == SHAPE_THREADS || shape == SHAPE_INJECT) {
        stage_add_calls(&zoo, shape, change_one_thing);
    } else if (shape_has_calls(shape) && shape != SHAPE_RENDEZVOUS) {
        add_sequence(&zoo);
    } else if (!shape_has_calls(shape)) {
        if (random_one_in(random, 400))
            for (uint32_t i = random_between(random, 8, 40); i > 0; i--)
                change_one_thing(&zoo);
        call_add(&zoo, shape == SHAPE_MKFIFOAT ? STEP_MKFIFOAT : STEP_MKFIFO);
    }
    scenario_restrict(out, shape);
    check(scenario_fits(out, shape));
}
