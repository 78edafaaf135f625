#include "confirm.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "fresh.h"
#include "report.h"

static struct scenario scenario;

/* The command that repeats the campaign: what came before the finding comes again. */
static void print_run(FILE *out, const struct crew_plan *plan) {
    fputs("\nRepeat the run:  ", out);
    report_word(out, program_invocation_name);
    fprintf(out, " run %s --implementation ", plan->target);
    report_word(out, plan->implementation);
    if (strcmp(plan->contract, CLI_SUBJECT_DEFAULT.contract) != 0)
        fprintf(out, " --contract %s", plan->contract);
    if (plan->jobs != 1)
        fprintf(out, " --jobs %" PRIu64, plan->jobs);
    fprintf(out, " --seed %" PRIu64, plan->seed);
}

/* A verdict about times may change with when the clock ticks. */
static bool is_about_times(const char *signature) {
    return strstr(signature, ".times") || strstr(signature, ".parent-times");
}

static void describe(FILE *out, const struct confirmation *confirmation,
                     const struct crew_plan *plan, const char *signature) {
    if (confirmation->violated == 0) {
        fprintf(out, "Not confirmed:   in no fresh process; it depends on %s",
                is_about_times(signature) ? "the clock" : "what was run before");
        print_run(out, plan);
        return;
    }
    fprintf(out, "Confirmed:       in %u of %d fresh processes", confirmation->violated,
            FRESH_TRIES);
    if (confirmation->added)
        fprintf(out, "; it depends on earlier calls, so the scenario was given %u more",
                confirmation->added);
}

void confirm_finding(const struct crew_plan *plan, const char *signature, const char *folder) {
    const struct cli_subject subject = {plan->implementation, plan->contract};
    struct confirmation confirmation;
    char *lines = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&lines, &size);
    if (!out)
        cli_fail(STATUS_OURS, "out of memory");
    cli_load(folder, FORM_BY_NAME, &scenario, NULL);
    const struct examiner *examiner = session_open(&subject);
    int error = fresh_confirm(examiner, &scenario, &confirmation);
    session_close();
    if (error)
        fprintf(out, "Not confirmed:   no fresh process to try in: %s", strerror(-error));
    else
        describe(out, &confirmation, plan, signature);
    if (fclose(out) != 0)
        cli_fail(STATUS_OURS, "out of memory");
    error = report_amend(folder, lines, !error && confirmation.added ? &scenario : NULL);
    if (error)
        fprintf(stderr, "fifofuzz: %s: %s\n", folder, strerror(-error));
    free(lines);
}
