/*
 * contract_call.h - one call being predicted: what the parts of the oracle have in common.
 * contract.c follows Linux from the arguments to the last component, contract_place.c decides what
 * the place allows, contract_levels.c what weaker levels leave open.
 */
#ifndef FIFOFUZZ_CONTRACT_CALL_H
#define FIFOFUZZ_CONTRACT_CALL_H

#include <sys/stat.h>

#include "contract.h"

struct call {
    const struct contract *contract;
    const struct world *world;
    const struct step *step;
    struct span path;
    struct dirfd dirfd; /* DIRFD_CWD for mkfifo */
    struct prediction *prediction;
};

static inline const struct node *call_node(const struct call *call, node_id id) {
    return &call->world->nodes[id];
}

static inline const struct entry_traits *call_traits(const struct call *call) {
    return &call->contract->traits.of[call->step->kind];
}

/* libc adds S_IFIFO; whatever type results must be S_IFIFO (C-MODE-type). */
static inline bool call_has_foreign_type(const struct call *call) {
    return ((call->step->mode | S_IFIFO) & S_IFMT) != S_IFIFO;
}

/* What becomes of the mode, if it is none of C's. */
static inline enum wide_way call_wide_way(const struct call *call) {
    const struct entry_traits *traits = call_traits(call);
    const int64_t mode = step_whole_mode(call->step);
    const bool fits_int = mode >= INT32_MIN && mode < 0;
    return (enum wide_way)(fits_int ? traits->negative_way : traits->beyond_way);
}

/* Does the link that is the last component lead nowhere, or round in a loop? */
static inline bool call_last_link_dangles(const struct call *call) {
    struct walk walk;
    world_walk(call->world, call->dirfd, call->path, WALK_FOLLOW, WALK_ANY_PERMISSION, &walk);
    return walk.node == NODE_NONE;
}

/* `clause` has a say in this call. */
static inline void call_applies(struct call *call, enum clause clause) {
    clause_set_add(&call->prediction->clauses, clause);
}

/* The outcome is settled: `error`, because of `clause`. */
static inline void call_decide(struct call *call, int error, enum clause clause) {
    call->prediction->error = error;
    call->prediction->decisive = clause;
    call_applies(call, clause);
}

/*
 * What stands against a new name in a directory, once path and name are without fault, in the order
 * in which Linux asks.
 */
enum obstacle {
    OBSTACLE_READ_ONLY,  /* EROFS */
    OBSTACLE_LANDLOCK,   /* EACCES */
    OBSTACLE_IDS,        /* EOVERFLOW: the caller's ids cannot be stored there */
    OBSTACLE_IMMUTABLE,  /* EPERM */
    OBSTACLE_UNMAPPED,   /* EACCES: the directory's owner or group is not mapped */
    OBSTACLE_PERMISSION, /* EACCES */
    OBSTACLE_FULL,       /* ENOSPC */
    OBSTACLE_COUNT
};
struct obstacle_info {
    int error;
    uint8_t order_clause;   /* enum clause that another error which comes first confirms */
    bool posix, documented; /* they demand a failure */
};
extern const struct obstacle_info obstacle_infos[OBSTACLE_COUNT];

/* All obstacles at `place`, as bits 1 << enum obstacle. */
unsigned call_obstacles(const struct call *call, struct place place);

/* A name that may not be made for another reason, `error`: notes the obstacles it comes before. */
void call_decide_before_obstacles(struct call *call, struct place place, int error,
                                  enum clause clause, enum clause before_permission);

/* A new name without fault: an obstacle decides, or the call succeeds (contract_place.c). */
void call_decide_place(struct call *call, const struct walk *walk);

/* The clause by which `place` may not be searched or written, `mask` as in world_permits. */
enum clause call_permission_clause(const struct call *call, struct place place, unsigned mask,
                                   enum clause otherwise);

/* Fills prediction->allowed and prediction->undefined from prediction->error and the level. */
void contract_allow(struct call *call);

#endif
