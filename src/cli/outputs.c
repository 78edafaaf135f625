#include "outputs.h"

#include "document.h"
#include "finding_json.h"
#include "page.h"

/* --- cases ------------------------------------------------------------------------------------ */

static void add_finding(struct results *results, const char *name, const char *rule,
                        const struct figures_finding *finding) {
    json_t *report = finding_load(finding->folder);
    struct result *result = results_add(results, RESULT_FAILED, name);
    result_set(&result->message, "%s", finding->signature);
    finding_fill(result, report);
    result_set(&result->rule, "%s", rule);
    result_set(&result->signature, "%s", finding->signature);
    json_int_t step = json_integer_value(json_object_get(report, "step"));
    if (finding->folder[0])
        result_place(result, finding->folder, step > 0 ? (uint32_t)step - 1 : 0);
    json_decref(report);
}

/*
 * Adds the findings of `clause`, CLAUSE_COUNT for those of none; all but the first are called by
 * their signatures. Returns how many there are.
 */
static unsigned add_findings(struct results *results, const struct figures *figures,
                             enum clause clause) {
    const char *rule = clause == CLAUSE_COUNT ? RULE_PREPARATION : clause_infos[clause].name;
    unsigned count = 0;
    for (unsigned i = 0; i < figures->finding_count; i++) {
        const struct figures_finding *finding = &figures->findings[i];
        if (finding_clause(finding->signature) == clause)
            add_finding(results, count++ ? finding->signature : rule, rule, finding);
    }
    return count;
}

static void add_clause(struct results *results, const struct figures *figures, enum clause clause) {
    const char *name = clause_infos[clause].name;
    if (add_findings(results, figures, clause))
        return;
    bool reached = clause_set_has(&figures->totals.clauses, clause);
    struct result *result = results_add(results, reached ? RESULT_PASSED : RESULT_SKIPPED, name);
    result_set(&result->rule, "%s", name);
    if (figures->unreachable[clause])
        result_set(&result->message, "%s", figures->unreachable[clause]);
    else if (!reached)
        result_set(&result->message, "not reached in this run");
}

/* Why a run says nothing of the contract, or NULL. */
static const char *trouble(const struct figures *figures, int status) {
    for (unsigned job = 0; job < figures->campaign->job_count; job++) {
        enum campaign_state state = campaign_state(figures->campaign, job);
        if (state == CAMPAIGN_UNABLE || state == CAMPAIGN_REFUSED)
            return figures->campaign->jobs[job].reason;
    }
    return status == STATUS_OURS ? "a failure of fifofuzz itself; see its messages" : NULL;
}

void outputs_collect(struct results *results, const struct figures *figures, int status) {
    const char *reason = trouble(figures, status);
    if (reason || !figures->target->examines) {
        struct result *result =
            results_add(results, reason ? RESULT_ERROR : RESULT_PASSED, figures->target->name);
        result_set(&result->message, "%s", reason ? reason : "");
    }
    for (int i = 0; i < CLAUSE_COUNT && figures->target->examines; i++)
        add_clause(results, figures, (enum clause)i);
    add_findings(results, figures, CLAUSE_COUNT);
    for (unsigned i = 0; i < beyond_count && figures->target->examines; i++) {
        struct result *result = results_add(results, RESULT_SKIPPED, beyond_infos[i].name);
        result_set(&result->message, "%s", beyond_infos[i].reason);
    }
    for (size_t i = 0; i < results->count; i++)
        results->cases[i].seconds = 0; /* clauses share the run's time */
}

/* --- files ------------------------------------------------------------------------------------ */

struct conclusion {
    const struct figures *figures;
    int status;
};

static int write_json(FILE *out, const void *context) {
    const struct conclusion *conclusion = context;
    return figures_json(out, conclusion->figures, conclusion->status);
}

static int write_html(FILE *out, const void *context) {
    const struct conclusion *conclusion = context;
    return page_write(out, conclusion->figures, conclusion->status);
}

void outputs_need(const struct outputs *outputs) {
    result_files_need(&outputs->files);
    document_need(outputs->html);
}

static int write_results(const struct outputs *outputs, const struct figures *figures, int status) {
    const struct crew_plan *plan = figures->plan;
    const struct cli_subject subject = {plan->implementation, plan->contract, NULL};
    const struct result_files files = {NULL, outputs->files.junit, outputs->files.sarif};
    struct results results;
    results_begin(&results, "run", &subject);
    results.start -= (time_t)(figures->elapsed / 1000);
    results.start_ns -= figures->elapsed * 1000000;
    results.target = plan->target;
    results.tier = figures->tier;
    results.traits = figures->campaign->jobs[0].traits_text;
    outputs_collect(&results, figures, status);
    status = result_files_write(&files, &results, status);
    results_free(&results);
    return status;
}

int outputs_write(const struct outputs *outputs, const struct figures *figures, int status) {
    const struct conclusion conclusion = {figures, status};
    int error = 0;
    if (outputs->files.json)
        error |= document_write(outputs->files.json, write_json, &conclusion);
    if (outputs->html)
        error |= document_write(outputs->html, write_html, &conclusion);
    if (outputs->files.junit || outputs->files.sarif)
        status = write_results(outputs, figures, status);
    return error && status == STATUS_HELD ? STATUS_USAGE : status;
}
