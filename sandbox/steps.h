/*
 * steps.h - executes one step of a scenario on the calling thread, or has it executed: by the
 * steward, by an agent, or in a scenario of several actors by one of them (stage.h).
 */
#ifndef FIFOFUZZ_STEPS_H
#define FIFOFUZZ_STEPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cookies.h"
#include "guest.h"
#include "identity.h"
#include "implementations/implementation.h"
#include "nofile.h"
#include "operation.h"
#include "outcome.h"
#include "path_view.h"
#include "scenario.h"
#include "steward.h"

struct stage;

struct steps {
    struct path_view view; /* of a call's path */
    const char *root;      /* the arena's, as a path */

    /* Set before the first scenario. */
    struct cookies cookies;
    struct identity_now identity;
    struct nofile nofile;
    struct steward steward;
    struct guest *guest; /* NULL: all implementations run in this process */
    struct stage *stage; /* who acts in scenarios of several actors */

    /* Of the scenario that is being run. */
    const struct scenario *scenario;
    const struct implementation *implementation;
    int32_t number[SCENARIO_SLOTS]; /* what the slot holds; -1 if it never held one */
    bool open[SCENARIO_SLOTS];      /* that number is open as far as the steps know */
    bool changed_directory;         /* a chdir step has succeeded */
    bool changed_mode;              /* a chmod or acl step has succeeded */
    bool changed_identity;          /* there may be nodes of other users */
    bool used_steward;              /* it has something to take back */
    bool confined;                  /* a landlock step has succeeded: for good */
    bool leaked;                    /* more descriptors were open at its end than it has opened */
    enum staged staged;             /* what became of the step at hand */
    struct operation done;          /* what an actor did in it */
    uint32_t looked_next;           /* step right behind the last call that was looked at, or 0 */
    int looked_directory;           /* where that call's `parent` starts */
    size_t parent_length, last_parent_length;
    char parent[TEXT_LENGTH_MAX + 1]; /* of the call being looked at */
    char last_parent[TEXT_LENGTH_MAX + 1];
    char path[TEXT_LENGTH_MAX + 1]; /* NUL-terminated operands of a preparation */
    char other[TEXT_LENGTH_MAX + 1];
};

/*
 * Starts a scenario: all slots are empty, and an implementation's agent is as at first. Both
 * pointers must hold until its end.
 */
void steps_begin(struct steps *steps, const struct scenario *scenario,
                 const struct implementation *implementation);

/*
 * What an actor began in an earlier step has come back: an open's descriptor goes to its slot.
 */
void steps_came_back(struct steps *steps, const struct operation *operation);

/*
 * Executes step `index` and fills that row of `observation`'s outcomes and wide looks; NULL
 * executes the same calls and looks at nothing.
 */
void steps_run(struct steps *steps, uint32_t index, struct observation *observation);

/*
 * Makes the call under test of step `step`, counted from 1 as in reports, with errno ERRNO_POISON
 * before it; `error` gets what errno is then. It does nothing else and is never inlined: the stack
 * of the code under test begins here (frames.h), and a debugger stops at the call in question with
 * `break fifofuzz_call if step == 3`.
 */
int32_t fifofuzz_call(uint32_t step, const struct steps *steps, int directory, const char *path,
                      int32_t *error);

/*
 * After the last step: gives back the limit of descriptors, and makes the calling thread root who
 * may clean up behind other users, if there were any. Returns false when it cannot.
 */
bool steps_leave(struct steps *steps);

/* After the clean-up: the calling thread is what it was before the first step. Returns as above. */
bool steps_end(struct steps *steps);

/* No descriptor of the last scenario has this number or a greater one. */
int32_t steps_table_end(const struct steps *steps);

/* The number of descriptors that are open as far as the steps know, 0, 1 and 2 included. */
int32_t steps_open_count(const struct steps *steps);

#endif
