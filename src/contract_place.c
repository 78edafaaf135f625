/*
 * What the place allows once path and name are without fault: the obstacles in Linux's order
 * (fs/namei.c filename_create, may_create; probes), the node that success makes, and which clause a
 * wrong answer would break.
 */
#include <errno.h>

#include "contract_call.h"

const struct obstacle_info obstacle_infos[OBSTACLE_COUNT] = {
    [OBSTACLE_READ_ONLY] = {EROFS, CLAUSE_EROFS_ORDER, true, true},
    [OBSTACLE_LANDLOCK] = {EACCES, CLAUSE_LANDLOCK_ORDER, false, true},
    [OBSTACLE_IDS] = {EOVERFLOW, CLAUSE_EOVERFLOW, false, false},
    [OBSTACLE_IMMUTABLE] = {EPERM, CLAUSE_EPERM_IMMUTABLE, false, false},
    [OBSTACLE_UNMAPPED] = {EACCES, CLAUSE_IDMAP, false, true},
    [OBSTACLE_PERMISSION] = {EACCES, CLAUSE_ORDER_EXIST_WRITE, true, true},
    [OBSTACLE_FULL] = {ENOSPC, CLAUSE_ENOSPC_ORDER, true, true},
};

unsigned call_obstacles(const struct call *call, struct place place) {
    const struct world *world = call->world;
    bool mapped = world_ids_mapped(world, place);
    const bool holds[OBSTACLE_COUNT] = {
        [OBSTACLE_READ_ONLY] = world_read_only(world, place.mount),
        [OBSTACLE_LANDLOCK] = !world_landlock_permits(world, place),
        [OBSTACLE_IDS] = !world_ids_fit(world, place.mount),
        [OBSTACLE_IMMUTABLE] = call_node(call, place.node)->attributes & ATTRIBUTE_IMMUTABLE,
        [OBSTACLE_UNMAPPED] = !mapped,
        [OBSTACLE_PERMISSION] = mapped && !world_permits(world, place, 3),
        [OBSTACLE_FULL] = world_is_full(world, place.node),
    };
    unsigned obstacles = 0;
    for (unsigned i = 0; i < OBSTACLE_COUNT; i++)
        obstacles |= (unsigned)holds[i] << i;
    return obstacles;
}

/* The clauses that say that what decided comes before `obstacles`. */
static void apply_order(struct call *call, unsigned obstacles, enum clause before_permission) {
    for (unsigned i = 0; i < OBSTACLE_COUNT; i++)
        if (obstacles >> i & 1)
            call_applies(call, i == OBSTACLE_PERMISSION
                                   ? before_permission
                                   : (enum clause)obstacle_infos[i].order_clause);
}

void call_decide_before_obstacles(struct call *call, struct place place, int error,
                                  enum clause clause, enum clause before_permission) {
    unsigned obstacles = call_obstacles(call, place);
    call_decide(call, error, clause);
    if (obstacles == 0)
        return;
    apply_order(call, obstacles, before_permission);
    unsigned first = (unsigned)__builtin_ctz(obstacles);
    call_decide(call, error,
                first == OBSTACLE_PERMISSION ? before_permission
                                             : (enum clause)obstacle_infos[first].order_clause);
}

/* --- permission ------------------------------------------------------------------------------- */

/* True if a class other than the caller's has all of `mask` on `node`. */
static bool other_class_permits(const struct node *node, unsigned mask) {
    return (node->mode >> 6 & mask) == mask || (node->mode >> 3 & mask) == mask ||
           (node->mode & mask) == mask;
}

static bool has_other_real_ids(const struct world *world) {
    const struct identity *identity = &world->identity;
    return identity->uid != identity->real_uid || identity->gid != identity->real_gid;
}

enum clause call_permission_clause(const struct call *call, struct place place, unsigned mask,
                                   enum clause otherwise) {
    const struct world *world = call->world;
    const struct node *node = call_node(call, place.node);
    if (has_other_real_ids(world) && world_real_permit(world, place, mask))
        return CLAUSE_FSUID;
    if (world->capabilities & CAPABILITY_READ_SEARCH)
        return CLAUSE_CAP_READSEARCH;
    if (node->access_acl != 0)
        return CLAUSE_ACL_ACCESS;
    return other_class_permits(node, mask) ? CLAUSE_EACCES_CLASS : otherwise;
}

/* --- failure ---------------------------------------------------------------------------------- */

static enum clause full_clause(const struct call *call, struct place place) {
    struct inode_use use;
    world_inode_use(call->world, call_node(call, place.node)->superblock, &use);
    return use.held > 0            ? CLAUSE_ENOSPC_HELD
           : use.further_names > 0 ? CLAUSE_ENOSPC_LINK
                                   : CLAUSE_ENOSPC_INODES;
}

