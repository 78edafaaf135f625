/* check: the files of the corpus as tests, in TAP (testanything.org). */
#include <fts.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli.h"
#include "report.h"
#include "results.h"

static struct scenario scenario;
static struct expectations expectations;

/* --- finding files ---------------------------------------------------------------------------- */

struct file_list {
    char **paths;
    size_t count;
};

static void append(struct file_list *list, const char *path) {
    list->paths = realloc(list->paths, (list->count + 1) * sizeof *list->paths);
    char *copy = strdup(path);
    if (!list->paths || !copy)
        cli_fail(STATUS_OURS, "out of memory");
    list->paths[list->count++] = copy;
}

static int by_name(const FTSENT **a, const FTSENT **b) {
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

static bool is_scn(const char *name) {
    size_t length = strlen(name);
    return length > 4 && strcmp(name + length - 4, ".scn") == 0;
}

/* Adds the file `path`, or all .scn files below it. */
static void collect(struct file_list *list, char *path) {
    char *roots[] = {path, NULL};
    FTS *tree = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, by_name);
    if (!tree)
        cli_fail(STATUS_OURS, "out of memory");
    FTSENT *entry;
    while ((entry = fts_read(tree))) {
        bool error =
            entry->fts_info == FTS_NS || entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR;
        if (error)
            cli_fail(STATUS_USAGE, "%s: %s", entry->fts_path, strerror(entry->fts_errno));
        if (entry->fts_info == FTS_F && (is_scn(entry->fts_name) || entry->fts_level == 0))
            append(list, entry->fts_path);
    }
    fts_close(tree);
}

static void collect_corpus(struct file_list *list) {
    static const char *const folders[] = {"conformance", "regressions", "trophies"};
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        char *folder = cli_join(cli_corpus(), folders[i]);
        if (cli_exists(folder))
            collect(list, folder);
        free(folder);
    }
}

/* --- one file --------------------------------------------------------------------------------- */

/* The name of a test: the file's, without folder and ending; in a static buffer. */
static const char *name_of(const char *path) {
    static char name[NAME_MAX + 1];
    const char *slash = strrchr(path, '/');
    const char *last = slash ? slash + 1 : path;
    snprintf(name, sizeof name, "%.*s", (int)(strlen(last) - (is_scn(last) ? 4 : 0)), last);
    return name;
}

/*
 * The first step whose outcome is not what the file says, or `step_count`. Of an agent's failure
 * without errno only the verdict can tell whether it is right, and where an agent could not follow
 * a preparation, the file says nothing of what comes then.
 */
static uint32_t unexpected_step(const struct observation *observation) {
    for (uint32_t i = 0; i < observation->outcome_count; i++) {
        const struct outcome *outcome = &observation->outcomes[i];
        int expected = expectations.error[i];
        bool silent = outcome_is_silent(outcome);
        if (silent && !step_is_call(&scenario.steps[i]))
            break;
        if (expected != EXPECT_NOTHING && expected != outcome_told(outcome, i) && !silent)
            return i;
    }
    return scenario.step_count;
}

static const char *step_text(uint32_t index) {
    static char line[REPORT_STEP_MAX];
    scenario_print_step(&scenario, index, line, sizeof line);
    return line;
}

/* FILE:LINE, as editors understand it; in a static buffer. */
static const char *place_of(const struct result *result) {
    static char place[PATH_MAX + 16];
    if (result->line)
        snprintf(place, sizeof place, "%s:%u", result->file, result->line);
    else
        snprintf(place, sizeof place, "%s", result->file);
    return place;
}

static void fail_by_verdict(struct result *result, const char *path,
                            const struct verdict *verdict) {
    bool disagreed = verdict->kind == VERDICT_DISAGREED;
    const char *rule = disagreed ? RULE_PREPARATION : clause_infos[verdict->clause].name;
    char sentence[768], signature[128];
    verdict_describe(verdict, sentence, sizeof sentence);
    verdict_signature(verdict, &scenario, signature, sizeof signature);
    result->state = RESULT_FAILED;
    result_place(result, path, verdict->step);
    result_set(&result->rule, "%s", rule);
    result_set(&result->message, "%s", sentence);
    result_set(&result->detail, "%s: %s\n%s\n  step %u: %s\n", place_of(result),
               disagreed ? "a preparation disagreed with the model" : rule, sentence,
               verdict->step + 1, step_text(verdict->step));
    if (!disagreed)
        result_set(&result->signature, "%s", signature);
}

