/* repro: runs scenario files again and reports the first violation. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "report.h"

static struct scenario scenario;
static struct finding finding;

/* What the runs of one file showed. */
struct tally {
    uint64_t runs, violated, undecided;
    struct verdict first; /* the first violation, or else the last verdict */
};

static bool is_violation(const struct verdict *verdict) {
    return verdict->kind == VERDICT_VIOLATED || verdict->kind == VERDICT_DISAGREED;
}

static const char *verdict_title(const struct verdict *verdict) {
    return verdict->kind == VERDICT_DISAGREED ? "preparation" : clause_infos[verdict->clause].name;
}

static struct tally run_often(struct examiner *examiner, uint64_t repeat) {
    struct tally tally = {.runs = repeat};
    for (uint64_t i = 0; i < repeat; i++) {
        struct verdict verdict;
        examine_once(examiner, &scenario, &verdict);
        tally.undecided += verdict.kind == VERDICT_UNDECIDED;
        if (tally.violated == 0)
            tally.first = verdict;
        tally.violated += is_violation(&verdict);
    }
    return tally;
}

/* Prints the full report, or, if it does not show again, the verdict alone. */
static void print_report(struct examiner *examiner, const struct cli_subject *subject,
                         const struct tally *tally, const char *path) {
    enum { TRIES = 10 };
    for (int i = 0; i < TRIES; i++) {
        if (examine(examiner, &scenario, &finding))
            continue;
        struct report_run run = {subject->implementation, examiner->contract.level, sandbox_tier(),
                                 session_traits()};
        report_print(stdout, &run, &finding, path);
        fputc('\n', stdout);
        return;
    }
    char sentence[768];
    verdict_describe(&tally->first, sentence, sizeof sentence);
    printf("%s: step %u: %s (it did not show again)\n", verdict_title(&tally->first),
           tally->first.step + 1, sentence);
}

static void print_tally(const char *path, const struct tally *tally) {
    if (tally->violated == tally->runs)
        printf("%s: %llu of %llu runs: violated %s\n", path, (unsigned long long)tally->violated,
               (unsigned long long)tally->runs, verdict_title(&tally->first));
    else if (tally->violated)
        printf("%s: unstable: %llu of %llu runs violated %s\n", path,
               (unsigned long long)tally->violated, (unsigned long long)tally->runs,
               verdict_title(&tally->first));
    else if (tally->undecided)
        printf("%s: undecided in %llu of %llu runs: the documents leave %s open\n", path,
               (unsigned long long)tally->undecided, (unsigned long long)tally->runs,
               clause_infos[tally->first.clause].name);
    else
        printf("%s: held in %llu of %llu runs\n", path, (unsigned long long)tally->runs,
               (unsigned long long)tally->runs);
}

static bool repro(struct examiner *examiner, const struct cli_subject *subject, const char *path,
                  uint64_t repeat) {
    cli_load(path, FORM_BY_NAME, &scenario, NULL);
    if (examine_adapt(examiner, &scenario))
        fprintf(stderr, "fifofuzz: %s: some steps do not suit %s and are left out\n", path,
                subject->implementation);
    session_scenario(&scenario);
    struct tally tally = run_often(examiner, repeat);
    if (tally.violated)
        print_report(examiner, subject, &tally, path);
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
