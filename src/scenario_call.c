#include "scenario_call.h"

#include "scenario_operands.h"
#include "scenario_zoo_make.h"
#include "scenario_zoo_mount.h"
#include "scenario_zoo_touch.h"

enum trouble {
    TROUBLE_MODE = 1 << 0,
    TROUBLE_POINTER = 1 << 1,
    TROUBLE_LENGTH = 1 << 2,
    TROUBLE_START = 1 << 3,
    TROUBLE_PREFIX = 1 << 4,
    TROUBLE_PARENT = 1 << 5,
    TROUBLE_LAST = 1 << 6,
    TROUBLE_TAIL = 1 << 7,
};

/* A call while it is being put together. */
struct plan {
    struct zoo *zoo;
    struct random *random;
    uint32_t troubles;
    bool at; /* mkfifoat */
    bool absolute;
    struct dirfd dirfd;
    uint32_t from;   /* directory at which the path starts */
    uint32_t parent; /* member in which the last component is meant to be */
    uint32_t target; /* existing last component, or the root for a new name */
    struct path path;
};

static uint32_t random_troubles(struct random *random) {
    static const uint8_t counts[] = {0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 3, 3};
    static const uint8_t troubles[] = {
        TROUBLE_PARENT, TROUBLE_PARENT, TROUBLE_PARENT, TROUBLE_PARENT, TROUBLE_LAST,
        TROUBLE_LAST,   TROUBLE_LAST,   TROUBLE_LAST,   TROUBLE_LAST,   TROUBLE_TAIL,
        TROUBLE_TAIL,   TROUBLE_TAIL,   TROUBLE_START,  TROUBLE_START,  TROUBLE_START,
        TROUBLE_PREFIX, TROUBLE_PREFIX, TROUBLE_MODE,   TROUBLE_LENGTH,
    };
    uint32_t chosen = 0;
    for (uint32_t count = random_item(random, counts); count > 0; count--)
        chosen |= random_item(random, troubles);
    if (random_one_in(random, 64))
        chosen |= TROUBLE_POINTER;
    return chosen;
}

static bool has(const struct plan *plan, enum trouble trouble) {
    return (plan->troubles & trouble) != 0;
}

/* --- where the name is to be ---------------------------------------------------------------- */

/* A directory that the scenario's subjects bring, or one in it, and maybe what is in there. */
static void choose_subject(struct plan *plan) {
    struct zoo *zoo = plan->zoo;
    plan->parent = zoo_want(zoo, KINDS_OF_SUBJECTS & zoo->possible);
    bool links = zoo_is(zoo, plan->parent, KIND(NOSYMFOLLOW));
    uint64_t inner = KINDS_DIRECTORY | KIND(LINK_DIRECTORY) | KIND(LINK_DOT) |
                     (links ? KINDS_GOOD_LINK | KINDS_BAD_LINK : 0);
    uint32_t child = zoo_child(zoo, plan->parent);
    if (child != ZOO_ROOT && zoo_is(zoo, child, inner) && random_one_in(plan->random, 2)) {
        plan->parent = child;
        child = zoo_child(zoo, child);
    }
    if (has(plan, TROUBLE_LAST) && !random_one_in(plan->random, 3))
        plan->target = child;
}

static void choose_target(struct plan *plan) {
    struct zoo *zoo = plan->zoo;
    plan->target = ZOO_ROOT;
    bool full = plan->troubles == 0 && (zoo->possible & KIND(FULL)) != 0;
    if (full && random_one_in(plan->random, 4)) { /* it shows only where nothing else is wrong */
        plan->parent = zoo_want(zoo, KIND(FULL));
        return;
    }
    if ((zoo->possible & KINDS_OF_SUBJECTS) != 0 && random_one_in(plan->random, 2)) {
        choose_subject(plan);
        return;
    }
    if (has(plan, TROUBLE_LAST) && !random_one_in(plan->random, 3)) {
        if (!has(plan, TROUBLE_PARENT)) {
            plan->target = zoo_want(zoo, KINDS_PRESENT);
            plan->parent = zoo->members[plan->target].parent;
            return;
        }
        plan->parent = zoo_want(zoo, KINDS_SHUT_DIRECTORY);
        plan->target = zoo_child(zoo, plan->parent);
        return;
    }
    if (has(plan, TROUBLE_PARENT))
        plan->parent = zoo_want(zoo, KINDS_BAD_PARENT);
    else if (random_one_in(plan->random, 2))
        plan->parent = ZOO_ROOT;
    else
        plan->parent = zoo_want(zoo, KINDS_GOOD_PARENT);
}

