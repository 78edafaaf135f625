/*
 * stage.h - conducts the actors of a scenario: who does what, who waits, who is stopped.
 *
 * The worker conducts, on its own thread. It gives an actor an operation and goes on when every
 * actor is idle, stopped, or asleep in the kernel. That an actor sleeps is seen, not guessed from
 * time (still.h). The main thread looks, since there is no proc(5) in the arena (stage_look).
 */
#ifndef FIFOFUZZ_STAGE_H
#define FIFOFUZZ_STAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "actor.h"
#include "outcome.h"

struct stage {
    bool started; /* the worker has actors */
    struct actor actors[ACTORS];

    /* Of the scenario at hand. */
    bool on;             /* it has steps that take actors */
    bool patient;        /* a call that sleeps may wait for others */
    bool finishing;      /* its last step is over: what comes back now never did in time */
    unsigned actor;      /* the one that does what follows */
    uint8_t within;      /* WITHIN_*: the circumstances of calls */
    uint32_t now;        /* index of the step at hand */
    struct steps *steps; /* the worker's */
    struct observation *observation; /* where what came back late is noted; or NULL */

    turn_word *turn;            /* the worker's, to ask for a look */
    bool stuck;                 /* of a look: a call runs on while others are stopped */
    const struct actor *fallen; /* its call ended badly; NULL: none did */
};

/*
 * Starts the actors on the worker's thread, before its filter; `frames` as of actor_start. Returns
 * 0 or -errno; end them with stage_end in either case.
 */
int stage_start(struct stage *stage, struct steps *steps, turn_word *turn, uint64_t *frames);

/* Begins a scenario. */
void stage_begin(struct stage *stage, const struct scenario *scenario,
                 struct observation *observation);

/* Has the scenario steps that take actors? Then they make the calls, too. */
bool stage_is_on(const struct stage *stage);

/*
 * Begins step `index`. False if an actor would have to do it that waits in an earlier one: it is to
 * be left out.
 */
bool stage_begin_step(struct stage *stage, uint32_t index, const struct step *step);

/*
 * Lets the actor at hand do `operation` of the step at hand, whose first part is filled, and fills
 * the rest if it comes back. `quick`: it does not wait, as far as anyone can know; that saves a
 * look.
 */
enum staged stage_do(struct stage *stage, struct operation *operation, bool quick);

/* Where the path of the next operation of the actor at hand can be put. */
const struct path_view *stage_view(const struct stage *stage);

/* After a deed of the worker's own that may let an actor go on: waits until all are at rest. */
void stage_rest(struct stage *stage);

/* Lets the call go on that the actor at hand is stopped in, if it is. */
void stage_resume(struct stage *stage);

/* A signal for an actor that waits in the kernel, in no call under test. */
void stage_signal(struct stage *stage, unsigned actor, bool restart);

/*
 * Ends the scenario: what is stopped goes on, what still waits is interrupted, and a call under
 * test that does not come back even now hangs.
 */
void stage_finish(struct stage *stage);

/* True if an actor has changed its signal mask in the scenario; undoes that. */
bool stage_reset_masks(struct stage *stage);

/* --- on the main thread ---------------------------------------------------------------------- */

/* Opens what stage_look needs. */
void stage_watch(struct stage *stage);

/* Waits until all have come to rest; one that hangs is made to park. */
void stage_look(struct stage *stage);

/* Ends all actors. False if one had to be left alone: then nothing of the worker may be freed. */
bool stage_end(struct stage *stage);

#endif
