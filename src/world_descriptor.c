/*
 * Descriptors and the slots that hold their numbers: open(2), fcntl(2) F_DUPFD, close(2).
 */
#include <errno.h>
#include <sys/stat.h>

#include "check.h"
#include "world_fifos.h"

/* Is the descriptor one that may write? That of the access mode 3 may do nothing. */
static bool writes(unsigned flags) {
    const unsigned access = flags & (OPEN_WRITE | OPEN_BOTH);
    return !(flags & OPEN_PATH) && (access == OPEN_WRITE || access == OPEN_BOTH);
}

bool world_has_writers(const struct world *world, mount_id mount) {
    for (int i = 0; i < SCENARIO_SLOTS; i++) {
        const struct descriptor *open = &world->descriptors[i];
        if (open->number >= 0 && open->place.mount == mount && writes(open->flags) &&
            world->nodes[open->place.node].type == NODE_FILE)
            return true;
    }
    return false;
}

/* What open(2) asks permission for; O_TRUNC is to write, even where nothing is truncated. */
static unsigned wanted(unsigned flags) {
    enum { READ = 4, WRITE = 2 };
    const unsigned truncates = flags & OPEN_TRUNCATE ? WRITE : 0;
    if (flags & OPEN_BOTH)
        return READ | WRITE;
    return (flags & OPEN_WRITE ? WRITE : READ) | truncates;
}

/* What open(2) says of a regular file, or a directory, that is to be written. */
static int check_writing(const struct world *world, struct place place, unsigned flags) {
    const struct node *node = &world->nodes[place.node];
    if (node->type == NODE_DIRECTORY)
        return EISDIR;
    if (node->type != NODE_FILE) /* a FIFO is no part of the file system that holds its name */
        return 0;
    if (world->superblocks[node->superblock].read_only)
        return EROFS;
    const bool needs_mount = writes(flags) || flags & OPEN_TRUNCATE;
    return needs_mount && world_read_only(world, place.mount) ? EROFS : 0;
}

/* What open(2) says of the node itself. */
static int check_open(const struct world *world, struct place place, unsigned flags) {
    const struct node *node = &world->nodes[place.node];
    if (node->type == NODE_SYMLINK && !(flags & OPEN_PATH))
        return ELOOP;
    if (flags & OPEN_DIRECTORY && node->type != NODE_DIRECTORY)
        return ENOTDIR;
    if (flags & OPEN_PATH)
        return 0;
    const int error = wanted(flags) & 2 ? check_writing(world, place, flags) : 0;
    if (error)
        return error;
    return world_permits(world, place, wanted(flags)) ? 0 : EACCES;
}

static struct descriptor *find_open(struct world *world, int32_t number) {
    for (int i = 0; i < SCENARIO_SLOTS; i++)
        if (world->descriptors[i].number == number)
            return &world->descriptors[i];
    return NULL;
}

/* Slots name numbers, so one that was closed may name what another slot has opened since. */
int world_close(struct world *world, unsigned slot) {
    int32_t number = world->slots[slot];
    struct descriptor *descriptor = number < 0 ? NULL : find_open(world, number);
    if (!descriptor)
        return EBADF;
    descriptor->number = -1;
    world_release_end(world, descriptor->end);
    return 0;
}

void world_hold(struct world *world, unsigned slot, const struct descriptor *descriptor) {
    struct descriptor *row = find_open(world, -1);
    check(row != NULL); /* each open one is held by a slot, and this slot's was closed */
    *row = *descriptor;
    world->slots[slot] = descriptor->number;
}

void world_renumber(struct world *world, unsigned slot, int32_t number) {
    struct descriptor *descriptor = find_open(world, world->slots[slot]);
    if (!descriptor || find_open(world, number))
        return;
    descriptor->number = number;
    world->slots[slot] = number;
}

/* truncate(2) takes away what makes a program run as its owner: inode(7). */
static void truncate_file(struct world *world, struct place place) {
    struct node *node = &world->nodes[place.node];
    const bool group_runs = node->mode & S_IXGRP || !world_keeps_setgid(world, place);
    node->content = (struct span){0};
    if (world_capable(world, place, CAPABILITY_FSETID))
        return;
    node->mode &= (uint16_t) ~(unsigned)S_ISUID;
    if (group_runs)
        node->mode &= (uint16_t) ~(unsigned)S_ISGID;
}

int world_open(struct world *world, unsigned actor, const struct step *step) {
    struct walk walk;
    const bool path_only = step->flags & OPEN_PATH;
    const int32_t number = world_free_number(world, 0);
    if (step->path.length >= WORLD_PATH_LENGTH)
        return ENAMETOOLONG;
    if (number < 0)
        return EMFILE;
    enum walk_intent intent = step->flags & OPEN_NOFOLLOW ? WALK_NODE : WALK_FOLLOW;
    int error = world_walk(world, (struct dirfd){.kind = DIRFD_CWD}, world_text(world, step->path),
                           intent, 0, &walk);
    if (error)
        return error;
    const struct place place = {walk.mount, walk.node};
    const enum node_type type = (enum node_type)world->nodes[place.node].type;
    error = check_open(world, place, step->flags);
    if (type == NODE_FIFO && !path_only)
        return world_open_fifo(world, actor, step, place, number, error);
    if (error)
        return error;
    if (type == NODE_FILE && !path_only && step->flags & OPEN_TRUNCATE)
        truncate_file(world, place);
    if ((uint32_t)(step - world->scenario->steps) != world->fifo_step.step)
        world_close(world, step->slot); /* it comes back late, from a FIFO of that name */
    world_hold(world, step->slot, &(struct descriptor){number, step->flags, END_NONE, place});
    return 0;
}

/* fcntl(2) F_DUPFD */
static int prepare_dup(struct world *world, const struct step *step) {
    int32_t from = world_descriptor_number(world, step->dirfd);
    world_close(world, step->slot);
    const struct descriptor *source = world_descriptor(world, from);
    if (!source)
        return EBADF;
    if (step->mode >= world->nofile)
        return EINVAL;
    struct descriptor copy = *source;
    copy.number = world_free_number(world, (int32_t)step->mode);
    if (copy.number < 0)
        return EMFILE;
    world_share_end(world, copy.end);
    world_hold(world, step->slot, &copy);
    return 0;
}

int world_prepare_descriptor(struct world *world, const struct step *step) {
    world->fifo_step.step = (uint32_t)(step - world->scenario->steps);
    if (step->kind == STEP_DUP)
        return prepare_dup(world, step);
    if (step->kind == STEP_CLOSE)
        return world_close(world, step->slot);
    check(step->kind == STEP_OPEN);
    world_close(world, step->slot);
    return world_open(world, world->acting.actor, step);
}
