/*
 * collector.h - what becomes of a violation: it is known, or it is investigated, made small,
 * reported and noted on the campaign's page.
 */
#ifndef FIFOFUZZ_COLLECTOR_H
#define FIFOFUZZ_COLLECTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "campaign.h"
#include "examine.h"
#include "report.h"

/*
 * What one run shows of a fault does not tell whether it is the same fault, so a few scenarios that
 * show the same are investigated; more are only counted. Of what hangs one is enough: each look
 * takes seconds.
 */
enum { INVESTIGATED_MAX = 3 };

/* What shows a fault in the same way. */
struct known {
    char key[FAULT_KEY_SIZE];
    unsigned investigated;
    struct campaign_finding *last; /* what the last investigation came to; NULL: nothing noted */
};

/* One per process; large, so keep it static. The caller sets all but the last three. */
struct collector {
    struct examiner *examiner;      /* open */
    struct campaign_writer *writer; /* its `job` is NULL outside of a campaign */
    struct report_run run;
    const char *findings;      /* folder for findings.h; NULL: the report goes to stderr only */
    uint64_t minimize_seconds; /* for one finding; 0: it stays as it was found */
    bool keep_going;           /* what is known is only counted */
    struct known known[CAMPAIGN_FINDINGS_MAX];
    unsigned known_count;
    struct finding finding;
};

/* In a campaign: takes what the process before this one of the same job has found for known. */
void collector_remember(struct collector *collector);

/*
 * Takes a violation: `verdict` of examine_holds for `scenario`. The report goes to stderr and, with
 * the rest of findings.h, to its folder. One whose folder could not be written is tried again when
 * it was seen twice as often, as there may be room by then. Where the campaign's page has no row
 * left, violations of further kinds are counted as `not_kept`.
 */
void collector_take(struct collector *collector, const struct scenario *scenario,
                    const struct verdict *verdict);

#endif
