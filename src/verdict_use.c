/* Judges FIFOs in use: what comes back, who waits. */
#include <errno.h>

#include "verdict_judging.h"
#include "verdict_reach.h"

bool verdict_is_on_fifo(const struct judging *judging) {
    const struct fifo_step *met = &judging->world->fifo_step;
    if (!judging->staging)
        return false;
    for (int i = 0; i < met->came_count; i++)
        if (met->came[i].step == judging->index)
            return true;
    return world_waits(judging->world, judging->index);
}

/* --- which clause ----------------------------------------------------------------------------- */

/* What a step came to; `came` is NULL while it waits. `now`: it is the one at hand. */
struct fifo_use {
    const struct step *step;
    const struct fifo_step *met;
    const struct pipe_return *came;
    bool now;
};

static bool came_to(const struct fifo_use *use, int32_t result) {
    return use->came && use->came->result == result;
}

static enum clause clause_of_open(const struct fifo_use *use) {
    const unsigned flags = use->step->flags, access = flags & (OPEN_WRITE | OPEN_BOTH);
    const unsigned idle = OPEN_NOFOLLOW | OPEN_DIRECTORY | OPEN_TRUNCATE | OPEN_APPEND;
    if (came_to(use, -EACCES))
        return CLAUSE_IO_OPEN_PERM;
    if (came_to(use, -EINTR))
        return CLAUSE_IO_OPEN_BLOCK;
    if (!use->now)
        return CLAUSE_IO_RENDEZVOUS;
    if (flags & idle || access == (OPEN_WRITE | OPEN_BOTH))
        return CLAUSE_IO_OPEN_FLAGS;
    if (access && use->met->read_only)
        return CLAUSE_IO_MOUNTS;
    return flags & OPEN_WAIT ? CLAUSE_IO_OPEN_BLOCK : CLAUSE_IO_OPEN;
}

/* What does not fit whole: is it for want of bytes, or of slots? */
static enum clause clause_of_write(const struct fifo_use *use) {
    const uint32_t size = use->step->mode;
    const uint32_t room = use->now ? (uint32_t)use->met->capacity - use->met->bytes : 0;
    const bool whole = came_to(use, (int32_t)size);
    const bool limited = !use->came || came_to(use, -EAGAIN) || (!whole && use->came->result > 0);
    if (size == 0 || !limited || !use->now)
        return CLAUSE_IO_WRITE;
    if (size <= PIPE_PAGE)
        return size <= room ? CLAUSE_IO_SLOTS : CLAUSE_IO_ATOMIC;
    return use->came && use->came->result == (int32_t)room ? CLAUSE_IO_WRITE : CLAUSE_IO_SLOTS;
}

static enum clause clause_of_use(const struct fifo_use *use) {
    switch ((int)use->step->pointer) {
    case USE_CAPACITY:
        return CLAUSE_IO_CAPACITY;
    case USE_PENDING:
        return use->met->discarded ? CLAUSE_IO_LIFETIME : CLAUSE_IO_READ;
    default:
        return CLAUSE_IO_OTHER;
    }
}

static enum clause clause_of(const struct fifo_use *use) {
    switch ((int)use->step->kind) {
    case STEP_OPEN:
        return clause_of_open(use);
    case STEP_READ:
        return use->now && use->met->discarded && use->met->bytes == 0 ? CLAUSE_IO_LIFETIME
                                                                       : CLAUSE_IO_READ;
    case STEP_WRITE:
        return clause_of_write(use);
    case STEP_POLL:
        return CLAUSE_IO_POLL;
    case STEP_RESIZE:
        return CLAUSE_IO_CAPACITY;
    default:
        return clause_of_use(use);
    }
}

/* POSIX has O_RDWR of a FIFO undefined, and leaves writing nothing to one to the system. */
static bool is_left_open(const struct judging *judging, const struct step *step) {
    return judging->judge->contract->level == LEVEL_POSIX &&
           ((step->kind == STEP_OPEN && step->flags & OPEN_BOTH) ||
            (step->kind == STEP_WRITE && step->mode == 0));
}

/* --- reach ------------------------------------------------------------------------------------ */

/* Whom the step leaves waiting: nobody, or somebody in open, read or write. */
static unsigned who_waits(const struct world *world) {
    for (int i = 0; i < ACTORS; i++)
        if (world->waiting[i].waits)
            switch ((int)world->scenario->steps[world->waiting[i].step].kind) {
            case STEP_OPEN:
                return 1;
            case STEP_READ:
                return 2;
            default:
                return 3;
            }
    return 0;
}

static unsigned few(uint32_t count) {
    return count < 2 ? count : 2;
}

/* What the step met, coarsely. */
static unsigned state_of(const struct world *world) {
    const struct fifo_step *met = &world->fifo_step;
    const unsigned content = met->full ? 2 : met->bytes > 0;
    return ((few(met->readers) * 3 + few(met->writers)) * 3 + content) * 4 + who_waits(world);
}

