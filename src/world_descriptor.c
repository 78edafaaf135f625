/*
 * Descriptors and the slots that hold their numbers: open(2), fcntl(2) F_DUPFD, close(2).
 */
#include <errno.h>

#include "check.h"
#include "world.h"

/* What open(2) says of the node itself. */
static int check_open(const struct world *world, struct place place, unsigned flags) {
    const struct node *node = &world->nodes[place.node];
    if (node->type == NODE_SYMLINK && !(flags & OPEN_PATH))
        return ELOOP;
    if (flags & OPEN_DIRECTORY && node->type != NODE_DIRECTORY)
        return ENOTDIR;
    return flags & OPEN_PATH || world_permits(world, place, 4) ? 0 : EACCES;
}

static struct descriptor *find_open(struct world *world, int32_t number) {
    for (int i = 0; i < SCENARIO_SLOTS; i++)
        if (world->descriptors[i].number == number)
            return &world->descriptors[i];
    return NULL;
}

/* Slots name numbers, so one that was closed may name what another slot has opened since. */
static int close_slot(struct world *world, unsigned slot) {
    int32_t number = world->slots[slot];
    struct descriptor *descriptor = number < 0 ? NULL : find_open(world, number);
    if (!descriptor)
        return EBADF;
    descriptor->number = -1;
    return 0;
}

/* Lets `slot` hold a new descriptor with the lowest free number from `least` on; 0 or an errno. */
static int open_slot(struct world *world, unsigned slot, int32_t least, bool path_only,
                     struct place place) {
    int32_t number = world_free_number(world, least);
    if (number < 0)
        return EMFILE;
    struct descriptor *descriptor = find_open(world, -1);
    check(descriptor != NULL); /* each open one is held by a slot, and this slot's was closed */
    *descriptor = (struct descriptor){number, path_only, place};
    world->slots[slot] = number;
    return 0;
}

void world_renumber(struct world *world, unsigned slot, int32_t number) {
    struct descriptor *descriptor = find_open(world, world->slots[slot]);
    if (!descriptor || find_open(world, number))
        return;
    descriptor->number = number;
    world->slots[slot] = number;
}

static int prepare_open(struct world *world, const struct step *step) {
    struct walk walk;
    close_slot(world, step->slot);
    if (step->path.length >= WORLD_PATH_LENGTH)
        return ENAMETOOLONG;
    enum walk_intent intent = step->flags & OPEN_NOFOLLOW ? WALK_NODE : WALK_FOLLOW;
    int error = world_walk(world, (struct dirfd){.kind = DIRFD_CWD}, world_text(world, step->path),
                           intent, 0, &walk);
    const struct place place = {walk.mount, walk.node};
    if (!error)
        error = check_open(world, place, step->flags);
    return error ? error : open_slot(world, step->slot, 0, step->flags & OPEN_PATH, place);
}

/* fcntl(2) F_DUPFD */
static int prepare_dup(struct world *world, const struct step *step) {
    int32_t from = world_descriptor_number(world, step->dirfd);
    close_slot(world, step->slot);
    const struct descriptor *source = world_descriptor(world, from);
    if (!source)
        return EBADF;
    if (step->mode >= world->nofile)
        return EINVAL;
    return open_slot(world, step->slot, (int32_t)step->mode, source->path_only, source->place);
}

int world_prepare_descriptor(struct world *world, const struct step *step) {
    if (step->kind == STEP_OPEN)
        return prepare_open(world, step);
    if (step->kind == STEP_DUP)
        return prepare_dup(world, step);
    check(step->kind == STEP_CLOSE);
    return close_slot(world, step->slot);
}
