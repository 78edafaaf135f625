#include "verdict_reach.h"

enum {
    CLAUSES_ROUNDED = 144,
    SHAPES = 96,   /* what path_shape returns is below */
    SETTINGS = 72, /* the same of setting */
};
_Static_assert((int)CLAUSE_COUNT <= CLAUSES_ROUNDED, "each clause has a feature of its own");
_Static_assert(3 * 3 * 3 * 4 <= SHAPES + SETTINGS, "states of FIFOs fit in their place");
_Static_assert(CLAUSES_ROUNDED *(1 + SHAPES + SETTINGS) <= VERDICT_FEATURES, "features have room");

/* How the path is built, coarse enough that a corpus stays small. */
static unsigned path_shape(const struct step *step, const struct prediction *prediction) {
    const struct walk *walk = &prediction->walk;
    unsigned links = 0;
    unsigned shape = 0;
    if (prediction->walked) {
        links = walk->links == 0 ? 0 : walk->links < WORLD_LINKS ? 1 : 2;
        shape = (walk->absolute ? 1U : 0) + (walk->slash ? 2U : 0) + (walk->moved ? 4U : 0);
    }
    unsigned dirfd = step->kind == STEP_MKFIFOAT ? 1U + step->dirfd.kind : 0;
    return (links * 8 + shape) * 4 + dirfd;
}

/* The arena's mount, or in what another differs from it: 0..5. */
static unsigned mount_kind(const struct world *world, const struct prediction *prediction) {
    if (!prediction->walked || prediction->walk.directory.mount == MOUNT_ARENA)
        return 0;
    mount_id mount = prediction->walk.directory.mount;
    if (!world->mounts[mount].attached)
        return 1;
    if (world->mounts[mount].flags & MOUNT_IDMAP)
        return 2;
    if (world_read_only(world, mount))
        return 3;
    return world->superblocks[world->mounts[mount].superblock].inodes > 0 ? 4 : 5;
}

/* Which class of the directory's permissions the caller is in, and whether capabilities help. */
static unsigned identity_kind(const struct world *world, const struct prediction *prediction) {
    if (world->capabilities != 0)
        return 0;
    if (world->identity.real_uid != world->identity.uid)
        return 1;
    if (!prediction->walked)
        return 2;
    const struct place place = prediction->walk.directory;
    const struct node *node = &world->nodes[place.node];
    if (world_seen_id(world, place.mount, node->uid) == world->identity.uid)
        return node->access_acl != 0 ? 3 : 2;
    return world_in_group(world, world_seen_id(world, place.mount, node->gid)) ? 4 : 5;
}

/* Mount, identity and step kind. */
static unsigned setting(const struct world *world, const struct step *step,
                        const struct prediction *prediction) {
    return (mount_kind(world, prediction) * 6 + identity_kind(world, prediction)) * 2 +
           (step->kind == STEP_MKFIFOAT);
}

void verdict_report_reach(const struct judge *judge, const struct world *world,
                          const struct step *step, const struct prediction *prediction) {
    if (!judge->reach)
        return;
    unsigned decisive = prediction->decisive;
    for (unsigned word = 0; word < CLAUSE_SET_WORDS; word++)
        for (uint64_t bits = prediction->clauses.bits[word]; bits; bits &= bits - 1) {
            unsigned clause = word * 64 + (unsigned)__builtin_ctzll(bits);
            if (clause != decisive)
                judge->reach(judge->reach_context, (enum clause)clause, clause);
        }
    unsigned shape = 1 + path_shape(step, prediction);
    unsigned place = 1 + SHAPES + setting(world, step, prediction);
    judge->reach(judge->reach_context, prediction->decisive, decisive);
    judge->reach(judge->reach_context, prediction->decisive, decisive + CLAUSES_ROUNDED * shape);
    judge->reach(judge->reach_context, prediction->decisive, decisive + CLAUSES_ROUNDED * place);
}

void verdict_report_use(const struct judge *judge, enum clause clause, unsigned state) {
    if (!judge->reach)
        return;
    judge->reach(judge->reach_context, clause, clause);
    judge->reach(judge->reach_context, clause, clause + CLAUSES_ROUNDED * (1 + state));
}
