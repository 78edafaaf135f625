#include "pipe.h"

#include <errno.h>
#include <poll.h>

#include "check.h"
#include "pipe_calls.h"

/* Numbers of Linux's fs/pipe.c, which counts from 1, so that 0 is no number of a writer. */
void pipe_reset(struct pipe *pipe) {
    *pipe = (struct pipe){.readers_seen = 1, .writers_seen = 1};
    pipe_content_reset(&pipe->content);
}

/* The call that `actor` is to begin. */
static struct pipe_call *begin(struct pipe *pipe, unsigned actor, struct pipe_returns *returns) {
    check(actor < PIPE_ACTORS && pipe->calls[actor].waiting == PIPE_WAITS_NOT);
    *returns = (struct pipe_returns){0};
    return &pipe->calls[actor];
}

/* --- opening and closing ---------------------------------------------------------------------- */

static void opened(struct pipe *pipe, unsigned actor, struct pipe_end end,
                   struct pipe_returns *returns) {
    pipe_call_returns(pipe, actor, 0, returns)->end = end;
}

/* Who waits in open has found a partner, even if that one closes at once: C-IO-rendezvous. */
static void partner_came(struct pipe *pipe, enum pipe_access access, struct pipe_returns *returns) {
    for (unsigned actor = 0; actor < PIPE_ACTORS; actor++) {
        const struct pipe_call *call = &pipe->calls[actor];
        if (call->waiting == PIPE_WAITS_TO_OPEN && (access & ~call->access) != 0)
            opened(pipe, actor, (struct pipe_end){.access = call->access}, returns);
    }
}

void pipe_open(struct pipe *pipe, unsigned actor, enum pipe_access access, bool nonblock,
               struct pipe_returns *returns) {
    struct pipe_call *call = begin(pipe, actor, returns);
    struct pipe_end end = {.access = (uint8_t)access, .nonblock = nonblock};
    if (access == PIPE_WRITE && nonblock && pipe->readers == 0) {
        pipe_call_returns(pipe, actor, -ENXIO, returns);
        pipe_settle(pipe, returns);
        return;
    }
    bool alone =
        (access == PIPE_READ && pipe->writers == 0) || (access == PIPE_WRITE && pipe->readers == 0);
    bool reads = (access & PIPE_READ) != 0, writes = (access & PIPE_WRITE) != 0;
    pipe->readers += reads;
    pipe->writers += writes;
    pipe->readers_seen += reads;
    pipe->writers_seen += writes;
    partner_came(pipe, access, returns);
    if (alone && !nonblock) {
        *call = (struct pipe_call){.waiting = PIPE_WAITS_TO_OPEN, .access = (uint8_t)access};
    } else {
        if (alone)
            end.writers_seen = pipe->writers_seen;
        opened(pipe, actor, end, returns);
    }
    pipe_settle(pipe, returns);
}

void pipe_close(struct pipe *pipe, const struct pipe_end *end, unsigned users,
                struct pipe_returns *returns) {
    *returns = (struct pipe_returns){0};
    for (unsigned actor = 0; actor < PIPE_ACTORS; actor++)
        if (users >> actor & 1) {
            check(pipe->calls[actor].waiting != PIPE_WAITS_NOT);
            pipe->calls[actor].closing = (uint8_t)users;
        }
    if (users == 0)
        pipe_release(pipe, (enum pipe_access)end->access);
    pipe_settle(pipe, returns);
}

/* --- reading and writing ---------------------------------------------------------------------- */

void pipe_read(struct pipe *pipe, unsigned actor, const struct pipe_end *end, uint32_t size,
               struct pipe_returns *returns) {
    struct pipe_call *call = begin(pipe, actor, returns);
    if ((end->access & PIPE_READ) == 0)
        pipe_call_returns(pipe, actor, -EBADF, returns);
    else if (size == 0 || pipe->content.bytes > 0 || pipe->writers == 0)
        pipe_call_reads(pipe, actor, size, false, returns);
    else if (end->nonblock)
        pipe_call_returns(pipe, actor, -EAGAIN, returns);
    else
        *call = (struct pipe_call){.waiting = PIPE_WAITS_TO_READ,
                                   .access = end->access,
                                   .turn = ++pipe->turn,
                                   .size = size};
    pipe_settle(pipe, returns);
}

void pipe_write(struct pipe *pipe, unsigned actor, const struct pipe_end *end, uint32_t tag,
                uint32_t size, struct pipe_returns *returns) {
    struct pipe_call *call = begin(pipe, actor, returns);
    if ((end->access & PIPE_WRITE) == 0) {
        pipe_call_returns(pipe, actor, -EBADF, returns);
    } else if (size == 0) {
        pipe_call_returns(pipe, actor, 0, returns);
    } else {
        *call = (struct pipe_call){.waiting = PIPE_WAITS_TO_WRITE,
                                   .access = end->access,
                                   .size = size,
                                   .piece = {tag, 0, size}};
        pipe_call_writes(pipe, actor, end->nonblock, false, returns);
    }
    pipe_settle(pipe, returns);
}

void pipe_interrupt(struct pipe *pipe, unsigned actor, struct pipe_returns *returns) {
    check(actor < PIPE_ACTORS && pipe->calls[actor].waiting != PIPE_WAITS_NOT);
    *returns = (struct pipe_returns){0};
    struct pipe_call call = pipe->calls[actor];
    uint32_t placed = call.waiting == PIPE_WAITS_TO_WRITE ? call.size - call.piece.length : 0;
    pipe_call_returns(pipe, actor, placed > 0 ? (int32_t)placed : -EINTR, returns);
    if (call.waiting == PIPE_WAITS_TO_OPEN)
        pipe_release(pipe, (enum pipe_access)call.access);
    pipe_settle(pipe, returns);
}

/* --- the rest --------------------------------------------------------------------------------- */

/* Slots for `size` bytes: the next power of two of pages, at least one. 0: it is too large. */
static uint32_t slots_for(uint32_t size) {
    uint32_t slots = 1;
    while (slots < 1U << 19 && slots * PIPE_PAGE < size)
        slots *= 2;
    return slots * PIPE_PAGE >= size ? slots : 0;
}

int32_t pipe_resize(struct pipe *pipe, uint32_t size, uint32_t limit,
                    struct pipe_returns *returns) {
    check(limit <= PIPE_SIZE_MAX);
    *returns = (struct pipe_returns){0};
    uint32_t slots = slots_for(size);
    int32_t result = 0;
    if (slots == 0)
        result = -EINVAL;
    else if (slots > pipe->content.capacity && slots > limit / PIPE_PAGE)
        result = -EPERM;
    else if (!pipe_content_resize(&pipe->content, slots))
        result = -EBUSY;
    else
        pipe_wake(pipe, PIPE_WAITS_TO_WRITE); /* even if there is no more room than before */
    pipe_settle(pipe, returns);
    return result == 0 ? pipe_capacity(pipe) : result;
}

int16_t pipe_poll(struct pipe *pipe, const struct pipe_end *end) {
    int events = 0;
    if (end->access & PIPE_READ) {
        events |= pipe->content.bytes > 0 ? POLLIN : 0;
        events |= pipe->writers == 0 && end->writers_seen != pipe->writers_seen ? POLLHUP : 0;
    }
    if (end->access & PIPE_WRITE) {
        events |= pipe_content_is_full(&pipe->content) ? 0 : POLLOUT;
        events |= pipe->readers == 0 ? POLLERR : 0;
    }
    pipe->polled = true;
    return (int16_t)events;
}
