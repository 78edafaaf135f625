#include "scenario_zoo.h"

#include <string.h>

#include "check.h"
#include "scenario_cast.h"
#include "scenario_operands.h"

/* --- names and paths ------------------------------------------------------------------------ */

uint32_t zoo_remember(struct zoo *zoo, enum member_kind kind, uint32_t parent, const char *name,
                      size_t length) {
    if (zoo->count == ZOO_MEMBERS_MAX || length > ZOO_NAMES_MAX - zoo->names_used)
        return ZOO_ROOT;
    memcpy(zoo->names + zoo->names_used, name, length);
    zoo->members[zoo->count] = (struct member){.kind = (uint8_t)kind,
                                               .parent = (uint8_t)parent,
                                               .length = (uint16_t)length,
                                               .name = (uint16_t)zoo->names_used};
    zoo->names_used += (uint32_t)length;
    return zoo->count++;
}

void zoo_add_absolute(const struct zoo *zoo, struct path *path, uint32_t member) {
    uint32_t line[ZOO_MEMBERS_MAX];
    uint32_t depth = 0;
    for (; member != ZOO_ROOT && depth < ZOO_MEMBERS_MAX; member = zoo->members[member].parent)
        line[depth++] = member;
    check(depth < ZOO_MEMBERS_MAX);
    while (depth-- > 0) {
        const struct member *next = &zoo->members[line[depth]];
        path_add(path, "/", 1);
        path_add(path, zoo->names + next->name, next->length);
    }
}

/* True when `path` from byte `start` on is the absolute path `base` or lies below it. */
static bool is_below(const struct path *path, uint32_t start, const struct path *base) {
    uint32_t length = path->length - start;
    return length >= base->length && memcmp(path->bytes + start, base->bytes, base->length) == 0 &&
           (length == base->length || path->bytes[start + base->length] == '/');
}

void zoo_add_path(const struct zoo *zoo, struct path *path, uint32_t from, uint32_t to) {
    uint32_t start = path->length;
    zoo_add_absolute(zoo, path, to);
    if (from == ZOO_ROOT) {
        path_erase(path, start, 1);
        return;
    }
    struct path base;
    base.length = 0;
    zoo_add_absolute(zoo, &base, from);
    if (is_below(path, start, &base)) {
        path_erase(path, start, base.length + 1);
        return;
    }
    path_erase(path, start, 1);
    for (uint32_t i = 0; i < base.length; i++) {
        if (base.bytes[i] == '/')
            path_insert(path, start, "../", 3);
    }
}

struct text zoo_store_path(struct zoo *zoo, uint32_t member) {
    struct path path;
    path.length = 0;
    if (member == ZOO_ROOT)
        return scenario_store(zoo->scenario, "/", 1);
    uint32_t slash = zoo->cwd == ZOO_ROOT;
    zoo_add_absolute(zoo, &path, member);
    return scenario_store(zoo->scenario, path.bytes + slash, path.length - slash);
}

struct step *zoo_step(struct zoo *zoo, enum step_kind kind, uint32_t member) {
    struct step *step = scenario_add(zoo->scenario, kind);
    if (step != NULL)
        step->path = zoo_store_path(zoo, member);
    return step;
}

uint32_t zoo_child(const struct zoo *zoo, uint32_t parent) {
    uint32_t start = random_below(zoo->random, zoo->count);
    for (uint32_t i = 0; i < zoo->count; i++) {
        uint32_t member = (start + i) % zoo->count;
        if (member != ZOO_ROOT && zoo->members[member].parent == parent)
            return member;
    }
    return ZOO_ROOT;
}

uint32_t zoo_want(struct zoo *zoo, uint64_t kinds) {
    if (!random_one_in(zoo->random, 4)) {
        uint32_t start = random_below(zoo->random, zoo->count);
        for (uint32_t i = 0; i < zoo->count; i++) {
            uint32_t member = (start + i) % zoo->count;
            if (zoo_is(zoo, member, kinds))
                return member;
        }
    }
    return zoo_make(zoo, kinds);
}

/* --- beginning ------------------------------------------------------------------------------ */

/* Which kinds a subject brings. */
static const struct {
    enum subject subject;
    uint64_t kinds;
} subjects[] = {
    {SUBJECT_IDENTITIES, KIND(OWNED) | KIND(GROUP) | KIND(SHARED)},
    {SUBJECT_MOUNTS, KINDS_MOUNT},
    {SUBJECT_ACLS, KIND(ACL) | KIND(DEFAULT_ACL)},
    {SUBJECT_ATTRIBUTES, KIND(IMMUTABLE) | KIND(APPEND)},
};
enum { SUBJECT_COUNT = sizeof subjects / sizeof subjects[0] };

