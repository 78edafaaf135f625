#include "figures.h"
#include "finding_json.h"
#include "json_out.h"
#include "report.h"

static json_t *number(uint64_t value) {
    return json_integer((json_int_t)value);
}

static json_t *names(const struct clause_set *set, const struct clause_set *without) {
    json_t *array = json_array();
    for (int i = 0; i < CLAUSE_COUNT; i++) {
        enum clause clause = (enum clause)i;
        if (clause_set_has(set, clause) && !(without && clause_set_has(without, clause)))
            json_array_append_new(array, json_string(clause_infos[i].name));
    }
    return array;
}

/* Each clause that was out of reach, with the reason: these and the reachable ones are all. */
static json_t *reasons(const struct figures *figures) {
    json_t *object = json_object();
    for (int i = 0; i < CLAUSE_COUNT; i++)
        if (figures->unreachable[i])
            json_object_set_new(object, clause_infos[i].name, json_string(figures->unreachable[i]));
    for (unsigned i = 0; i < beyond_count; i++)
        json_object_set_new(object, beyond_infos[i].name, json_string(beyond_infos[i].reason));
    return object;
}

/* How often each clause applied, when it first did, and how often it left open what was seen. */
static json_t *counts(const struct campaign_totals *totals) {
    json_t *object = json_object();
    for (int i = 0; i < CLAUSE_COUNT; i++)
        if (totals->reached[i] || totals->left_open[i])
            json_object_set_new(object, clause_infos[i].name,
                                json_pack("{s:o, s:o, s:o}", "count", number(totals->reached[i]),
                                          "first_ms", number(totals->first_after[i]), "undecided",
                                          number(totals->left_open[i])));
    return object;
}

static json_t *circumstances(const struct figures *figures) {
    const struct crew_plan *plan = figures->plan;
    return json_pack("{s:s, s:s, s:o, s:s, s:s, s:o, s:o, s:o}", "version", report_version(),
                     "target", plan->target, "implementation", json_out_text(plan->implementation),
                     "contract", plan->contract, "tier", figures->tier, "traits",
                     json_out_text(figures->campaign->jobs[0].traits_text), "seed",
                     number(plan->seed), "jobs", number(plan->jobs));
}

static json_t *clauses(const struct figures *figures) {
    const struct campaign_totals *totals = &figures->totals;
    return json_pack("{s:o, s:o, s:o, s:o, s:o}", "clauses_reached", names(&totals->clauses, NULL),
                     "clauses_not_reached", names(&figures->reachable, &totals->clauses),
                     "clauses_reachable", names(&figures->reachable, NULL), "clauses_unreachable",
                     reasons(figures), "clauses", counts(totals));
}

/* What report.json says, and how often and where it was found. */
static json_t *finding(const struct figures_finding *one) {
    json_t *report = finding_load(one->folder);
    json_t *object = report ? report : json_object();
    json_object_set_new(object, "signature", json_string(one->signature));
    json_object_set_new(object, "folder", json_out_text(one->folder));
    json_object_set_new(object, "count", number(one->count));
    return object;
}

static json_t *findings(const struct figures *figures) {
    json_t *array = json_array();
    for (unsigned i = 0; i < figures->finding_count; i++)
        json_array_append_new(array, finding(&figures->findings[i]));
    return array;
}

static json_t *result(const struct figures *figures, int status) {
    const struct campaign_totals *totals = &figures->totals;
    return json_pack("{s:f, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:i}", "seconds",
                     (double)figures->elapsed / 1000, "scenarios", number(totals->scenarios),
                     "calls", number(totals->calls), "undecided", number(totals->undecided),
                     "scenarios_per_second", number(figures_rate(figures, totals->scenarios)),
                     "calls_per_second", number(figures_rate(figures, totals->calls)), "findings",
                     findings(figures), "not_kept", number(totals->not_kept), "status", status);
}

int figures_json(FILE *out, const struct figures *figures, int status) {
    json_t *all = circumstances(figures);
    json_t *const parts[] = {result(figures, status), clauses(figures)};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        json_object_update(all, parts[i]);
        json_decref(parts[i]);
    }
    return json_out_write(out, all);
}