static enum clause obstacle_clause(const struct call *call, struct place place,
                                   enum obstacle obstacle, bool more) {
    switch (obstacle) {
    case OBSTACLE_LANDLOCK:
        return more ? CLAUSE_LANDLOCK_ORDER : CLAUSE_LANDLOCK;
    case OBSTACLE_PERMISSION:
        return call_permission_clause(call, place, 3, CLAUSE_EACCES_WRITE);
    case OBSTACLE_FULL:
        return full_clause(call, place);
    case OBSTACLE_READ_ONLY:
    case OBSTACLE_IDS:
    case OBSTACLE_IMMUTABLE:
    case OBSTACLE_UNMAPPED:
    case OBSTACLE_COUNT:
        break;
    }
    return (enum clause)obstacle_infos[obstacle].order_clause;
}

static void decide_obstacle(struct call *call, struct place place, unsigned obstacles) {
    unsigned first = (unsigned)__builtin_ctz(obstacles);
    unsigned rest = obstacles & ~(1U << first);
    apply_order(call, rest & 1U << OBSTACLE_FULL, CLAUSE_COUNT);
    if (first == OBSTACLE_READ_ONLY)
        apply_order(call, rest & 1U << OBSTACLE_LANDLOCK, CLAUSE_COUNT);
    call_decide(call, obstacle_infos[first].error,
                obstacle_clause(call, place, (enum obstacle)first, rest != 0));
}

/* --- success ---------------------------------------------------------------------------------- */

/* Bytes that careless string handling trips over: anything but letters, digits, '.', '_', '-'. */
static bool has_odd_bytes(struct span name) {
    static const uint8_t plain[256] = {
        ['-'] = 1, ['.'] = 1, ['_'] = 1, ['0'] = 1, ['1'] = 1, ['2'] = 1, ['3'] = 1, ['4'] = 1,
        ['5'] = 1, ['6'] = 1, ['7'] = 1, ['8'] = 1, ['9'] = 1, ['a'] = 1, ['b'] = 1, ['c'] = 1,
        ['d'] = 1, ['e'] = 1, ['f'] = 1, ['g'] = 1, ['h'] = 1, ['i'] = 1, ['j'] = 1, ['k'] = 1,
        ['l'] = 1, ['m'] = 1, ['n'] = 1, ['o'] = 1, ['p'] = 1, ['q'] = 1, ['r'] = 1, ['s'] = 1,
        ['t'] = 1, ['u'] = 1, ['v'] = 1, ['w'] = 1, ['x'] = 1, ['y'] = 1, ['z'] = 1,
    };
    for (uint32_t i = 0; i < name.length; i++)
        if (!plain[(uint8_t)name.bytes[i]])
            return true;
    return name.bytes[0] == '-' || name.bytes[0] == '.' || name.bytes[name.length - 1] == '.';
}

/* Was the path resolved from an O_PATH descriptor? */
static bool starts_at_path_only(const struct call *call) {
    const struct descriptor *descriptor =
        world_descriptor(call->world, world_descriptor_number(call->world, call->dirfd));
    return descriptor && descriptor->flags & OPEN_PATH;
}

/*
 * Success: the most special circumstance decides which clause a refusal would break; all that were
 * tried on the way are noted.
 */
static void decide_by_path(struct call *call, const struct walk *walk) {
    const struct world *world = call->world;
    const struct node *parent = call_node(call, walk->directory.node);
    bool at = call->step->kind == STEP_MKFIFOAT;
    bool relative = !walk->absolute;
    const struct {
        bool holds;
        enum clause clause;
    } circumstances[] = {
        {true, CLAUSE_CAP_MKNOD},
        {true, CLAUSE_SUCCESS},
        {at && relative, CLAUSE_DIRFD_OK},
        {parent->mode & S_ISVTX, CLAUSE_EACCES_STICKY},
        {walk->unreadable, CLAUSE_EACCES_NOREAD},
        {at && walk->absolute && call->dirfd.kind != DIRFD_CWD, CLAUSE_DIRFD_ABSOLUTE},
        {at && relative && starts_at_path_only(call), CLAUSE_DIRFD_OPATH},
        {walk->links > 0, CLAUSE_SYMLINK_PREFIX_FOLLOW},
        {walk->slash_body, CLAUSE_SYMLINK_SLASH},
        {has_odd_bytes(walk->name), CLAUSE_NAME_BYTES},
        {walk->name.length > 200, CLAUSE_ENAMETOOLONG_COMP},
        {call->path.length > 1000, CLAUSE_ENAMETOOLONG_PATH},
        {walk->long_expansion, CLAUSE_ENAMETOOLONG_EXPANSION},
        {walk->links > 8, CLAUSE_ELOOP_40},
        {walk->dead_dotdot, CLAUSE_DEADDIR_DOTDOT},
        {walk->guarded_link, CLAUSE_PROT_SYMLINKS},
        {relative && world_is_covered(world, walk->start), CLAUSE_DIRFD_OVERMOUNT},
        {relative && !world->mounts[walk->start.mount].attached, CLAUSE_DIRFD_DETACHED},
        {call->step->mode >> 16 != 0, CLAUSE_MODE_HIGHBITS},
        {call_has_foreign_type(call), CLAUSE_MODE_TYPE},
    };
    for (size_t i = 0; i < sizeof circumstances / sizeof circumstances[0]; i++)
        if (circumstances[i].holds)
            call_decide(call, 0, circumstances[i].clause);
}