static void fail_by_mismatch(struct result *result, const char *path,
                             const struct observation *observation, uint32_t step) {
    char expected[64];
    snprintf(expected, sizeof expected, "%s", expectation_name(expectations.error[step]));
    const char *got = expectation_name(outcome_told(&observation->outcomes[step], step));
    result->state = RESULT_FAILED;
    result_place(result, path, step);
    result_set(&result->rule, RULE_OUTCOME);
    result_set(&result->message, "step %u: expected %s, got %s", step + 1, expected, got);
    result_set(&result->detail,
               "%s: not the outcome that the file states\n  step %u: %s\n"
               "  expected: %s\n  got:      %s\n",
               place_of(result), step + 1, step_text(step), expected, got);
}

/* Foreign type bits may be dropped as well as refused; files state the EINVAL that Linux gives. */
static bool may_differ(const struct examiner *examiner, const struct step *step) {
    bool is_foreign = ((step->mode | S_IFIFO) & S_IFMT) != S_IFIFO;
    return step_is_call(step) && is_foreign &&
           examiner->contract.traits.of[step->kind].masks_type_bits;
}

static void skip_trait(struct result *result, const struct examiner *examiner, uint32_t step) {
    result->state = RESULT_SKIPPED;
    result_set(&result->message, "step %u: %s drops foreign type bits, which is allowed", step + 1,
               examiner->implementation->name);
}

/* What the host or the implementation cannot do. */
static void skip_unsuitable(struct result *result, const struct examiner *examiner,
                            enum ability lacked) {
    result->state = RESULT_SKIPPED;
    if (lacked != ABILITY_COUNT)
        result_set(&result->message, "needs %s: %s", ability_infos[lacked].name,
                   ability_infos[lacked].lacking);
    else
        result_set(&result->message, "%s cannot run all of its steps",
                   examiner->implementation->name);
}

/* Neither right nor wrong, and why. */
static void skip_undecided(struct result *result, const struct verdict *verdict,
                           const struct observation *observation) {
    const struct outcome *outcome = &observation->outcomes[verdict->step];
    char excuse[EXCUSE_SIZE];
    result->state = RESULT_SKIPPED;
    verdict_excuse(verdict, excuse, sizeof excuse);
    if (!verdict->chance && verdict->step < observation->outcome_count &&
        outcome_is_silent(outcome))
        result_set(&result->message, "%s is left open by step %u: %s",
                   clause_infos[verdict->clause].name, verdict->step + 1,
                   verdict_silence_name((enum reply)outcome->reply));
    else
        result_set(&result->message, "%s", excuse);
}

/*
 * Runs the scenario once. At level linux the outcomes that its file states must be those observed;
 * the other levels leave several open, so there the verdict decides alone.
 */
static void check_once(struct examiner *examiner, const char *path, struct result *result) {
    struct verdict verdict;
    const struct observation *observation = examine_once(examiner, &scenario, &verdict);
    const bool says = examiner->contract.level == LEVEL_LINUX && !verdict.chance;
    uint32_t mismatch = says ? unexpected_step(observation) : scenario.step_count;
    if (verdict_is_bad(&verdict)) {
        fail_by_verdict(result, path, &verdict);
    } else if (mismatch != scenario.step_count && may_differ(examiner, &scenario.steps[mismatch])) {
        skip_trait(result, examiner, mismatch);
    } else if (mismatch != scenario.step_count) {
        fail_by_mismatch(result, path, observation, mismatch);
    } else if (verdict.kind == VERDICT_UNDECIDED) {
        skip_undecided(result, &verdict, observation);
    }
}

/* Another verdict than in the runs before is a failure by itself, whichever is right. */
static void fail_by_change(struct result *result, uint64_t run) {
    char *message = strdup(result->message ? result->message : "");
    if (!message)
        cli_fail(STATUS_OURS, "out of memory");
    result->state = RESULT_FAILED;
    result_set(&result->message, "another verdict in run %" PRIu64 "%s%s", run,
               message[0] ? ": " : "", message);
    free(message);
}

