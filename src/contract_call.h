/*
 * contract_call.h - one call being predicted: what contract.c (the one outcome that Linux gives)
 * and contract_levels.c (what weaker levels leave open) have in common.
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

/* Does the link that is the last component lead nowhere, or round in a loop? */
static inline bool call_last_link_dangles(const struct call *call) {
    struct walk walk;
    world_walk(call->world, call->dirfd, call->path, WALK_FOLLOW, WALK_ANY_PERMISSION, &walk);
    return walk.node == NODE_NONE;
}

/* Fills prediction->allowed and prediction->undefined from prediction->error and the level. */
void contract_allow(struct call *call);

#endif
