#include "reproducer_plan.h"

#include <errno.h>
#include <string.h>

#include "reproducer_quote.h"

const struct host reproducer_host = {
    .can = {[ABILITY_IDENTITIES] = true,
            [ABILITY_MOUNTS] = true,
            [ABILITY_NOSYMFOLLOW] = true,
            [ABILITY_IDMAP] = true,
            [ABILITY_ACLS] = true,
            [ABILITY_ATTRIBUTES] = true,
            [ABILITY_LANDLOCK] = true,
            [ABILITY_DESCRIPTORS] = true,
            [ABILITY_LIMITS] = true,
            [ABILITY_POINTERS] = true},
    .protected_hardlinks = true,
    .protected_symlinks = true,
    .nofile = 4096,
};

/* --- questions -------------------------------------------------------------------------------- */

enum aspect plan_aspect(const struct plan *plan) {
    const struct verdict *verdict = plan->reproduction->verdict;
    return verdict ? (enum aspect)verdict->aspect : ASPECT_COUNT;
}

bool plan_is_at_fault(const struct plan *plan, uint32_t index) {
    const struct verdict *verdict = plan->reproduction->verdict;
    return verdict && verdict->step == index;
}

bool plan_looks(const struct plan *plan, uint32_t index) {
    const struct verdict *verdict = plan->reproduction->verdict;
    const struct step *step = &plan->reproduction->scenario->steps[index];
    return verdict && step_is_call(step) && (verdict->late || verdict->step == index);
}

bool plan_guards(const struct plan *plan, uint32_t index) {
    const struct step *step = &plan->reproduction->scenario->steps[index];
    if (!step_is_call(step))
        return false;
    if (step->pointer == POINTER_UNTERMINATED || step->pointer == POINTER_UNMAPPED)
        return true;
    return step->pointer == POINTER_STRING && plan_aspect(plan) == ASPECT_ENDING &&
           plan->reproduction->verdict->got == ENDING_CRASHED && plan_is_at_fault(plan, index);
}

bool plan_makes(const struct plan *plan, uint32_t index) {
    const struct step *step = &plan->reproduction->scenario->steps[index];
    const struct planned_step *planned = &plan->steps[index];
    return step_is_call(step) && step->pointer == POINTER_STRING &&
           step->path.length < WORLD_PATH_LENGTH && !planned->undefined && planned->error == 0;
}

bool plan_is_open(const struct planned_step *step) {
    if (step->undefined)
        return true;
    bool fails = false;
    for (int error = 1; error < 192; error++)
        fails |= errno_set_has(&step->allowed, error);
    return fails && errno_set_has(&step->allowed, 0);
}

/* --- the world -------------------------------------------------------------------------------- */

/* What the new node has to be, as far as the level says. */
static void expect_node(const struct plan *plan, const struct prediction *prediction,
                        struct planned_step *planned) {
    const enum level level = plan->reproduction->contract->level;
    const struct birth *birth = &prediction->birth;
    const struct clause_set *clauses = &prediction->clauses;
    enum clause bits = clause_set_has(clauses, CLAUSE_SETGID_BEFORE_UMASK)
                           ? CLAUSE_SETGID_BEFORE_UMASK
                       : birth->setgid_stripped ? CLAUSE_SETGID_STRIP
                                                : CLAUSE_MODE_SPECIAL;
    enum clause permissions =
        clause_set_has(clauses, CLAUSE_ACL_DEFAULT) ? CLAUSE_ACL_DEFAULT : CLAUSE_MODE_UMASK;
    planned->mode = birth->mode;
    planned->mode_mask =
        (contract_binds(level, permissions) ? 0777 : 0) | (contract_binds(level, bits) ? 07000 : 0);
    /* At the other levels the documents name several owners and groups. */
    planned->uid = level == LEVEL_LINUX ? prediction->uid : ID_ANY;
    planned->gid = level == LEVEL_LINUX ? prediction->gid : ID_ANY;
}

static void plan_call(struct plan *plan, const struct step *step, struct planned_step *planned) {
    struct prediction prediction;
    contract_predict(plan->reproduction->contract, &plan->world, step, &prediction);
    planned->error = (int16_t)prediction.error;
    planned->undefined = prediction.undefined;
    planned->allowed = prediction.allowed;
    if (prediction.error)
        return;
    expect_node(plan, &prediction, planned);
    world_create(&plan->world, &prediction.walk, NODE_FIFO, &prediction.birth);
}

