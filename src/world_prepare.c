/*
 * What the preparations do, by the manual pages of their system calls. Only whether they succeed
 * has to be exact; the errno is for the trace. All nodes belong to the identity that runs, so
 * ownership rules (sticky directories, protected_hardlinks) never refuse.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "check.h"
#include "world.h"

static const struct dirfd from_cwd = {.kind = DIRFD_CWD};

/* The length limits that getname applies before a path is walked; path_resolution(7). */
static int walk_path(const struct world *world, struct text text, enum walk_intent intent,
                     struct walk *walk) {
    if (text.length >= WORLD_PATH_LENGTH)
        return ENAMETOOLONG;
    return world_walk(world, from_cwd, world_text(world, text), intent, 0, walk);
}

/* Finds the place for a new name: its directory may be written and it does not exist. */
static int walk_new(const struct world *world, struct text text, bool directory,
                    struct walk *walk) {
    int error = walk_path(world, text, WALK_PARENT, walk);
    if (error)
        return error;
    if (walk->last != LAST_NAME)
        return EEXIST;
    if (world->nodes[walk->directory].removed)
        return ENOENT;
    if (walk->node != NODE_NONE)
        return EEXIST;
    if (walk->slash && !directory)
        return ENOENT;
    return world_permits(world, walk->directory, 3) ? 0 : EACCES;
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
    return world_permits(world, walk->directory, 3) ? 0 : EACCES;
}

static int prepare_mkdir(struct world *world, const struct step *step) {
    struct walk walk;
    int error = walk_new(world, step->path, true, &walk);
    if (!error)
        world_create(world, &walk, NODE_DIRECTORY, step->mode & 01777 & ~world->umask);
    return error;
}

/* open(2) with O_CREAT: a trailing slash is EISDIR whatever is there. */
static int prepare_file(struct world *world, const struct step *step) {
    struct walk walk;
    int error = walk_new(world, step->path, false, &walk);
    if (error)
        return error;
    node_id file = world_create(world, &walk, NODE_FILE, step->mode & 0777 & ~world->umask);
    world->nodes[file].content = world_text(world, step->other);
    return 0;
}

static int prepare_symlink(struct world *world, const struct step *step) {
    struct walk walk;
    if (step->other.length == 0)
        return ENOENT;
    if (step->other.length >= WORLD_PATH_LENGTH)
        return ENAMETOOLONG;
    int error = walk_new(world, step->path, false, &walk);
    if (error)
        return error;
    node_id link = world_create(world, &walk, NODE_SYMLINK, 0777);
    world->nodes[link].content = world_text(world, step->other);
    return 0;
}

static int prepare_link(struct world *world, const struct step *step) {
    struct walk old;
    struct walk new;
    int error = walk_path(world, step->path, WALK_NODE, &old);
    if (!error)
        error = walk_new(world, step->other, false, &new);
    if (error)
        return error;
    if (world->nodes[old.node].type == NODE_DIRECTORY)
        return EPERM;
    world_bind(world, new.directory, new.name, old.node);
    world->nodes[old.node].nlink++;
    return 0;
}

/* A directory loses its name: nothing leads to it but cwd and descriptors. */
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
    world_bind(world, walk.directory, walk.name, NODE_NONE);
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
    world_bind(world, walk.directory, walk.name, NODE_NONE);
    remove_directory(world, walk.node);
    return 0;
}

/* True if `ancestor` is `node` or above it. */
static bool is_above(const struct world *world, node_id ancestor, node_id node) {
    while (node != ancestor && node != NODE_ROOT)
        node = world->nodes[node].parent;
    return node == ancestor;
}

/* rename(2) of a directory: may `old` take the place of what `new` names? */
static int check_rename_directory(const struct world *world, const struct walk *old,
                                  const struct walk *new) {
    if (is_above(world, old->node, new->directory))
        return EINVAL;
    if (new->node != NODE_NONE && is_above(world, new->node, old->directory))
        return ENOTEMPTY;
    if (new->node != NODE_NONE && world->nodes[new->node].type != NODE_DIRECTORY)
        return ENOTDIR;
    if (new->directory != old->directory && !world_permits(world, old->node, 2))
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
    return is_above(world, new->node, old->directory) ? ENOTEMPTY : EISDIR;
}