/* A domain costs a new worker, milliseconds, a mount a tenth of one: so they are rare. */
static uint32_t random_subjects(struct random *random) {
    if (random_one_in(random, 150))
        return SUBJECT_LANDLOCK | random_below(random, SUBJECT_LANDLOCK) |
               random_below(random, SUBJECT_LANDLOCK);
    if (!random_one_in(random, 3))
        return 0;
    uint32_t chosen = 0;
    if (random_one_in(random, 5))
        chosen |= SUBJECT_MOUNTS;
    if (random_one_in(random, 5))
        chosen |= SUBJECT_ACLS;
    if (random_one_in(random, 5))
        chosen |= SUBJECT_ATTRIBUTES;
    if (random_one_in(random, 7))
        chosen |= SUBJECT_DESCRIPTORS;
    bool named = (chosen & SUBJECT_ACLS) != 0;
    if (chosen == 0 || named || random_one_in(random, (chosen & SUBJECT_MOUNTS) != 0 ? 2 : 4))
        chosen |= SUBJECT_IDENTITIES;
    return chosen;
}

static uint64_t kinds_of(uint32_t chosen) {
    uint64_t kinds = 0;
    for (uint32_t i = 0; i < SUBJECT_COUNT; i++)
        if ((chosen & subjects[i].subject) != 0)
            kinds |= subjects[i].kinds;
    return kinds;
}

/* Half of the scenarios draw from all kinds, the others from about a quarter of them. */
static uint64_t random_theme(struct random *random) {
    if (random_one_in(random, 2))
        return UINT64_MAX;
    uint64_t half = random_next(random);
    return half & random_next(random);
}

void zoo_start(struct zoo *zoo, struct scenario *scenario, struct random *random,
               enum target_shape shape) {
    zoo->scenario = scenario;
    zoo->random = random;
    zoo->subjects = random_subjects(random);
    zoo->possible = ~KINDS_OF_SUBJECTS | kinds_of(zoo->subjects);
    if (!shape_has_calls(shape))
        zoo->possible &= ~KIND(FIFO);
    zoo->theme = random_theme(random);
    zoo->early = zoo->acting = false;
    zoo->remounted = ZOO_MEMBERS_MAX;
    zoo->caller = (struct identity){0};
    if ((zoo->subjects & SUBJECT_IDENTITIES) != 0)
        identity_random(&zoo->caller, random);
    zoo->serial = 0;
    zoo->umask = 022;
    zoo->cwd = ZOO_ROOT;
    zoo->slot = 0;
    memset(zoo->slot_members, ZOO_ROOT, sizeof zoo->slot_members);
    zoo->names_used = 0;
    zoo->count = 1;
    zoo->members[ZOO_ROOT] = (struct member){.kind = MEMBER_DIRECTORY};
}

/* The member that the text names when it is read from the root; the root if there is none. */
static uint32_t find_member(const struct zoo *zoo, const char *name, uint32_t length) {
    for (uint32_t i = zoo->count; i-- > 1;) {
        const struct member *member = &zoo->members[i];
        if (member->length == length && memcmp(zoo->names + member->name, name, length) == 0)
            return i;
    }
    return ZOO_ROOT;
}

static void adopt_step(struct zoo *zoo, const struct step *step) {
    static const uint8_t kinds[STEP_KIND_COUNT] = {
        [STEP_MKFIFO] = MEMBER_FIFO,      [STEP_MKFIFOAT] = MEMBER_FIFO,
        [STEP_MKDIR] = MEMBER_DIRECTORY,  [STEP_FILE] = MEMBER_FILE,
        [STEP_SYMLINK] = MEMBER_LINK_ANY, [STEP_LINK] = MEMBER_HARD_LINK,
        [STEP_UNLINK] = MEMBER_MISSING,   [STEP_RMDIR] = MEMBER_MISSING,
        [STEP_RENAME] = MEMBER_DIRECTORY, [STEP_CHMOD] = MEMBER_ANY_MODE,
        [STEP_UMASK] = MEMBER_KIND_COUNT, [STEP_CHDIR] = MEMBER_DIRECTORY,
        [STEP_OPEN] = MEMBER_DIRECTORY,   [STEP_CLOSE] = MEMBER_KIND_COUNT,
        [STEP_DUP] = MEMBER_KIND_COUNT,   [STEP_NOFILE] = MEMBER_KIND_COUNT,
        [STEP_AS] = MEMBER_KIND_COUNT,    [STEP_LANDLOCK] = MEMBER_DIRECTORY,
        [STEP_CHOWN] = MEMBER_OWNED,      [STEP_ACL] = MEMBER_ACL,
        [STEP_ATTRIBUTE] = MEMBER_APPEND, [STEP_MOUNT] = MEMBER_MOUNT,
        [STEP_BIND] = MEMBER_BIND,        [STEP_REMOUNT] = MEMBER_READ_ONLY,
        [STEP_UMOUNT] = MEMBER_DIRECTORY,
    };
    if (step->kind >= STEP_ACTOR)
        return;
    bool new_name = step->kind == STEP_LINK || step->kind == STEP_RENAME || step->kind == STEP_BIND;
    struct text text = new_name ? step->other : step->path;
    const char *name = scenario_text(zoo->scenario, text);
    for (; text.length > 0 && *name == '/'; name++)
        text.length--;
    uint32_t member = ZOO_ROOT;
    if (text.length > 0 && text.length < 600 && kinds[step->kind] != MEMBER_KIND_COUNT) {
        member = find_member(zoo, name, text.length);
        if (member == ZOO_ROOT)
            member = zoo_remember(zoo, kinds[step->kind], ZOO_ROOT, name, text.length);
    }
    if (step->kind == STEP_UMASK)
        zoo->umask = step->mode;
    if (step->kind == STEP_CHDIR)
        zoo->cwd = member;
    if (step->kind == STEP_AS)
        zoo->caller = step->identity;
    if (step->kind == STEP_DUP && step->dirfd.kind == DIRFD_SLOT)
        zoo->slot_members[step->slot] = zoo->slot_members[step->dirfd.number];
    if (step->kind == STEP_OPEN) {
        zoo->slot_members[step->slot] = (uint8_t)member;
        zoo->slot = (step->slot + 1U) % SCENARIO_SLOTS;
    }
}

