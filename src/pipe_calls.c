#include "pipe_calls.h"

#include <errno.h>

#include "check.h"
#include "hash.h"

/* --- one call's way --------------------------------------------------------------------------- */

struct pipe_return *pipe_call_returns(struct pipe *pipe, unsigned actor, int32_t result,
                                      struct pipe_returns *returns) {
    struct pipe_call *call = &pipe->calls[actor];
    unsigned users = call->closing & ~(1U << actor);
    for (unsigned other = 0; other < PIPE_ACTORS; other++)
        if (users >> other & 1)
            pipe->calls[other].closing = (uint8_t)users;
    bool closes = call->closing != 0 && users == 0;
    *call = (struct pipe_call){.waiting = closes ? PIPE_WAITS_TO_CLOSE : PIPE_WAITS_NOT,
                               .access = call->access,
                               .woken = closes};
    returns->actors |= (uint8_t)(1U << actor);
    returns->of[actor] = (struct pipe_return){.result = result};
    return &returns->of[actor];
}

/* fs/pipe.c: only a reader that has waited passes on what it was woken for. */
void pipe_call_reads(struct pipe *pipe, unsigned actor, uint32_t size, bool waited,
                     struct pipe_returns *returns) {
    struct pipe_taken taken = pipe_content_take(&pipe->content, size);
    struct pipe_return *back = pipe_call_returns(pipe, actor, (int32_t)taken.bytes, returns);
    back->digest_known = taken.digest_known;
    back->digest = taken.digest;
    if (taken.freed_slot)
        pipe_wake(pipe, PIPE_WAITS_TO_WRITE);
    if (waited && pipe->content.bytes > 0)
        pipe_wake(pipe, PIPE_WAITS_TO_READ);
}

static void write_returns(struct pipe *pipe, unsigned actor, int error,
                          struct pipe_returns *returns) {
    const struct pipe_call *call = &pipe->calls[actor];
    uint32_t placed = call->size - call->piece.length;
    pipe_call_returns(pipe, actor, placed > 0 ? (int32_t)placed : -error, returns)->sigpipe =
        error == EPIPE;
}

void pipe_call_writes(struct pipe *pipe, unsigned actor, bool nonblock, bool waited,
                      struct pipe_returns *returns) {
    struct pipe_call *call = &pipe->calls[actor];
    bool was_empty = pipe->content.bytes == 0;
    if (pipe->readers > 0) {
        if (!waited)
            pipe_content_append(&pipe->content, &call->piece);
        pipe_content_place(&pipe->content, &call->piece);
    }
    bool waits = call->piece.length > 0 && pipe->readers > 0 && !nonblock;
    if (waits)
        call->woken = true;
    else
        write_returns(pipe, actor, pipe->readers > 0 ? EAGAIN : EPIPE, returns);
    if (was_empty || (pipe->polled && !waits))
        pipe_wake(pipe, PIPE_WAITS_TO_READ);
    if (waited && !waits && !pipe_content_is_full(&pipe->content))
        pipe_wake(pipe, PIPE_WAITS_TO_WRITE);
}

void pipe_release(struct pipe *pipe, enum pipe_access access) {
    pipe->readers -= (access & PIPE_READ) != 0;
    pipe->writers -= (access & PIPE_WRITE) != 0;
    if (pipe->readers == 0 && pipe->writers == 0) {
        pipe_reset(pipe);
    } else if (pipe->readers == 0 || pipe->writers == 0) {
        for (unsigned actor = 0; actor < PIPE_ACTORS; actor++) {
            pipe_wake(pipe, PIPE_WAITS_TO_READ);
            pipe_wake(pipe, PIPE_WAITS_TO_WRITE);
        }
    }
}

/* --- queues ----------------------------------------------------------------------------------- */

void pipe_wake(struct pipe *pipe, enum pipe_waiting waiting) {
    struct pipe_call *first = NULL;
    for (unsigned actor = 0; actor < PIPE_ACTORS; actor++) {
        struct pipe_call *call = &pipe->calls[actor];
        if (call->waiting == waiting && !call->woken && (!first || call->turn < first->turn))
            first = call;
    }
    if (first)
        first->woken = true;
}

static bool can_go_on(const struct pipe *pipe, const struct pipe_call *call) {
    switch ((enum pipe_waiting)call->waiting) {
    case PIPE_WAITS_TO_READ:
        return pipe->content.bytes > 0 || pipe->writers == 0;
    case PIPE_WAITS_TO_WRITE:
        return !pipe_content_is_full(&pipe->content) || pipe->readers == 0;
    case PIPE_WAITS_TO_CLOSE:
        return true;
    case PIPE_WAITS_NOT:
    case PIPE_WAITS_TO_OPEN:
        break;
    }
    return false;
}

