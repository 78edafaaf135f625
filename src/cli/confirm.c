#include "confirm.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "findings.h"
#include "fresh.h"

static struct scenario scenario;

/* The command that repeats the campaign: what came before the finding comes again. */
static void print_run(FILE *out, const struct crew_plan *plan) {
    fputs("\nRepeat the run:        ", out);
    report_word(out, program_invocation_name);
    fprintf(out, " run %s --implementation ", plan->target);
    report_word(out, plan->implementation);
    if (strcmp(plan->contract, CLI_SUBJECT_DEFAULT.contract) != 0)
        fprintf(out, " --contract %s", plan->contract);
    if (plan->jobs != 1)
        fprintf(out, " --jobs %" PRIu64, plan->jobs);
    if (plan->keep_going)
        fputs(" --keep-going", out);
    fprintf(out, " --seed %" PRIu64, plan->seed);
}

/* A verdict about times may change with when the clock ticks. */
static bool is_about_times(const char *signature) {
    return strstr(signature, ".times") || strstr(signature, ".parent-times");
}

static void describe(FILE *out, const struct confirmation *confirmation,
                     const struct crew_plan *plan, const char *signature) {
    if (confirmation->violated == 0) {
        fprintf(out, "Not confirmed:         in no fresh process; it depends on %s",
                is_about_times(signature) ? "the clock" : "what was run before");
        print_run(out, plan);
        return;
    }
    fprintf(out, "Confirmed:             in %u of %d fresh processes", confirmation->violated,
            FRESH_TRIES);
    if (confirmation->added)
        fprintf(out, "; it depends on earlier calls, so the scenario was given %u more",
                confirmation->added);
}

/* --- the scenario that shows it best ---------------------------------------------------------- */

/* Loads file `name` of the folder to `scenario` and tries it; false if there is no such file. */
static bool try_file(const struct examiner *examiner, const char *folder, const char *name,
                     struct confirmation *confirmation, int *error) {
    char *path = cli_join(folder, name);
    bool there = cli_exists(path);
    if (there) {
        cli_load(path, FORM_BY_NAME, &scenario, NULL);
        *error = fresh_confirm(examiner, &scenario, confirmation);
    }
    free(path);
    return there;
}

/*
 * `scenario` becomes the one to keep. Returns 0 or -errno; `*changed` if it is not the one that the
 * folder has.
 */
static int choose(const struct examiner *examiner, const char *folder,
                  struct confirmation *confirmation, bool *changed) {
    static struct scenario minimized;
    struct confirmation of_original = {0};
    int error = 0;
    *confirmation = (struct confirmation){0};
    if (!try_file(examiner, folder, "scenario.scn", confirmation, &error))
        return -ENOENT;
    *changed = confirmation->added > 0;
    if (error || (confirmation->violated == FRESH_TRIES && !*changed))
        return error;
    scenario_copy(&minimized, &scenario);
    if (try_file(examiner, folder, "original.scn", &of_original, &error) &&
        of_original.violated > confirmation->violated) {
        *confirmation = of_original;
        *changed = true;
    } else {
        scenario_copy(&scenario, &minimized);
    }
    return error;
}

/* --- the report ------------------------------------------------------------------------------- */

/* The scenario as it was found; `original` stays as it is if the folder has none. */
static void load_original(const char *folder, struct scenario *original) {
    char *path = cli_join(folder, "original.scn");
    if (cli_exists(path))
        cli_load(path, FORM_BY_NAME, original, NULL);
    free(path);
}

/*
 * Makes `scenario` small where the process that found it could not: it remembers, or a sanitizer
 * takes no second report. True if that changed it.
 */
static bool make_small(const struct examiner *examiner, const char *folder, bool changed,
                       uint64_t seconds) {
    static struct scenario original;
    const struct minimize_budget budget = {.seconds = seconds};
    scenario_clear(&original);
    load_original(folder, &original);
    if (seconds == 0 || (!changed && !scenario_equal(&scenario, &original)))
        return false;
    scenario_copy(&original, &scenario);
    fresh_minimize(examiner, &scenario, &budget);
    return !scenario_equal(&scenario, &original);
}

/* What the child that writes the report anew needs. */
struct replacement {
    const struct crew_plan *plan;
    const char *folder;
};

/* In a fresh process: the finding as `scenario` shows it. */
static void replace(struct examiner *examiner, void *context) {
    static struct finding finding;
    const struct replacement *replacement = context;
    if (examine(examiner, &scenario, &finding))
        return;
    load_original(replacement->folder, &finding.original);
    const char *name = strrchr(replacement->folder, '/');
    snprintf(finding.signature, sizeof finding.signature, "%s",
             name ? name + 1 : replacement->folder);
    struct report_run run = {program_invocation_name, replacement->plan->implementation,
                             examiner->contract.level, sandbox_tier(), session_traits()};
    int error = findings_replace(replacement->folder, &run, &examiner->contract, &finding);
    if (error)
        fprintf(stderr, "fifofuzz: %s: %s\n", replacement->folder, strerror(-error));
}

static void confirm(const struct examiner *examiner, const struct crew_plan *plan,
                    const struct figures_finding *finding) {
    struct confirmation confirmation;
    struct replacement replacement = {plan, finding->folder};
    bool changed = false;
    char *lines = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&lines, &size);
    if (!out)
        cli_fail(STATUS_OURS, "out of memory");
    int signal;
    int error = choose(examiner, finding->folder, &confirmation, &changed);
    if (!error && confirmation.violated)
        changed |= make_small(examiner, finding->folder, changed, plan->minimize_seconds);
    if (!error && changed)
        error = fresh_run(examiner, replace, &replacement, &signal);
    if (error)
        fprintf(out, "Not confirmed:         no fresh process to try in: %s", strerror(-error));
    else
        describe(out, &confirmation, plan, finding->signature);
    if (fclose(out) != 0)
        cli_fail(STATUS_OURS, "out of memory");
    error = findings_amend(finding->folder, lines);
    if (error)
        fprintf(stderr, "fifofuzz: %s: %s\n", finding->folder, strerror(-error));
    free(lines);
}

/* `run` has these signals blocked: the first ended the campaign, another is for us. */
static bool is_interrupted(void) {
    sigset_t pending;
    return sigpending(&pending) == 0 &&
           (sigismember(&pending, SIGINT) == 1 || sigismember(&pending, SIGTERM) == 1);
}

void confirm_findings(const struct crew_plan *plan, const struct figures_finding *findings,
                      unsigned count) {
    const struct cli_subject subject = {plan->implementation, plan->contract, NULL};
    const struct examiner *examiner = session_open(&subject);
    for (unsigned i = 0; i < count && !is_interrupted(); i++)
        if (cli_exists(findings[i].folder)) /* it was written, and nobody has removed it */
            confirm(examiner, plan, &findings[i]);
    session_close();
}