/* --- where the path starts ------------------------------------------------------------------ */

void dirfd_set_random(struct dirfd *dirfd, struct random *random) {
    if (random_one_in(random, 4))
        *dirfd = (struct dirfd){DIRFD_SLOT, (int32_t)random_below(random, SCENARIO_SLOTS)};
    else
        *dirfd = (struct dirfd){DIRFD_NUMBER, dirfd_number_random(random)};
}

/* Starts the path at the descriptor in `slot`, opened on `member`. */
static void start_at_slot(struct plan *plan, uint32_t slot, uint32_t member) {
    plan->dirfd = (struct dirfd){DIRFD_SLOT, (int32_t)slot};
    plan->from = member;
}

/* A directory to start from: the parent itself more often than not. */
static uint32_t random_start(struct plan *plan) {
    bool parent = zoo_is(plan->zoo, plan->parent, KINDS_DIRECTORY | KINDS_GOOD_LINK);
    if (parent && !random_one_in(plan->random, 3))
        return plan->parent;
    return random_one_in(plan->random, 3) ? ZOO_ROOT : zoo_want(plan->zoo, KINDS_GOOD_PARENT);
}

static uint32_t open_flags(struct plan *plan, uint32_t member) {
    static const uint8_t flags[] = {0, 0, OPEN_DIRECTORY, OPEN_PATH, OPEN_PATH | OPEN_DIRECTORY};
    uint32_t chosen = random_item(plan->random, flags);
    /* O_RDONLY needs the r that these may lack; O_PATH needs nothing. */
    if (zoo_is(plan->zoo, member, KIND(UNREADABLE) | KINDS_SHUT_DIRECTORY | KIND(DIRECTORY)) &&
        !random_one_in(plan->random, 6))
        chosen |= random_one_in(plan->random, 2) ? OPEN_PATH : chosen;
    return chosen;
}

static void start_at_directory(struct plan *plan) {
    struct zoo *zoo = plan->zoo;
    if (zoo->slot > 0 && random_one_in(plan->random, 3)) {
        uint32_t slot = random_below(plan->random, zoo->slot);
        start_at_slot(plan, slot, zoo->slot_members[slot]);
        return;
    }
    uint32_t member = random_start(plan);
    start_at_slot(plan, zoo_open(zoo, member, open_flags(plan, member)), member);
    if (random_one_in(plan->random, 12))
        zoo_rename(zoo, member);
    if ((zoo->subjects & SUBJECT_DESCRIPTORS) != 0 && !random_one_in(plan->random, 3))
        start_at_slot(plan, zoo_dup(zoo, (uint32_t)plan->dirfd.number), member);
}

/* A mount's root that is about to change, or a directory in it; without mounts a plain one. */
static uint32_t directory_to_change(struct zoo *zoo) {
    if ((zoo->subjects & SUBJECT_MOUNTS) == 0)
        return zoo_make(zoo, KIND(DIRECTORY));
    uint32_t mount = zoo_want(zoo, KIND(MOUNT) | KIND(BIND));
    if (random_one_in(zoo->random, 2))
        return mount;
    return zoo_make_in(zoo, KIND(DIRECTORY), mount);
}

/* Covers what the path starts at, or cuts it off; false in a scenario without mounts. */
static bool change_mount(struct zoo *zoo, uint32_t member) {
    if ((zoo->subjects & SUBJECT_MOUNTS) == 0 || random_one_in(zoo->random, 3))
        return false;
    uint32_t above = zoo->members[member].parent;
    if (zoo_is(zoo, member, KINDS_MOUNT) && !random_one_in(zoo->random, 3))
        zoo_detach(zoo, member);
    else if (zoo_is(zoo, above, KINDS_MOUNT) && !random_one_in(zoo->random, 4))
        zoo_detach(zoo, above);
    else
        zoo_cover(zoo, random_one_in(zoo->random, 4) ? above : member);
    return true;
}

