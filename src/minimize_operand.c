/* Modes, numbers, identities and flags: towards the dullest value of each. */
#include "minimize_pass.h"

enum { DULL_ID = 1000 };

static bool try_step(struct minimization *m, uint32_t index, const struct step *changed) {
    minimize_propose(m)->steps[index] = *changed;
    return minimize_try(m);
}

static struct step step_at(const struct minimization *m, uint32_t index) {
    return m->best->steps[index];
}

/* --- modes and numbers ------------------------------------------------------------------------ */

static bool try_mode(struct minimization *m, uint32_t index, uint32_t mode) {
    struct step step = step_at(m, index);
    step.mode = mode;
    return try_step(m, index, &step);
}

/* All of it at once, or bit by bit from the highest. */
static bool bring_mode(struct minimization *m, uint32_t index, uint32_t dull) {
    if (try_mode(m, index, dull))
        return true;
    bool changed = false;
    for (uint32_t bit = UINT32_C(1) << 31; bit; bit >>= 1) {
        uint32_t mode = step_at(m, index).mode;
        if ((mode ^ dull) & bit)
            changed |= try_mode(m, index, mode ^ bit);
    }
    return changed;
}

static bool simplify_mode(struct minimization *m, uint32_t index) {
    static const uint32_t dull[STEP_KIND_COUNT] = {
        [STEP_MKFIFO] = 0644, [STEP_MKFIFOAT] = 0644, [STEP_MKDIR] = 0755,
        [STEP_FILE] = 0644,   [STEP_CHMOD] = 0755,    [STEP_UMASK] = 022,
    };
    return bring_mode(m, index, dull[step_at(m, index).kind]);
}

/* Its upper half, which is gone at best, and else of the least magnitude. */
static bool simplify_call_mode(struct minimization *m, uint32_t index) {
    bool changed = false;
    const int32_t dull[] = {step_at(m, index).high > 0 ? 1 : -1, 0};
    for (size_t i = 0; i < sizeof dull / sizeof dull[0]; i++) {
        struct step step = step_at(m, index);
        if (step.high == 0 || step.high == dull[i])
            continue;
        step.high = dull[i];
        changed |= try_step(m, index, &step);
    }
    return simplify_mode(m, index) || changed;
}

static bool simplify_number(struct minimization *m, uint32_t index) {
    bool changed = false;
    for (uint32_t less = step_at(m, index).mode; less > 0; less /= 2) {
        uint32_t number = step_at(m, index).mode;
        if (number >= less)
            changed |= try_mode(m, index, number - less);
    }
    return changed;
}

/* --- what a call takes ------------------------------------------------------------------------ */

/* The current directory, else a number that is not open. */
static bool simplify_dirfd(struct minimization *m, uint32_t index) {
    struct step step = step_at(m, index);
    if (step.dirfd.kind == DIRFD_CWD) { /* of an earlier call; the one at fault stays what it is */
        step.kind = step.kind == STEP_MKFIFOAT ? STEP_MKFIFO : step.kind;
        return try_step(m, index, &step);
    }
    step.dirfd = (struct dirfd){.kind = DIRFD_CWD};
    if (try_step(m, index, &step))
        return true;
    if (step_at(m, index).dirfd.kind != DIRFD_NUMBER)
        return false;
    step.dirfd = (struct dirfd){DIRFD_NUMBER, -1};
    return try_step(m, index, &step);
}

static bool simplify_pointer(struct minimization *m, uint32_t index) {
    struct step step = step_at(m, index);
    if (step.pointer == POINTER_STRING)
        return false;
    if (pointer_is_split(&step)) { /* who is given one of these has no null pointer */
        step.pointer = POINTER_STRING;
        step.other = (struct text){0, 0};
    } else {
        step.pointer = POINTER_NULL;
        step.path = (struct text){0, 0};
    }
    return try_step(m, index, &step);
}

static bool simplify_flags(struct minimization *m, uint32_t index) {
    bool changed = false;
    for (unsigned bit = 1U << 7; bit; bit >>= 1) {
        struct step step = step_at(m, index);
        if (!(step.flags & bit))
            continue;
        step.flags = (uint8_t)(step.flags & ~bit);
        changed |= try_step(m, index, &step);
    }
    return changed;
}

/* --- who -------------------------------------------------------------------------------------- */

static void drop_groups(struct identity *identity) {
    identity->group_count = 0;
    for (int i = 0; i < IDENTITY_GROUPS; i++)
        identity->groups[i] = 0;
}

static void be_real(struct identity *identity) {
    identity->real_uid = identity->uid;
    identity->real_gid = identity->gid;
}

static void be_dull(struct identity *identity) {
    *identity = (struct identity){.uid = DULL_ID, .gid = DULL_ID};
    be_real(identity);
}

static void be_dull_user(struct identity *identity) {
    bool real = identity->real_uid == identity->uid;
    identity->uid = DULL_ID;
    identity->real_uid = real ? DULL_ID : identity->real_uid;
}

static void be_dull_group(struct identity *identity) {
    bool real = identity->real_gid == identity->gid;
    identity->gid = DULL_ID;
    identity->real_gid = real ? DULL_ID : identity->real_gid;
}

static void own_dully(struct identity *identity) {
    identity->uid = identity->gid = DULL_ID;
}

