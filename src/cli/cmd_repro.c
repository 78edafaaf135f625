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
#include "trace.h"

/* The command line. */
static struct {
    struct cli_subject subject;
    uint64_t repeat;
    bool trace, no_fork;
    struct result_files files;
} wanted;

static struct scenario scenario;
static struct finding finding;

/* What the runs of one file showed. */
struct tally {
    uint64_t runs, violated, undecided;
    struct fresh_result first; /* the first violation, or else the last result */
    struct verdict open;       /* the last that was undecided, if there was one */
};

/* What the full report is printed with. */
struct report_order {
    const char *path;
    FILE *json; /* for report.json's object; shared with the parent of a child */
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
        if (!violated && result.verdict.kind == VERDICT_UNDECIDED) {
            tally.undecided++;
            tally.open = result.verdict;
        }
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

enum { TRIES = 10 }; /* to see an unstable violation again */

static void print_finding(const struct examiner *examiner, const struct report_order *order) {
    struct report_run run = {program_invocation_name, wanted.subject.implementation,
                             examiner->contract.level, sandbox_tier(), session_traits()};
    report_print(stdout, &run, &finding, order->path);
    fputc('\n', stdout);
    report_json(order->json, &run, &finding, order->path);
    fflush(order->json);
}

/* In a fresh process: the full report of the first examination that is violated. */
static void print_report(struct examiner *examiner, void *order) {
    for (int i = 0; i < TRIES; i++) {
        if (examine(examiner, &scenario, &finding))
            continue;
        print_finding(examiner, order);
        return;
    }
}

/* The trace of one run, or of the first that is violated if one was. */
static void print_trace(struct examiner *examiner, void *context) {
    const struct tally *tally = context;
    for (int i = 0; i < (tally->violated ? TRIES : 1); i++) {
        struct verdict verdict;
        char *text = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&text, &size);
        if (!out)
            cli_fail(STATUS_UNABLE, "no memory for a trace");
        trace_run(out, examiner, &scenario, &verdict);
        fclose(out);
        bool last = !tally->violated || verdict_is_bad(&verdict) || i == TRIES - 1;
        if (last)
            fputs(text, stdout);
        free(text);
        if (last)
            return;
    }
}

/* The process dies with such an implementation, so there is no verdict to print. */
static void print_killed(const struct fresh_result *result) {
    printf("%s: the process was killed by signal %d (%s)\n", title(result), result->signal,
           strsignal(result->signal));
}

static void print_tally(const char *path, const struct tally *tally) {
    char excuse[EXCUSE_SIZE];
    verdict_excuse(&tally->open, excuse, sizeof excuse);
    if (tally->violated)
        printf("%s: %s%" PRIu64 " of %" PRIu64 " runs: violated %s\n", path,
               tally->violated < tally->runs ? "unstable: " : "", tally->violated, tally->runs,
               title(&tally->first));
    else if (tally->undecided)
        printf("%s: undecided in %" PRIu64 " of %" PRIu64 " runs: %s\n", path, tally->undecided,
               tally->runs, excuse);
    else
        printf("%s: held in %" PRIu64 " of %" PRIu64 " runs\n", path, tally->runs, tally->runs);
}

/*
 * Prints the full report, and has what it says in `result`: in a fresh process, or here of the run
 * that gave `finding`.
 */
