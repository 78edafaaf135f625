/*
 * pipe.h - the model of one FIFO in use: who has it open, what it holds, who waits at it.
 *
 * Says what open(2), close(2), read(2), write(2), poll(2) and fcntl(2) do to a FIFO and what they
 * return: fifo(7), pipe(7), poll(2), and where these are silent what Linux does, C-IO-open to
 * C-IO-slots. Pure data: it belongs to one FIFO node, all names and mounts of which lead to it, and
 * may be copied. An open file description of the FIFO is an `end`; descriptors, and who may open
 * at all, are the caller's business, and so is O_PATH, which opens no end.
 *
 * Up to PIPE_ACTORS actors make calls. A call that cannot go on waits until a call of another actor
 * lets it, or until it is interrupted. So every operation tells which calls have returned by it,
 * and the one that it began is among those or waits.
 *
 * Several that were woken at once run in an order that only the scheduler knows. All orders are
 * tried. Mostly they come to the same; where they do not, and for as long as the FIFO stays open
 * after that, what is told is marked `uncertain`: the documents do not say, and Linux does not
 * always do the same.
 */
#ifndef FIFOFUZZ_PIPE_H
#define FIFOFUZZ_PIPE_H

#include <stdbool.h>
#include <stdint.h>

#include "pipe_content.h"

enum { PIPE_ACTORS = 4 };

/* What an end is open for; bits. */
enum pipe_access { PIPE_READ = 1, PIPE_WRITE = 2, PIPE_BOTH = 3 };

/* An open file description. The caller keeps what pipe_open gave for as long as it is open. */
struct pipe_end {
    uint8_t access;        /* enum pipe_access */
    bool nonblock;         /* O_NONBLOCK */
    uint32_t writers_seen; /* no hang-up is told before another writer came; see pipe_poll */
};

/* How a call returned. */
struct pipe_return {
    int32_t result;      /* bytes; of an open 0; or -errno */
    bool sigpipe;        /* SIGPIPE was sent to the actor, also with part of a write placed */
    bool digest_known;   /* of a read: `digest` is valid */
    uint64_t digest;     /* of the bytes that were read: payload.h */
    struct pipe_end end; /* of an open that succeeded */
};

/* Which calls have returned by an operation. */
struct pipe_returns {
    uint8_t actors; /* bit 1 << actor: `of` has its return */
    bool uncertain; /* all of this depends on the scheduler; see above */
    struct pipe_return of[PIPE_ACTORS];
};

enum pipe_waiting {
    PIPE_WAITS_NOT,
    PIPE_WAITS_TO_OPEN, /* for the other side; it counts as reader or writer meanwhile */
    PIPE_WAITS_TO_READ,
    PIPE_WAITS_TO_WRITE,
    PIPE_WAITS_TO_CLOSE, /* only inside of an operation: returned, its end not closed yet */
};

/* A call that waits. */
struct pipe_call {
    uint8_t waiting;         /* enum pipe_waiting */
    uint8_t access;          /* of the end */
    bool woken;              /* only inside of an operation: it has yet to look what it can do */
    uint8_t closing;         /* actors that are the last to use its end; 0: a descriptor is open */
    uint32_t turn;           /* the lowest one is woken first */
    uint32_t size;           /* of a read or write */
    struct pipe_piece piece; /* of a write: what is not placed yet */
};

struct pipe {
    uint32_t readers, writers;           /* ends open for that, waiting opens counted */
    uint32_t readers_seen, writers_seen; /* how many there ever were, while it was open */
    uint32_t turn;                       /* the last that was given */
    bool polled;                         /* poll(2) was used: Linux wakes readers more often then */
    bool uncertain;
    struct pipe_call calls[PIPE_ACTORS];
    struct pipe_content content;
};

/* Makes `pipe` a FIFO that is not open: what it becomes again when its last end is closed. */
void pipe_reset(struct pipe *pipe);

/*
 * Opens an end. C-IO-open, C-IO-open-block, C-IO-rendezvous: only an O_RDWR open and a nonblocking
 * one for reading never wait and never fail; a nonblocking one for writing gives ENXIO without a
 * reader. A call that waits in open is a partner, too.
 */
void pipe_open(struct pipe *pipe, unsigned actor, enum pipe_access access, bool nonblock,
               struct pipe_returns *returns);

/*
 * Closes `end`, whose last descriptor is gone. `users` are the actors (bits) whose waiting calls
 * use this very end: they keep it open, and the last of them to return closes it.
 */
void pipe_close(struct pipe *pipe, const struct pipe_end *end, unsigned users,
                struct pipe_returns *returns);

/* Reads `size` bytes. EBADF if `end` is not for reading. C-IO-read, C-IO-lifetime */
void pipe_read(struct pipe *pipe, unsigned actor, const struct pipe_end *end, uint32_t size,
               struct pipe_returns *returns);

/*
 * Writes `size` bytes, payload_byte(tag, 0) and so on. EBADF if `end` is not for writing. A write
 * that waits has placed what it can. C-IO-write, C-IO-atomic, C-IO-slots
 */
void pipe_write(struct pipe *pipe, unsigned actor, const struct pipe_end *end, uint32_t tag,
                uint32_t size, struct pipe_returns *returns);

/*
 * A signal interrupts what `actor` waits in: EINTR, or what was placed of a write. With SA_RESTART
 * the kernel begins a call that gave EINTR again, and so has the caller.
 */
void pipe_interrupt(struct pipe *pipe, unsigned actor, struct pipe_returns *returns);

/*
 * F_SETPIPE_SZ: asks for `size` bytes. `limit` is /proc/sys/fs/pipe-max-size, or PIPE_SIZE_MAX if
 * that is less or the caller has CAP_SYS_RESOURCE; the model goes no further, so nobody else may.
 * Returns the new capacity in bytes, or -EINVAL, -EPERM (beyond the limit), -EBUSY (the content
 * has more slots). C-IO-capacity; pipe-user-pages-soft of pipe(7) is not looked at.
 */
int32_t pipe_resize(struct pipe *pipe, uint32_t size, uint32_t limit, struct pipe_returns *returns);

/*
 * poll(2) of `end` for POLLIN and POLLOUT: its revents. A reader that was opened nonblocking
 * without a writer is not told of a hang-up before one came and went. C-IO-poll
 */
int16_t pipe_poll(struct pipe *pipe, const struct pipe_end *end);

/* What `actor` waits for. */
static inline enum pipe_waiting pipe_waiting(const struct pipe *pipe, unsigned actor) {
    return (enum pipe_waiting)pipe->calls[actor].waiting;
}

/* F_GETPIPE_SZ: the capacity in bytes. */
static inline int32_t pipe_capacity(const struct pipe *pipe) {
    return (int32_t)(pipe->content.capacity * PIPE_PAGE);
}

/* FIONREAD: the bytes that can be read. */
static inline int32_t pipe_pending(const struct pipe *pipe) {
    return (int32_t)pipe->content.bytes;
}

#endif
