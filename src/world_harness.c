/*
 * What the harness's own steps do: chown, acl, attribute and the mounts. They have every capability
 * and start at the root; what can still refuse them is a read-only mount, an inode flag, an id that
 * an idmapped mount does not map, or a limit of ours.
 */
#include <errno.h>
#include <sys/stat.h>

#include "check.h"
#include "world.h"

static struct node *node_at(struct world *world, struct place place) {
    return &world->nodes[place.node];
}

/* Follows a path to its end. */
static int find(const struct world *world, struct text text, struct place *place) {
    struct walk walk;
    if (text.length >= WORLD_PATH_LENGTH)
        return ENAMETOOLONG;
    int error = world_walk(world, (struct dirfd){.kind = DIRFD_CWD}, world_text(world, text),
                           WALK_FOLLOW, WALK_FROM_ROOT, &walk);
    *place = (struct place){walk.mount, walk.node};
    return error;
}

static int find_directory(const struct world *world, struct text text, struct place *place) {
    int error = find(world, text, place);
    return !error && world->nodes[place->node].type != NODE_DIRECTORY ? ENOTDIR : error;
}

/* The same, opened for reading. */
static int open_directory(const struct world *world, struct text text, struct place *place) {
    int error = find_directory(world, text, place);
    return !error && !world_permits(world, *place, 4) ? EACCES : error;
}

/* --- owner, ACL, flags ------------------------------------------------------------------------ */

/* chown(2): "the S_ISUID and S_ISGID mode bits are cleared"; S_ISGID only with S_IXGRP. */
static uint16_t mode_after_chown(const struct node *node) {
    uint32_t cleared = S_ISUID;
    if (node->type == NODE_DIRECTORY)
        return node->mode;
    if (node->mode & S_IXGRP)
        cleared |= S_ISGID;
    return (uint16_t)(node->mode & ~cleared);
}

/* Linux fs/attr.c chown_ok, chgrp_ok for a caller with all capabilities. */
static bool may_change_owner(const struct world *world, struct place place,
                             const struct identity *to) {
    const struct node *node = &world->nodes[place.node];
    uint16_t uid = world_seen_id(world, place.mount, node->uid);
    uint16_t gid = world_seen_id(world, place.mount, node->gid);
    if (uid != ID_UNMAPPED && gid != ID_UNMAPPED)
        return true;
    bool user = uid == ID_UNMAPPED || (uid == 0 && to->uid == uid);
    bool group = gid == ID_UNMAPPED || (uid == 0 && to->gid == gid) || (uid == 0 && to->gid == 0);
    return user && group;
}

static int prepare_chown(struct world *world, const struct step *step) {
    struct place place;
    int error = find(world, step->path, &place);
    if (error)
        return error;
    struct node *node = node_at(world, place);
    uint16_t uid = world_stored_id(world, place.mount, step->identity.uid);
    uint16_t gid = world_stored_id(world, place.mount, step->identity.gid);
    if (world_read_only(world, place.mount))
        return EROFS;
    if (node->attributes || !may_change_owner(world, place, &step->identity))
        return EPERM;
    if (mode_after_chown(node) != node->mode && !world_owns(world, place))
        return EPERM; /* taking bits away is a change of mode */
    if (uid == ID_UNMAPPED || gid == ID_UNMAPPED)
        return EOVERFLOW;
    node->uid = uid;
    node->gid = gid;
    node->mode = mode_after_chown(node);
    return 0;
}

/* An access ACL is the mode as well; without named entries and mask it is nothing but the mode. */
static void set_access_acl(struct world *world, struct node *node, const struct acl *acl) {
    bool has_mask = acl_has(acl->entries, ENTRY_MASK);
    uint32_t group = acl_permissions(acl->entries, has_mask ? ENTRY_MASK : ENTRY_OWNING_GROUP);
    node->mode = (uint16_t)((node->mode & 07000) | acl_permissions(acl->entries, ENTRY_OWNER) << 6 |
                            group << 3 | acl_permissions(acl->entries, ENTRY_OTHER));
    node->access_acl = has_mask ? world_add_acl(world, acl) : 0;
}

static int prepare_acl(struct world *world, const struct step *step) {
    struct place place;
    int error = open_directory(world, step->path, &place);
    if (error)
        return error;
    struct node *node = node_at(world, place);
    const struct acl acl = {
        .entries = step->mode,
        .uid = world_stored_id(world, place.mount, step->identity.uid),
        .gid = world_stored_id(world, place.mount, step->identity.gid),
    };
    if (world_read_only(world, place.mount))
        return EROFS;
    if ((acl_has(acl.entries, ENTRY_USER) && acl.uid == ID_UNMAPPED) ||
        (acl_has(acl.entries, ENTRY_GROUP) && acl.gid == ID_UNMAPPED))
        return EINVAL;
    if (node->attributes || !world_owns(world, place) || !world_ids_mapped(world, place))
        return EPERM;
    if (step->flags & ACL_DEFAULT)
        node->default_acl = world_add_acl(world, &acl);
    else
        set_access_acl(world, node, &acl);
    return 0;
}