/* Removes a directory; what it was on may be read-only afterwards. */
static void remove_on_mount(struct zoo *zoo, uint32_t member) {
    uint32_t above = zoo->members[member].parent;
    zoo_remove(zoo, member);
    if (zoo_is(zoo, above, KINDS_MOUNT) && random_one_in(zoo->random, 2))
        zoo_remount(zoo, above);
}

/* A directory descriptor to which something happens before the call. */
static void start_at_changed_directory(struct plan *plan) {
    struct zoo *zoo = plan->zoo;
    bool here = zoo_is(zoo, plan->parent, KINDS_OPEN_DIRECTORY) && plan->parent != ZOO_ROOT &&
                random_one_in(plan->random, 2);
    uint32_t member = here ? plan->parent : directory_to_change(zoo);
    uint32_t slot = zoo_open(zoo, member, open_flags(plan, member));
    start_at_slot(plan, slot, member);
    if (plan->target == ZOO_ROOT && random_one_in(plan->random, 2))
        plan->parent = member;
    if (change_mount(zoo, member))
        return;
    switch (random_below(plan->random, 8)) {
    case 0:
    case 1:
    case 2:
        remove_on_mount(zoo, member);
        break;
    case 3:
    case 4:
        zoo_chmod(zoo, member);
        break;
    case 5:
        zoo_rename(zoo, member);
        break;
    default: {
        struct step *step = scenario_add(zoo->scenario, STEP_CLOSE);
        if (step != NULL)
            step->slot = (uint8_t)slot;
        if (random_one_in(plan->random, 2))
            zoo->slot = random_one_in(plan->random, 2) ? slot : zoo->slot;
        else
            break;
        zoo_open(zoo,
                 zoo_want(zoo, random_one_in(zoo->random, 2) ? KINDS_PRESENT : KIND(DIRECTORY)), 0);
        break;
    }
    }
}

/* A descriptor of something that is no directory. */
static void start_at_other(struct plan *plan) {
    struct zoo *zoo = plan->zoo;
    uint32_t flags = random_one_in(plan->random, 2) ? OPEN_PATH : 0;
    uint64_t kinds = KINDS_FILE;
    if (random_one_in(plan->random, 3)) {
        kinds = KINDS_GOOD_LINK | KINDS_BAD_LINK;
        flags = OPEN_PATH | OPEN_NOFOLLOW;
    }
    uint32_t member = zoo_want(zoo, kinds);
    start_at_slot(plan, zoo_open(zoo, member, flags), member);
    if (random_one_in(plan->random, 2))
        plan->from = plan->parent;
}

/* The working directory is removed, shut or renamed behind the caller's back. */
static void start_at_changed_cwd(struct plan *plan) {
    struct zoo *zoo = plan->zoo;
    uint32_t member = directory_to_change(zoo);
    zoo_step(zoo, STEP_CHDIR, member);
    zoo->cwd = member;
    plan->from = member;
    if (plan->target == ZOO_ROOT && random_one_in(plan->random, 2))
        plan->parent = member;
    if (change_mount(zoo, member))
        return;
    switch (random_below(plan->random, 8)) {
    case 0:
        zoo_rename(zoo, member);
        break;
    case 1:
    case 2:
    case 3:
        zoo_chmod(zoo, member);
        break;
    default:
        remove_on_mount(zoo, member);
        break;
    }
}

static void choose_troubled_start(struct plan *plan) {
    if (!plan->at || random_one_in(plan->random, 4)) {
        start_at_changed_cwd(plan);
        return;
    }
    switch (random_below(plan->random, 6)) {
    case 0:
    case 1:
        dirfd_set_random(&plan->dirfd, plan->random);
        plan->from = random_one_in(plan->random, 2) ? plan->parent : ZOO_ROOT;
        break;
    case 2:
        start_at_other(plan);
        break;
    default:
        start_at_changed_directory(plan);
        break;
    }
}

static void choose_start(struct plan *plan) {
    plan->from = plan->zoo->cwd;
    plan->dirfd = (struct dirfd){.kind = DIRFD_CWD};
    plan->absolute = random_one_in(plan->random, 6);
    if (has(plan, TROUBLE_START))
        choose_troubled_start(plan);
    else if (plan->absolute && plan->at)
        dirfd_set_random(&plan->dirfd, plan->random);
    else if (plan->at && !random_one_in(plan->random, 4))
        start_at_directory(plan);
    else if (random_one_in(plan->random, 10)) {
        plan->from = random_start(plan);
        zoo_step(plan->zoo, STEP_CHDIR, plan->from);
        plan->zoo->cwd = plan->from;
    }
    if (plan->absolute)
        plan->from = ZOO_ROOT;
}

