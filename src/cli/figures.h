/*
 * figures.h - what a campaign did, as numbers: the summary for people, JSON for programs, and the
 * line that shows progress.
 */
#ifndef FIFOFUZZ_FIGURES_H
#define FIFOFUZZ_FIGURES_H

#include <stdint.h>

#include "campaign.h"
#include "crew.h"
#include "targets.h"

/* One finding, whichever jobs made it. Texts are the campaign's. */
struct figures_finding {
    const char *signature;
    const char *folder;    /* "": it could not be written, */
    const char *reason;    /* and why */
    uint64_t count, saved; /* how often it was seen, and how often of these its folder knows */
};
enum { FIGURES_FINDINGS_MAX = CAMPAIGN_JOBS_MAX * CAMPAIGN_FINDINGS_MAX };

/* The circumstances, fixed once the campaign has started. */
struct figures {
    const struct crew_plan *plan;
    const struct target *target;
    const struct campaign *campaign;
    const char *tier;
    uint64_t elapsed; /* milliseconds; taken by figures_take */
    struct campaign_totals totals;
    struct campaign_facts facts;           /* as far as known; else all can be reached */
    const char *unreachable[CLAUSE_COUNT]; /* why it cannot be reached, or NULL */
    struct clause_set reachable;
    unsigned reachable_count, reached_count;
    unsigned finding_count;
    struct figures_finding findings[FIGURES_FINDINGS_MAX];
};

/* Takes the campaign's figures as of now. */
void figures_take(struct figures *figures);

/*
 * Shows progress on stderr: on a terminal one line that is redrawn at each call, otherwise a line
 * after 1, 2, 5, 10, 20, 30 and 60 seconds and each further minute.
 */
void figures_show(struct figures *figures);

/* Prints the summary to stderr. */
void figures_summarize(struct figures *figures);

/* Writes everything to the file `path`. Returns 0 or -errno. */
int figures_write_json(const struct figures *figures, const char *path, int status);

#endif