static int prepare_attribute(struct world *world, const struct step *step) {
    struct place place;
    if (step->flags && world->attribute_steps == ATTRIBUTES_MAX)
        return ENOSPC;
    int error = open_directory(world, step->path, &place);
    if (error)
        return error;
    if (world_read_only(world, place.mount))
        return EROFS;
    if (!world_owns(world, place))
        return EPERM;
    node_at(world, place)->attributes = step->flags;
    if (step->flags)
        world->attribute_steps++;
    return 0;
}

/* --- mounts ----------------------------------------------------------------------------------- */

/* Where something may be mounted. */
static int find_mount_point(const struct world *world, struct text text, struct place *place) {
    int error = find_directory(world, text, place);
    if (!error && place->mount == MOUNT_ARENA && place->node == NODE_ROOT)
        error = EBUSY;
    if (!error && world->nodes[place->node].removed)
        error = ENOENT;
    return error;
}

static void attach(struct world *world, struct place at, uint8_t superblock, node_id root,
                   uint8_t flags) {
    world->mounts[world->mount_count++] = (struct mount){
        .superblock = superblock,
        .flags = flags,
        .attached = true,
        .under = at.mount,
        .point = at.node,
        .root = root,
    };
}

static int prepare_mount(struct world *world, const struct step *step) {
    struct place at;
    if (world->mount_count == WORLD_MOUNTS_MAX)
        return ENOSPC;
    int error = find_mount_point(world, step->path, &at);
    if (error)
        return error;
    uint8_t superblock = world->superblock_count++;
    node_id root = world_add_root(world, superblock);
    world->superblocks[superblock] = (struct superblock){.root = root, .inodes = step->mode};
    attach(world, at, superblock, root, step->flags);
    return 0;
}

static int prepare_bind(struct world *world, const struct step *step) {
    struct place from;
    struct place at;
    if (world->mount_count == WORLD_MOUNTS_MAX)
        return ENOSPC;
    int error = find_directory(world, step->path, &from);
    if (!error)
        error = find_mount_point(world, step->other, &at);
    if (error)
        return error;
    if (world->nodes[from.node].removed)
        return ENOENT;
    uint8_t inherited = world->mounts[from.mount].flags & MOUNT_IDMAP;
    if (inherited && step->flags & MOUNT_IDMAP)
        return EPERM;
    attach(world, at, world->mounts[from.mount].superblock, from.node, step->flags | inherited);
    return 0;
}

/* mount(2) EBUSY: nodes that lost their name but are in use would have to be removed later on. */
static int remount_superblock(struct world *world, uint8_t number, bool read_only) {
    struct superblock *superblock = &world->superblocks[number];
    struct inode_use use;
    world_inode_use(world, number, &use);
    if (read_only && !superblock->read_only && use.held > 0)
        return EBUSY;
    for (mount_id i = 0; read_only && !superblock->read_only && i < world->mount_count; i++)
        if (world->mounts[i].superblock == number && world_has_writers(world, i))
            return EBUSY;
    superblock->read_only = read_only;
    return 0;
}

static int prepare_remount(struct world *world, const struct step *step) {
    struct place place;
    int error = find_directory(world, step->path, &place);
    if (error)
        return error;
    struct mount *mount = &world->mounts[place.mount];
    if (step->flags & MOUNT_SUPERBLOCK)
        return remount_superblock(world, mount->superblock, step->flags & MOUNT_READ_ONLY);
    if (step->flags & MOUNT_READ_ONLY & ~mount->flags && world_has_writers(world, place.mount))
        return EBUSY;
    mount->flags = (mount->flags & MOUNT_IDMAP) | step->flags;
    return 0;
}

/* Is `mount` on `ancestor`, or on something that is? */
static bool stands_on(const struct world *world, mount_id mount, mount_id ancestor) {
    while (mount != ancestor && mount != MOUNT_ARENA)
        mount = world->mounts[mount].under;
    return mount == ancestor;
}

static int prepare_umount(struct world *world, const struct step *step) {
    struct place place;
    int error = find_directory(world, step->path, &place);
    if (error)
        return error;
    if (place.mount == MOUNT_ARENA || world->mounts[place.mount].root != place.node)
        return EINVAL;
    for (mount_id i = 1; i < world->mount_count; i++)
        if (stands_on(world, i, place.mount))
            world->mounts[i].attached = false;
    return 0;
}

/* --- all -------------------------------------------------------------------------------------- */

int world_prepare_harness(struct world *world, const struct step *step) {
    typedef int prepare(struct world *, const struct step *);
    static prepare *const table[STEP_KIND_COUNT] = {
        [STEP_CHOWN] = prepare_chown,         [STEP_ACL] = prepare_acl,
        [STEP_ATTRIBUTE] = prepare_attribute, [STEP_MOUNT] = prepare_mount,
        [STEP_BIND] = prepare_bind,           [STEP_REMOUNT] = prepare_remount,
        [STEP_UMOUNT] = prepare_umount,
    };
    check(table[step->kind]);
    const struct identity identity = world->identity;
    const uint8_t capabilities = world->capabilities;
    world->identity = (struct identity){0};
    world->capabilities = CAPABILITIES_ALL;
    int error = table[step->kind](world, step);
    world->identity = identity;
    world->capabilities = capabilities;
    return error;
}
