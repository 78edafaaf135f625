#include "scenario_zoo_rights.h"

#include "scenario_cast.h"
#include "scenario_zoo_make.h"

/* --- one step each --------------------------------------------------------------------------- */

void zoo_chown(struct zoo *zoo, uint32_t member) {
    struct step *step = zoo_step(zoo, STEP_CHOWN, member);
    if (step != NULL)
        owner_random(&step->identity, &zoo->caller, zoo->random);
}

void zoo_chown_to_caller(struct zoo *zoo, uint32_t member) {
    struct step *step = zoo_step(zoo, STEP_CHOWN, member);
    if (step != NULL)
        step->identity = (struct identity){.uid = zoo->caller.uid, .gid = zoo->caller.gid};
}

void zoo_acl(struct zoo *zoo, uint32_t member, uint32_t flags) {
    struct step *step = zoo_step(zoo, STEP_ACL, member);
    if (step == NULL)
        return;
    step->mode = acl_random(&step->identity, &zoo->caller, zoo->random);
    step->flags = (uint8_t)flags;
}

void zoo_attribute(struct zoo *zoo, uint32_t member, uint32_t flags) {
    struct step *step = zoo_step(zoo, STEP_ATTRIBUTE, member);
    if (step != NULL)
        step->flags = (uint8_t)flags;
}

void zoo_act(struct zoo *zoo) {
    struct step *step = scenario_add(zoo->scenario, STEP_AS);
    if (step == NULL)
        return;
    step->identity = zoo->caller;
    step->flags = capabilities_random(zoo->random);
}

void zoo_act_as_first(struct zoo *zoo) {
    scenario_add(zoo->scenario, STEP_AS);
}

/* --- modes ----------------------------------------------------------------------------------- */

/* Only the bits of one class count, were they the strictest of all: path_resolution(7). */
static uint32_t class_mode(struct random *random) {
    static const uint16_t modes[] = {
        0077, 0077, 0077, 0707, 0707, 0707, 0770, 0770, 0770, 0070, 0007, 0700, 0700,
        0711, 0722, 0722, 0733, 0755, 0775, 0777, 0300, 0030, 0003, 0111, 0222, 0600,
    };
    if (random_one_in(random, 16))
        return random_below(random, 010000);
    return random_one_in(random, 4) ? random_below(random, 01000) : random_item(random, modes);
}

static uint32_t mode_of(struct zoo *zoo, enum member_kind kind) {
    static const uint16_t open[] = {0777, 0777, 0777, 0773, 0733, 0775, 0770, 0730, 0755};
    static const uint16_t plain[] = {0755, 0755, 0777, 0700, 0555, 0500, 0600};
    uint32_t mode = random_item(zoo->random, open);
    if (kind == MEMBER_OWNED)
        return class_mode(zoo->random);
    if (kind == MEMBER_GROUP)
        return 02000 | mode | (random_one_in(zoo->random, 8) ? 05000U : 0);
    if (kind == MEMBER_DEFAULT_ACL)
        return mode | (random_one_in(zoo->random, 4) ? 02000U : 0);
    return random_item(zoo->random, plain);
}

/* --- members --------------------------------------------------------------------------------- */

/* What lies in it is made by another, which is what proc(5) protected_symlinks is about. */
static void make_shared(struct zoo *zoo, uint32_t member) {
    zoo_mkdir(zoo, member, 01777);
    if (random_one_in(zoo->random, 2))
        zoo_chown(zoo, member);
    struct step *other = scenario_add(zoo->scenario, STEP_AS);
    if (other == NULL)
        return;
    identity_random(&other->identity, zoo->random);
    zoo_make_in(zoo, KIND(LINK_DIRECTORY) | KIND(LINK_DOT) | KIND(FIFO), member);
    if (zoo->early)
        zoo_act(zoo);
    else
        zoo_act_as_first(zoo);
}

/*
 * The mode comes before the ACL, whose mask it would change, and before another owner, who would be
 * the only one to change it and who as a stranger to the group could not keep its set-group-ID bit.
 */
void rights_make(struct zoo *zoo, uint32_t member) {
    enum member_kind kind = zoo->members[member].kind;
    if (kind == MEMBER_SHARED) {
        make_shared(zoo, member);
        return;
    }
    zoo_mkdir(zoo, member, 0700);
    if (random_one_in(zoo->random, 2))
        zoo_make_in(zoo, KIND(DIRECTORY) | KIND(FILE) | KIND(DANGLING) | KIND(LINK_DIRECTORY),
                    member);
    zoo_chmod_to(zoo, member, mode_of(zoo, kind));
    if (kind == MEMBER_ACL || kind == MEMBER_DEFAULT_ACL)
        zoo_acl(zoo, member, kind == MEMBER_DEFAULT_ACL ? ACL_DEFAULT : 0);
    bool other = (zoo->subjects & SUBJECT_IDENTITIES) != 0 && random_one_in(zoo->random, 2);
    if (other || kind == MEMBER_OWNED || kind == MEMBER_GROUP)
        zoo_chown(zoo, member);
    if (kind == MEMBER_IMMUTABLE)
        zoo_attribute(zoo, member,
                      ATTRIBUTE_IMMUTABLE |
                          (random_one_in(zoo->random, 6) ? ATTRIBUTE_APPEND : 0U));
    if (kind == MEMBER_APPEND)
        zoo_attribute(zoo, member, ATTRIBUTE_APPEND);
}

/* --- changes --------------------------------------------------------------------------------- */

static void change_class_mode(struct zoo *zoo, uint32_t member) {
    zoo_chmod_to(zoo, member, class_mode(zoo->random));
}

static void change_acl(struct zoo *zoo, uint32_t member) {
    zoo_acl(zoo, member, random_one_in(zoo->random, 3) ? ACL_DEFAULT : 0);
}

static void change_attribute(struct zoo *zoo, uint32_t member) {
    static const uint8_t flags[] = {ATTRIBUTE_IMMUTABLE,
                                    ATTRIBUTE_IMMUTABLE,
                                    ATTRIBUTE_IMMUTABLE,
                                    ATTRIBUTE_APPEND,
                                    ATTRIBUTE_APPEND,
                                    ATTRIBUTE_IMMUTABLE | ATTRIBUTE_APPEND,
                                    0};
    zoo_attribute(zoo, member, random_item(zoo->random, flags));
}

void zoo_change_rights(struct zoo *zoo, uint32_t member) {
    static const struct {
        uint8_t subject; /* 0: any */
        void (*change)(struct zoo *, uint32_t);
    } changes[] = {
        {0, zoo_chmod},
        {SUBJECT_IDENTITIES, zoo_chown},
        {SUBJECT_IDENTITIES, change_class_mode},
        {SUBJECT_ACLS, change_acl},
        {SUBJECT_ATTRIBUTES, change_attribute},
    };
    enum { COUNT = sizeof changes / sizeof changes[0] };
    uint32_t i = random_below(zoo->random, COUNT);
    while (changes[i].subject != 0 && (changes[i].subject & zoo->subjects) == 0)
        i = (i + 1) % COUNT;
    changes[i].change(zoo, member);
}
