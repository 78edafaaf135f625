/*
 * channel.h - what the worker asks of an agent: the requests and replies of the protocol
 * (src/implementations/README.md), on two pipes.
 *
 * The agent gets what concerns its own process: the calls under test, and umask, chdir, open, dup
 * and close as the scenario has them, which it makes itself so that a wrapper around it sees them.
 * Descriptors may have other numbers there, so the channel knows which slot is which.
 *
 * An agent that ends, says what is no reply or has a forbidden call refused ends the run, as a
 * crash in this process would (trap_end): none of these functions returns then.
 */
#ifndef FIFOFUZZ_CHANNEL_H
#define FIFOFUZZ_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keeper.h"
#include "outcome.h"
#include "scenario.h"

/* What an agent has greeted with. */
struct greeting {
    pid_t process; /* as its namespace counts */
    bool mkfifo, mkfifoat, open, pointers, counted, text, wide, limits;
};

enum { CHANNEL_SIZE = 2 * TEXT_LENGTH_MAX + 256 };

struct channel {
    int requests, replies; /* in the worker's table */
    struct keeper *keeper;
    struct greeting greeting;
    bool answers;  /* the worker waits for a reply */
    uint64_t sent; /* requests so far: progress, for the watch */

    /* What the last scenario made of the agent; put back before the next one. */
    bool changed_umask, changed_directory;
    int32_t number[SCENARIO_SLOTS]; /* what the slot holds in the agent, as long as it is open */
    bool open[SCENARIO_SLOTS];
    struct identity identity;
    uint32_t capabilities;
    uint64_t descriptors; /* its limit during calls under test */

    size_t filled; /* of `buffer` */
    char buffer[CHANNEL_SIZE];
};

/* A reply to a call or a preparation: as `struct outcome` has these. */
struct reply_facts {
    int32_t result, error;
    uint8_t reply;
};

/*
 * Reads the greeting. Returns 0, or -errno with `reason` filled: it did not come, is none, or names
 * no call.
 */
int channel_greet(struct channel *channel, char *reason, size_t reason_size);

/* Makes the agent what it was before the first scenario, as far as scenarios change it. */
void channel_reset(struct channel *channel);

/* What the agent is to act as from the next request on. */
void channel_assume(struct channel *channel, const struct identity *identity,
                    uint32_t capabilities);

/* How many descriptors it may have during calls under test; UINT64_MAX: as many as at first. */
void channel_limit(struct channel *channel, uint64_t descriptors);

/* The call under test `step` with `directory`, a number in the agent. */
void channel_call(struct channel *channel, const struct scenario *scenario, const struct step *step,
                  int32_t directory, struct reply_facts *out);

/* Closes descriptor `number` of the agent, which one slot or several hold. */
void channel_close(struct channel *channel, int32_t number);

/*
 * The preparation `step`, which the worker has done itself: one of umask, chdir, open and dup, with
 * `flags` of open(2) and `directory` for dup. Fills `out`.
 */
void channel_prepare(struct channel *channel, const struct scenario *scenario,
                     const struct step *step, int flags, int32_t directory,
                     struct reply_facts *out);

#endif