static void report(struct examiner *examiner, const char *path, struct result *result) {
    struct report_order order = {path, tmpfile()};
    int signal;
    if (!order.json)
        cli_fail(STATUS_UNABLE, "no temporary file: %s", strerror(errno));
    if (wanted.no_fork)
        print_finding(examiner, &order);
    else
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
    char excuse[EXCUSE_SIZE];
    verdict_excuse(&tally->open, excuse, sizeof excuse);
    result_place(result, path, tally->first.signal ? 0 : verdict->step);
    if (!tally->violated) {
        result->state = tally->undecided ? RESULT_SKIPPED : RESULT_PASSED;
        if (tally->undecided)
            result_set(&result->message, "%s", excuse);
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

/* --- is it stable? ---------------------------------------------------------------------------- */

/*
 * Each run had a process of its own, so what differs is not in the scenario. The same on the bare
 * system call tells on which side it is: raw has no memory and no choice.
 */
static void explain_instability(const struct examiner *examiner) {
    static struct examiner raw;
    raw.implementation = implementation_find("raw");
    raw.contract =
        (struct contract){.level = examiner->contract.level, .host = examiner->contract.host};
    if (examiner->implementation == raw.implementation) {
        puts("The bare system call has nothing that could differ from run to run: this is a "
             "finding about\nfifofuzz itself, or about this kernel. Please report it.");
        return;
    }
    struct tally tally = run_often(&raw, wanted.repeat);
    printf("The same on the bare system call (--implementation raw): %" PRIu64 " of %" PRIu64
           " runs violated.\n",
           tally.violated, tally.runs);
    if (tally.violated == 0)
        puts(
            "So it is the implementation that differs from run to run: by chance, by time, by its\n"
            "addresses, or by something it remembers outside of the process.");
    else
        puts("So it is a finding about fifofuzz itself, or about this kernel. Please report it.");
}

/* --- the runs --------------------------------------------------------------------------------- */

/* True if a debugger watches this process: it would lose sight of a child. proc(5) */
static bool is_traced(void) {
    char line[128];
    long tracer = 0;
    FILE *status = fopen("/proc/self/status", "re");
    while (status && fgets(line, sizeof line, status))
        if (strncmp(line, "TracerPid:", 10) == 0)
            tracer = strtol(line + 10, NULL, 10);
    if (status)
        fclose(status);
    return tracer != 0;
}

/* One run in this very process: for a debugger. Fills `finding` if it was violated. */
static struct tally run_here(struct examiner *examiner) {
    struct verdict verdict;
    if (wanted.trace)
        trace_run(stdout, examiner, &scenario, &verdict);
    else
        examine_once(examiner, &scenario, &verdict);
    if (verdict_is_bad(&verdict))
        examine_describe(examiner, &scenario, &verdict, &finding);
    return (struct tally){.runs = 1,
                          .violated = verdict_is_bad(&verdict),
                          .undecided = verdict.kind == VERDICT_UNDECIDED,
                          .first = {.runs = 1, .verdict = verdict},
                          .open = verdict};
}

static struct tally run_in_children(const struct examiner *examiner) {
    struct tally tally = run_often(examiner, wanted.repeat);
    int signal;
    if (wanted.trace)
        fresh_run(examiner, print_trace, &tally, &signal);
    return tally;
}

/* What is left of it held, which says nothing of the whole. */
static void leave_open(const char *path, enum ability lacked, struct result *result) {
    result->state = RESULT_SKIPPED;
    result_set(&result->message, "needs %s: %s", ability_infos[lacked].name,
               ability_infos[lacked].lacking);
    printf("%s: cannot be told here, where steps that need %s are left out\n", path,
           ability_infos[lacked].name);
}

/* Returns false where this host cannot tell. */
static bool repro(struct examiner *examiner, const char *path, struct results *results) {
    cli_load(path, FORM_BY_NAME, &scenario, NULL);
    enum ability lacked = session_lacks(&scenario);
    if (lacked != ABILITY_COUNT)
        fprintf(stderr, "fifofuzz: %s: steps that need %s are left out: %s\n", path,
                ability_infos[lacked].name, ability_infos[lacked].lacking);
    bool adapted = examine_adapt(examiner, &scenario);
    if (adapted && lacked == ABILITY_COUNT)
        fprintf(stderr, "fifofuzz: %s: some steps do not suit %s and are left out\n", path,
                wanted.subject.implementation);
    session_scenario(&scenario);
    struct tally tally = wanted.no_fork ? run_here(examiner) : run_in_children(examiner);
    struct result *result = add_result(results, path, &tally);
    if (adapted)
        result->line = 0; /* steps are counted without those left out */
    if (tally.first.signal)
        print_killed(&tally.first);
    else if (tally.violated)
        report(examiner, path, result);
    const bool told = tally.violated || lacked == ABILITY_COUNT;
    if (told)
        print_tally(path, &tally);
    else
        leave_open(path, lacked, result);
    if (tally.violated && tally.violated < tally.runs)
        explain_instability(examiner);
    session_scenario(NULL);
    return told;
}

/* --- the verb --------------------------------------------------------------------------------- */

static int run_repro(int argc, char **argv) {
    wanted.subject = CLI_SUBJECT_DEFAULT;
    wanted.repeat = 1;
    const struct cli_option options[] = {
        CLI_SUBJECT_OPTIONS(wanted.subject),
        {"repeat", 'n', OPTION_NUMBER, &wanted.repeat, 1, 1000000000},
        {"trace", 't', OPTION_FLAG, &wanted.trace, 0, 0},
        {"no-fork", 0, OPTION_FLAG, &wanted.no_fork, 0, 0},
        RESULT_OPTIONS(wanted.files),
    };
    int first = cli_options(&verb_repro, argc, argv, options, sizeof options / sizeof options[0]);
    cli_put_under(&wanted.subject);
    if (first == argc)
        cli_misuse(&verb_repro, "expected at least one FILE");
    if (wanted.no_fork && wanted.repeat > 1)
        cli_misuse(&verb_repro, "--no-fork runs a file once, without --repeat");
    wanted.no_fork |= wanted.repeat == 1 && is_traced();
    for (int i = first; i < argc; i++) /* a typing mistake shows before anything runs */
        if (strcmp(argv[i], "-") != 0)
            cli_load(argv[i], FORM_BY_NAME, &scenario, NULL);
    result_files_need(&wanted.files);
    struct results results;
    results_begin(&results, "repro", &wanted.subject);
    struct examiner *examiner = session_open(&wanted.subject);
    results.tier = sandbox_tier();
    results.traits = session_traits();
    bool told = true;
    for (int i = first; i < argc; i++)
        told &= repro(examiner, argv[i], &results);
    session_close();
    int status = results_in(&results, RESULT_FAILED) ? STATUS_FINDING
                 : told                              ? STATUS_HELD
                                                     : STATUS_UNABLE;
    status = result_files_write(&wanted.files, &results, status);
    results_free(&results);
    return status;
}

const struct verb verb_repro = {
    .name = "repro",
    .arguments =
        "FILE... [--implementation X] [--under COMMAND] [--contract LEVEL] [--repeat N] [--trace]\n"
        "                      [--no-fork] [--json FILE] [--junit FILE] [--sarif FILE]",
    .summary = "Runs scenarios again and reports what they violate.",
    .help = "FILE is a scenario as text (.scn, or - for stdin), as bytes, or a findings "
            "folder.\n"
            "Exit status 77 if a file holds as far as it can be run here, and not all of it "
            "can.\n\n" CLI_SUBJECT_HELP
            "  -n, --repeat N          run each file N times; says whether the verdict is stable\n"
            "  -t, --trace             print what was allowed and got, step by step\n"
            "      --no-fork           run once in this process, as it does under a debugger;\n"
            "                          `break fifofuzz_call if step == 3` stops at a "
            "call\n" RESULT_HELP,
    .run = run_repro,
};
