/* matrix: many implementations, each for a time, into one table. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli.h"
#include "crew.h"
#include "document.h"
#include "implementations/agents.h"
#include "matrix_run.h"
#include "subject.h"

enum { SECONDS = 60, JOBS_MAX = 64 };

/* What was asked for. */
struct wishes {
    uint64_t jobs;
    const char *html, *json, *findings;
    bool all, wide;
};

/* --- which ones ------------------------------------------------------------------------------- */

/* Canaries are wrong and the honest ones odd on purpose: they say nothing of any implementation. */
static bool is_real(const struct implementation *implementation) {
    return !implementation->breaks && strncmp(implementation->name, "honest-", 7) != 0;
}

static void add_all(struct matrix *matrix, const char *findings) {
    size_t count;
    const struct implementation *const *list = implementation_list(&count);
    for (size_t i = 0; i < count; i++)
        if (is_real(list[i]))
            matrix_add(matrix, list[i]->name, findings);
    const struct agent_row *rows = agent_rows(&count);
    for (size_t i = 0; i < count; i++)
        matrix_add(matrix, rows[i].name, findings);
}

/* --- the end ---------------------------------------------------------------------------------- */

static int write_json(FILE *out, const void *context) {
    return matrix_json(out, context);
}

static int write_html(FILE *out, const void *context) {
    return matrix_page(out, context);
}

static int conclude(const struct matrix *matrix, const struct wishes *wishes, int signal) {
    int error = 0;
    matrix_print(stdout, matrix, wishes->wide);
    if (wishes->json)
        error |= document_write(wishes->json, write_json, matrix);
    if (wishes->html)
        error |= document_write(wishes->html, write_html, matrix);
    if (matrix_findings(matrix))
        return STATUS_FINDING;
    if (signal)
        return 128 + signal;
    if (!matrix_has_run(matrix))
        return STATUS_UNABLE;
    return error ? STATUS_USAGE : STATUS_HELD;
}

/* --- the verb --------------------------------------------------------------------------------- */

static void need_folder(const char *path) {
    struct stat facts;
    if (mkdir(path, 0777) == 0 || (stat(path, &facts) == 0 && S_ISDIR(facts.st_mode)))
        return;
    cli_fail(STATUS_USAGE, "findings cannot be written to %s: %s", path, strerror(errno));
}

static void need_level(const char *name) {
    char reason[512];
    enum level level;
    if (subject_level(&level, name, reason, sizeof reason) != 0)
        cli_fail(STATUS_USAGE, "%s", reason);
}

static int run_matrix(int argc, char **argv) {
    struct matrix matrix = {.contract = "linux"};
    struct wishes wishes = {.jobs = 1, .findings = "findings"};
    const struct cli_option options[] = {
        {"all", 'a', OPTION_FLAG, &wishes.all, 0, 0},
        {"contract", 'c', OPTION_TEXT, &matrix.contract, 0, 0},
        {"time", 't', OPTION_NUMBER, &matrix.seconds, 1, 1000000000},
        {"runs", 0, OPTION_NUMBER, &matrix.runs, 1, 1000000000000},
        {"seed", 's', OPTION_NUMBER, &matrix.seed, 1, CREW_SEED_MAX},
        {"jobs", 'j', OPTION_NUMBER, &wishes.jobs, 1, JOBS_MAX},
        {"findings", 0, OPTION_TEXT, &wishes.findings, 0, 0},
        {"html", 0, OPTION_TEXT, &wishes.html, 0, 0},
        {"json", 0, OPTION_TEXT, &wishes.json, 0, 0},
        {"wide", 'w', OPTION_FLAG, &wishes.wide, 0, 0},
    };
    int first = cli_options(&verb_matrix, argc, argv, options, sizeof options / sizeof options[0]);
    if (first == argc && !wishes.all)
        cli_misuse(&verb_matrix, "expected the name of an implementation, or --all");
    need_level(matrix.contract);
    need_folder(wishes.findings);
    document_need(wishes.html);
    document_need(wishes.json);
    if (!matrix.seconds && !matrix.runs)
        matrix.seconds = SECONDS;
    if (!matrix.seed)
        matrix.seed = crew_choose_seed();
    if (wishes.all)
        add_all(&matrix, wishes.findings);
    for (; first < argc; first++)
        matrix_add(&matrix, argv[first], wishes.findings);
    int status = conclude(&matrix, &wishes, matrix_run(&matrix, (unsigned)wishes.jobs));
    matrix_free(&matrix);
    return status;
}

const struct verb verb_matrix = {
    .name = "matrix",
    .arguments =
        "[X...] [--all] [--time S] [--runs N] [--seed N] [--jobs N]\n"
        "                       [--contract LEVEL] [--findings DIR] [--wide] [--html FILE]\n"
        "                       [--json FILE]",
    .summary = "Fuzzes many implementations in turn and compares them, clause by clause.",
    .help =
        "X is what `fifofuzz run --implementation` takes. Each gets a run of its own that goes on\n"
        "after findings. One that cannot be run is a row that says why. The exit status is 1\n"
        "with any finding, 77 if none could be run.\n\n"
        "  -a, --all               all that `fifofuzz list implementations` has, except canaries\n"
        "                          and the honest ones\n"
        "  -c, --contract LEVEL    linux, documented or posix; default linux\n"
        "  -t, --time S            seconds for each; default 60, or none with --runs\n"
        "      --runs N            scenarios for each\n"
        "  -s, --seed N            repeat a matrix; the same for each, default random\n"
        "  -j, --jobs N            how many at a time; default 1. The mounts of one disturb what "
        "the\n"
        "                          kernel says of more than 20 links to another: that is "
        "undecided\n"
        "      --findings DIR      where each gets a folder for its findings, its run.log and\n"
        "                          run.json; default ./findings\n"
        "  -w, --wide              print the grid of clauses by implementations, too\n"
        "      --html FILE         write a page with the grid and the findings behind its cells\n"
        "      --json FILE         write all of it as JSON\n",
    .run = run_matrix,
};
