#include "scenario_mutation.h"

#include "scenario_call.h"
#include "scenario_cast.h"
#include "scenario_operands.h"
#include "scenario_stage.h"
#include "scenario_use.h"

/* --- choosing -------------------------------------------------------------------------------- */

uint32_t mutation_random_step(struct mutation *m) {
    uint32_t count = m->scenario->step_count;
    if (random_one_in(m->random, 2)) {
        for (uint32_t i = count; i-- > 0;) {
            if (step_is_call(&m->scenario->steps[i]))
                return i;
        }
    }
    return random_below(m->random, count);
}

void mutation_load(const struct mutation *m, struct path *path, struct text text) {
    path->length = 0;
    path_add(path, scenario_text(m->scenario, text), text.length);
}

struct text mutation_store(struct mutation *m, const struct path *path) {
    return scenario_store(m->scenario, path->bytes, path->length);
}

void mutation_random_path(struct mutation *m, struct path *path) {
    path->length = 0;
    if (m->scenario->step_count > 0 && !random_one_in(m->random, 8))
        mutation_load(m, path, m->scenario->steps[mutation_random_step(m)].path);
    if (path->length == 0) {
        name_add(path, m->random, NAME_SHORT, random_below(m->random, 26));
        return;
    }
    if (!random_one_in(m->random, 3))
        return;
    for (uint32_t i = path->length; i-- > 1;) {
        if (path->bytes[i] != '/')
            continue;
        path->length = i;
        if (random_one_in(m->random, 2))
            return;
    }
}

void mutation_repair_pointer(struct step *step) {
    if (step->pointer == POINTER_UNTERMINATED && step->path.length == 0)
        step->pointer = POINTER_NULL;
}

/* --- operands -------------------------------------------------------------------------------- */

static void set_path(struct mutation *m, struct step *step) {
    struct path path;
    mutation_random_path(m, &path);
    step->path = mutation_store(m, &path);
    mutation_repair_pointer(step);
}

static void set_other(struct mutation *m, struct step *step) {
    struct path path;
    path.length = 0;
    if (step->kind == STEP_FILE)
        content_add(&path, m->random);
    else
        mutation_random_path(m, &path);
    step->other = mutation_store(m, &path);
}

static void set_pointer(struct mutation *m, struct step *step) {
    struct path path;
    step->other = (struct text){0};
    if (!random_one_in(m->random, 8)) {
        step->pointer = POINTER_STRING;
        set_path(m, step);
        return;
    }
    mutation_load(m, &path, step->path);
    step->pointer = (uint8_t)pointer_random(&path, m->random);
    step->path = mutation_store(m, &path);
    if (pointer_is_split(step))
        step->other = rest_random(m->scenario, m->random);
    mutation_repair_pointer(step);
}

static void set_full_mode(struct mutation *m, struct step *step) {
    if (random_one_in(m->random, 2))
        step->mode ^= 1U << random_below(m->random, random_one_in(m->random, 8) ? 32 : 12);
    else
        step->mode = umask_random(m->random);
}

static void set_call_mode(struct mutation *m, struct step *step) {
    if (random_one_in(m->random, 2))
        step->mode ^= 1U << random_below(m->random, random_one_in(m->random, 8) ? 32 : 12);
    else if (random_one_in(m->random, 8))
        step_set_whole_mode(step, mode_random_type(m->random));
    else
        step_set_whole_mode(step, mode_random(m->random));
}

static void set_mode(struct mutation *m, struct step *step) {
    static const uint16_t modes[] = {0,    0100, 0200, 0300, 0400, 0500,
                                     0600, 0700, 0755, 0777, 02755};
    if (random_one_in(m->random, 2))
        step->mode ^= 1U << random_below(m->random, 12);
    else
        step->mode = random_item(m->random, modes);
}

static void set_dirfd(struct mutation *m, struct step *step) {
    uint32_t choice = random_below(m->random, 6);
    if (choice == 0)
        step->dirfd = (struct dirfd){.kind = DIRFD_CWD};
    else if (choice < 3)
        step->dirfd = (struct dirfd){DIRFD_SLOT, (int32_t)random_below(m->random, 3)};
    else
        dirfd_set_random(&step->dirfd, m->random);
}

/* Who acts last, as far as steps say; 0:0 else. */
static struct identity last_caller(const struct mutation *m) {
    for (uint32_t i = m->scenario->step_count; i-- > 0;)
        if (m->scenario->steps[i].kind == STEP_AS)
            return m->scenario->steps[i].identity;
    return (struct identity){0};
}

