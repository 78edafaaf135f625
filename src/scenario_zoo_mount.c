#include "scenario_zoo_mount.h"

#include "scenario_zoo_make.h"
#include "scenario_zoo_rights.h"

/* --- one step each --------------------------------------------------------------------------- */

/* Flags that make no difference to mkfifo, or none. */
static uint32_t idle_flags(struct random *random) {
    static const uint8_t flags[] = {0,
                                    0,
                                    0,
                                    MOUNT_NODEV,
                                    MOUNT_NOEXEC,
                                    MOUNT_NOSUID,
                                    MOUNT_NODEV | MOUNT_NOEXEC | MOUNT_NOSUID};
    return random_item(random, flags);
}

static void add_mount(struct zoo *zoo, uint32_t member, uint32_t inodes, uint32_t flags) {
    struct step *step = zoo_step(zoo, STEP_MOUNT, member);
    if (step == NULL)
        return;
    step->mode = inodes;
    step->flags = (uint8_t)(flags | idle_flags(zoo->random));
}

static void add_bind(struct zoo *zoo, uint32_t old, uint32_t member, uint32_t flags) {
    struct step *step = zoo_step(zoo, STEP_BIND, old);
    if (step == NULL)
        return;
    step->other = zoo_store_path(zoo, member);
    step->flags = (uint8_t)(flags | idle_flags(zoo->random));
}

static void add_remount(struct zoo *zoo, uint32_t member, uint32_t flags) {
    struct step *step = zoo_step(zoo, STEP_REMOUNT, member);
    if (step != NULL)
        step->flags = (uint8_t)flags;
}

void zoo_remount(struct zoo *zoo, uint32_t member) {
    static const uint8_t flags[] = {
        MOUNT_READ_ONLY,   MOUNT_READ_ONLY,   MOUNT_READ_ONLY | MOUNT_SUPERBLOCK,
        MOUNT_NOSYMFOLLOW, MOUNT_NOSYMFOLLOW, MOUNT_READ_ONLY | MOUNT_NOSYMFOLLOW,
        MOUNT_READ_ONLY,   MOUNT_SUPERBLOCK,  MOUNT_NODEV | MOUNT_NOEXEC | MOUNT_NOSUID,
    };
    uint32_t chosen = random_item(zoo->random, flags);
    add_remount(zoo, member, chosen);
    if ((chosen & (MOUNT_READ_ONLY | MOUNT_NOSYMFOLLOW)) != 0) {
        zoo->remounted = member;
        zoo->remounted_flags = chosen & MOUNT_SUPERBLOCK;
    }
}

void zoo_settle_mount(struct zoo *zoo) {
    if (zoo->remounted == ZOO_MEMBERS_MAX)
        return;
    add_remount(zoo, zoo->remounted, zoo->remounted_flags);
    zoo->remounted = ZOO_MEMBERS_MAX;
}

void zoo_detach(struct zoo *zoo, uint32_t member) {
    zoo_step(zoo, STEP_UMOUNT, member);
    zoo->members[member].kind = MEMBER_DIRECTORY;
}

/* --- what is in a mount ---------------------------------------------------------------------- */

/* The root of a new tmpfs is 0755 and owned by 0:0; others can create only if they are let in. */
static void let_in(struct zoo *zoo, uint32_t member) {
    if (zoo->early)
        zoo_chown_to_caller(zoo, member);
    else if ((zoo->subjects & SUBJECT_IDENTITIES) != 0 && !random_one_in(zoo->random, 4))
        zoo_chmod_to(zoo, member, random_one_in(zoo->random, 3) ? 02777 : 0777);
}

static void fill(struct zoo *zoo, uint32_t member) {
    static const uint8_t counts[] = {0, 1, 1, 1, 2, 2};
    for (uint32_t i = random_item(zoo->random, counts); i > 0; i--)
        zoo_make_in(zoo,
                    KIND(DIRECTORY) | KIND(FILE) | KIND(DANGLING) | KIND(LINK_DIRECTORY) |
                        KIND(UNWRITABLE) | KIND(UNSEARCHABLE) | KINDS_RIGHTS,
                    member);
}

