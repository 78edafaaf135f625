/*
 * What the preparations do, by the manual pages of their system calls. Only whether they succeed
 * has to be exact; the errno is for the trace.
 */
#include <errno.h>
#include <sys/stat.h>

#include "check.h"
#include "world.h"

static const struct dirfd from_cwd = {.kind = DIRFD_CWD};

static struct node *node_of(struct world *world, struct place place) {
    return &world->nodes[place.node];
}

/* Where a walk's last component is. */
static struct place last_place(const struct walk *walk) {
    return (struct place){walk->mount, walk->node};
}

/* The length limits that getname applies before a path is walked; path_resolution(7). */
static int walk_path(const struct world *world, struct text text, enum walk_intent intent,
                     struct walk *walk) {
    if (text.length >= WORLD_PATH_LENGTH)
        return ENAMETOOLONG;
    return world_walk(world, from_cwd, world_text(world, text), intent, 0, walk);
}

/* --- names ------------------------------------------------------------------------------------ */

/* May names be made or taken away in this directory? */
static int check_directory(const struct world *world, struct place place, unsigned forbidden) {
    const struct node *directory = &world->nodes[place.node];
    if (world_read_only(world, place.mount))
        return EROFS;
    if (directory->attributes & forbidden)
        return EPERM;
    return world_permits(world, place, 3) ? 0 : EACCES;
}

/* May a new name be made in this directory? */
static int check_create(const struct world *world, struct place place) {
    if (world->nodes[place.node].removed)
        return ENOENT;
    if (!world_ids_fit(world, place.mount))
        return EOVERFLOW;
    return check_directory(world, place, ATTRIBUTE_IMMUTABLE);
}

/* The sticky bit: unlink(2), rename(2) EPERM. */
static bool is_sticky_to(const struct world *world, struct place directory, struct place victim) {
    return world->nodes[directory.node].mode & S_ISVTX && !world_owns(world, directory) &&
           !world_owns(world, victim);
}

/* Is some mount attached to this directory? Then its name stays: rmdir(2), rename(2) EBUSY. */
static bool is_mount_point(const struct world *world, node_id node) {
    for (int i = 1; i < world->mount_count; i++)
        if (world->mounts[i].attached && world->mounts[i].point == node)
            return true;
    return false;
}

/* May what is at `walk` lose its name? */
static int check_delete(const struct world *world, const struct walk *walk) {
    struct place victim = {walk->directory.mount, walk->node};
    int error = check_directory(world, walk->directory, ATTRIBUTE_IMMUTABLE | ATTRIBUTE_APPEND);
    if (error)
        return error;
    if (is_sticky_to(world, walk->directory, victim) || world->nodes[walk->node].attributes ||
        !world_ids_mapped(world, victim))
        return EPERM;
    return is_mount_point(world, walk->node) ? EBUSY : 0;
}

/* Finds the place for a new name: its directory may be written and it does not exist. */
static int walk_new(const struct world *world, struct text text, bool directory,
                    struct walk *walk) {
    int error = walk_path(world, text, WALK_PARENT, walk);
    if (error)
        return error;
    if (walk->last != LAST_NAME)
        return EEXIST;
    if (world->nodes[walk->directory.node].removed)
        return ENOENT;
    if (walk->node != NODE_NONE)
        return EEXIST;
    if (walk->slash && !directory)
        return ENOENT;
    return check_create(world, walk->directory);
}

/* The same for a new node, which needs an inode. */
static int walk_new_node(const struct world *world, struct text text, bool directory,
                         struct walk *walk) {
    int error = walk_new(world, text, directory, walk);
    return !error && world_is_full(world, walk->directory.node) ? ENOSPC : error;
}

/* Finds a name that is about to go: it exists in a directory that may be written. */
static int walk_old(const struct world *world, struct text text, struct walk *walk) {
    int error = walk_path(world, text, WALK_PARENT, walk);
    if (error)
        return error;
    if (walk->last != LAST_NAME)
        return EBUSY;
    if (walk->node == NODE_NONE)
        return ENOENT;
    return check_delete(world, walk);
}

static node_id create(struct world *world, const struct walk *walk, enum node_type type,
                      uint32_t mode) {
    struct birth birth;
    world_birth(world, walk->directory, type, mode, &birth);
    return world_create(world, walk, type, &birth);
}

