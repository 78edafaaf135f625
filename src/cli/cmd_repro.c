/* repro: runs scenario files again and reports the first violation. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "fresh.h"
#include "report.h"

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

static bool repro(struct examiner *examiner, const struct cli_subject *subject, const char *path,
                  uint64_t repeat) {
    cli_load(path, FORM_BY_NAME, &scenario, NULL);
    enum ability lacked = session_lacks(&scenario);
    if (lacked != ABILITY_COUNT)
        fprintf(stderr, "fifofuzz: %s: steps that need %s are left out: %s\n", path,
                ability_infos[lacked].name, ability_infos[lacked].lacking);
    if (examine_adapt(examiner, &scenario) && lacked == ABILITY_COUNT)
        fprintf(stderr, "fifofuzz: %s: some steps do not suit %s and are left out\n", path,
                subject->implementation);
    session_scenario(&scenario);
    struct tally tally = run_often(examiner, repeat);
    struct report_order order = {subject, path};
    int signal = tally.first.signal;
    if (signal)
        print_killed(&tally.first);
    else if (tally.violated)
        fresh_run(examiner, print_report, &order, &signal);
    print_tally(path, &tally);
    session_scenario(NULL);
    return tally.violated == 0;
}

static int run_repro(int argc, char **argv) {
    struct cli_subject subject = CLI_SUBJECT_DEFAULT;
    uint64_t repeat = 1;
    const struct cli_option options[] = {CLI_SUBJECT_OPTIONS(subject),
                                         {"repeat", 'n', OPTION_NUMBER, &repeat, 1, 1000000000}};
    int first = cli_options(&verb_repro, argc, argv, options, sizeof options / sizeof options[0]);
    if (first == argc)
        cli_misuse(&verb_repro, "expected at least one FILE");
    for (int i = first; i < argc; i++) /* a typing mistake shows before anything runs */
        if (strcmp(argv[i], "-") != 0)
            cli_load(argv[i], FORM_BY_NAME, &scenario, NULL);
    struct examiner *examiner = session_open(&subject);
    bool held = true;
    for (int i = first; i < argc; i++)
        held = repro(examiner, &subject, argv[i], repeat) && held;
    session_close();
    return held ? STATUS_HELD : STATUS_FINDING;
}

const struct verb verb_repro = {
    .name = "repro",
    .arguments = "FILE... [--implementation X] [--contract LEVEL] [--repeat N]",
    .summary = "Runs scenarios again and reports what they violate.",
    .help = "FILE is a scenario as text (.scn, or - for stdin), as bytes, or a findings "
            "folder.\n\n" CLI_SUBJECT_HELP
            "  -n, --repeat N          run each file N times; says whether the verdict is stable\n",
    .run = run_repro,
};