static void own_dully_as_user(struct identity *identity) {
    identity->uid = DULL_ID;
}

static void own_dully_as_group(struct identity *identity) {
    identity->gid = DULL_ID;
}

typedef void identity_edit(struct identity *);

static bool try_edits(struct minimization *m, uint32_t index, identity_edit *const *edits,
                      size_t count) {
    bool changed = false;
    for (size_t i = 0; i < count; i++) {
        struct step step = step_at(m, index);
        edits[i](&step.identity);
        changed |= try_step(m, index, &step);
    }
    return changed;
}

static bool simplify_identity(struct minimization *m, uint32_t index) {
    static identity_edit *const edits[] = {be_dull, drop_groups, be_real, be_dull_user,
                                           be_dull_group};
    return try_edits(m, index, edits, sizeof edits / sizeof edits[0]);
}

static bool simplify_owner(struct minimization *m, uint32_t index) {
    static identity_edit *const edits[] = {own_dully, own_dully_as_user, own_dully_as_group};
    return try_edits(m, index, edits, sizeof edits / sizeof edits[0]);
}

/* --- ACLs ------------------------------------------------------------------------------------- */

static uint32_t without(uint32_t acl, enum acl_entry entry) {
    return acl & ~(UINT32_C(15) << 4 * entry);
}

/* Named entries go, and the mask with the last of them; then the permissions are those of 0755. */
static bool simplify_entries(struct minimization *m, uint32_t index) {
    static const enum acl_entry named[] = {ENTRY_USER, ENTRY_GROUP};
    uint32_t dull = acl_with(0, ENTRY_OWNER, 7);
    dull = acl_with(dull, ENTRY_OWNING_GROUP, 5);
    dull = acl_with(dull, ENTRY_OTHER, 5);
    bool changed = false;
    for (size_t i = 0; i < 2; i++) {
        struct step step = step_at(m, index);
        step.mode = without(step.mode, named[i]);
        if (!acl_has(step.mode, ENTRY_USER) && !acl_has(step.mode, ENTRY_GROUP))
            step.mode = without(step.mode, ENTRY_MASK);
        *(named[i] == ENTRY_USER ? &step.identity.uid : &step.identity.gid) = 0;
        changed |= try_step(m, index, &step);
    }
    for (int entry = 0; entry < ENTRY_COUNT; entry++) {
        uint32_t acl = step_at(m, index).mode;
        bool plain = acl_has(dull, (enum acl_entry)entry);
        if (acl_has(acl, (enum acl_entry)entry))
            changed |= try_mode(m, index,
                                acl_with(acl, (enum acl_entry)entry,
                                         plain ? acl_permissions(dull, (enum acl_entry)entry) : 7));
    }
    return changed;
}

/* --- the passes ------------------------------------------------------------------------------- */

bool minimize_operands(struct minimization *m) {
    static bool (*const simplifiers[OPERAND_FLAGS + 1])(struct minimization *, uint32_t) = {
        [OPERAND_DIRFD] = simplify_dirfd,         [OPERAND_POINTER] = simplify_pointer,
        [OPERAND_MODE] = simplify_mode,           [OPERAND_FULL_MODE] = simplify_mode,
        [OPERAND_CALL_MODE] = simplify_call_mode, [OPERAND_NUMBER] = simplify_number,
        [OPERAND_IDENTITY] = simplify_identity,   [OPERAND_OWNER] = simplify_owner,
        [OPERAND_ENTRIES] = simplify_entries,     [OPERAND_FLAGS] = simplify_flags,
    };
    bool changed = false;
    for (uint32_t i = 0; i < m->best->step_count; i++) {
        const uint8_t *operands = step_infos[m->best->steps[i].kind].operands;
        for (int k = 0; operands[k] != OPERAND_END; k++)
            if (simplifiers[operands[k]])
                changed |= simplifiers[operands[k]](m, i);
    }
    return changed;
}

static bool has_slot(const struct step *step) {
    const uint8_t *operands = step_infos[step->kind].operands;
    for (int k = 0; operands[k] != OPERAND_END; k++)
        if (operands[k] == OPERAND_SET || operands[k] == OPERAND_SLOT)
            return true;
    return false;
}

static int32_t exchanged(int32_t slot, int32_t a, int32_t b) {
    return slot == a ? b : slot == b ? a : slot;
}

static bool exchange_slots(struct minimization *m, int32_t a, int32_t b) {
    struct scenario *candidate = minimize_propose(m);
    for (uint32_t i = 0; i < candidate->step_count; i++) {
        struct step *step = &candidate->steps[i];
        if (has_slot(step))
            step->slot = (uint8_t)exchanged(step->slot, a, b);
        if (step->dirfd.kind == DIRFD_SLOT)
            step->dirfd.number = exchanged(step->dirfd.number, a, b);
    }
    return minimize_try(m);
}

bool minimize_slots(struct minimization *m) {
    bool changed = false;
    int32_t next = 0;
    for (uint32_t i = 0; i < m->best->step_count; i++) {
        struct step step = step_at(m, i);
        bool named = step.dirfd.kind == DIRFD_SLOT;
        if (!named && !has_slot(&step))
            continue;
        int32_t slot = named ? step.dirfd.number : step.slot;
        if (slot > next)
            changed |= exchange_slots(m, slot, next);
        next += slot >= next;
    }
    return changed;
}
