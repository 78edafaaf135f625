/*
 * confirm.h - after a campaign's finding: does it show in a process that has not run anything yet?
 */
#ifndef FIFOFUZZ_CONFIRM_H
#define FIFOFUZZ_CONFIRM_H

#include "crew.h"

/*
 * Runs the scenario in `folder`, the finding `signature` of the campaign `plan`, in fresh processes
 * (fresh.h) and says in the folder's report how often it was violated. Where the fault needs
 * earlier calls, the scenario is replaced by one that makes them; where it shows in none, the
 * report names the campaign to repeat. Exits as session_open does if the implementation cannot be
 * had.
 */
void confirm_finding(const struct crew_plan *plan, const char *signature, const char *folder);

#endif
