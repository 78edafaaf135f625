#include "killed.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "cli.h"
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

bool killed_again(const struct campaign_job *job, const struct crew_plan *plan,
                  const struct target *target) {
    static struct scenario scenario;
    const struct cli_subject subject = {plan->implementation, plan->contract};
    decode(&scenario, job, target);
    const struct examiner *examiner = session_open(&subject);
    examine_adapt(examiner, &scenario);
    int killed = 0;
    while (killed < FRESH_TRIES) {
        struct fresh_result result;
        if (fresh_examine(examiner, &scenario, 1, &result) != 0 || result.signal == 0)
            break;
        killed++;
    }
    session_close();
    return killed == FRESH_TRIES;
}

void killed_save(struct campaign_job *job, const struct crew_plan *plan,
                 const struct target *target, int signal) {
    static struct finding finding;
    decode(&finding.scenario, job, target);
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
    struct report_run run = {.program = program_invocation_name,
                             .implementation = plan->implementation,
                             .tier = job->tier,
                             .traits = job->traits_text};
    subject_level(&run.level, plan->contract, reason, sizeof reason);
    int error = report_save(plan->findings, &run, &finding, job->folder, sizeof job->folder);
    if (error) {
        snprintf(job->reason, sizeof job->reason, "%s: %s", plan->findings, strerror(-error));
        job->folder[0] = '\0';
        report_print(stdout, &run, &finding, NULL);
    }
    memcpy(job->signature, finding.signature, sizeof job->signature);
}
