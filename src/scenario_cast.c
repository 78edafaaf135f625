#include "scenario_cast.h"

uint16_t id_random(struct random *random) {
    static const uint16_t ids[] = {0, 1000, 1001, 2000, 2001};
    return random_item(random, ids);
}

uint16_t id_random_any(struct random *random) {
    static const uint16_t others[] = {1, 999, 1002, 65532, ID_MAX};
    if (!random_one_in(random, 8))
        return id_random(random);
    if (random_one_in(random, 2))
        return random_item(random, others);
    return (uint16_t)random_below(random, ID_MAX + 1);
}

void identity_random(struct identity *identity, struct random *random) {
    static const uint8_t counts[] = {0, 0, 0, 1, 1, 2, 3};
    *identity = (struct identity){.uid = id_random(random), .gid = id_random(random)};
    identity->real_uid = random_one_in(random, 2) ? id_random(random) : identity->uid;
    identity->real_gid = random_one_in(random, 2) ? id_random(random) : identity->gid;
    identity->group_count = random_item(random, counts);
    for (uint32_t i = 0; i < identity->group_count; i++)
        identity->groups[i] = id_random(random);
}

uint8_t capabilities_random(struct random *random) {
    static const uint8_t usual[] = {CAPABILITY_OVERRIDE, CAPABILITY_READ_SEARCH,
                                    CAPABILITY_READ_SEARCH, CAPABILITY_FSETID};
    if (random_below(random, 5) < 3)
        return 0;
    return random_one_in(random, 4) ? (uint8_t)random_below(random, 8) : random_item(random, usual);
}

/* A group of `caller`, by its effective or its supplementary ids, or another. */
static uint16_t group_random(const struct identity *caller, struct random *random) {
    if (random_one_in(random, 2))
        return id_random(random);
    if (caller->group_count == 0 || random_one_in(random, 3))
        return caller->gid;
    return caller->groups[random_below(random, caller->group_count)];
}

void owner_random(struct identity *owner, const struct identity *caller, struct random *random) {
    *owner = (struct identity){0};
    owner->uid = random_one_in(random, 3) ? caller->uid : id_random(random);
    owner->gid = group_random(caller, random);
}

/* Permissions of one entry: with what lets one create, or without, in equal parts. */
static uint32_t permissions_random(struct random *random) {
    static const uint8_t usual[] = {7, 7, 3, 5, 0};
    return random_one_in(random, 2) ? random_item(random, usual) : random_below(random, 8);
}

uint32_t acl_random(struct identity *named, const struct identity *caller, struct random *random) {
    *named = (struct identity){0};
    uint32_t acl = acl_with(0, ENTRY_OWNER, permissions_random(random));
    acl = acl_with(acl, ENTRY_OWNING_GROUP, permissions_random(random));
    acl = acl_with(acl, ENTRY_OTHER, permissions_random(random));
    uint32_t who = random_below(random, 6);
    if (who > 3)
        return acl;
    if (who != 0) {
        acl = acl_with(acl, ENTRY_USER, permissions_random(random));
        named->uid = random_one_in(random, 2) ? caller->uid : id_random(random);
    }
    if (who <= 1) {
        acl = acl_with(acl, ENTRY_GROUP, permissions_random(random));
        named->gid = group_random(caller, random);
    }
    return acl_with(acl, ENTRY_MASK, permissions_random(random));
}
