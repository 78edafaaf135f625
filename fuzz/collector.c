#include "collector.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "findings.h"

/* --- what is known ---------------------------------------------------------------------------- */

/* The row for `key`, made if there is room; NULL if there is none. */
static struct known *know(struct collector *collector, const char *key) {
    for (unsigned i = 0; i < collector->known_count; i++)
        if (strcmp(collector->known[i].key, key) == 0)
            return &collector->known[i];
    if (collector->known_count == CAMPAIGN_FINDINGS_MAX)
        return NULL;
    struct known *row = &collector->known[collector->known_count++];
    snprintf(row->key, sizeof row->key, "%s", key);
    return row;
}

void collector_remember(struct collector *collector) {
    struct campaign_job *job = collector->writer->job;
    for (uint32_t i = 0; job && i < job->finding_count; i++) {
        struct known *row = know(collector, job->findings[i].key);
        if (!row)
            continue;
        row->investigated = INVESTIGATED_MAX;
        row->last = &job->findings[i];
    }
}

/* Where there is no row left, a finding would be in its folder, but in no summary. */
static bool is_page_full(const struct collector *collector) {
    const struct campaign_job *job = collector->writer->job;
    return job && job->finding_count == CAMPAIGN_FINDINGS_MAX;
}

/* Its folder is gone, or could not be written and may be by now. */
static bool is_to_be_saved(const struct campaign_finding *last) {
    if (last->folder[0])
        return access(last->folder, F_OK) != 0;
    bool doubled = (last->count & (last->count - 1)) == 0;
    return last->reason[0] && doubled;
}

/* True if a violation is only to be counted. */
static bool is_known(const struct collector *collector, const struct known *row) {
    if (row && row->last && is_to_be_saved(row->last))
        return false;
    return !row || row->investigated == INVESTIGATED_MAX || is_page_full(collector);
}

static void count(struct collector *collector, struct known *row) {
    if (row && row->last)
        row->last->count++;
    else if (collector->writer->job)
        collector->writer->job->not_kept++;
}

/* --- a new one -------------------------------------------------------------------------------- */

/* Leaves the finding in its folder; "" with the reason if that cannot be. */
static void save(struct collector *collector, struct campaign_finding *found) {
    int error = findings_save(collector->findings, &collector->run, &collector->examiner->contract,
                              &collector->finding, found->folder, sizeof found->folder);
    if (!error)
        return;
    snprintf(found->reason, sizeof found->reason, "%s: %s", collector->findings, strerror(-error));
    fprintf(stderr, "fifofuzz: the finding cannot be written: %s\n", found->reason);
    found->folder[0] = '\0';
}

/* Saves and prints; `found` gets the finding's names, its key excepted. */
static void report(struct collector *collector, struct campaign_finding *found) {
    memcpy(found->signature, collector->finding.signature, sizeof found->signature);
    if (collector->findings)
        save(collector, found);
    char *file = NULL;
    if (found->folder[0] && asprintf(&file, "%s/scenario.scn", found->folder) < 0)
        file = NULL;
    if (found->reason[0])
        fprintf(stderr, CAMPAIGN_UNSAVED "%s\n", found->signature);
    report_print(stderr, &collector->run, &collector->finding, file);
    if (found->reason[0])
        fputs(CAMPAIGN_UNSAVED_END "\n", stderr);
    free(file);
}

/* Adds what was found to the campaign's page, or counts it there. Returns its row, if any. */
static struct campaign_finding *note(struct campaign_writer *writer,
                                     const struct campaign_finding *found) {
    struct campaign_finding *row = NULL;
    for (uint32_t i = 0; i < writer->job->finding_count && !row; i++)
        if (campaign_same(&writer->job->findings[i], found))
            row = &writer->job->findings[i];
    bool is_new = !row;
    if (is_new)
        row = campaign_next_finding(writer);
    if (!row)
        return NULL;
    if (is_new) {
        *row = *found;
    } else if (!row->folder[0] && found->folder[0]) {
        memcpy(row->folder, found->folder, sizeof row->folder);
        row->reason[0] = '\0';
    }
    row->count++;
    row->saved += found->folder[0] != '\0';
    if (is_new)
        campaign_publish(writer);
    return row;
}

/* Finds out all about it, reports it, and enters it on the campaign's page. Returns its row. */
static struct campaign_finding *investigate(struct collector *collector,
                                            const struct scenario *scenario,
                                            const struct verdict *verdict, const char *key) {
    static struct campaign_finding found;
    struct campaign_writer *writer = collector->writer;
    const struct minimize_budget budget = {
        .seconds = collector->minimize_seconds,
        .stop = writer->job ? &writer->campaign->stopping : NULL,
    };
    found = (struct campaign_finding){0};
    snprintf(found.key, sizeof found.key, "%s", key);
    examine_investigate(collector->examiner, scenario, verdict, &collector->finding);
    if (budget.seconds)
        examine_minimize(collector->examiner, &collector->finding, &budget);
    report(collector, &found);
    return writer->job ? note(writer, &found) : NULL;
}

static bool is_slow(const struct verdict *verdict) {
    return verdict->aspect == ASPECT_ENDING && verdict->got == ENDING_HUNG;
}

void collector_take(struct collector *collector, const struct scenario *scenario,
                    const struct verdict *verdict) {
    struct campaign_job *job = collector->writer->job;
    char key[FAULT_KEY_SIZE];
    verdict_signature(verdict, scenario, key, sizeof key);
    struct known *row = know(collector, key);
    if (collector->keep_going && is_known(collector, row)) {
        count(collector, row);
        return;
    }
    if (job)
        job->reporting = true;
    struct campaign_finding *noted = investigate(collector, scenario, verdict, key);
    if (job)
        job->reporting = false;
    if (!row)
        return;
    bool enough = is_slow(verdict) || row->investigated == INVESTIGATED_MAX;
    row->investigated = enough ? INVESTIGATED_MAX : row->investigated + 1;
    row->last = noted;
}
