/*
 * reproducer_plan.h - what an export has to do and to expect, step by step: the scenario taken
 * through the world once, with the oracle asked before every call.
 */
#ifndef FIFOFUZZ_REPRODUCER_PLAN_H
#define FIFOFUZZ_REPRODUCER_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "reproducer.h"
#include "reproducer_fragments.h"
#include "world.h"

enum { ID_ANY = -1 };

struct planned_step {
    int16_t error;  /* what Linux gives */
    bool undefined; /* of a call: the level leaves its result open */
    struct errno_set allowed;
    uint16_t mode, mode_mask; /* of the new node, and which of its bits count */
    int32_t uid, gid;         /* its owner and group, or ID_ANY */
    bool closes;              /* open and dup: the slot's descriptor is open and closed first */
    uint8_t mount;            /* remount, umount: the mount it is about */
    bool idmapped;            /* umount: that is an idmapped mount on one without the map */
};

struct plan {
    const struct reproduction *reproduction;
    fragment_set fragments;
    bool plain;                                   /* any directory will do as the root */
    bool needs_linux;                             /* and not just POSIX */
    bool needs_root;                              /* a user namespace will not do */
    bool protected_hardlinks, protected_symlinks; /* these settings make a difference */
    unsigned file_systems; /* bits 1 << mount_id: it came with its file system, not by `bind` */
    struct planned_step steps[SCENARIO_STEPS_MAX];
    struct world world; /* as the last step leaves it */
};

/* Fills `plan`, zeroed once before, for the reproduction, which must outlive it. */
void plan_make(struct plan *plan, const struct reproduction *reproduction);

/* The aspect of the finding, or ASPECT_COUNT without one. */
enum aspect plan_aspect(const struct plan *plan);

/* Is step `index` the one that the finding is about? */
bool plan_is_at_fault(const struct plan *plan, uint32_t index);

/* Is what the finding's aspect is about to be looked at around the call of step `index`? */
bool plan_looks(const struct plan *plan, uint32_t index);

/* Does `call` hand its path over before a page that cannot be read? */
bool plan_guards(const struct plan *plan, uint32_t index);

/* Is the node that the call makes known in full? Only if it is the one that Linux makes. */
bool plan_makes(const struct plan *plan, uint32_t index);

/* May the call both succeed and fail? */
bool plan_is_open(const struct planned_step *step);

#endif