static int prepare_mkdir(struct world *world, const struct step *step) {
    struct walk walk;
    int error = walk_new_node(world, step->path, true, &walk);
    if (!error)
        create(world, &walk, NODE_DIRECTORY, step->mode & 01777);
    return error;
}

/* open(2) with O_CREAT: a trailing slash is EISDIR whatever is there. */
static int prepare_file(struct world *world, const struct step *step) {
    struct walk walk;
    int error = world_free_number(world, 0) < 0 ? EMFILE : 0;
    if (!error)
        error = walk_new_node(world, step->path, false, &walk);
    if (error)
        return error;
    node_id file = create(world, &walk, NODE_FILE, step->mode & 0777);
    world->nodes[file].content = world_text(world, step->other);
    return 0;
}

static int prepare_symlink(struct world *world, const struct step *step) {
    struct walk walk;
    if (step->other.length == 0)
        return ENOENT;
    if (step->other.length >= WORLD_PATH_LENGTH)
        return ENAMETOOLONG;
    int error = walk_new_node(world, step->path, false, &walk);
    if (error)
        return error;
    node_id link = create(world, &walk, NODE_SYMLINK, 0777);
    world->nodes[link].content = world_text(world, step->other);
    return 0;
}

/*
 * landlock(7): without LANDLOCK_ACCESS_FS_REFER nothing may change its directory, and a FIFO that
 * gets a name in a directory needs LANDLOCK_ACCESS_FS_MAKE_FIFO there.
 */
static bool landlock_forbids(const struct world *world, node_id node, const struct walk *old,
                             const struct walk *new) {
    if (world->landlock_count == 0)
        return false;
    if (old->directory.node != new->directory.node)
        return true;
    return world->nodes[node].type == NODE_FIFO && !world_landlock_permits(world, new->directory);
}

/* proc(5) /proc/sys/fs/protected_hardlinks: what else must be true of a file that one links to. */
static bool is_safe_to_link(const struct world *world, struct place place) {
    const struct node *node = &world->nodes[place.node];
    const uint32_t both = S_ISGID | S_IXGRP;
    return node->type == NODE_FILE && !(node->mode & S_ISUID) && (node->mode & both) != both &&
           world_permits(world, place, 6);
}

static int prepare_link(struct world *world, const struct step *step) {
    struct walk old;
    struct walk new;
    int error = walk_path(world, step->path, WALK_NODE, &old);
    if (!error)
        error = walk_new(world, step->other, false, &new);
    if (error)
        return error;
    struct place from = last_place(&old);
    if (from.mount != new.directory.mount)
        return EXDEV;
    if (world->nodes[old.node].type == NODE_DIRECTORY || !world_ids_mapped(world, from))
        return EPERM;
    if (world->host->protected_hardlinks && !world_owns(world, from) &&
        !is_safe_to_link(world, from))
        return EPERM;
    if (landlock_forbids(world, old.node, &old, &new))
        return EACCES;
    if (world_is_full(world, old.node))
        return ENOSPC;
    world_bind(world, new.directory.node, new.name, old.node);
    world->nodes[old.node].nlink++;
    return 0;
}

/* A directory loses its name: nothing leads to it but cwd, descriptors and bind mounts. */
static void remove_directory(struct world *world, node_id id) {
    struct node *node = &world->nodes[id];
    node->removed = true;
    node->nlink = 0;
    world->nodes[node->parent].nlink--;
}

static int prepare_unlink(struct world *world, const struct step *step) {
    struct walk walk;
    int error = walk_old(world, step->path, &walk);
    if (error)
        return error;
    if (world->nodes[walk.node].type == NODE_DIRECTORY)
        return EISDIR;
    if (walk.slash)
        return ENOTDIR;
    world_bind(world, walk.directory.node, walk.name, NODE_NONE);
    world->nodes[walk.node].nlink--;
    return 0;
}

static int prepare_rmdir(struct world *world, const struct step *step) {
    struct walk walk;
    int error = walk_old(world, step->path, &walk);
    if (error)
        return error;
    if (world->nodes[walk.node].type != NODE_DIRECTORY)
        return ENOTDIR;
    if (world->nodes[walk.node].entries > 0)
        return ENOTEMPTY;
    world_bind(world, walk.directory.node, walk.name, NODE_NONE);
    remove_directory(world, walk.node);
    return 0;
}

/* --- rename ----------------------------------------------------------------------------------- */

