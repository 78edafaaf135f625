#include "world.h"

#include <string.h>

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

static void reset_mounts(struct world *world) {
    world->superblock_count = 1;
    world->superblocks[0] = (struct superblock){.root = NODE_ROOT};
    world->mount_count = 1;
    world->mounts[MOUNT_ARENA] = (struct mount){
        .attached = true, .under = MOUNT_ARENA, .point = NODE_ROOT, .root = NODE_ROOT};
    world->landlock_count = 0;
    world->attribute_steps = 0;
    world->acl_count = 1;
}

static void reset_process(struct world *world) {
    world->cwd = (struct place){MOUNT_ARENA, NODE_ROOT};
    world->umask = WORLD_FIRST_UMASK;
    world->umask_cut = false;
    world->identity = (struct identity){0};
    world->capabilities = 0;
    world->nofile = world->host->nofile;
    world->acting = (struct acting){0};
    for (int actor = 0; actor < ACTORS; actor++)
        world->waiting[actor].waits = false;
    for (int slot = 0; slot < SCENARIO_SLOTS; slot++) {
        world->descriptors[slot].number = -1;
        world->slots[slot] = -1;
    }
}

static void reset_fifos(struct world *world) {
    for (int i = 0; i < WORLD_FIFOS_MAX; i++) {
        world->fifos[i].node = NODE_NONE;
        world->fifos[i].pipe.readers = world->fifos[i].pipe.writers = 0;
        world->ends[i].descriptors = 0;
    }
    world->fifo_step = (struct fifo_step){0};
}

node_id world_add_root(struct world *world, uint8_t superblock) {
    check(world->node_count < WORLD_NODES_MAX);
    node_id id = (node_id)world->node_count++;
    world->nodes[id] = (struct node){
        .type = NODE_DIRECTORY, .superblock = superblock, .mode = 0755, .nlink = 2, .parent = id};
    return id;
}

void world_reset(struct world *world, const struct scenario *scenario, const struct host *host) {
    forget_names(world);
    world->scenario = scenario;
    world->host = host;
    world->node_count = NODE_ROOT;
    world_add_root(world, 0);
    reset_mounts(world);
    reset_process(world);
    reset_fifos(world);
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

bool world_is_above(const struct world *world, node_id ancestor, node_id node) {
    while (node != ancestor && node != world->nodes[node].parent)
        node = world->nodes[node].parent;
    return node == ancestor;
}

/* --- mounts ----------------------------------------------------------------------------------- */

/* The mount right on top of `place`, or MOUNT_ARENA for none. */
static mount_id mount_on(const struct world *world, struct place place) {
    for (mount_id i = 1; i < world->mount_count; i++)
        if (world->mounts[i].attached && world->mounts[i].under == place.mount &&
            world->mounts[i].point == place.node)
            return i;
    return MOUNT_ARENA;
}

bool world_is_covered(const struct world *world, struct place place) {
    return mount_on(world, place) != MOUNT_ARENA;
}

struct place world_top(const struct world *world, struct place place) {
    mount_id on;
    while ((on = mount_on(world, place)) != MOUNT_ARENA)
        place = (struct place){on, world->mounts[on].root};
    return place;
}

/* --- descriptors ------------------------------------------------------------------------------ */

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
    static const struct descriptor standard[] = {{.number = 0, .end = END_NONE},
                                                 {.number = 1, .end = END_NONE},
                                                 {.number = 2, .end = END_NONE}};
    if (number < 0)
        return NULL;
    if (number < 3)
        return world->acting.closed ? NULL : &standard[number];
    for (int i = 0; i < SCENARIO_SLOTS; i++)
        if (world->descriptors[i].number == number)
            return &world->descriptors[i];
    return NULL;
}

/* An open that waits has its number already. */
static bool is_reserved(const struct world *world, int32_t number) {
    for (int i = 0; i < ACTORS; i++) {
        const struct waiting *call = &world->waiting[i];
        if (call->waits && call->number == number &&
            world->scenario->steps[call->step].kind == STEP_OPEN)
            return true;
    }
    return false;
}

int32_t world_free_number(const struct world *world, int32_t least) {
    int32_t number = least < 3 ? 3 : least;
    while (world_descriptor(world, number) || is_reserved(world, number))
        number++;
    return (uint32_t)number < world->nofile ? number : -1;
}

/* --- creating --------------------------------------------------------------------------------- */

uint16_t world_add_acl(struct world *world, const struct acl *acl) {
    check(world->acl_count < WORLD_ACLS_MAX);
    world->acls[world->acl_count] = *acl;
    return world->acl_count++;
}

node_id world_create(struct world *world, const struct walk *walk, enum node_type type,
                     const struct birth *birth) {
    check(world->node_count < WORLD_NODES_MAX);
    check(walk->end == WALK_DONE && walk->last == LAST_NAME && walk->node == NODE_NONE);
    struct node *parent = &world->nodes[walk->directory.node];
    node_id id = (node_id)world->node_count++;
    world->nodes[id] = (struct node){
        .type = (uint8_t)type,
        .superblock = parent->superblock,
        .mode = birth->mode,
        .uid = birth->uid,
        .gid = birth->gid,
        .access_acl = birth->has_acl ? world_add_acl(world, &birth->acl) : 0,
        .default_acl = type == NODE_DIRECTORY ? parent->default_acl : 0,
        .nlink = type == NODE_DIRECTORY ? 2 : 1,
        .parent = walk->directory.node,
    };
    parent->nlink += type == NODE_DIRECTORY;
    world_bind(world, walk->directory.node, walk->name, id);
    return id;
}
