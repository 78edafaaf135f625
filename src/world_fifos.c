#include "world_fifos.h"

#include <errno.h>
#include <poll.h>

#include "check.h"

/* --- rows ------------------------------------------------------------------------------------- */

static bool is_open(const struct fifo *fifo) {
    return fifo->pipe.readers + fifo->pipe.writers > 0;
}

/* The row of FIFO `node`, which takes one that is not in use if it has none. */
static uint8_t find_fifo(struct world *world, node_id node) {
    int unused = WORLD_FIFOS_MAX;
    for (int i = 0; i < WORLD_FIFOS_MAX; i++) {
        if (world->fifos[i].node == node)
            return (uint8_t)i;
        if (!is_open(&world->fifos[i]) &&
            (unused == WORLD_FIFOS_MAX || world->fifos[i].node == NODE_NONE))
            unused = i;
    }
    check(unused < WORLD_FIFOS_MAX);
    world->fifos[unused].node = node;
    world->fifos[unused].discarded = false;
    return (uint8_t)unused;
}

static uint8_t add_end(struct world *world, uint8_t fifo, const struct pipe_end *end) {
    uint8_t row = 0;
    while (world->ends[row].descriptors > 0)
        check(++row < WORLD_FIFOS_MAX);
    world->ends[row] = (struct fifo_end){.fifo = fifo, .descriptors = 1, .end = *end};
    return row;
}

bool world_is_awaited(const struct world *world, node_id node) {
    for (int i = 0; i < ACTORS; i++)
        if (world->waiting[i].waits && world->fifos[world->waiting[i].fifo].node == node)
            return true;
    return false;
}

uint32_t world_bytes_in(const struct world *world, node_id node) {
    for (int i = 0; i < WORLD_FIFOS_MAX; i++)
        if (world->fifos[i].node == node && is_open(&world->fifos[i]))
            return world->fifos[i].pipe.content.bytes;
    return 0;
}

bool world_is_busy(const struct world *world, const struct step *step) {
    return step_is_by_actor(step) && world->waiting[world->acting.actor].waits;
}

bool world_waits(const struct world *world, uint32_t index) {
    for (int i = 0; i < ACTORS; i++)
        if (world->waiting[i].waits && world->waiting[i].step == index)
            return true;
    return false;
}

/* --- what is met, what comes back ------------------------------------------------------------- */

static uint32_t index_of(const struct world *world, const struct step *step) {
    return (uint32_t)(step - world->scenario->steps);
}

/* Notes what the FIFO is like before the step at hand does something to it. */
static void meet(struct world *world, uint8_t row, mount_id mount) {
    const struct fifo *fifo = &world->fifos[row];
    struct fifo_step *met = &world->fifo_step;
    met->fifo = true;
    met->full = pipe_content_is_full(&fifo->pipe.content);
    met->discarded = fifo->discarded;
    met->read_only = world_read_only(world, mount);
    met->node = fifo->node;
    met->readers = fifo->pipe.readers;
    met->writers = fifo->pipe.writers;
    met->bytes = fifo->pipe.content.bytes;
    met->capacity = pipe_capacity(&fifo->pipe);
}

static void add_came(struct world *world, uint32_t step, int32_t number,
                     const struct pipe_return *with) {
    struct fifo_step *met = &world->fifo_step;
    check(met->came_count < sizeof met->came / sizeof met->came[0]);
    met->came[met->came_count++] = (struct came_back){step, number, *with};
}

static void add_result(struct world *world, uint32_t step, int32_t result) {
    add_came(world, step, -1, &(struct pipe_return){.result = result});
}

/* What `step` has come to in the step at hand: 0 or the errno. */
static int error_of(const struct world *world, uint32_t step) {
    const struct fifo_step *met = &world->fifo_step;
    for (int i = 0; i < met->came_count; i++)
        if (met->came[i].step == step && met->came[i].with.result < 0)
            return -met->came[i].with.result;
    return 0;
}

/* An open that comes back late takes its slot from what has been opened for that meanwhile. */
static void come_back(struct world *world, unsigned actor, const struct pipe_return *with) {
    struct waiting *call = &world->waiting[actor];
    const struct step *step = &world->scenario->steps[call->step];
    check(call->waits);
    call->waits = false;
    add_came(world, call->step, call->number, with);
    if (step->kind != STEP_OPEN || with->result < 0)
        return;
    const struct descriptor opened = {.number = call->number,
                                      .flags = step->flags,
                                      .end = add_end(world, call->fifo, &with->end),
                                      .place = call->place};
    if (call->step != world->fifo_step.step)
        world_close(world, step->slot);
    world_hold(world, step->slot, &opened);
}