static int check_rename(const struct world *world, const struct walk *old, const struct walk *new) {
    bool directory = world->nodes[old->node].type == NODE_DIRECTORY;
    if (!directory && old->node == new->node && !old->slash && !new->slash)
        return 0;
    int error = world_permits(world, new->directory, 3) ? 0 : EACCES;
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
    world_bind(world, old->directory, old->name, NODE_NONE);
    world_bind(world, new->directory, new->name, old->node);
    if (node->type != NODE_DIRECTORY)
        return;
    world->nodes[old->directory].nlink--;
    world->nodes[new->directory].nlink++;
    node->parent = new->directory;
}

static int prepare_rename(struct world *world, const struct step *step) {
    struct walk old;
    struct walk new;
    int error = walk_path(world, step->path, WALK_PARENT, &old);
    if (!error)
        error = walk_path(world, step->other, WALK_PARENT, &new);
    if (error)
        return error;
    if (old.last != LAST_NAME || new.last != LAST_NAME)
        return EBUSY;
    if (old.node == NODE_NONE || world->nodes[new.directory].removed)
        return ENOENT;
    if (old.node == new.node && world->nodes[old.node].type == NODE_DIRECTORY)
        return 0;
    error = check_rename(world, &old, &new);
    if (error)
        return error;
    if (old.node == new.node)
        return 0; /* two names of one node: rename(2) leaves both */
    if (!world_permits(world, old.directory, 3))
        return EACCES;
    apply_rename(world, &old, &new);
    return 0;
}

static int prepare_chmod(struct world *world, const struct step *step) {
    struct walk walk;
    int error = walk_path(world, step->path, WALK_FOLLOW, &walk);
    if (!error)
        world->nodes[walk.node].mode = (uint16_t)(step->mode & 07777);
    return error;
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
    if (!world_permits(world, walk.node, 1))
        return EACCES;
    world->cwd = walk.node;
    return 0;
}

/* What open(2) says of the node itself. */
static int check_open(const struct world *world, const struct node *node, node_id id,
                      unsigned flags) {
    if (node->type == NODE_SYMLINK && !(flags & OPEN_PATH))
        return ELOOP;
    if (flags & OPEN_DIRECTORY && node->type != NODE_DIRECTORY)
        return ENOTDIR;
    return flags & OPEN_PATH || world_permits(world, id, 4) ? 0 : EACCES;
}

/* Slots name numbers, so one that was closed may name what another slot has opened since. */
static int close_slot(struct world *world, unsigned slot) {
    int32_t number = world->slots[slot];
    if (number < 3 || !world->descriptors[number].open)
        return EBADF;
    world->descriptors[number].open = false;
    return 0;
}

static int prepare_open(struct world *world, const struct step *step) {
    struct walk walk;
    close_slot(world, step->slot);
    enum walk_intent intent = step->flags & OPEN_NOFOLLOW ? WALK_NODE : WALK_FOLLOW;
    int error = walk_path(world, step->path, intent, &walk);
    if (!error)
        error = check_open(world, &world->nodes[walk.node], walk.node, step->flags);
    if (error)
        return error;
    int32_t number = 3;
    while (world->descriptors[number].open)
        number++;
    check(number < WORLD_DESCRIPTORS);
    world->descriptors[number] = (struct descriptor){true, step->flags & OPEN_PATH, walk.node};
    world->slots[step->slot] = number;
    return 0;
}

static int prepare_close(struct world *world, const struct step *step) {
    return close_slot(world, step->slot);
}

int world_prepare(struct world *world, const struct step *step) {
    typedef int prepare(struct world *, const struct step *);
    static prepare *const table[STEP_KIND_COUNT] = {
        [STEP_MKDIR] = prepare_mkdir,     [STEP_FILE] = prepare_file,
        [STEP_SYMLINK] = prepare_symlink, [STEP_LINK] = prepare_link,
        [STEP_UNLINK] = prepare_unlink,   [STEP_RMDIR] = prepare_rmdir,
        [STEP_RENAME] = prepare_rename,   [STEP_CHMOD] = prepare_chmod,
        [STEP_UMASK] = prepare_umask,     [STEP_CHDIR] = prepare_chdir,
        [STEP_OPEN] = prepare_open,       [STEP_CLOSE] = prepare_close,
    };
    check(step->kind < STEP_KIND_COUNT && table[step->kind]);
    return table[step->kind](world, step);
}