static void reach(const struct judging *judging, enum clause clause) {
    const struct world *world = judging->world;
    const struct node *node = &world->nodes[world->fifo_step.node];
    const unsigned state = state_of(world);
    verdict_report_use(judging->judge, clause, state);
    if (node->nlink != 1)
        verdict_report_use(judging->judge, node->nlink ? CLAUSE_IO_LINK : CLAUSE_IO_UNLINK, state);
}

/* --- comparing -------------------------------------------------------------------------------- */

/* Holds what was seen of step `at` against what the contract says. */
static bool agrees(struct judging *judging, const struct fifo_use *use, uint32_t at,
                   enum aspect aspect, int64_t expected, int64_t got) {
    const enum clause clause = clause_of(use);
    if (expected == got)
        return true;
    if (!contract_binds(judging->judge->contract->level, clause) ||
        is_left_open(judging, use->step))
        return undecided(judging, clause);
    violated(judging, clause, aspect, expected, got);
    judging->verdict->step = at;
    judging->verdict->late = true;
    return false;
}

/*
 * The descriptor that an open has got. A call that is under way may have the lowest number for the
 * time being.
 */
static bool agrees_on_number(struct judging *judging, const struct came_back *came) {
    const int32_t got = judging->observation->outcomes[came->step].result;
    const unsigned slot = judging->scenario->steps[came->step].slot;
    if (judging->staging->late_count > 0 && got > came->number &&
        judging->world->slots[slot] == came->number) {
        world_renumber(judging->world, slot, got);
        return true;
    }
    if (holds(judging, CLAUSE_STATE_DESCRIPTORS, ASPECT_DESCRIPTOR, came->number, got))
        return true;
    judging->verdict->number = came->number;
    judging->verdict->step = came->step;
    judging->verdict->late = true;
    return false;
}

static bool judge_return(struct judging *judging, const struct came_back *came) {
    const struct outcome *seen = &judging->observation->outcomes[came->step];
    const struct step *step = &judging->scenario->steps[came->step];
    const struct pipe_return *with = &came->with;
    const struct fifo_use use = {step, &judging->world->fifo_step, with,
                                 came->step == judging->index};
    const bool opens = step->kind == STEP_OPEN;
    const int64_t got = seen->result < 0 ? -seen->error : opens ? 0 : seen->result;
    if (!agrees(judging, &use, came->step, ASPECT_WAITING, 0, seen->ended != judging->index) ||
        !agrees(judging, &use, came->step, ASPECT_USE, with->result, got) ||
        !agrees(judging, &use, came->step, ASPECT_BROKEN_PIPES, with->sigpipe, seen->broken_pipes))
        return false;
    if (step->kind == STEP_READ && with->result > 0 && with->digest_known &&
        !agrees(judging, &use, came->step, ASPECT_BYTES, (int64_t)with->digest,
                (int64_t)seen->digest))
        return false;
    reach(judging, clause_of(&use));
    return !opens || with->result < 0 || agrees_on_number(judging, came);
}

/* One that waits must not have come back by now. */
static bool judge_waiting(struct judging *judging, uint32_t at, bool at_end) {
    const struct outcome *seen = &judging->observation->outcomes[at];
    const struct fifo_use use = {&judging->scenario->steps[at], &judging->world->fifo_step, NULL,
                                 at == judging->index};
    const bool over = at_end ? seen->ended != ENDED_NEVER : seen->ended <= judging->index;
    if (use.now && !over && !at_end)
        reach(judging, clause_of(&use));
    return agrees(judging, &use, at, ASPECT_WAITING, 1, !over);
}

static bool judge_all_waiting(struct judging *judging, bool at_end) {
    for (int i = 0; i < ACTORS; i++)
        if (judging->world->waiting[i].waits &&
            !judge_waiting(judging, judging->world->waiting[i].step, at_end))
            return false;
    return true;
}

bool verdict_judge_use(struct judging *judging) {
    const struct fifo_step *met = &judging->world->fifo_step;
    if (!judging->staging)
        return true;
    if (met->uncertain)
        return undecided(judging, CLAUSE_IO_READ);
    for (int i = 0; i < met->came_count; i++)
        if (!judge_return(judging, &met->came[i]))
            return false;
    return judge_all_waiting(judging, false);
}

bool verdict_judge_use_end(struct judging *judging) {
    if (!judging->staging)
        return true;
    for (int i = 0; i < WORLD_FIFOS_MAX; i++)
        if (world_bytes_in(judging->world, judging->world->fifos[i].node) > 0)
            verdict_report_use(judging->judge, CLAUSE_IO_STAT, 0);
    return judge_all_waiting(judging, true);
}