/* The same for what is special about place and caller; most scenarios have none of it. */
static void decide_by_place(struct call *call, const struct walk *walk) {
    const struct world *world = call->world;
    const struct place place = walk->directory;
    const struct mount *mount = &world->mounts[place.mount];
    const struct node *parent = call_node(call, place.node);
    bool real = has_other_real_ids(world);
    bool by_bits = world->capabilities == 0 || world_bits_permit(world, place, 3);
    bool by_search = walk->by_capability && !(world->capabilities & CAPABILITY_OVERRIDE);
    const struct {
        bool holds;
        enum clause clause;
    } circumstances[] = {
        {parent->access_acl != 0, CLAUSE_ACL_ACCESS},
        {mount->flags & (MOUNT_NODEV | MOUNT_NOEXEC | MOUNT_NOSUID), CLAUSE_NODEV},
        {mount->flags & MOUNT_IDMAP, CLAUSE_IDMAP},
        {parent->attributes & ATTRIBUTE_APPEND, CLAUSE_APPEND_PARENT},
        {world->landlock_count > 0, CLAUSE_LANDLOCK},
        {by_search, CLAUSE_CAP_READSEARCH},
        {!by_bits || (walk->by_capability && !by_search), CLAUSE_CAP_OVERRIDE},
        {real && !world_real_permit(world, place, 3), CLAUSE_FSUID},
        {world->nofile < world->host->nofile && world_free_number(world, 0) < 0, CLAUSE_RLIMIT},
    };
    for (size_t i = 0; i < sizeof circumstances / sizeof circumstances[0]; i++)
        if (circumstances[i].holds)
            call_decide(call, 0, circumstances[i].clause);
    if (world->superblocks[mount->superblock].inodes > 0 && parent->default_acl != 0)
        call_applies(call, CLAUSE_ENOSPC_ACL);
}

/* Clauses about the new node that this call puts to the test; `mode` is as far as it counts. */
static void note_node(struct call *call, const struct node *parent, uint32_t mode) {
    const struct world *world = call->world;
    const struct birth *birth = &call->prediction->birth;
    const struct {
        bool holds;
        enum clause clause;
    } tested[] = {
        {world->umask_cut, CLAUSE_UMASK_STORED},
        {mode & 07000, CLAUSE_MODE_SPECIAL},
        {parent->mode & S_ISGID, CLAUSE_SETGID_RULE},
        {birth->setgid_stripped, CLAUSE_SETGID_STRIP},
        {birth->setgid_stripped && world->umask & S_IXGRP && !call->prediction->changed,
         CLAUSE_SETGID_BEFORE_UMASK},
        {parent->mode & S_ISUID && parent->uid != world->identity.uid, CLAUSE_OWNER_SUIDDIR},
        {has_other_real_ids(world), CLAUSE_OWNER_EUID},
        {parent->default_acl != 0, CLAUSE_ACL_DEFAULT},
    };
    for (size_t i = 0; i < sizeof tested / sizeof tested[0]; i++)
        if (tested[i].holds)
            call_applies(call, tested[i].clause);
}

/* Agents that do not leave the mode to the umask: as mkfifo(1) does with -m. */
static void set_mode(struct call *call, struct place place, uint32_t mode) {
    struct birth *birth = &call->prediction->birth;
    if (call_traits(call)->mode_way == MODE_CHANGES) {
        world_birth_chmod(call->world, place, mode, birth);
        call->prediction->changed = true;
    } else if (call_node(call, place.node)->default_acl == 0) {
        birth->mode |= mode & 0777;
    }
}

static void describe_node(struct call *call, struct place place) {
    struct prediction *prediction = call->prediction;
    struct birth *birth = &prediction->birth;
    const struct entry_traits *traits = call_traits(call);
    uint32_t mode = call->step->mode & (traits->drops_special_bits ? 0777 : 07777);
    world_birth(call->world, place, NODE_FIFO, mode, birth);
    if (traits->mode_way != MODE_CREATES && mode != MODE_DEFAULT)
        set_mode(call, place, mode);
    prediction->uid = world_seen_id(call->world, place.mount, birth->uid);
    prediction->gid = world_seen_id(call->world, place.mount, birth->gid);
    note_node(call, call_node(call, place.node), mode);
}

void call_decide_place(struct call *call, const struct walk *walk) {
    unsigned obstacles = call_obstacles(call, walk->directory);
    if (obstacles != 0) {
        decide_obstacle(call, walk->directory, obstacles);
        return;
    }
    decide_by_path(call, walk);
    decide_by_place(call, walk);
    describe_node(call, walk->directory);
}
