#include "steward.h"

#include <errno.h>
#include <sched.h>
#include <unistd.h>

#include "check.h"
#include "watch.h"

enum steward_turn {
    STEWARD_IDLE,  /* waits for an order */
    STEWARD_ORDER, /* has one; at first: to get ready */
    STEWARD_QUIT,  /* the last one: end the thread */
};

/* --- on its thread -------------------------------------------------------------------------- */

static int run_step(struct steward *steward) {
    const struct step *step = steward->step;
    const char *path = steward->path;
    switch ((int)step->kind) {
    case STEP_CHOWN:
        return metadata_chown(&steward->metadata, step, path);
    case STEP_ACL:
        return metadata_acl(&steward->metadata, step, path);
    case STEP_ATTRIBUTE:
        return metadata_attribute(&steward->metadata, step, path, steward->mounts.arena);
    case STEP_MOUNT:
        return mounts_mount(&steward->mounts, step, path);
    case STEP_BIND:
        return mounts_bind(&steward->mounts, step, path, steward->other);
    case STEP_REMOUNT:
        return mounts_remount(&steward->mounts, step, path);
    case STEP_UMOUNT:
        return mounts_umount(&steward->mounts, path);
    default:
        check(false); /* not the steward's */
        return -EINVAL;
    }
}

/* The arena is made writable first: nothing in it can be put right before. */
static int clean(struct steward *steward) {
    struct mounts *mounts = &steward->mounts;
    int error = mounts_restore(mounts);
    const int second = metadata_restore(&steward->metadata);
    mounts_detach(mounts);
    const int third =
        steward->record->observation ? mounts_record(mounts, steward->record, steward->listing) : 0;
    mounts_forget(mounts);
    if (!error)
        error = second;
    return error ? error : third;
}

static int get_ready(struct steward *steward) {
    if (unshare(CLONE_FS | CLONE_FILES))
        return -errno;
    return mounts_open(&steward->mounts, steward->namespace, steward->outside);
}

static void *steward_main(void *argument) {
    struct steward *steward = argument;
    steward->error = get_ready(steward);
    turn_give(&steward->turn, STEWARD_IDLE);
    for (;;) {
        switch ((enum steward_turn)turn_await(&steward->turn, STEWARD_IDLE, NULL)) {
        case STEWARD_ORDER:
            steward->error = steward->step ? run_step(steward) : clean(steward);
            turn_give(&steward->turn, STEWARD_IDLE);
            break;
        case STEWARD_QUIT:
            return NULL;
        case STEWARD_IDLE: /* woken for nothing */
            break;
        }
    }
}

/* --- on the worker's ------------------------------------------------------------------------ */

static int await(struct steward *steward) {
    while (turn_await(&steward->turn, STEWARD_ORDER, NULL) == STEWARD_ORDER)
        ;
    return steward->error;
}

int steward_start(struct steward *steward, int namespace, int outside) {
    steward->namespace = namespace;
    steward->outside = outside;
    int error = stack_create(&steward->stack, STACK_SIZE, NULL);
    if (error)
        return error;
    steward->turn = STEWARD_ORDER;
    error = stack_start(&steward->stack, &steward->thread, steward_main, steward);
    if (error)
        return error;
    steward->started = true;
    return await(steward);
}

bool steward_does(const struct step *step) {
    return step->kind >= STEP_CHOWN && step->kind <= STEP_UMOUNT;
}

int steward_run(struct steward *steward, const struct step *step, const char *path,
                const char *other) {
    steward->step = step;
    steward->path = path;
    steward->other = other;
    turn_give(&steward->turn, STEWARD_ORDER);
    return await(steward);
}

int steward_clean(struct steward *steward, struct record *record, char *listing) {
    steward->step = NULL;
    steward->record = record;
    steward->listing = listing;
    turn_give(&steward->turn, STEWARD_ORDER);
    return await(steward);
}

/* --- on the main thread --------------------------------------------------------------------- */

bool steward_is_busy(struct steward *steward) {
    return steward->started && steward->turn == STEWARD_ORDER;
}

void steward_end(struct steward *steward) {
    while (steward_is_busy(steward)) {
        turn_wake(&steward->turn); /* a worker that was stopped in giving an order woke no one */
        turn_await(&steward->turn, STEWARD_ORDER, &watch_slice);
    }
    if (steward->started) {
        turn_give(&steward->turn, STEWARD_QUIT);
        pthread_join(steward->thread, NULL);
    }
    steward->started = false;
    stack_destroy(&steward->stack);
}