/* What the woken call of `actor` does until it returns or queues up again. */
static void run(struct pipe *pipe, unsigned actor, struct pipe_returns *returns) {
    struct pipe_call *call = &pipe->calls[actor];
    call->woken = false;
    if (!can_go_on(pipe, call)) {
        call->turn = ++pipe->turn;
    } else if (call->waiting == PIPE_WAITS_TO_READ) {
        pipe_call_reads(pipe, actor, call->size, true, returns);
    } else if (call->waiting == PIPE_WAITS_TO_WRITE) {
        pipe_call_writes(pipe, actor, false, true, returns);
    } else {
        enum pipe_access access = (enum pipe_access)call->access;
        *call = (struct pipe_call){.waiting = PIPE_WAITS_NOT};
        pipe_release(pipe, access);
    }
}

/* --- orders ----------------------------------------------------------------------------------- */

enum {
    CHOICES_MAX = 64, /* in one order; each of the few calls runs a few times */
    ORDERS_MAX = 512, /* what is not found the same until then is taken for uncertain */
};

/* An order: which of those that could run did so, wherever there was more than one. */
struct order {
    uint32_t count, used;
    uint8_t choice[CHOICES_MAX], of[CHOICES_MAX];
};

/* One of `count`: what the order says, and beyond its end the first. */
static unsigned choose(struct order *order, unsigned count) {
    check(order->used < CHOICES_MAX);
    uint32_t at = order->used++;
    if (at == order->count) {
        order->choice[order->count++] = 0;
        order->of[at] = (uint8_t)count;
    }
    return order->choice[at];
}

/* Makes `order` the next one; false if there is none. */
static bool next_order(struct order *order) {
    while (order->count > 0 && order->choice[order->count - 1] + 1 == order->of[order->count - 1])
        order->count--;
    if (order->count > 0)
        order->choice[order->count - 1]++;
    order->used = 0;
    return order->count > 0;
}

static unsigned collect_woken(const struct pipe *pipe, unsigned woken[PIPE_ACTORS]) {
    unsigned count = 0;
    for (unsigned actor = 0; actor < PIPE_ACTORS; actor++)
        if (pipe->calls[actor].woken)
            woken[count++] = actor;
    return count;
}

static void run_in(struct order *order, struct pipe *pipe, struct pipe_returns *returns) {
    unsigned woken[PIPE_ACTORS], count;
    while ((count = collect_woken(pipe, woken)) > 0)
        run(pipe, woken[count == 1 ? 0 : choose(order, count)], returns);
}

/* How many calls are before that of `actor` in its queue. */
static unsigned place_in_queue(const struct pipe *pipe, unsigned actor) {
    const struct pipe_call *call = &pipe->calls[actor];
    unsigned place = 0;
    for (unsigned other = 0; other < PIPE_ACTORS; other++)
        place +=
            pipe->calls[other].waiting == call->waiting && pipe->calls[other].turn < call->turn;
    return place;
}

/* A number for what has become of a FIFO and its calls. */
static uint64_t hash_of(const struct pipe *pipe, const struct pipe_returns *returns) {
    uint64_t hash = pipe_content_hash(hash_start, &pipe->content);
    hash = hash_number(hash, (uint64_t)pipe->readers << 32 | pipe->writers);
    for (unsigned actor = 0; actor < PIPE_ACTORS; actor++) {
        const struct pipe_call *call = &pipe->calls[actor];
        hash = hash_number(hash, (uint64_t)call->waiting << 8 | call->closing);
        hash = hash_number(hash, (uint64_t)call->piece.first << 32 | call->piece.length);
        hash = hash_number(hash, place_in_queue(pipe, actor));
        if ((returns->actors >> actor & 1) == 0)
            continue;
        const struct pipe_return *back = &returns->of[actor];
        hash = hash_number(hash, (uint64_t)(uint32_t)back->result << 1 | back->sigpipe);
        hash = hash_number(hash, back->digest_known ? back->digest : 0);
    }
    return hash_number(hash, returns->actors);
}

void pipe_settle(struct pipe *pipe, struct pipe_returns *returns) {
    unsigned woken[PIPE_ACTORS];
    bool uncertain = pipe->uncertain;
    if (collect_woken(pipe, woken) > 0) {
        const struct pipe start = *pipe;
        const struct pipe_returns before = *returns;
        struct order order = {0};
        run_in(&order, pipe, returns);
        uint64_t first = hash_of(pipe, returns);
        for (uint32_t orders = 1; !uncertain && next_order(&order); orders++) {
            struct pipe other = start;
            struct pipe_returns others = before;
            run_in(&order, &other, &others);
            uncertain = hash_of(&other, &others) != first || orders == ORDERS_MAX;
        }
    }
    returns->uncertain = uncertain;
    pipe->uncertain = uncertain && pipe->readers + pipe->writers > 0;
}
