/*
 * figures.h - what a campaign did, as numbers: the summary for people, JSON for programs, the line
 * that shows progress, and samples over time.
 */
#ifndef FIFOFUZZ_FIGURES_H
#define FIFOFUZZ_FIGURES_H

#include <stdint.h>
#include <stdio.h>

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

/* How far the campaign was at some time. */
struct figures_sample {
    uint64_t elapsed; /* milliseconds */
    uint64_t calls;
};
enum { FIGURES_SAMPLES = 240 };

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
    struct figures_sample samples[FIGURES_SAMPLES]; /* oldest first, evenly apart */
    unsigned sample_count;
    uint64_t sample_period; /* milliseconds between two; grows with the campaign */
};

/* Takes the campaign's figures as of now, and a sample if one is due. */
void figures_take(struct figures *figures);

/*
 * Shows progress on stderr: on a terminal one line that is redrawn at each call, otherwise a line
 * after 1, 2, 5, 10, 20, 30 and 60 seconds and each further minute.
 */
void figures_show(struct figures *figures);

/* A number with commas: "1,234,567". Ten texts are valid at a time. */
const char *figures_grouped(uint64_t number);

/* Per second of the time that was taken last. */
uint64_t figures_rate(const struct figures *figures, uint64_t count);

/* Prints the summary to stderr. */
void figures_summarize(struct figures *figures);

/* Writes everything as JSON, each finding with its report. Returns 0 or -errno. */
int figures_json(FILE *out, const struct figures *figures, int status);

#endif