/* The mount that a step of the harness is about; meaningless where it fails. */
static mount_id mount_of(struct world *world, const struct step *step) {
    const struct identity identity = world->identity;
    const uint8_t capabilities = world->capabilities;
    struct walk walk = {0};
    world->identity = (struct identity){0};
    world->capabilities = CAPABILITIES_ALL;
    if (step->path.length < WORLD_PATH_LENGTH)
        world_walk(world, (struct dirfd){.kind = DIRFD_CWD}, world_text(world, step->path),
                   WALK_FOLLOW, WALK_FROM_ROOT, &walk);
    world->identity = identity;
    world->capabilities = capabilities;
    return walk.mount;
}

static void plan_preparation(struct plan *plan, const struct step *step,
                             struct planned_step *planned) {
    struct world *world = &plan->world;
    if (step->kind == STEP_OPEN || step->kind == STEP_DUP)
        planned->closes = world_descriptor(world, world->slots[step->slot]) != NULL;
    if (step->kind == STEP_REMOUNT || step->kind == STEP_UMOUNT)
        planned->mount = mount_of(world, step);
    planned->idmapped = world->mounts[planned->mount].flags & MOUNT_IDMAP &&
                        plan->file_systems >> planned->mount & 1;
    planned->error = (int16_t)world_prepare(world, step);
    if (step->kind == STEP_MOUNT && planned->error == 0)
        plan->file_systems |= 1U << (world->mount_count - 1);
}

static void walk_scenario(struct plan *plan, const struct host *host) {
    const struct scenario *scenario = plan->reproduction->scenario;
    world_reset(&plan->world, scenario, host);
    plan->file_systems = 0;
    for (uint32_t i = 0; i < scenario->step_count; i++) {
        const struct step *step = &scenario->steps[i];
        plan->steps[i] = (struct planned_step){0};
        if (step_is_call(step))
            plan_call(plan, step, &plan->steps[i]);
        else
            plan_preparation(plan, step, &plan->steps[i]);
    }
}

/* A number for all results together, to tell two hosts apart. */
static uint64_t results(const struct plan *plan) {
    uint64_t hash = 0;
    for (uint32_t i = 0; i < plan->reproduction->scenario->step_count; i++)
        hash = hash * 1000003 + (uint64_t)plan->steps[i].error;
    return hash;
}

/* Finds out which settings make a difference, then walks with those of the contract. */
static void walk_on_hosts(struct plan *plan) {
    const struct host *host = &plan->reproduction->contract->host;
    struct host other_links = *host, other_symlinks = *host;
    other_links.protected_hardlinks = !host->protected_hardlinks;
    other_symlinks.protected_symlinks = !host->protected_symlinks;
    walk_scenario(plan, &other_links);
    const uint64_t with_links = results(plan);
    walk_scenario(plan, &other_symlinks);
    const uint64_t with_symlinks = results(plan);
    walk_scenario(plan, host);
    plan->protected_hardlinks = results(plan) != with_links;
    plan->protected_symlinks = results(plan) != with_symlinks;
}

/* --- where it takes place --------------------------------------------------------------------- */

/* Does the text lead no further than the directories that the scenario makes? */
static bool stays_below(const struct scenario *scenario, struct text text) {
    const char *bytes = scenario_text(scenario, text);
    uint32_t start = 0;
    if (text.length > 0 && bytes[0] == '/')
        return false;
    for (uint32_t i = 0; i <= text.length; i++) {
        if (i < text.length && bytes[i] != '/')
            continue;
        if (i - start == 2 && memcmp(bytes + start, "..", 2) == 0)
            return false;
        start = i + 1;
    }
    return true;
}

/* Can it be seen in any directory of an ordinary user what the finding is about? */
static bool shows_anywhere(enum aspect aspect) {
    static const bool shown[ASPECT_COUNT + 1] = {
        [ASPECT_RESULT] = true,
        [ASPECT_ERRNO] = true,
        [ASPECT_ERRNO_KEPT] = true,
        [ASPECT_NODE] = true,
        [ASPECT_TYPE] = true,
        [ASPECT_MODE] = true,
        [ASPECT_SIZE] = true,
        [ASPECT_UMASK] = true,
        [ASPECT_SIGNALS] = true,
        [ASPECT_ENDING] = true,
        [ASPECT_DESCRIPTOR] = true,
        [ASPECT_DESCRIPTOR_STATE] = true,
        [ASPECT_DESCRIPTOR_COUNT] = true,
        [ASPECT_STANDARD] = true,
        [ASPECT_COUNT] = true,
    };
    return shown[aspect];
}

/* A finding about permissions, which may come from who one is, is seen as root alone sees it. */
static bool is_about_permissions(const struct plan *plan) {
    const struct verdict *verdict = plan->reproduction->verdict;
    if (!verdict || verdict->aspect != ASPECT_ERRNO)
        return false;
    const int64_t expected = plan->steps[verdict->step].error;
    return expected == EACCES || expected == EPERM || verdict->got == EACCES ||
           verdict->got == EPERM;
}

