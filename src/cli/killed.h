/*
 * killed.h - the finding of a child that could not report it itself: it was killed while it
 * examined a scenario.
 */
#ifndef FIFOFUZZ_KILLED_H
#define FIFOFUZZ_KILLED_H

#include <stdbool.h>

#include "crew.h"
#include "targets.h"

/* True for a signal that a process brings upon itself; others come from outside. */
bool killed_by_itself(int signal);

/*
 * The signal by which the input that `job` was examining ends fresh processes (fresh.h), or 0
 * unless it does in all tries. Exits as session_open does if the implementation cannot be had.
 */
int killed_again(const struct campaign_job *job, const struct crew_plan *plan,
                 const struct target *target);

/*
 * Saves the input that `job` was examining as a finding "killed by `signal`" and notes it on the
 * campaign's page in its stead, which then stands at CAMPAIGN_FOUND. If it cannot be written,
 * prints the report to stdout.
 */
void killed_save(struct campaign_job *job, const struct crew_plan *plan,
                 const struct target *target, int signal);

#endif
