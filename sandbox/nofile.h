/*
 * nofile.h - the step `nofile`: a lower soft limit of descriptors. It is the whole process's, so it
 * holds only as long as the worker has the turn.
 */
#ifndef FIFOFUZZ_NOFILE_H
#define FIFOFUZZ_NOFILE_H

#include <stdint.h>
#include <sys/resource.h>

#include "cookies.h"

struct nofile {
    struct rlimit start; /* as a scenario starts */
    uint64_t now;        /* the soft limit of the moment */
};

/* Notes what the limit is: no scenario gets above that. Returns 0 or -errno. */
int nofile_prepare(struct nofile *nofile);

/* Sets the soft limit to `number`, or to the first one if that is less. Returns 0 or -errno. */
int nofile_set(struct nofile *nofile, const struct cookies *cookies, uint64_t number);

/* From the main thread, after a run that has not come to its end. */
void nofile_restore(const struct nofile *nofile);

/* From the main thread, while the worker waits: the limit of the moment is lifted, and back. */
void nofile_lift(const struct nofile *nofile);
void nofile_lower(const struct nofile *nofile);

#endif