static void set_number(struct mutation *m, struct step *step) {
    uint32_t number = step->mode + (random_one_in(m->random, 2) ? 1U : UINT32_MAX);
    if (random_one_in(m->random, 3) && number <= NUMBER_MAX)
        step->mode = number;
    else if (step->kind == STEP_DUP)
        step->mode = descriptor_random(m->random);
    else if (step->kind == STEP_NOFILE)
        step->mode = nofile_random(m->random);
    else if (step->kind == STEP_MOUNT)
        step->mode = inodes_random(m->random);
    else if (step->kind == STEP_PAUSE)
        stage_set_number(step, m->random);
    else
        step->mode = use_random_size(m->random);
}

static void set_groups(struct mutation *m, struct identity *identity) {
    uint32_t count = random_below(m->random, IDENTITY_GROUPS + 1);
    for (uint32_t i = 0; i < IDENTITY_GROUPS; i++)
        identity->groups[i] = i < count ? id_random_any(m->random) : 0;
    identity->group_count = (uint8_t)count;
}

static void set_identity(struct mutation *m, struct step *step) {
    struct identity *identity = &step->identity;
    switch (random_below(m->random, 7)) {
    case 0:
        identity_random(identity, m->random);
        break;
    case 1:
        identity->uid = id_random_any(m->random);
        break;
    case 2:
        identity->gid = id_random_any(m->random);
        break;
    case 3:
        identity->real_uid = id_random_any(m->random);
        break;
    case 4:
        identity->real_gid = id_random_any(m->random);
        break;
    default:
        set_groups(m, identity);
        break;
    }
}

static void set_owner(struct mutation *m, struct step *step) {
    struct identity caller = last_caller(m);
    if (random_one_in(m->random, 2))
        owner_random(&step->identity, &caller, m->random);
    else if (random_one_in(m->random, 2))
        step->identity.uid = id_random_any(m->random);
    else
        step->identity.gid = id_random_any(m->random);
}

/* One permission of one entry that is there, or all entries anew. */
static void set_entries(struct mutation *m, struct step *step) {
    struct identity caller = last_caller(m);
    enum acl_entry entry = (enum acl_entry)random_below(m->random, ENTRY_COUNT);
    if (!acl_has(step->mode, entry) || random_one_in(m->random, 3))
        step->mode = acl_random(&step->identity, &caller, m->random);
    else
        step->mode ^= 1U << (4 * entry + random_below(m->random, 3));
}

static void set_flags(struct mutation *m, struct step *step) {
    uint8_t all = step_flags_all(step->kind);
    if (random_one_in(m->random, 2))
        step->flags = (uint8_t)(random_next(m->random) & all);
    else
        step->flags ^= (uint8_t)(1U << random_below(m->random, 8) & all);
}

void mutation_set_operand(struct mutation *m, struct step *step, enum operand operand) {
    switch (operand) {
    case OPERAND_END:
        break;
    case OPERAND_SET:
    case OPERAND_SLOT:
        step->slot = (uint8_t)random_below(m->random, random_one_in(m->random, 8) ? 16 : 3);
        break;
    case OPERAND_DIRFD:
        set_dirfd(m, step);
        break;
    case OPERAND_POINTER:
        set_pointer(m, step);
        break;
    case OPERAND_PATH:
        set_path(m, step);
        break;
    case OPERAND_OTHER:
        set_other(m, step);
        break;
    case OPERAND_MODE:
        set_mode(m, step);
        break;
    case OPERAND_FULL_MODE:
        set_full_mode(m, step);
        break;
    case OPERAND_CALL_MODE:
        set_call_mode(m, step);
        break;
    case OPERAND_NUMBER:
        set_number(m, step);
        break;
    case OPERAND_IDENTITY:
        set_identity(m, step);
        break;
    case OPERAND_OWNER:
        set_owner(m, step);
        break;
    case OPERAND_ENTRIES:
        set_entries(m, step);
        break;
    case OPERAND_ACTOR:
    case OPERAND_ERROR:
        stage_set_number(step, m->random);
        break;
    case OPERAND_USE:
        step->pointer = (uint8_t)random_below(m->random, USE_COUNT);
        break;
    case OPERAND_FLAGS:
        set_flags(m, step);
        break;
    }
}
