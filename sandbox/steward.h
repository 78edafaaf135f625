/*
 * steward.h - the worker's second hand: a thread in the same mount namespace that keeps all
 * capabilities and has no filter, but no code under test either. It does the steps that a scenario
 * leaves to the harness (chown, acl, attribute, mount, bind, remount, umount), on orders of the
 * worker, and takes back what they did.
 *
 * Its current directory and its descriptors are its own, so nothing of it shows on the worker.
 */
#ifndef FIFOFUZZ_STEWARD_H
#define FIFOFUZZ_STEWARD_H

#include <pthread.h>
#include <stdbool.h>

#include "handover.h"
#include "metadata.h"
#include "mounts.h"
#include "record.h"
#include "scenario.h"
#include "stack.h"

struct steward {
    turn_word turn; /* enum steward_turn in steward.c */
    bool started;
    pthread_t thread;
    struct stack stack;

    /* The order: a step with its paths, or, without one, the end of the scenario. */
    const struct step *step;
    const char *path, *other;
    struct record *record;
    char *listing;
    int error; /* what came of it: 0 or -errno */

    int namespace, outside; /* as mounts_open takes them */
    struct mounts mounts;
    struct metadata metadata;
};

/*
 * Starts it on the worker's thread, whose mount namespace, root and identity it takes over and
 * whose descriptors it copies. When this returns, the worker may give up what it has. Returns 0 or
 * -errno; end it with steward_end in either case.
 */
int steward_start(struct steward *steward, int namespace, int outside);

/* True for the steps that the steward does. */
bool steward_does(const struct step *step);

/* Does `step` while the calling thread waits. Returns 0 or -errno, as the step itself. */
int steward_run(struct steward *steward, const struct step *step, const char *path,
                const char *other);

/*
 * Takes back all that the steps of a scenario did: mounts, flags, the arena's owner and ACLs. The
 * file systems that were mounted are recorded as trees (record_tree) before they go; a `record`
 * without observation lets them go unseen. `listing` as in record_tree. Returns 0 or -errno, when
 * the arena cannot be put right.
 */
int steward_clean(struct steward *steward, struct record *record, char *listing);

/* True while it has an order: the worker sleeps then, and does not hang. */
bool steward_is_busy(struct steward *steward);

/*
 * Lets it finish its order, ends it and frees everything. Called by the main thread, also after a
 * failed start or without one; the worker gives no orders any more.
 */
void steward_end(struct steward *steward);

#endif
