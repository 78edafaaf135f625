#include "killed.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "cli.h"
#include "findings.h"
#include "fresh.h"
#include "report.h"
#include "subject.h"

bool killed_by_itself(int signal) {
    static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGSYS, SIGABRT, SIGTRAP};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        if (signal == signals[i])
            return true;
    return false;
}

static void decode(struct scenario *scenario, const struct campaign_job *job,
                   const struct target *target) {
    scenario_decode(scenario, job->input, job->input_size);
    scenario_restrict(scenario, target->shape);
}

int killed_again(const struct campaign_job *job, const struct crew_plan *plan,
                 const struct target *target) {
    static struct scenario scenario;
    const struct cli_subject subject = {plan->implementation, plan->contract, NULL};
    decode(&scenario, job, target);
    const struct examiner *examiner = session_open(&subject);
    examine_adapt(examiner, &scenario);
    int signal = 0;
    for (int i = 0; i < FRESH_TRIES && (i == 0 || signal); i++) {
        struct fresh_result result;
        signal = fresh_examine(examiner, &scenario, 1, &result) == 0 ? result.signal : 0;
    }
    session_close();
    return signal;
}

void killed_save(struct campaign_job *job, const struct crew_plan *plan,
                 const struct target *target, int signal) {
    static struct finding finding;
    decode(&finding.scenario, job, target);
    scenario_copy(&finding.original, &finding.scenario);
    uint32_t steps = finding.scenario.step_count;
    finding.verdict = (struct verdict){
        .kind = VERDICT_VIOLATED,
        .clause = CLAUSE_RETURNS,
        .aspect = ASPECT_ENDING,
        .late = true,
        .step = steps ? steps - 1 : 0,
        .expected = ENDING_DONE,
        .got = ENDING_CRASHED,
        .number = signal,
    };
    snprintf(finding.key, sizeof finding.key, "%s.killed.%d", clause_infos[CLAUSE_RETURNS].name,
             signal);
    memcpy(finding.signature, finding.key, sizeof finding.key);
    char reason[256];
    struct report_run run = {.program = program_invocation_name,
                             .implementation = plan->implementation,
                             .tier = job->tier,
                             .traits = job->traits_text};
    struct contract contract = {.traits = job->facts.traits, .host = job->facts.host};
    subject_level(&contract.level, plan->contract, reason, sizeof reason);
    run.level = contract.level;
    uint32_t row = job->finding_count < CAMPAIGN_FINDINGS_MAX ? job->finding_count++
                                                              : CAMPAIGN_FINDINGS_MAX - 1;
    struct campaign_finding *found = &job->findings[row];
    memcpy(found->key, finding.key, sizeof found->key);
    memcpy(found->signature, finding.signature, sizeof found->signature);
    found->count = found->saved = 1;
    int error = findings_save(plan->findings, &run, &contract, &finding, found->folder,
                              sizeof found->folder);
    if (error) {
        snprintf(found->reason, sizeof found->reason, "%s: %s", plan->findings, strerror(-error));
        found->folder[0] = '\0';
        report_print(stdout, &run, &finding, NULL);
    }
    atomic_store(&job->state, CAMPAIGN_FOUND);
}