static bool is_plain(const struct plan *plan) {
    enum { DEPTH_MAX = 64 }; /* directories that the clean-up holds open at once */
    const struct scenario *scenario = plan->reproduction->scenario;
    unsigned directories = 0;
    for (uint32_t i = 0; i < scenario->step_count; i++) {
        const struct step *step = &scenario->steps[i];
        directories += step->kind == STEP_MKDIR;
        if (step->kind >= STEP_AS || directories > DEPTH_MAX ||
            !stays_below(scenario, step->path) ||
            (step->kind != STEP_FILE && !stays_below(scenario, step->other)))
            return false;
    }
    return shows_anywhere(plan_aspect(plan)) && !is_about_permissions(plan);
}

/* --- fragments -------------------------------------------------------------------------------- */

#define BIT(id) (UINT64_C(1) << FRAGMENT_##id)

static const fragment_set of_kind[STEP_KIND_COUNT] = {
    [STEP_FILE] = BIT(FILE),
    [STEP_OPEN] = BIT(STANDARD),
    [STEP_DUP] = BIT(STANDARD) | BIT(LIMIT),
    [STEP_NOFILE] = BIT(STANDARD) | BIT(LIMIT),
    [STEP_AS] = BIT(IDENTITY),
    [STEP_LANDLOCK] = BIT(LANDLOCK),
};

/* Of steps that the harness does. */
static const fragment_set of_harness_kind[STEP_KIND_COUNT] = {
    [STEP_CHOWN] = BIT(OWNER),
    [STEP_ACL] = BIT(ACL),
    [STEP_ATTRIBUTE] = BIT(ATTRIBUTES),
    [STEP_MOUNT] = BIT(MOUNTS) | BIT(MOUNT_ROOT) | BIT(TMPFS),
    [STEP_BIND] = BIT(MOUNTS) | BIT(MOUNT_ROOT) | BIT(CLONE),
    [STEP_REMOUNT] = BIT(MOUNTS) | BIT(MOUNT_ROOT),
    [STEP_UMOUNT] = BIT(UMOUNT),
};

static const fragment_set of_aspect[ASPECT_COUNT + 1] = {
    [ASPECT_TIMES] = BIT(TICK) | BIT(LOOK) | BIT(CLOCKS) | BIT(NODE_TIMES),
    [ASPECT_DEVICE] = BIT(TICK) | BIT(LOOK) | BIT(CLOCKS) | BIT(PARENT),
    [ASPECT_PARENT_TIMES] = BIT(TICK) | BIT(LOOK) | BIT(CLOCKS) | BIT(PARENT),
    [ASPECT_PARENT_LINKS] = BIT(TICK) | BIT(LOOK) | BIT(CLOCKS) | BIT(PARENT),
    [ASPECT_PARENT_SIZE] = BIT(TICK) | BIT(LOOK) | BIT(CLOCKS) | BIT(PARENT),
    [ASPECT_PARENT_CHANGED] = BIT(TICK) | BIT(LOOK) | BIT(SAME),
    [ASPECT_PLACE_CHANGED] = BIT(TICK) | BIT(LOOK) | BIT(SAME),
    [ASPECT_PARENT_ERROR] = BIT(TICK) | BIT(LOOK) | BIT(SAME),
    [ASPECT_ARENA_EXTRA] = BIT(TREE) | BIT(HARNESS),
    [ASPECT_ARENA_MISSING] = BIT(TREE) | BIT(HARNESS),
    [ASPECT_ARENA_NODE] = BIT(TREE) | BIT(HARNESS),
    [ASPECT_ARENA_CONTENT] = BIT(TREE) | BIT(HARNESS),
    [ASPECT_CWD] = BIT(LOOK) | BIT(CWD),
    [ASPECT_UMASK] = BIT(MASK),
    [ASPECT_DESCRIPTOR] = BIT(STANDARD) | BIT(OPENED),
    [ASPECT_STANDARD] = BIT(STANDARD) | BIT(OPENED),
    [ASPECT_DESCRIPTOR_COUNT] = BIT(STANDARD) | BIT(OPENED),
    [ASPECT_DESCRIPTOR_STATE] = BIT(STANDARD) | BIT(OPENED),
    [ASPECT_SIGNALS] = BIT(SIGNALS),
};

static fragment_set of_text(const struct scenario *scenario, struct text text) {
    return quote_is_literal(scenario_text(scenario, text), text.length) ? 0 : BIT(STRINGS);
}