static void check_file(struct examiner *examiner, const char *path, uint64_t repeat,
                       struct results *results) {
    cli_load(path, FORM_TEXT, &scenario, &expectations);
    session_scenario(&scenario);
    enum ability lacked = session_lacks(&scenario);
    bool suits = !examine_adapt(examiner, &scenario);
    struct result *result = results_add(results, RESULT_PASSED, name_of(path));
    result_place(result, path, 0);
    if (clause_find(result->name) != CLAUSE_COUNT)
        result_set(&result->rule, "%s", result->name);
    if (!suits) {
        skip_unsuitable(result, examiner, lacked);
        return;
    }
    check_once(examiner, path, result);
    const uint8_t first = (uint8_t)result->state;
    for (uint64_t run = 2; run <= repeat && result->state == first; run++) {
        result->state = RESULT_PASSED;
        check_once(examiner, path, result);
        if (result->state != first)
            fail_by_change(result, run);
    }
}

static void print_result(size_t number, const struct result *result) {
    bool failed = result->state == RESULT_FAILED;
    const char *color = cli_color(stdout, failed ? "\x1b[31m" : "\x1b[32m");
    printf("%s%s%s %zu - %s", color, failed ? "not ok" : "ok", cli_color(stdout, "\x1b[0m"), number,
           result->name);
    if (result->state == RESULT_SKIPPED)
        printf(" # SKIP %s", result->message);
    putchar('\n');
    for (const char *line = result->detail; *line;) {
        size_t length = strcspn(line, "\n");
        printf("# %.*s\n", (int)length, line);
        line += length + (line[length] == '\n');
    }
}

/* All files; a typing mistake in any shows before anything runs. */
static struct file_list files_of(int count, char **paths) {
    struct file_list list = {NULL, 0};
    if (count == 0)
        collect_corpus(&list);
    for (int i = 0; i < count; i++)
        collect(&list, paths[i]);
    if (list.count == 0)
        cli_fail(STATUS_USAGE, "no .scn file below %s", count ? paths[0] : cli_corpus());
    for (size_t i = 0; i < list.count; i++)
        cli_load(list.paths[i], FORM_TEXT, &scenario, &expectations);
    return list;
}

static int run_check(int argc, char **argv) {
    struct cli_subject subject = CLI_SUBJECT_DEFAULT;
    struct result_files files = {NULL, NULL, NULL};
    uint64_t repeat = 1;
    const struct cli_option options[] = {CLI_SUBJECT_OPTIONS(subject),
                                         RESULT_OPTIONS(files),
                                         {"repeat", 'n', OPTION_NUMBER, &repeat, 1, 1000000000}};
    int first = cli_options(&verb_check, argc, argv, options, sizeof options / sizeof options[0]);
    cli_put_under(&subject);
    struct file_list list = files_of(argc - first, argv + first);
    result_files_need(&files);
    struct results results;
    results_begin(&results, "check", &subject);
    struct examiner *examiner = session_open(&subject);
    results.tier = sandbox_tier();
    results.traits = session_traits();
    printf("1..%zu\n", list.count);
    for (size_t i = 0; i < list.count; i++) {
        check_file(examiner, list.paths[i], repeat, &results);
        print_result(i + 1, &results.cases[i]);
        free(list.paths[i]);
    }
    free(list.paths);
    session_close();
    int status = results_in(&results, RESULT_FAILED) ? STATUS_FINDING : STATUS_HELD;
    status = result_files_write(&files, &results, status);
    results_free(&results);
    return status;
}

const struct verb verb_check = {
    .name = "check",
    .arguments = "[PATH...] [--implementation X] [--under COMMAND] [--contract LEVEL] [--repeat N] "
                 "[--json FILE]\n"
                 "                      [--junit FILE] [--sarif FILE]",
    .summary = "Runs conformance, regressions and trophies, or what is below PATH, as TAP.",
    .help =
        "A file passes if the contract held and, at level linux, every step had the outcome\n"
        "written behind its #. One with steps that this host or the implementation cannot do, or\n"
        "may do in another way, is skipped. Without PATH: corpus/conformance, "
        "corpus/regressions and corpus/trophies.\n\n" CLI_SUBJECT_HELP
        "  -n, --repeat N          run each file N times: the verdict must always be the "
        "same\n" RESULT_HELP,
    .run = run_check,
};