/* --- the path ------------------------------------------------------------------------------- */

/* Something that cannot be walked through, then `..`, which a lexical clean-up would forgive. */
static void add_bad_piece(struct plan *plan, uint32_t from) {
    struct path *path = &plan->path;
    switch (random_below(plan->random, 6)) {
    case 0:
        name_add(path, plan->random, NAME_TOO_LONG, 0);
        break;
    case 1:
        name_add(path, plan->random, NAME_SHORT, plan->zoo->serial++);
        break;
    default: {
        uint32_t start = path->length;
        zoo_add_path(plan->zoo, path, from, zoo_want(plan->zoo, KINDS_BAD_PARENT));
        if (path->length == start)
            path_add(path, ".", 1);
        break;
    }
    }
    path_add_string(path, random_one_in(plan->random, 3) ? "/" : "/../");
}

/* Links in sequence, around the 40 that one resolution may follow: path_resolution(7). */
static void add_links(struct plan *plan) {
    static const uint8_t counts[] = {2, 8, 9, 38, 39, 39, 40, 40, 40, 41, 41, 42};
    struct path once;
    once.length = 0;
    uint32_t link = zoo_want(plan->zoo, KIND(LINK_DOT));
    if (link == ZOO_ROOT)
        return;
    uint32_t parent = plan->zoo->members[link].parent;
    zoo_add_path(plan->zoo, &plan->path, plan->from, link);
    path_add(&plan->path, "/", 1);
    zoo_add_path(plan->zoo, &once, parent, link);
    path_add(&once, "/", 1);
    for (uint32_t i = random_item(plan->random, counts); i > 1; i--)
        path_add(&plan->path, once.bytes, once.length);
    plan->from = parent;
}

/* A way round that changes nothing. */
static void add_detour(struct plan *plan) {
    static const char *const idle[] = {"./", "./", ".//", "././"};
    struct path *path = &plan->path;
    switch (random_below(plan->random, 5)) {
    case 0:
        add_links(plan);
        break;
    case 1:
    case 2:
        if (plan->from == ZOO_ROOT) {
            uint32_t around = zoo_want(plan->zoo, KIND(DIRECTORY) | KIND(MOUNT) | KIND(BIND));
            zoo_add_path(plan->zoo, path, ZOO_ROOT, around);
            path_add_string(path, around == ZOO_ROOT ? "../" : "/../");
            plan->from = plan->zoo->members[around].parent;
            break;
        }
        path_add_string(path, random_item(plan->random, idle));
        break;
    default:
        path_add_string(path, random_item(plan->random, idle));
        break;
    }
}

static void add_prefix(struct plan *plan) {
    struct path *path = &plan->path;
    bool early = random_one_in(plan->random, 2);
    if (plan->absolute)
        path_add_string(path, random_one_in(plan->random, 10) ? "//" : "/");
    if (has(plan, TROUBLE_PREFIX) && early)
        add_bad_piece(plan, plan->from);
    else if (random_one_in(plan->random, 10))
        add_detour(plan);
    uint32_t start = path->length;
    zoo_add_path(plan->zoo, path, plan->from, plan->parent);
    if (path->length > start)
        path_add(path, "/", path->bytes[path->length - 1] == '/' ? 0 : 1);
    if (has(plan, TROUBLE_PREFIX) && !early)
        add_bad_piece(plan, plan->parent);
    else if (random_one_in(plan->random, 12))
        path_add_string(path, random_one_in(plan->random, 3) ? "./" : "../");
}

static void add_new_name(struct plan *plan) {
    static const uint8_t styles[] = {
        NAME_SHORT, NAME_SHORT, NAME_SHORT, NAME_SHORT, NAME_SHORT, NAME_SHORT, NAME_SHORT,
        NAME_SHORT, NAME_SHORT, NAME_SHORT, NAME_ODD,   NAME_ODD,   NAME_EDGE,  NAME_ANY_LENGTH,
    };
    name_add(&plan->path, plan->random, random_item(plan->random, styles), plan->zoo->serial++);
}

