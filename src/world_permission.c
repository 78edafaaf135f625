/*
 * Who may do what, and what a new node is like: permission bits, ACLs, capabilities, idmapped
 * mounts, Landlock. The order of the questions is Linux's (fs/namei.c acl_permission_check,
 * fs/posix_acl.c posix_acl_permission, posix_acl_create_masq), seen by probes.
 */
#include <sys/stat.h>

#include "world_fifos.h"

static const struct node *node_at(const struct world *world, struct place place) {
    return &world->nodes[place.node];
}

/* --- ids -------------------------------------------------------------------------------------- */

static bool is_idmapped(const struct world *world, mount_id mount) {
    return world->mounts[mount].flags & MOUNT_IDMAP;
}

uint16_t world_seen_id(const struct world *world, mount_id mount, uint16_t on_disk) {
    if (!is_idmapped(world, mount))
        return on_disk;
    for (int i = 0; i < IDMAP_COUNT; i++)
        if (idmap_entries[i].on_disk == on_disk)
            return idmap_entries[i].seen;
    return ID_UNMAPPED;
}

uint16_t world_stored_id(const struct world *world, mount_id mount, uint16_t seen) {
    if (!is_idmapped(world, mount))
        return seen;
    for (int i = 0; i < IDMAP_COUNT; i++)
        if (idmap_entries[i].seen == seen)
            return idmap_entries[i].on_disk;
    return ID_UNMAPPED;
}

bool world_ids_fit(const struct world *world, mount_id mount) {
    return world_stored_id(world, mount, world->identity.uid) != ID_UNMAPPED &&
           world_stored_id(world, mount, world->identity.gid) != ID_UNMAPPED;
}

bool world_ids_mapped(const struct world *world, struct place place) {
    const struct node *node = node_at(world, place);
    return world_seen_id(world, place.mount, node->uid) != ID_UNMAPPED &&
           world_seen_id(world, place.mount, node->gid) != ID_UNMAPPED;
}

static bool has_group(const struct identity *identity, uint16_t gid) {
    if (identity->gid == gid)
        return true;
    for (int i = 0; i < identity->group_count; i++)
        if (identity->groups[i] == gid)
            return true;
    return false;
}

bool world_in_group(const struct world *world, uint16_t gid) {
    return has_group(&world->identity, gid);
}

bool world_capable(const struct world *world, struct place place, unsigned capability) {
    return world->capabilities & capability && world_ids_mapped(world, place);
}

bool world_keeps_setgid(const struct world *world, struct place place) {
    uint16_t gid = world_seen_id(world, place.mount, node_at(world, place)->gid);
    return (gid != ID_UNMAPPED && world_in_group(world, gid)) ||
           world_capable(world, place, CAPABILITY_FSETID);
}

bool world_owns(const struct world *world, struct place place) {
    uint16_t uid = world_seen_id(world, place.mount, node_at(world, place)->uid);
    return uid != ID_UNMAPPED &&
           (uid == world->identity.uid || world->capabilities & CAPABILITY_FOWNER);
}

/* --- permission ------------------------------------------------------------------------------- */

static bool has_all(uint32_t permissions, unsigned mask) {
    return (permissions & mask) == mask;
}

/* A named entry or the owning group's; the mask limits all of them, where there is one. */
static bool entry_permits(const struct acl *acl, enum acl_entry entry, unsigned mask) {
    uint32_t limit =
        acl_has(acl->entries, ENTRY_MASK) ? acl_permissions(acl->entries, ENTRY_MASK) : 7;
    return has_all(acl_permissions(acl->entries, entry) & limit, mask);
}