void zoo_cover(struct zoo *zoo, uint32_t member) {
    add_mount(zoo, member, 0, 0);
    zoo->members[member].kind = MEMBER_MOUNT;
    if (random_one_in(zoo->random, 2))
        fill(zoo, member);
}

/* What lies in directory `old` lies in `member` as well once it is bound there. */
static void remember_bound(struct zoo *zoo, uint32_t old, uint32_t member) {
    uint32_t count = zoo->count;
    for (uint32_t i = 1; i < count; i++) {
        const struct member *inner = &zoo->members[i];
        if (inner->parent == old && i != member)
            zoo_remember(zoo, inner->kind, member, zoo->names + inner->name, inner->length);
    }
}

static void bind_other(struct zoo *zoo, uint32_t member, uint32_t flags) {
    uint32_t old = zoo_want(zoo, KINDS_OPEN_DIRECTORY | KIND(OWNED));
    add_bind(zoo, old, member, flags);
    if (old != ZOO_ROOT && old != member)
        remember_bound(zoo, old, member);
}

static void spoil(struct zoo *zoo, uint32_t member) {
    if (random_one_in(zoo->random, 3))
        zoo_change_rights(zoo, member);
    if (random_one_in(zoo->random, (zoo->subjects & SUBJECT_ATTRIBUTES) != 0 ? 3 : 8))
        zoo_attribute(zoo, member, ATTRIBUTE_IMMUTABLE);
    if (random_one_in(zoo->random, (zoo->subjects & SUBJECT_ACLS) != 0 ? 3 : 12))
        zoo_acl(zoo, member, ACL_DEFAULT);
}

/* --- members --------------------------------------------------------------------------------- */

static void make_plain(struct zoo *zoo, uint32_t member) {
    uint32_t inodes = random_one_in(zoo->random, 3) ? random_between(zoo->random, 2, 20) : 0;
    add_mount(zoo, member, inodes, 0);
    let_in(zoo, member);
    fill(zoo, member);
    spoil(zoo, member);
}

static void make_bound(struct zoo *zoo, uint32_t member) {
    bind_other(zoo, member, 0);
    fill(zoo, member);
}

static void make_read_only(struct zoo *zoo, uint32_t member) {
    uint32_t way = random_below(zoo->random, 8);
    if (way == 0) {
        add_mount(zoo, member, 0, MOUNT_READ_ONLY);
        return;
    }
    if (way == 1) {
        bind_other(zoo, member, MOUNT_READ_ONLY);
        return;
    }
    if (way < 5) {
        fill(zoo, member);
        spoil(zoo, member);
        add_bind(zoo, member, member, MOUNT_READ_ONLY);
        return;
    }
    add_mount(zoo, member, random_one_in(zoo->random, 3) ? 3 : 0, 0);
    let_in(zoo, member);
    fill(zoo, member);
    spoil(zoo, member);
    add_remount(zoo, member, MOUNT_READ_ONLY | (way == 5 ? MOUNT_SUPERBLOCK : 0U));
}

static void make_not_following(struct zoo *zoo, uint32_t member) {
    bool bound = random_one_in(zoo->random, 2);
    if (!bound) {
        add_mount(zoo, member, 0, MOUNT_NOSYMFOLLOW);
        let_in(zoo, member);
    }
    for (uint32_t i = random_between(zoo->random, 1, 3); i > 0; i--)
        zoo_make_in(zoo,
                    KIND(LINK_DIRECTORY) | KIND(DANGLING) | KIND(LOOP) | KIND(LINK_FILE) |
                        KIND(LINK_DOT),
                    member);
    if (bound)
        add_bind(zoo, member, member, MOUNT_NOSYMFOLLOW);
}

/*
 * Ids that the mapping does not know cannot be given through it, but to a directory that is bound
 * there afterwards. The root of a new file system belongs to 0:0 on disk and shows as 1000:1000.
 */
