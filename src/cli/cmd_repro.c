/* repro: runs scenario files again and reports the first violation. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "finding_json.h"
#include "fresh.h"
#include "report.h"
#include "report_json.h"
#include "results.h"

static struct scenario scenario;
static struct finding finding;

/* What the runs of one file showed. */
struct tally {
    uint64_t runs, violated, undecided;
    struct fresh_result first; /* the first violation, or else the last result */
};

/* What the child needs to print the full report. */
struct report_order {
    const struct cli_subject *subject;
    const char *path;
    FILE *json; /* shared with the parent, for report.json's object */
};

/* Each run in a process of its own: what an implementation remembers does not blur the count. */
static struct tally run_often(const struct examiner *examiner, uint64_t repeat) {
    struct tally tally = {.runs = repeat};
    for (uint64_t i = 0; i < repeat; i++) {
        struct fresh_result result;
        int error = fresh_examine(examiner, &scenario, 1, &result);
        if (error)
            cli_fail(STATUS_UNABLE, "no process to run the scenario in: %s", strerror(-error));
        bool violated = fresh_is_violated(&result);
        tally.undecided += !violated && result.verdict.kind == VERDICT_UNDECIDED;
        if (tally.violated == 0)
            tally.first = result;
        tally.violated += violated;
    }
    return tally;
}

static const char *title(const struct fresh_result *result) {
    if (result->signal)
        return clause_infos[CLAUSE_RETURNS].name;
    return result->verdict.kind == VERDICT_DISAGREED ? "preparation"
                                                     : clause_infos[result->verdict.clause].name;
}

/* In a fresh process: the full report of the first examination that is violated. */
static void print_report(struct examiner *examiner, void *context) {
    const struct report_order *order = context;
    enum { TRIES = 10 };
    for (int i = 0; i < TRIES; i++) {
        if (examine(examiner, &scenario, &finding))
            continue;
        struct report_run run = {program_invocation_name, order->subject->implementation,
                                 examiner->contract.level, sandbox_tier(), session_traits()};
        report_print(stdout, &run, &finding, order->path);
        fputc('\n', stdout);
        report_json(order->json, &run, &finding, order->path);
        fflush(order->json);
        return;
    }
}

/* The process dies with such an implementation, so there is no verdict to print. */
static void print_killed(const struct fresh_result *result) {
    printf("%s: the process was killed by signal %d (%s)\n", title(result), result->signal,
           strsignal(result->signal));
}

static void print_tally(const char *path, const struct tally *tally) {
    if (tally->violated)
        printf("%s: %s%" PRIu64 " of %" PRIu64 " runs: violated %s\n", path,
               tally->violated < tally->runs ? "unstable: " : "", tally->violated, tally->runs,
               title(&tally->first));
    else if (tally->undecided)
        printf("%s: undecided in %" PRIu64 " of %" PRIu64 " runs: the documents leave %s open\n",
               path, tally->undecided, tally->runs, title(&tally->first));
    else
        printf("%s: held in %" PRIu64 " of %" PRIu64 " runs\n", path, tally->runs, tally->runs);
}

/* Prints the full report, and has what it says in `result`. */
static void report(const struct examiner *examiner, const struct cli_subject *subject,
                   const char *path, struct result *result) {
    struct report_order order = {subject, path, tmpfile()};
    int signal;
    if (!order.json)
        cli_fail(STATUS_UNABLE, "no temporary file: %s", strerror(errno));
    fresh_run(examiner, print_report, &order, &signal);
    rewind(order.json);
    json_t *said = json_loadf(order.json, 0, NULL);
    finding_fill(result, said);
    json_decref(said);
    fclose(order.json);
}