/* acl(5) "ACCESS CHECK ALGORITHM", for a caller who is not the owner. */
static bool acl_permits(const struct world *world, const struct identity *identity,
                        struct place place, unsigned mask) {
    const struct node *node = node_at(world, place);
    const struct acl *acl = &world->acls[node->access_acl];
    bool found = false;
    if (acl_has(acl->entries, ENTRY_USER) &&
        world_seen_id(world, place.mount, acl->uid) == identity->uid)
        return entry_permits(acl, ENTRY_USER, mask);
    const struct {
        enum acl_entry entry;
        uint16_t gid;
    } groups[] = {{ENTRY_OWNING_GROUP, node->gid}, {ENTRY_GROUP, acl->gid}};
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        if (!acl_has(acl->entries, groups[i].entry) ||
            !has_group(identity, world_seen_id(world, place.mount, groups[i].gid)))
            continue;
        found = true;
        if (has_all(acl_permissions(acl->entries, groups[i].entry), mask))
            return entry_permits(acl, groups[i].entry, mask);
    }
    return !found && has_all(acl_permissions(acl->entries, ENTRY_OTHER), mask);
}

static bool bits_permit(const struct world *world, const struct identity *identity,
                        struct place place, unsigned mask) {
    const struct node *node = node_at(world, place);
    uint32_t mode = node->mode;
    if (identity->uid == world_seen_id(world, place.mount, node->uid))
        return has_all(mode >> 6, mask);
    if (node->access_acl != 0 && mode & S_IRWXG) /* Linux looks at no ACL whose mask is empty */
        return acl_permits(world, identity, place, mask);
    if (has_group(identity, world_seen_id(world, place.mount, node->gid)))
        return has_all(mode >> 3, mask);
    return has_all(mode, mask);
}

bool world_bits_permit(const struct world *world, struct place place, unsigned mask) {
    return bits_permit(world, &world->identity, place, mask);
}

bool world_real_permit(const struct world *world, struct place place, unsigned mask) {
    struct identity real = world->identity;
    real.uid = real.real_uid;
    real.gid = real.real_gid;
    return bits_permit(world, &real, place, mask);
}

bool world_permits(const struct world *world, struct place place, unsigned mask) {
    enum { WRITE = 2 };
    if (is_idmapped(world, place.mount) && mask & WRITE && !world_ids_mapped(world, place))
        return false;
    if (world_bits_permit(world, place, mask))
        return true;
    if (world->capabilities == 0)
        return false;
    return world_capable(world, place, CAPABILITY_OVERRIDE) ||
           (!(mask & WRITE) && world_capable(world, place, CAPABILITY_READ_SEARCH));
}

/* --- mounts and file systems ------------------------------------------------------------------ */

bool world_read_only(const struct world *world, mount_id mount) {
    const struct mount *at = &world->mounts[mount];
    return at->flags & MOUNT_READ_ONLY || world->superblocks[at->superblock].read_only;
}

/* Does anything but a name keep the node? */
static bool is_held(const struct world *world, node_id id) {
    if (world->cwd.node == id)
        return true;
    for (int i = 0; i < SCENARIO_SLOTS; i++)
        if (world->descriptors[i].number >= 0 && world->descriptors[i].place.node == id)
            return true;
    for (int i = 0; i < world->mount_count; i++)
        if (world->mounts[i].root == id)
            return true;
    for (int i = 0; i < world->landlock_count; i++)
        if (world->landlock[i] == id)
            return true;
    return world_is_awaited(world, id);
}

void world_inode_use(const struct world *world, uint8_t superblock, struct inode_use *use) {
    *use = (struct inode_use){0};
    for (node_id i = NODE_ROOT; i < world->node_count; i++) {
        const struct node *node = &world->nodes[i];
        if (node->superblock != superblock)
            continue;
        bool named = node->type == NODE_DIRECTORY ? !node->removed : node->nlink > 0;
        bool held = !named && is_held(world, i);
        use->used += named || held;
        use->held += held;
        if (named && node->type != NODE_DIRECTORY)
            use->further_names += node->nlink - 1;
    }
    use->used += use->further_names;
}

bool world_is_full(const struct world *world, node_id node) {
    uint8_t superblock = world->nodes[node].superblock;
    struct inode_use use;
    if (world->superblocks[superblock].inodes == 0)
        return false;
    world_inode_use(world, superblock, &use);
    return use.used >= world->superblocks[superblock].inodes;
}

