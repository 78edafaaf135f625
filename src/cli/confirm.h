/*
 * confirm.h - after a campaign's finding: does it show in a process that has not run anything yet?
 */
#ifndef FIFOFUZZ_CONFIRM_H
#define FIFOFUZZ_CONFIRM_H

#include "figures.h"

/*
 * Runs the scenario of each of the campaign's findings that has a folder in fresh processes
 * (fresh.h) and says in its report how often it was violated. Where minimizing was misled by what
 * the implementation remembers, the scenario as it was found comes back; where the fault needs
 * earlier calls, it gets them; where it shows in no fresh process, the report names the campaign to
 * repeat. A pending SIGINT or SIGTERM stops before the next finding. Exits as session_open does if
 * the implementation cannot be had.
 */
void confirm_findings(const struct crew_plan *plan, const struct figures_finding *findings,
                      unsigned count);

#endif