/* rename(2) of a directory: may `old` take the place of what `new` names? */
static int check_rename_directory(const struct world *world, const struct walk *old,
                                  const struct walk *new) {
    struct place place = {old->directory.mount, old->node};
    if (world_is_above(world, old->node, new->directory.node))
        return EINVAL;
    if (new->node != NODE_NONE && world_is_above(world, new->node, old->directory.node))
        return ENOTEMPTY;
    if (new->node != NODE_NONE && world->nodes[new->node].type != NODE_DIRECTORY)
        return ENOTDIR;
    if (new->directory.node != old->directory.node && !world_permits(world, place, 2))
        return EACCES; /* its ".." changes */
    return new->node != NODE_NONE && world->nodes[new->node].entries > 0 ? ENOTEMPTY : 0;
}

/* rename(2) of anything else. */
static int check_rename_other(const struct world *world, const struct walk *old,
                              const struct walk *new) {
    if (old->slash || new->slash)
        return ENOTDIR;
    if (new->node == NODE_NONE || world->nodes[new->node].type != NODE_DIRECTORY)
        return 0;
    return world_is_above(world, new->node, old->directory.node) ? ENOTEMPTY : EISDIR;
}

/* Two names of one node: rename(2) leaves both, whatever the permissions are. */
static bool is_same_node(const struct world *world, const struct walk *old,
                         const struct walk *new) {
    bool directory = world->nodes[old->node].type == NODE_DIRECTORY;
    return old->node == new->node && (directory || (!old->slash && !new->slash));
}

static int check_rename(const struct world *world, const struct walk *old, const struct walk *new) {
    bool directory = world->nodes[old->node].type == NODE_DIRECTORY;
    int error =
        new->node == NODE_NONE ? check_create(world, new->directory) : check_delete(world, new);
    if (!error)
        error = check_delete(world, old);
    if (!error)
        error = directory ? check_rename_directory(world, old, new)
                          : check_rename_other(world, old, new);
    return error;
}

static void apply_rename(struct world *world, const struct walk *old, const struct walk *new) {
    struct node *node = &world->nodes[old->node];
    if (new->node != NODE_NONE) {
        if (world->nodes[new->node].type == NODE_DIRECTORY)
            remove_directory(world, new->node);
        else
            world->nodes[new->node].nlink--;
    }
    world_bind(world, old->directory.node, old->name, NODE_NONE);
    world_bind(world, new->directory.node, new->name, old->node);
    if (node->type != NODE_DIRECTORY)
        return;
    world->nodes[old->directory.node].nlink--;
    world->nodes[new->directory.node].nlink++;
    node->parent = new->directory.node;
}

static int walk_rename(const struct world *world, const struct step *step, struct walk *old,
                       struct walk *new) {
    int error = walk_path(world, step->path, WALK_PARENT, old);
    if (!error)
        error = walk_path(world, step->other, WALK_PARENT, new);
    if (error)
        return error;
    if (old->directory.mount != new->directory.mount)
        return EXDEV;
    if (old->last != LAST_NAME || new->last != LAST_NAME)
        return EBUSY;
    if (world_read_only(world, old->directory.mount))
        return EROFS;
    return old->node == NODE_NONE || world->nodes[new->directory.node].removed ? ENOENT : 0;
}

static int prepare_rename(struct world *world, const struct step *step) {
    struct walk old;
    struct walk new;
    int error = walk_rename(world, step, &old, &new);
    if (error)
        return error;
    if (landlock_forbids(world, old.node, &old, &new))
        return EACCES;
    if (is_same_node(world, &old, &new))
        return 0;
    error = check_rename(world, &old, &new);
    if (!error)
        apply_rename(world, &old, &new);
    return error;
}

/* --- the process ------------------------------------------------------------------------------ */

/* The mask of an ACL, or what stands for the group where there is none, follows the mode: acl(5).
 */
static void set_mode(struct world *world, struct node *node, uint32_t mode) {
    node->mode = (uint16_t)mode;
    if (node->access_acl == 0)
        return;
    struct acl acl = world->acls[node->access_acl];
    acl.entries = acl_after_chmod(acl.entries, mode);
    node->access_acl = world_add_acl(world, &acl);
}

