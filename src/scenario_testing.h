/*
 * scenario_testing.h - random valid scenarios with steps of every kind, for tests of the forms.
 * They are made field by field, so no decoder or generator decides what a test sees.
 */
#ifndef FIFOFUZZ_SCENARIO_TESTING_H
#define FIFOFUZZ_SCENARIO_TESTING_H

#include "random.h"
#include "scenario.h"

static inline uint16_t random_id(struct random *random) {
    const uint32_t ids[] = {0, 1000, 2001, ID_MAX, random_below(random, ID_MAX + 1)};
    return (uint16_t)random_item(random, ids);
}

static inline struct text random_text(struct scenario *scenario, struct random *random) {
    char bytes[20];
    uint32_t length = random_below(random, sizeof bytes);
    for (uint32_t i = 0; i < length; i++)
        bytes[i] = random_one_in(random, 8) ? (char)random_between(random, 1, 255) : 'a';
    return scenario_store(scenario, bytes, length);
}

static inline void random_identity(struct identity *identity, struct random *random) {
    identity->group_count = (uint8_t)random_below(random, IDENTITY_GROUPS + 1);
    for (int i = 0; i < identity->group_count; i++)
        identity->groups[i] = random_id(random);
    bool same = random_one_in(random, 2);
    identity->real_uid = same ? identity->uid : random_id(random);
    identity->real_gid = same ? identity->gid : random_id(random);
}

static inline void random_entries(struct step *step, struct random *random) {
    bool user = random_one_in(random, 2);
    bool group = random_one_in(random, 2);
    for (unsigned entry = 0; entry < ENTRY_COUNT; entry++)
        if ((entry != ENTRY_USER || user) && (entry != ENTRY_GROUP || group) &&
            (entry != ENTRY_MASK || user || group))
            step->mode = acl_with(step->mode, entry, random_below(random, 8));
    step->identity.uid = user ? random_id(random) : 0;
    step->identity.gid = group ? random_id(random) : 0;
}

static inline void random_dirfd(struct dirfd *dirfd, struct random *random) {
    dirfd->kind = (uint8_t)random_below(random, DIRFD_KIND_COUNT);
    if (dirfd->kind == DIRFD_NUMBER)
        dirfd->number = (int32_t)random_next(random);
    else if (dirfd->kind == DIRFD_SLOT)
        dirfd->number = (int32_t)random_below(random, SCENARIO_SLOTS);
}

static inline void random_operand(struct scenario *scenario, struct step *step,
                                  enum operand operand, struct random *random) {
    switch (operand) {
    case OPERAND_END:
        break;
    case OPERAND_SET:
    case OPERAND_SLOT:
        step->slot = (uint8_t)random_below(random, SCENARIO_SLOTS);
        break;
    case OPERAND_DIRFD:
        random_dirfd(&step->dirfd, random);
        break;
    case OPERAND_POINTER:
        step->path = random_text(scenario, random);
        step->pointer = step->path.length == 0 ? POINTER_NULL : POINTER_UNTERMINATED;
        step->pointer = random_one_in(random, 2) ? POINTER_STRING : step->pointer;
        if (random_one_in(random, 4)) {
            step->pointer = random_one_in(random, 2) ? POINTER_COUNTED : POINTER_UNENCODABLE;
            step->other = random_text(scenario, random);
        }
        break;
    case OPERAND_PATH:
        step->path = random_text(scenario, random);
        break;
    case OPERAND_OTHER:
        step->other = random_text(scenario, random);
        break;
    case OPERAND_MODE:
        step->mode = random_below(random, 010000);
        break;
    case OPERAND_FULL_MODE:
        step->mode = (uint32_t)random_next(random) >> random_below(random, 32);
        break;
    case OPERAND_CALL_MODE:
        step_set_whole_mode(step, (int64_t)random_next(random) >> random_below(random, 64));
        break;
    case OPERAND_NUMBER:
        step->mode = random_below(random, NUMBER_MAX + 1);
        break;
    case OPERAND_OWNER:
        step->identity.uid = random_id(random);
        step->identity.gid = random_id(random);
        break;
    case OPERAND_IDENTITY:
        step->identity.uid = random_id(random);
        step->identity.gid = random_id(random);
        random_identity(&step->identity, random);
        break;
    case OPERAND_ENTRIES:
        random_entries(step, random);
        break;
    case OPERAND_ACTOR:
        step->mode = random_below(random, ACTORS);
        break;
    case OPERAND_ERROR:
        step->mode = random_below(random, ERROR_MAX + 1);
        break;
    case OPERAND_USE:
        step->pointer = (uint8_t)random_below(random, USE_COUNT);
        break;
    case OPERAND_FLAGS:
        step->flags = (uint8_t)(random_next(random) & step_flags_all(step->kind));
        break;
    }
}

/* Makes `scenario` one of a step of every kind. */
static inline void random_scenario(struct scenario *scenario, struct random *random) {
    scenario_clear(scenario);
    for (unsigned kind = 0; kind < STEP_KIND_COUNT; kind++) {
        struct step *step = scenario_add(scenario, kind);
        for (const uint8_t *operand = step_infos[kind].operands; *operand; operand++)
            random_operand(scenario, step, *operand, random);
    }
}

/* Gives 1 to `most` bytes of `text` other values, which are taken from `bytes`. */
static inline void change_text(char *text, size_t length, const char *bytes, size_t count,
                               uint32_t most, struct random *random) {
    for (uint32_t changes = random_between(random, 1, most); changes > 0; changes--)
        text[random_below(random, (uint32_t)length)] = bytes[random_below(random, (uint32_t)count)];
}

#endif
