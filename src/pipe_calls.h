/*
 * pipe_calls.h - how calls that wait at a FIFO go on: what pipe.c leaves to pipe_calls.c.
 *
 * As in Linux, readers and writers queue up, and a wake-up takes the first one off its queue. One
 * that finds it cannot go on joins the queue again, as the last.
 */
#ifndef FIFOFUZZ_PIPE_CALLS_H
#define FIFOFUZZ_PIPE_CALLS_H

#include "pipe.h"

/* The call of `actor` returns `result`; if it was the last to use its end, that is to be closed. */
struct pipe_return *pipe_call_returns(struct pipe *pipe, unsigned actor, int32_t result,
                                      struct pipe_returns *returns);

/* Lets `actor` read what there is, or nothing if there is no writer. `waited`: it was woken. */
void pipe_call_reads(struct pipe *pipe, unsigned actor, uint32_t size, bool waited,
                     struct pipe_returns *returns);

/*
 * Lets the write in `calls` of `actor` place what it can. It returns if nothing is left, without a
 * reader, and if it is `nonblock`; else it is about to wait.
 */
void pipe_call_writes(struct pipe *pipe, unsigned actor, bool nonblock, bool waited,
                      struct pipe_returns *returns);

/* Wakes the first call that waits for this, if any. */
void pipe_wake(struct pipe *pipe, enum pipe_waiting waiting);

/* There is one end less for `access`: wakes all if a side has become empty by that. */
void pipe_release(struct pipe *pipe, enum pipe_access access);

/* Lets all that were woken run until none is left, in every order, and sees if these differ. */
void pipe_settle(struct pipe *pipe, struct pipe_returns *returns);

#endif
