#include "killed.h"

#include <string.h>

#include "cli.h"
#include "report.h"
#include "subject.h"

bool killed_save(struct campaign_job *job, const struct crew_plan *plan,
                 const struct target *target, int signal) {
    static struct finding finding;
    scenario_decode(&finding.scenario, job->input, job->input_size);
    scenario_restrict(&finding.scenario, target->shape);
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
    snprintf(finding.signature, sizeof finding.signature, "%s.killed.%d",
             clause_infos[CLAUSE_RETURNS].name, signal);
    char reason[256];
    struct report_run run = {
        .implementation = plan->implementation, .tier = job->tier, .traits = job->traits_text};
    subject_level(&run.level, plan->contract, reason, sizeof reason);
    int error = report_save(plan->findings, &run, &finding, job->folder, sizeof job->folder);
    if (error)
        fprintf(stderr, "fifofuzz: %s: %s\n", plan->findings, strerror(-error));
    memcpy(job->signature, finding.signature, sizeof job->signature);
    return error == 0;
}