void zoo_adopt(struct zoo *zoo) {
    zoo->serial = random_below(zoo->random, 26 * 26);
    uint32_t count = zoo->scenario->step_count;
    for (uint32_t i = count > ZOO_MEMBERS_MAX ? count - ZOO_MEMBERS_MAX : 0; i < count; i++) {
        if (zoo->count < ZOO_MEMBERS_MAX / 2)
            adopt_step(zoo, &zoo->scenario->steps[i]);
    }
}

/* --- changing ------------------------------------------------------------------------------- */

uint32_t zoo_open(struct zoo *zoo, uint32_t member, uint32_t flags) {
    uint32_t slot = zoo->slot;
    struct step *step = zoo_step(zoo, STEP_OPEN, member);
    if (step != NULL) {
        step->slot = (uint8_t)slot;
        step->flags = (uint8_t)(flags & OPEN_PLAIN);
    }
    zoo->slot_members[slot] = (uint8_t)member;
    zoo->slot = (slot + 1) % SCENARIO_SLOTS;
    return slot;
}

uint32_t zoo_dup(struct zoo *zoo, uint32_t slot) {
    uint32_t copy = zoo->slot;
    struct step *step = scenario_add(zoo->scenario, STEP_DUP);
    if (step != NULL) {
        step->slot = (uint8_t)copy;
        step->dirfd = (struct dirfd){DIRFD_SLOT, (int32_t)slot};
        step->mode = descriptor_random(zoo->random);
    }
    zoo->slot_members[copy] = zoo->slot_members[slot];
    zoo->slot = (copy + 1) % SCENARIO_SLOTS;
    return copy;
}

void zoo_remove(struct zoo *zoo, uint32_t member) {
    if (member == ZOO_ROOT)
        return;
    zoo_step(zoo, zoo_is(zoo, member, KINDS_DIRECTORY) ? STEP_RMDIR : STEP_UNLINK, member);
    zoo->members[member].kind = MEMBER_MISSING;
}

void zoo_rename(struct zoo *zoo, uint32_t member) {
    if (member == ZOO_ROOT)
        return;
    struct step *step = zoo_step(zoo, STEP_RENAME, member);
    if (step == NULL)
        return;
    struct path name;
    name.length = 0;
    name_add(&name, zoo->random, NAME_SHORT, zoo->serial++);
    if (name.length <= ZOO_NAMES_MAX - zoo->names_used) {
        zoo->members[member].name = (uint16_t)zoo->names_used;
        zoo->members[member].length = (uint16_t)name.length;
        memcpy(zoo->names + zoo->names_used, name.bytes, name.length);
        zoo->names_used += name.length;
    }
    step->other = zoo_store_path(zoo, member);
}

void zoo_umask(struct zoo *zoo) {
    struct step *step = scenario_add(zoo->scenario, STEP_UMASK);
    if (step == NULL)
        return;
    step->mode = umask_random(zoo->random);
    if ((zoo->subjects & SUBJECT_ACLS) != 0 && random_one_in(zoo->random, 6))
        step->mode = 0777; /* a default ACL takes its place: umask(2) */
    zoo->umask = step->mode;
}

void zoo_chmod(struct zoo *zoo, uint32_t member) {
    static const uint16_t owner[] = {0600, 0600, 0500, 0500, 0300, 0400, 0200, 0100, 0, 0700, 0700};
    struct step *step = zoo_step(zoo, STEP_CHMOD, member);
    if (step == NULL)
        return;
    step->mode = random_item(zoo->random, owner);
    if (random_one_in(zoo->random, 2))
        step->mode |= random_below(zoo->random, 0100);
    if (random_one_in(zoo->random, 8))
        step->mode = random_below(zoo->random, 010000);
}