bool world_landlock_permits(const struct world *world, struct place place) {
    for (int i = 0; i < world->landlock_count; i++) {
        struct place at = place;
        while (at.node != world->landlock[i]) {
            const struct mount *mount = &world->mounts[at.mount];
            while (at.node == mount->root) {
                if (at.mount == MOUNT_ARENA || !mount->attached)
                    return false;
                at = (struct place){mount->under, mount->point};
                mount = &world->mounts[at.mount];
            }
            if (at.node == world->superblocks[mount->superblock].root)
                return false; /* it was moved out of the part that a bind mount shows */
            at.node = world->nodes[at.node].parent;
        }
    }
    return true;
}

/* --- a new node ------------------------------------------------------------------------------- */

/* Limits `acl` to the permissions in `mode`, and the mode to those that the ACL leaves. */
static uint32_t apply_default_acl(struct acl *acl, uint32_t mode) {
    enum acl_entry group = acl_has(acl->entries, ENTRY_MASK) ? ENTRY_MASK : ENTRY_OWNING_GROUP;
    const struct {
        enum acl_entry entry;
        unsigned shift;
    } classes[] = {{ENTRY_OWNER, 6}, {group, 3}, {ENTRY_OTHER, 0}};
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
        uint32_t left = acl_permissions(acl->entries, classes[i].entry) & mode >> classes[i].shift;
        acl->entries = acl_with(acl->entries, classes[i].entry, left);
        mode = (mode & ~(UINT32_C(7) << classes[i].shift)) | left << classes[i].shift;
    }
    return mode;
}

/* inode(7): S_ISGID with S_IXGRP, judged before umask and ACL take anything away. */
static bool loses_setgid(const struct world *world, struct place place, enum node_type type,
                         uint32_t mode) {
    const uint32_t both = S_ISGID | S_IXGRP;
    return type != NODE_DIRECTORY && (mode & both) == both &&
           node_at(world, place)->mode & S_ISGID && !world_keeps_setgid(world, place);
}

void world_birth(const struct world *world, struct place place, enum node_type type, uint32_t mode,
                 struct birth *birth) {
    const struct node *parent = node_at(world, place);
    bool inherits_group = parent->mode & S_ISGID;
    birth->uid = world_stored_id(world, place.mount, world->identity.uid);
    birth->gid =
        inherits_group ? parent->gid : world_stored_id(world, place.mount, world->identity.gid);
    birth->has_acl = false;
    birth->setgid_stripped = loses_setgid(world, place, type, mode);
    if (birth->setgid_stripped)
        mode &= ~(uint32_t)S_ISGID;
    if (type == NODE_SYMLINK) {
        mode = 0777;
    } else if (parent->default_acl != 0) {
        birth->acl = world->acls[parent->default_acl];
        mode = apply_default_acl(&birth->acl, mode);
        birth->has_acl = acl_has(birth->acl.entries, ENTRY_MASK);
    } else {
        mode &= ~world->umask;
    }
    if (type == NODE_DIRECTORY && inherits_group)
        mode |= S_ISGID;
    birth->mode = (uint16_t)(mode & 07777);
}

uint32_t acl_after_chmod(uint32_t entries, uint32_t mode) {
    entries = acl_with(entries, ENTRY_OWNER, mode >> 6 & 7);
    entries = acl_with(entries, ENTRY_MASK, mode >> 3 & 7);
    return acl_with(entries, ENTRY_OTHER, mode & 7);
}

void world_birth_chmod(const struct world *world, struct place place, uint32_t mode,
                       struct birth *birth) {
    /* Under any other parent the group is the maker's own. */
    bool foreign_group = node_at(world, place)->mode & S_ISGID && !world_keeps_setgid(world, place);
    birth->setgid_stripped = foreign_group && mode & S_ISGID;
    if (birth->setgid_stripped)
        mode &= ~(uint32_t)S_ISGID;
    if (birth->has_acl)
        birth->acl.entries = acl_after_chmod(birth->acl.entries, mode);
    birth->mode = (uint16_t)(mode & 07777);
}