/* Whom the step at hand has let go comes back before that step itself: so the slots are filled. */
static void take_returns(struct world *world, const struct pipe_returns *returns) {
    world->fifo_step.uncertain |= returns->uncertain;
    for (int own = 0; own <= 1; own++)
        for (unsigned actor = 0; actor < ACTORS; actor++)
            if (returns->actors >> actor & 1 && world->waiting[actor].waits &&
                (world->waiting[actor].step == world->fifo_step.step) == own)
                come_back(world, actor, &returns->of[actor]);
}

/* --- opening and closing ---------------------------------------------------------------------- */

static void begin_call(struct world *world, unsigned actor, struct waiting call) {
    check(!world->waiting[actor].waits);
    call.waits = true;
    call.who = world->identity;
    call.capabilities = world->capabilities;
    world->waiting[actor] = call;
}

/* enum pipe_access, or 0 for the access mode 3, which gives access to nothing. */
static unsigned access_of(unsigned flags) {
    switch (flags & (OPEN_WRITE | OPEN_BOTH)) {
    case OPEN_WRITE:
        return PIPE_WRITE;
    case OPEN_BOTH:
        return PIPE_BOTH;
    case OPEN_WRITE | OPEN_BOTH:
        return 0;
    default:
        return PIPE_READ;
    }
}

int world_open_fifo(struct world *world, unsigned actor, const struct step *step,
                    struct place place, int32_t number, int refusal) {
    const uint8_t row = find_fifo(world, place.node);
    const uint32_t index = index_of(world, step);
    const unsigned access = access_of(step->flags);
    struct pipe_returns returns;
    meet(world, row, place.mount);
    if (!refusal && access == 0)
        refusal = EINVAL;
    if (refusal) {
        add_result(world, index, -refusal);
        return refusal;
    }
    if (!is_open(&world->fifos[row]))
        pipe_reset(&world->fifos[row].pipe);
    begin_call(world, actor,
               (struct waiting){
                   .fifo = row, .end = END_NONE, .step = index, .number = number, .place = place});
    pipe_open(&world->fifos[row].pipe, actor, (enum pipe_access)access, !(step->flags & OPEN_WAIT),
              &returns);
    take_returns(world, &returns);
    return error_of(world, index);
}

void world_share_end(struct world *world, uint8_t end) {
    if (end != END_NONE)
        world->ends[end].descriptors++;
}

void world_release_end(struct world *world, uint8_t row) {
    if (row == END_NONE || --world->ends[row].descriptors > 0)
        return;
    const struct fifo_end end = world->ends[row];
    struct fifo *fifo = &world->fifos[end.fifo];
    const uint32_t bytes = fifo->pipe.content.bytes;
    struct pipe_returns returns;
    unsigned users = 0;
    for (unsigned actor = 0; actor < ACTORS; actor++)
        if (world->waiting[actor].waits && world->waiting[actor].end == row) {
            users |= 1U << actor;
            world->waiting[actor].end = END_NONE;
        }
    if (!world->fifo_step.fifo)
        meet(world, end.fifo, MOUNT_ARENA);
    pipe_close(&fifo->pipe, &end.end, users, &returns);
    fifo->discarded |= bytes > 0 && !is_open(fifo);
    take_returns(world, &returns);
}

/* --- using ------------------------------------------------------------------------------------ */

/* What a use step gives at an end: as the manual pages say, and where they are silent Linux. */
static int32_t result_of_use(const struct pipe *pipe, const struct pipe_end *end, enum use use) {
    switch (use) {
    case USE_PENDING:
        return pipe_pending(pipe);
    case USE_CAPACITY:
        return pipe_capacity(pipe);
    case USE_SEEK:
    case USE_PREAD:
    case USE_PWRITE:
        return -ESPIPE;
    case USE_ALLOCATE:
        return end->access & PIPE_WRITE ? -ESPIPE : -EBADF;
    case USE_TRUNCATE:
    case USE_SYNC:
        return -EINVAL;
    case USE_MAP:
        return end->access & PIPE_READ ? -ENODEV : -EACCES;
    case USE_CHDIR:
        return -ENOTDIR;
    case USE_COUNT:
        break;
    }
    check(false);
    return 0;
}

/* poll(2): EINVAL for more descriptors than RLIMIT_NOFILE, whatever they are. */
static int32_t result_of_poll(const struct world *world, struct pipe *pipe,
                              const struct pipe_end *end) {
    const uint32_t polled = 1;
    if (polled > world->nofile)
        return -EINVAL;
    return end ? pipe_poll(pipe, end) : POLLNVAL;
}

