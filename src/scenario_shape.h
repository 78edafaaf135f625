/*
 * scenario_shape.h - what kind of scenario a fuzz target takes, and how any scenario is made one.
 */
#ifndef FIFOFUZZ_SCENARIO_SHAPE_H
#define FIFOFUZZ_SCENARIO_SHAPE_H

#include <stdbool.h>

#include "random.h"
#include "scenario.h"

enum target_shape {
    SHAPE_MKFIFO,   /* any preparations, then exactly one call, mkfifo, as the last step */
    SHAPE_MKFIFOAT, /* the same with mkfifoat */
    SHAPE_SEQUENCE, /* no calls, many calls, of both kinds */

    /* Those below may have steps of several actors and of FIFOs in use; others have none. */
    SHAPE_RENDEZVOUS, /* as SHAPE_SEQUENCE, but no call is stopped or answered */
    SHAPE_THREADS,    /* as SHAPE_SEQUENCE, but no call is answered in the kernel's place */
    SHAPE_INJECT,     /* anything */
    SHAPE_ALL, /* anything; what is made for it has one of the shapes above, see shape_draw */
    SHAPE_COUNT
};

/*
 * The shape of which a scenario is made for a target of `shape`: the same, or for SHAPE_ALL another
 * one each time. Calls that overlap and FIFOs in use take longer than plain calls and are found out
 * sooner, so most are SHAPE_SEQUENCE.
 */
enum target_shape shape_draw(enum target_shape shape, struct random *random);

/* True if any number of calls of both kinds is allowed. */
bool shape_has_calls(enum target_shape shape);

/* True if steps of `kind` are allowed; of an open step at least without those flags. */
bool shape_takes(enum target_shape shape, enum step_kind kind);

/* True when `scenario` is one that a target of `shape` takes. */
bool scenario_fits(const struct scenario *scenario, enum target_shape shape);

/*
 * Makes any valid scenario fit `shape`, in place and without random choice; one that fits already
 * stays as it is. All calls go except the last one of the right kind, and so do the steps behind
 * it. If there is none of the right kind, the last one of the other kind is turned into it (mkfifo
 * into mkfifoat of AT_FDCWD; mkfifoat loses its dirfd), and without any call `mkfifo "f" 0644` or
 * `mkfifoat cwd "f" 0644` is added, in place of the last step of a full scenario. Steps that the
 * shape does not have are left out, and of an open step those flags.
 */
void scenario_restrict(struct scenario *scenario, enum target_shape shape);

#endif