/* What is known without the full report. */
static struct result *add_result(struct results *results, const char *path,
                                 const struct tally *tally) {
    struct result *result = results_add(results, RESULT_PASSED, path);
    const struct verdict *verdict = &tally->first.verdict;
    result_place(result, path, tally->first.signal ? 0 : verdict->step);
    if (!tally->violated) {
        result->state = tally->undecided ? RESULT_SKIPPED : RESULT_PASSED;
        if (tally->undecided)
            result_set(&result->message, "the documents leave %s open", title(&tally->first));
        return result;
    }
    result->state = RESULT_FAILED;
    result_set(&result->rule, "%s",
               tally->first.signal || verdict->kind != VERDICT_DISAGREED ? title(&tally->first)
                                                                         : RULE_PREPARATION);
    if (tally->first.signal) {
        result_set(&result->message, "the process was killed by signal %d (%s)",
                   tally->first.signal, strsignal(tally->first.signal));
        return result;
    }
    char sentence[768];
    verdict_describe(verdict, sentence, sizeof sentence);
    result_set(&result->message, "%s", sentence);
    return result;
}

static void repro(struct examiner *examiner, const char *path, uint64_t repeat,
                  struct results *results) {
    const struct cli_subject *subject = &results->subject;
    cli_load(path, FORM_BY_NAME, &scenario, NULL);
    enum ability lacked = session_lacks(&scenario);
    if (lacked != ABILITY_COUNT)
        fprintf(stderr, "fifofuzz: %s: steps that need %s are left out: %s\n", path,
                ability_infos[lacked].name, ability_infos[lacked].lacking);
    bool adapted = examine_adapt(examiner, &scenario);
    if (adapted && lacked == ABILITY_COUNT)
        fprintf(stderr, "fifofuzz: %s: some steps do not suit %s and are left out\n", path,
                subject->implementation);
    session_scenario(&scenario);
    struct tally tally = run_often(examiner, repeat);
    struct result *result = add_result(results, path, &tally);
    if (adapted)
        result->line = 0; /* steps are counted without those left out */
    if (tally.first.signal)
        print_killed(&tally.first);
    else if (tally.violated)
        report(examiner, subject, path, result);
    print_tally(path, &tally);
    session_scenario(NULL);
}

static int run_repro(int argc, char **argv) {
    struct cli_subject subject = CLI_SUBJECT_DEFAULT;
    uint64_t repeat = 1;
    struct result_files files = {NULL, NULL, NULL};
    const struct cli_option options[] = {CLI_SUBJECT_OPTIONS(subject),
                                         {"repeat", 'n', OPTION_NUMBER, &repeat, 1, 1000000000},
                                         RESULT_OPTIONS(files)};
    int first = cli_options(&verb_repro, argc, argv, options, sizeof options / sizeof options[0]);
    if (first == argc)
        cli_misuse(&verb_repro, "expected at least one FILE");
    for (int i = first; i < argc; i++) /* a typing mistake shows before anything runs */
        if (strcmp(argv[i], "-") != 0)
            cli_load(argv[i], FORM_BY_NAME, &scenario, NULL);
    result_files_need(&files);
    struct results results;
    results_begin(&results, "repro", &subject);
    struct examiner *examiner = session_open(&subject);
    results.tier = sandbox_tier();
    results.traits = session_traits();
    for (int i = first; i < argc; i++)
        repro(examiner, argv[i], repeat, &results);
    session_close();
    int status = results_in(&results, RESULT_FAILED) ? STATUS_FINDING : STATUS_HELD;
    status = result_files_write(&files, &results, status);
    results_free(&results);
    return status;
}

const struct verb verb_repro = {
    .name = "repro",
    .arguments = "FILE... [--implementation X] [--contract LEVEL] [--repeat N] [--json FILE]\n"
                 "                      [--junit FILE] [--sarif FILE]",
    .summary = "Runs scenarios again and reports what they violate.",
    .help = "FILE is a scenario as text (.scn, or - for stdin), as bytes, or a findings "
            "folder.\n\n" CLI_SUBJECT_HELP "  -n, --repeat N          run each file N times; says "
            "whether the verdict is stable\n" RESULT_HELP,
    .run = run_repro,
};