/* open(2) O_PATH: next to nothing can be done with it. */
static int32_t result_without_end(const struct world *world, const struct step *step) {
    if (step->kind == STEP_POLL)
        return result_of_poll(world, NULL, NULL);
    return step->kind == STEP_USE && step->pointer == USE_CHDIR ? -ENOTDIR : -EBADF;
}

static int32_t use_at_once(struct world *world, struct pipe *pipe, const struct pipe_end *end,
                           const struct step *step) {
    struct pipe_returns returns;
    if (step->kind == STEP_POLL)
        return result_of_poll(world, pipe, end);
    if (step->kind == STEP_USE)
        return result_of_use(pipe, end, (enum use)step->pointer);
    const int32_t result = pipe_resize(pipe, step->mode, PIPE_SIZE_MAX, &returns);
    take_returns(world, &returns);
    return result;
}

static void transfer(struct world *world, unsigned actor, uint8_t row, const struct step *step,
                     int32_t number) {
    const struct fifo_end *end = &world->ends[row];
    struct pipe *pipe = &world->fifos[end->fifo].pipe;
    const uint32_t index = index_of(world, step);
    struct pipe_returns returns;
    begin_call(world, actor,
               (struct waiting){.fifo = end->fifo, .end = row, .step = index, .number = number});
    if (step->kind == STEP_READ)
        pipe_read(pipe, actor, &end->end, step->mode, &returns);
    else
        pipe_write(pipe, actor, &end->end, index, step->mode, &returns);
    take_returns(world, &returns);
}

int world_use_fifo(struct world *world, unsigned actor, const struct step *step, int32_t number) {
    const struct descriptor *descriptor = world_descriptor(world, number);
    const uint32_t index = index_of(world, step);
    const uint8_t row = descriptor->end;
    meet(world, find_fifo(world, descriptor->place.node), descriptor->place.mount);
    if (row == END_NONE) {
        add_result(world, index, result_without_end(world, step));
    } else if (step->kind == STEP_READ || step->kind == STEP_WRITE) {
        transfer(world, actor, row, step, number);
    } else {
        struct pipe *pipe = &world->fifos[world->ends[row].fifo].pipe;
        add_result(world, index, use_at_once(world, pipe, &world->ends[row].end, step));
    }
    return error_of(world, index);
}

/* --- signals ---------------------------------------------------------------------------------- */

/* read(2) or write(2) once more, of whatever the descriptor is now. */
static int transfer_again(struct world *world, unsigned actor, const struct step *step,
                          int32_t number) {
    const struct descriptor *descriptor = world_descriptor(world, number);
    if (!descriptor)
        return EBADF;
    if (world->nodes[descriptor->place.node].type == NODE_FIFO)
        return world_use_fifo(world, actor, step, number);
    world->fifo_step.uncertain =
        true; /* the harness keeps steps away from other files, the kernel not */
    return 0;
}

/* Linux begins a restarted system call anew: paths and descriptors are looked up again. */
static void begin_again(struct world *world, unsigned actor, const struct waiting *begun) {
    const struct step *step = &world->scenario->steps[begun->step];
    const struct identity identity = world->identity;
    const uint8_t capabilities = world->capabilities;
    const uint8_t came = world->fifo_step.came_count;
    world->identity = begun->who;
    world->capabilities = begun->capabilities;
    const int error = step->kind == STEP_OPEN ? world_open(world, actor, step)
                                              : transfer_again(world, actor, step, begun->number);
    world->identity = identity;
    world->capabilities = capabilities;
    if (!world->waiting[actor].waits && world->fifo_step.came_count == came)
        add_came(world, begun->step, world->slots[step->slot],
                 &(struct pipe_return){.result = -error});
}

void world_signal(struct world *world, unsigned actor, bool restart) {
    struct waiting *call = &world->waiting[actor];
    const struct waiting begun = *call;
    struct pipe_returns returns;
    if (!call->waits)
        return;
    meet(world, call->fifo, MOUNT_ARENA);
    pipe_interrupt(&world->fifos[call->fifo].pipe, actor, &returns);
    const bool again = restart && returns.of[actor].result == -EINTR;
    if (again) {
        call->waits = false;
        returns.actors &= (uint8_t) ~(1U << actor);
        world->fifo_step.uncertain |= returns.actors != 0; /* they run while it begins again */
    }
    take_returns(world, &returns);
    if (again)
        begin_again(world, actor, &begun);
}