/* With mounts, a name may be in one of two directories that one path leads to. */
static bool add_known_name(struct plan *plan) {
    const struct zoo *zoo = plan->zoo;
    if ((zoo->subjects & SUBJECT_MOUNTS) == 0 || !random_one_in(plan->random, 4))
        return false;
    uint32_t child = zoo_child(zoo, plan->parent);
    if (child == ZOO_ROOT)
        return false;
    path_add(&plan->path, zoo->names + zoo->members[child].name, zoo->members[child].length);
    return true;
}

static void add_last(struct plan *plan) {
    struct path *path = &plan->path;
    if (plan->target != ZOO_ROOT) {
        const struct member *target = &plan->zoo->members[plan->target];
        path_add(path, plan->zoo->names + target->name, target->length);
        return;
    }
    if (!has(plan, TROUBLE_LAST)) {
        if (!add_known_name(plan))
            add_new_name(plan);
        return;
    }
    switch (random_below(plan->random, 8)) {
    case 0:
    case 1:
        path_add(path, ".", 1);
        break;
    case 2:
    case 3:
        path_add(path, "..", 2);
        break;
    case 4: /* the parent itself is the last component, or nothing is */
        if (path->length > 1)
            path->length--;
        break;
    default:
        name_add(path, plan->random, NAME_TOO_LONG, 0);
        break;
    }
}

/* Nothing but slashes is the root, however many there are, up to PATH_MAX; none is ENOENT. */
static void make_bare_path(struct plan *plan) {
    uint32_t count = random_below(plan->random, 4);
    if (random_one_in(plan->random, 2))
        count = path_length_random(plan->random);
    plan->path.length = 0;
    path_add_repeated(&plan->path, "/", count);
}

static void add_tail(struct plan *plan) {
    static const char *const tails[] = {"/", "/", "/", "//", "///", "/.", "/..", "/./", "/../"};
    if (has(plan, TROUBLE_TAIL))
        path_add_string(&plan->path, random_item(plan->random, tails));
    if (random_one_in(plan->random, 12))
        path_decorate(&plan->path, plan->random);
    if (has(plan, TROUBLE_LENGTH))
        path_pad(&plan->path, path_length_random(plan->random), plan->random);
    if (random_one_in(plan->random, 100))
        make_bare_path(plan);
}

/* --- the step ------------------------------------------------------------------------------- */

static void add_step(struct plan *plan) {
    struct scenario *scenario = plan->zoo->scenario;
    if (random_one_in(plan->random, 3))
        zoo_umask(plan->zoo);
    zoo_touch_for_call(plan->zoo, plan->parent);
    struct step *step = scenario_add(scenario, plan->at ? STEP_MKFIFOAT : STEP_MKFIFO);
    if (step == NULL)
        return;
    step->dirfd = plan->at ? plan->dirfd : (struct dirfd){0};
    bool usual = plan->zoo->subjects != 0 && random_one_in(plan->random, 6);
    step_set_whole_mode(step, has(plan, TROUBLE_MODE) ? mode_random_type(plan->random)
                              : usual                 ? mode_usual(plan->random)
                                                      : mode_random(plan->random));
    if (has(plan, TROUBLE_POINTER))
        step->pointer = (uint8_t)pointer_random(&plan->path, plan->random);
    step->path = scenario_store(scenario, plan->path.bytes, plan->path.length);
    if (step->pointer == POINTER_UNTERMINATED && step->path.length == 0)
        step->pointer = POINTER_NULL;
    if (pointer_is_split(step))
        step->other = rest_random(scenario, plan->random);
}

void call_add(struct zoo *zoo, enum step_kind kind) {
    struct plan plan;
    plan.zoo = zoo;
    plan.random = zoo->random;
    plan.at = kind == STEP_MKFIFOAT;
    plan.troubles = random_troubles(plan.random);
    plan.path.length = 0;
    zoo_settle(zoo);
    choose_target(&plan);
    choose_start(&plan);
    add_prefix(&plan);
    uint32_t name = plan.path.length;
    add_last(&plan);
    if (plan.troubles == 0 && (zoo->possible & KIND(FIFO)) != 0)
        zoo_remember(zoo, MEMBER_FIFO, plan.parent, plan.path.bytes + name,
                     plan.path.length - name);
    add_tail(&plan);
    add_step(&plan);
}