static fragment_set of_call(const struct plan *plan, uint32_t index) {
    const struct step *step = &plan->reproduction->scenario->steps[index];
    fragment_set set = 0;
    if (plan_guards(plan, index))
        set |= BIT(GUARD);
    if (step->pointer == POINTER_NULL)
        set |= BIT(NULL_PATH);
    if (step->pointer == POINTER_NONCANONICAL)
        set |= BIT(NONCANONICAL);
    if (step->kind == STEP_MKFIFOAT && step->dirfd.kind == DIRFD_NUMBER && step->dirfd.number >= 0)
        set |= BIT(STANDARD);
    if (plan_is_open(&plan->steps[index]))
        set |= BIT(STRAYS);
    if (plan_makes(plan, index))
        set |= BIT(COMPARE);
    return set;
}

static fragment_set of_mount(const struct step *step) {
    const bool idmapped = step->flags & MOUNT_IDMAP;
    switch ((int)step->kind) {
    case STEP_MOUNT:
        return idmapped ? BIT(CLONE) | BIT(IDMAP) | BIT(SET_IDMAP) | BIT(TMPFS_IDMAPPED) : 0;
    case STEP_BIND:
        return idmapped ? BIT(IDMAP) | BIT(SET_IDMAP) | BIT(BIND_IDMAPPED) : BIT(BIND);
    case STEP_REMOUNT:
        return step->flags & MOUNT_SUPERBLOCK ? BIT(SUPERBLOCK) : BIT(REMOUNT);
    default:
        return 0;
    }
}

static fragment_set of_preparation(const struct plan *plan, uint32_t index) {
    const struct step *step = &plan->reproduction->scenario->steps[index];
    if (step->kind == STEP_UMASK)
        return 0;
    if (step->kind < STEP_CHOWN)
        return BIT(PREPARE) | of_kind[step->kind];
    if (plan->steps[index].error)
        return 0; /* what fails is left out */
    return BIT(HARNESS) | BIT(ORDER) | of_harness_kind[step->kind] | of_mount(step);
}

static fragment_set of_steps(const struct plan *plan) {
    const struct scenario *scenario = plan->reproduction->scenario;
    fragment_set set = 0;
    for (uint32_t i = 0; i < scenario->step_count; i++) {
        const struct step *step = &scenario->steps[i];
        set |= step_is_call(step) ? of_call(plan, i) : of_preparation(plan, i);
        if (step->kind < STEP_CHOWN || !plan->steps[i].error)
            set |= of_text(scenario, step->path) | of_text(scenario, step->other);
    }
    return set;
}

static fragment_set of_place(const struct plan *plan, fragment_set set) {
    if (plan->plain)
        return BIT(PLAIN);
    fragment_set place = BIT(ROOTED) | BIT(CAPABILITIES);
    place |= plan->needs_root ? BIT(ROOT_ONLY) : BIT(ANY_USER);
    place |= set & BIT(IDENTITY) ? 0 : BIT(DROP);
    if (set & BIT(TREE) && set & BIT(TMPFS))
        place |= BIT(TREE_MOUNT);
    if (plan->protected_hardlinks || plan->protected_symlinks)
        place |= BIT(PROTECTED);
    return place;
}

static fragment_set of_finding(const struct plan *plan) {
    const struct verdict *verdict = plan->reproduction->verdict;
    fragment_set set = of_aspect[plan_aspect(plan)];
    if (set)
        set |= BIT(COMPARE);
    if (verdict && verdict->aspect == ASPECT_ENDING && verdict->got == ENDING_OVERFLOWED)
        set |= BIT(STACK);
    if (verdict && verdict->aspect == ASPECT_ENDING && verdict->got == ENDING_FORBIDDEN)
        set |= BIT(FORBID);
    return set;
}

/* What a user namespace has not: other ids, inode flags, idmapped mounts. */
static bool needs_root(const struct scenario *scenario) {
    const unsigned abilities =
        1U << ABILITY_IDENTITIES | 1U << ABILITY_IDMAP | 1U << ABILITY_ATTRIBUTES;
    for (uint32_t i = 0; i < scenario->step_count; i++)
        if (host_needs(&scenario->steps[i]) & abilities)
            return true;
    return false;
}

static bool opens_paths(const struct scenario *scenario) {
    for (uint32_t i = 0; i < scenario->step_count; i++)
        if (scenario->steps[i].kind == STEP_OPEN && scenario->steps[i].flags & OPEN_PATH)
            return true;
    return false;
}

void plan_make(struct plan *plan, const struct reproduction *reproduction) {
    plan->reproduction = reproduction;
    walk_on_hosts(plan);
    plan->plain = is_plain(plan);
    plan->needs_root = needs_root(reproduction->scenario);
    fragment_set set = BIT(FRAME) | of_steps(plan) | of_finding(plan);
    plan->fragments = set | of_place(plan, set) | BIT(MAIN);
    plan->needs_linux =
        fragments_need_linux(plan->fragments) || opens_paths(reproduction->scenario);
}
