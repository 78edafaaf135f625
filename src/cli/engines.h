/*
 * engines.h - the fuzzing engines that can run the jobs of a campaign, and how each is started.
 */
#ifndef FIFOFUZZ_ENGINES_H
#define FIFOFUZZ_ENGINES_H

#include <stdbool.h>
#include <stddef.h>

#include "command.h"

struct crew;
struct crew_plan;

struct engine {
    const char *name;
    const char *summary;
    const char *folder;  /* of the targets that are built for it, seen from fifofuzz's own */
    const char *build;   /* what makes them */
    const char *program; /* what runs them, to be found in PATH; NULL: they do it themselves */
    const char *package; /* what Debian calls the package that brings it */
    /*
     * It starts the target anew after a crash and goes on, so a finding does not end it: whoever
     * waits for that must end it.
     */
    bool goes_on;
    /* Fills `out` with the command of job number `job`; `binary` is the target's path. */
    void (*command)(struct command *out, const struct crew *crew, const struct crew_plan *plan,
                    unsigned job, const char *binary);
};
extern const struct engine engines[];
extern const size_t engine_count;

/* The engine called `name`, or NULL. The first of the table is the usual one. */
const struct engine *engine_find(const char *name);

/*
 * The folder of AFL++'s own output beside the corpus `corpus`, in new memory. It outlives a run
 * that is killed, and AFL++ goes on from there.
 */
char *engine_output(const char *corpus);

#endif
