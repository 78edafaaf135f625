#include "scenario_zoo_touch.h"

#include "scenario_cast.h"
#include "scenario_operands.h"
#include "scenario_zoo_make.h"
#include "scenario_zoo_mount.h"
#include "scenario_zoo_rights.h"

static bool about(const struct zoo *zoo, uint32_t subjects) {
    return (zoo->subjects & subjects) != 0;
}

void zoo_begin(struct zoo *zoo) {
    if (!about(zoo, SUBJECT_IDENTITIES))
        return;
    zoo->early = random_one_in(zoo->random, 4);
    if (random_one_in(zoo->random, 4))
        (zoo->early ? zoo_chown_to_caller : zoo_chown)(zoo, ZOO_ROOT);
    else if (zoo->early || !random_one_in(zoo->random, 3))
        zoo_chmod_to(zoo, ZOO_ROOT, random_one_in(zoo->random, 4) ? 02777 : 0777);
    if (zoo->early)
        zoo_act(zoo);
}

void zoo_touch(struct zoo *zoo, uint32_t member) {
    if (about(zoo, SUBJECT_MOUNTS) && random_one_in(zoo->random, 2))
        zoo_remount(zoo, member);
    else
        zoo_change_rights(zoo, member);
}

void zoo_settle(struct zoo *zoo) {
    if (zoo->acting && !zoo->early && !random_one_in(zoo->random, 3)) {
        zoo_act_as_first(zoo);
        zoo->acting = false;
    }
    if (zoo->remounted != ZOO_MEMBERS_MAX && !random_one_in(zoo->random, 3))
        zoo_settle_mount(zoo);
}

/* A domain that allows FIFOs beneath the parent, above it, elsewhere or nowhere. */
static void add_landlock(struct zoo *zoo, uint32_t member) {
    switch (random_below(zoo->random, 6)) {
    case 0:
        zoo_step(zoo, STEP_LANDLOCK, member);
        break;
    case 1:
        zoo_step(zoo, STEP_LANDLOCK, zoo->members[member].parent);
        break;
    case 2:
        scenario_add(zoo->scenario, STEP_LANDLOCK);
        break;
    default:
        zoo_step(zoo, STEP_LANDLOCK, zoo_want(zoo, KIND(DIRECTORY) | KIND(DEEP)));
        break;
    }
}

static void add_nofile(struct zoo *zoo) {
    struct step *step = scenario_add(zoo->scenario, STEP_NOFILE);
    if (step != NULL)
        step->mode = nofile_random(zoo->random);
}

void zoo_touch_for_call(struct zoo *zoo, uint32_t member) {
    if (zoo->subjects == 0)
        return;
    bool changes = about(zoo, SUBJECT_MOUNTS | SUBJECT_ACLS | SUBJECT_ATTRIBUTES);
    if (zoo_is(zoo, member, KINDS_DIRECTORY | KINDS_GOOD_LINK)) {
        for (uint32_t i = 0; i < 2; i++)
            if (random_one_in(zoo->random, changes ? 3 : 6))
                zoo_touch(zoo, member);
    }
    if (about(zoo, SUBJECT_DESCRIPTORS) && random_one_in(zoo->random, 3))
        add_nofile(zoo);
    if (about(zoo, SUBJECT_LANDLOCK) && !random_one_in(zoo->random, 3))
        add_landlock(zoo, member);
    if (about(zoo, SUBJECT_IDENTITIES) && !random_one_in(zoo->random, zoo->early ? 2 : 8)) {
        zoo->acting = true;
        zoo_act(zoo);
        if (random_one_in(zoo->random, 3))
            identity_random(&zoo->caller, zoo->random);
    }
}
