/*
 * killed.h - the finding of a child that could not report it itself: it was killed while it
 * examined a scenario.
 */
#ifndef FIFOFUZZ_KILLED_H
#define FIFOFUZZ_KILLED_H

#include <stdbool.h>

#include "crew.h"
#include "targets.h"

/*
 * Saves the input that `job` was examining as a finding "killed by `signal`" and fills the job's
 * `signature` and `folder`. False, with a message, if it cannot be written.
 */
bool killed_save(struct campaign_job *job, const struct crew_plan *plan,
                 const struct target *target, int signal);

#endif
