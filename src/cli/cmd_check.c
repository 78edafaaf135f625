/* check: the files of the corpus as tests, in TAP (testanything.org). */
#include <fts.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "errno_name.h"

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
    static const char *const folders[] = {"conformance", "regressions"};
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        char *folder = cli_join(cli_corpus(), folders[i]);
        if (cli_exists(folder))
            collect(list, folder);
        free(folder);
    }
}

/* --- one file --------------------------------------------------------------------------------- */

/* The name of a test: the file's, without folder and ending. */
static void print_name(const char *path) {
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    printf("%.*s", (int)(strlen(name) - (is_scn(name) ? 4 : 0)), name);
}

static int observed_error(const struct outcome *outcome) {
    return outcome->result < 0 ? outcome->error : 0;
}

/* The first step whose outcome is not what the file says, or `step_count`. */
static uint32_t unexpected_step(const struct observation *observation) {
    for (uint32_t i = 0; i < observation->outcome_count; i++) {
        int expected = expectations.error[i];
        if (expected != EXPECT_NOTHING && expected != observed_error(&observation->outcomes[i]))
            return i;
    }
    return scenario.step_count;
}

static void print_step(uint32_t index) {
    static char line[8 * TEXT_LENGTH_MAX + 256];
    scenario_print_step(&scenario, index, line, sizeof line);
    printf("#   step %u: %s\n", index + 1, line);
}

static void print_violation(const char *path, const struct verdict *verdict) {
    char sentence[768];
    verdict_describe(verdict, sentence, sizeof sentence);
    const char *what = verdict->kind == VERDICT_DISAGREED ? "a preparation disagreed with the model"
                                                          : clause_infos[verdict->clause].name;
    printf("# %s: %s\n# %s\n", path, what, sentence);
    print_step(verdict->step);
}

static void print_mismatch(const char *path, const struct observation *observation, uint32_t step) {
    printf("# %s: not the outcome that the file states\n", path);
    print_step(step);
    printf("#   expected: %s\n", errno_name(expectations.error[step]));
    printf("#   got:      %s\n", errno_name(observed_error(&observation->outcomes[step])));
}

/* Prints the start of the test's line. */
static void print_result(bool passed, size_t number, const char *path) {
    const char *color = cli_color(stdout, passed ? "\x1b[32m" : "\x1b[31m");
    printf("%s%s%s %zu - ", color, passed ? "ok" : "not ok", cli_color(stdout, "\x1b[0m"), number);
    print_name(path);
}

/*
 * Runs one file. At level linux the outcomes that it states must be those observed; the other
 * levels leave several open, so there the verdict decides alone.
 */
static bool check_file(struct examiner *examiner, size_t number, const char *path) {
    cli_load(path, FORM_TEXT, &scenario, &expectations);
    session_scenario(&scenario);
    enum ability lacked = session_lacks(&scenario);
    if (examine_adapt(examiner, &scenario)) {
        print_result(true, number, path);
        if (lacked != ABILITY_COUNT)
            printf(" # SKIP needs %s: %s\n", ability_infos[lacked].name,
                   ability_infos[lacked].lacking);
        else
            printf(" # SKIP %s cannot run all of its steps\n", examiner->implementation->name);
        return true;
    }
    struct verdict verdict;
    const struct observation *observation = examine_once(examiner, &scenario, &verdict);
    bool violated = verdict.kind == VERDICT_VIOLATED || verdict.kind == VERDICT_DISAGREED;
    uint32_t mismatch = examiner->contract.level == LEVEL_LINUX ? unexpected_step(observation)
                                                                : scenario.step_count;
    bool passed = !violated && mismatch == scenario.step_count;
    print_result(passed, number, path);
    if (passed && verdict.kind == VERDICT_UNDECIDED)
        printf(" # SKIP the documents leave %s open", clause_infos[verdict.clause].name);
    putchar('\n');
    if (violated)
        print_violation(path, &verdict);
    else if (!passed)
        print_mismatch(path, observation, mismatch);
    return passed;
}

static int run_check(int argc, char **argv) {
    struct cli_subject subject = CLI_SUBJECT_DEFAULT;
    const struct cli_option options[] = {CLI_SUBJECT_OPTIONS(subject)};
    int first = cli_options(&verb_check, argc, argv, options, sizeof options / sizeof options[0]);
    struct file_list list = {NULL, 0};
    if (first == argc)
        collect_corpus(&list);
    for (int i = first; i < argc; i++)
        collect(&list, argv[i]);
    if (list.count == 0)
        cli_fail(STATUS_USAGE, "no .scn file below %s", first < argc ? argv[first] : cli_corpus());
    for (size_t i = 0; i < list.count; i++) /* a typing mistake shows before anything runs */
        cli_load(list.paths[i], FORM_TEXT, &scenario, &expectations);
    struct examiner *examiner = session_open(&subject);
    printf("1..%zu\n", list.count);
    size_t failed = 0;
    for (size_t i = 0; i < list.count; i++) {
        failed += !check_file(examiner, i + 1, list.paths[i]);
        free(list.paths[i]);
    }
    free(list.paths);
    session_close();
    return failed ? STATUS_FINDING : STATUS_HELD;
}

const struct verb verb_check = {
    .name = "check",
    .arguments = "[PATH...] [--implementation X] [--contract LEVEL]",
    .summary = "Runs the conformance and regression files, or those below PATH, as TAP.",
    .help =
        "A file passes if the contract held and, at level linux, every step had the outcome\n"
        "written behind its #. One with steps that this host or the implementation cannot do is\n"
        "skipped. Without PATH: corpus/conformance and corpus/regressions.\n\n" CLI_SUBJECT_HELP,
    .run = run_check,
};
