#include "world.h"

#include <string.h>
#include <sys/stat.h>

#include "check.h"

_Static_assert((WORLD_NAMES_MAX & (WORLD_NAMES_MAX - 1)) == 0, "the table is probed with a mask");

static void forget_names(struct world *world) {
    if (++world->generation == 0) {
        memset(world->names, 0, sizeof world->names);
        world->generation = 1;
    }
    world->name_count = 0;
    world->names_used = 0;
}

void world_reset(struct world *world, const struct scenario *scenario) {
    forget_names(world);
    world->scenario = scenario;
    world->cwd = NODE_ROOT;
    world->umask = WORLD_FIRST_UMASK;
    world->umask_cut = false;
    world->uid = 0;
    world->gid = 0;
    world->node_count = NODE_ROOT + 1;
    world->nodes[NODE_ROOT] =
        (struct node){.type = NODE_DIRECTORY, .mode = 0755, .nlink = 2, .parent = NODE_ROOT};
    memset(world->descriptors, 0, sizeof world->descriptors);
    for (int number = 0; number < 3; number++)
        world->descriptors[number].open = true;
    for (int slot = 0; slot < SCENARIO_SLOTS; slot++)
        world->slots[slot] = -1;
}

/* Eight bytes at a time, in the manner of FNV-1a; begins with the directory, to spread its names.
 */
static uint32_t hash_name(node_id directory, struct span name) {
    const uint64_t prime = 0x9e3779b97f4a7c15U;
    uint64_t hash = (directory + 1) * prime;
    for (uint32_t at = 0; at < name.length; at += sizeof hash) {
        uint64_t chunk = 0;
        uint32_t left = name.length - at;
        memcpy(&chunk, name.bytes + at, left < sizeof chunk ? left : sizeof chunk);
        hash = (hash ^ chunk) * prime;
        hash ^= hash >> 32;
    }
    return (uint32_t)hash;
}

static bool name_is(const struct name *row, uint32_t hash, node_id directory, struct span name) {
    return row->hash == hash && row->directory == directory && row->text.length == name.length &&
           memcmp(row->text.bytes, name.bytes, name.length) == 0;
}

/* The row that holds the name, or the free row that ends its probe. */
static uint32_t probe(const struct world *world, uint32_t hash, node_id directory,
                      struct span name) {
    uint32_t at = hash & (WORLD_NAMES_MAX - 1);
    while (world->names[at].generation == world->generation &&
           !name_is(&world->names[at], hash, directory, name))
        at = (at + 1) & (WORLD_NAMES_MAX - 1);
    return at;
}

node_id world_find(const struct world *world, node_id directory, struct span name) {
    if (world->nodes[directory].entries == 0)
        return NODE_NONE;
    const struct name *row =
        &world->names[probe(world, hash_name(directory, name), directory, name)];
    return row->generation == world->generation ? row->node : NODE_NONE;
}

void world_bind(struct world *world, node_id directory, struct span name, node_id node) {
    uint32_t hash = hash_name(directory, name);
    struct name *row = &world->names[probe(world, hash, directory, name)];
    if (row->generation != world->generation) {
        check(++world->names_used < WORLD_NAMES_MAX);
        *row = (struct name){world->generation, hash, directory, NODE_NONE, name};
    }
    bool existed = row->node != NODE_NONE;
    bool exists = node != NODE_NONE;
    row->node = node;
    world->name_count += (uint32_t)exists - (uint32_t)existed;
    world->nodes[directory].entries += (uint32_t)exists - (uint32_t)existed;
}

bool world_permits(const struct world *world, node_id id, unsigned mask) {
    const struct node *node = &world->nodes[id];
    unsigned class_shift = world->uid == node->uid ? 6 : world->gid == node->gid ? 3 : 0;
    return ((unsigned)node->mode >> class_shift & mask) == mask;
}

int32_t world_descriptor_number(const struct world *world, struct dirfd dirfd) {
    switch ((enum dirfd_kind)dirfd.kind) {
    case DIRFD_NUMBER:
        return dirfd.number;
    case DIRFD_SLOT:
        return world->slots[dirfd.number];
    case DIRFD_CWD:
    case DIRFD_KIND_COUNT:
        break;
    }
    return -100; /* AT_FDCWD, the same on every architecture */
}

const struct descriptor *world_descriptor(const struct world *world, int32_t number) {
    if (number < 0 || number >= WORLD_DESCRIPTORS || !world->descriptors[number].open)
        return NULL;
    return &world->descriptors[number];
}

node_id world_create(struct world *world, const struct walk *walk, enum node_type type,
                     uint32_t mode) {
    check(world->node_count < WORLD_NODES_MAX);
    check(walk->end == WALK_DONE && walk->last == LAST_NAME && walk->node == NODE_NONE);
    struct node *parent = &world->nodes[walk->directory];
    node_id id = (node_id)world->node_count++;
    bool inherit = parent->mode & S_ISGID;
    world->nodes[id] = (struct node){
        .type = (uint8_t)type,
        .mode = (uint16_t)(mode & 07777),
        .uid = world->uid,
        .gid = inherit ? parent->gid : world->gid,
        .nlink = type == NODE_DIRECTORY ? 2 : 1,
        .parent = walk->directory,
    };
    if (type == NODE_DIRECTORY) {
        parent->nlink++;
        if (inherit)
            world->nodes[id].mode |= S_ISGID;
    }
    world_bind(world, walk->directory, walk->name, id);
    return id;
}