static int prepare_chmod(struct world *world, const struct step *step) {
    struct walk walk;
    int error = walk_path(world, step->path, WALK_FOLLOW, &walk);
    if (error)
        return error;
    struct place place = last_place(&walk);
    if (world_read_only(world, place.mount))
        return EROFS;
    if (node_of(world, place)->attributes || !world_owns(world, place))
        return EPERM;
    if (!world_ids_mapped(world, place))
        return EOVERFLOW;
    uint32_t mode = step->mode & 07777;
    if (!world_keeps_setgid(world, place))
        mode &= ~(uint32_t)S_ISGID;
    set_mode(world, node_of(world, place), mode);
    return 0;
}

static int prepare_umask(struct world *world, const struct step *step) {
    world->umask = step->mode & 0777;
    world->umask_cut = step->mode != world->umask;
    return 0;
}

static int prepare_chdir(struct world *world, const struct step *step) {
    struct walk walk;
    int error = walk_path(world, step->path, WALK_FOLLOW, &walk);
    if (error)
        return error;
    if (world->nodes[walk.node].type != NODE_DIRECTORY)
        return ENOTDIR;
    if (!world_permits(world, last_place(&walk), 1))
        return EACCES;
    world->cwd = last_place(&walk);
    return 0;
}

static int prepare_nofile(struct world *world, const struct step *step) {
    world->nofile = step->mode < world->host->nofile ? step->mode : world->host->nofile;
    return 0;
}

static int prepare_as(struct world *world, const struct step *step) {
    world->identity = step->identity;
    world->capabilities = step->flags;
    return 0;
}

static int prepare_landlock(struct world *world, const struct step *step) {
    struct walk walk = {.node = NODE_NONE};
    if (scenario_is_staged(world->scenario)) /* a domain is a thread's own: the harness declines */
        return EOPNOTSUPP;
    int error = step->path.length ? walk_path(world, step->path, WALK_FOLLOW, &walk) : 0;
    if (error)
        return error;
    if (walk.node != NODE_NONE && world->nodes[walk.node].type != NODE_DIRECTORY)
        return EINVAL;
    if (world->landlock_count == LANDLOCK_MAX)
        return E2BIG;
    world->landlock[world->landlock_count++] = walk.node;
    return 0;
}

/* --- all -------------------------------------------------------------------------------------- */

int world_prepare(struct world *world, const struct step *step) {
    typedef int prepare(struct world *, const struct step *);
    static prepare *const table[STEP_KIND_COUNT] = {
        [STEP_MKDIR] = prepare_mkdir,
        [STEP_FILE] = prepare_file,
        [STEP_SYMLINK] = prepare_symlink,
        [STEP_LINK] = prepare_link,
        [STEP_UNLINK] = prepare_unlink,
        [STEP_RMDIR] = prepare_rmdir,
        [STEP_RENAME] = prepare_rename,
        [STEP_CHMOD] = prepare_chmod,
        [STEP_UMASK] = prepare_umask,
        [STEP_CHDIR] = prepare_chdir,
        [STEP_OPEN] = world_prepare_descriptor,
        [STEP_CLOSE] = world_prepare_descriptor,
        [STEP_DUP] = world_prepare_descriptor,
        [STEP_NOFILE] = prepare_nofile,
        [STEP_AS] = prepare_as,
        [STEP_LANDLOCK] = prepare_landlock,
        [STEP_CHOWN] = world_prepare_harness,
        [STEP_ACL] = world_prepare_harness,
        [STEP_ATTRIBUTE] = world_prepare_harness,
        [STEP_MOUNT] = world_prepare_harness,
        [STEP_BIND] = world_prepare_harness,
        [STEP_REMOUNT] = world_prepare_harness,
        [STEP_UMOUNT] = world_prepare_harness,
        [STEP_ACTOR] = world_prepare_use,
        [STEP_READ] = world_prepare_use,
        [STEP_WRITE] = world_prepare_use,
        [STEP_POLL] = world_prepare_use,
        [STEP_RESIZE] = world_prepare_use,
        [STEP_USE] = world_prepare_use,
        [STEP_SIGNAL] = world_prepare_use,
        [STEP_PAUSE] = world_prepare_use,
        [STEP_RESUME] = world_prepare_use,
        [STEP_INJECT] = world_prepare_use,
        [STEP_WITHIN] = world_prepare_use,
    };
    check(step->kind < STEP_KIND_COUNT && table[step->kind]);
    world->fifo_step.fifo = world->fifo_step.uncertain = false;
    world->fifo_step.came_count = 0;
    if (world_is_busy(world, step))
        return 0;
    return table[step->kind](world, step);
}