static void make_mapped(struct zoo *zoo, uint32_t member) {
    if (random_one_in(zoo->random, 3)) {
        fill(zoo, member);
        zoo_change_rights(zoo, member);
        add_bind(zoo, member, member, MOUNT_IDMAP);
    } else if (random_one_in(zoo->random, 3)) {
        bind_other(zoo, member, MOUNT_IDMAP);
    } else {
        add_mount(zoo, member,
                  random_one_in(zoo->random, 4) ? random_between(zoo->random, 1, 3) : 0,
                  MOUNT_IDMAP);
        struct step *step = zoo_step(zoo, STEP_CHOWN, member);
        if (step != NULL && zoo->early)
            step->identity = (struct identity){.uid = zoo->caller.uid, .gid = zoo->caller.gid};
        fill(zoo, member);
        if (random_one_in(zoo->random, 3))
            zoo_chmod_to(zoo, member, 0777);
    }
    spoil(zoo, member);
    if (random_one_in(zoo->random, 8))
        add_remount(zoo, member, MOUNT_READ_ONLY);
}

/* --- full file systems ----------------------------------------------------------------------- */

/* A node without a name costs its inode as long as it is open or someone's working directory. */
static void add_held_node(struct zoo *zoo, uint32_t member) {
    uint32_t held =
        zoo_make_in(zoo, random_one_in(zoo->random, 2) ? KIND(FILE) : KIND(DIRECTORY), member);
    if (held == ZOO_ROOT)
        return;
    if (zoo_is(zoo, held, KIND(DIRECTORY)) && random_one_in(zoo->random, 3)) {
        zoo_step(zoo, STEP_CHDIR, held);
        zoo->cwd = held;
    } else {
        zoo_open(zoo, held, random_one_in(zoo->random, 2) ? OPEN_PATH : 0);
    }
    zoo_remove(zoo, held);
}

static void add_second_name(struct zoo *zoo, uint32_t member) {
    uint32_t file = zoo->count - 1;
    while (file != ZOO_ROOT &&
           (zoo->members[file].parent != member || !zoo_is(zoo, file, KIND(FILE))))
        file--;
    if (file == ZOO_ROOT) {
        zoo_make_in(zoo, KIND(FILE), member);
        return;
    }
    uint32_t name = zoo_make_in(zoo, KIND(MISSING), member);
    struct step *step = zoo_step(zoo, STEP_LINK, file);
    if (step == NULL || name == ZOO_ROOT)
        return;
    step->other = zoo_store_path(zoo, name);
    zoo->members[name].kind = MEMBER_HARD_LINK;
}

/* The root takes one of the inodes; link(2) on tmpfs takes one for every name: tmpfs(5). */
static void make_full(struct zoo *zoo, uint32_t member) {
    static const uint8_t left[] = {0, 0, 0, 0, 0, 1, 1, 2};
    uint32_t inodes = random_between(zoo->random, 2, 6);
    uint32_t spare = random_item(zoo->random, left);
    add_mount(zoo, member, inodes, 0);
    let_in(zoo, member);
    for (uint32_t i = spare + 1; i < inodes; i++) {
        uint32_t choice = random_below(zoo->random, 6);
        if (choice == 0)
            add_held_node(zoo, member);
        else if (choice <= 2)
            add_second_name(zoo, member);
        else
            zoo_make_in(zoo,
                        KIND(FILE) | KIND(DANGLING) | KIND(DIRECTORY) |
                            (choice == 3 ? KIND(UNWRITABLE) | KIND(UNSEARCHABLE) : 0),
                        member);
    }
    if (random_one_in(zoo->random, 4)) /* what is inherited takes no inode */
        zoo_acl(zoo, member, ACL_DEFAULT);
    spoil(zoo, member);
}

void mount_make(struct zoo *zoo, uint32_t member) {
    static void (*const makers[MEMBER_KIND_COUNT])(struct zoo *, uint32_t) = {
        [MEMBER_MOUNT] = make_plain,  [MEMBER_BIND] = make_bound,
        [MEMBER_FULL] = make_full,    [MEMBER_READ_ONLY] = make_read_only,
        [MEMBER_IDMAP] = make_mapped, [MEMBER_NOSYMFOLLOW] = make_not_following,
    };
    zoo_mkdir(zoo, member, 0755);
    makers[zoo->members[member].kind](zoo, member);
}
