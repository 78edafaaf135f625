/* bench: how fast scenarios are examined, and what the examination costs. */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "campaign.h"
#include "check.h"
#include "cli.h"
#include "crew.h"
#include "random.h"
#include "scenario_generate.h"

enum {
    SCENARIOS = 2000, /* generated once, of the shape that `run` has by default */
    BLOCK = 200,      /* scenarios in one turn; checked and bare take turns */
    SEED = 1,
    ROUNDS_MAX = 4096,
    RECORDED = 64, /* observations that the oracle alone judges */
    ENGINE_SECONDS = 3,
};

/* --- time and medians ------------------------------------------------------------------------- */

static double now(void) {
    struct timespec time;
    check(clock_gettime(CLOCK_MONOTONIC, &time) == 0);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The middle value; sorts `values`. */
static double median(double *values, size_t count) {
    qsort(values, count, sizeof *values, by_size);
    return values[count / 2];
}

/* --- scenarios -------------------------------------------------------------------------------- */

static uint32_t count_calls(const struct scenario *scenario) {
    uint32_t calls = 0;
    for (uint32_t i = 0; i < scenario->step_count; i++)
        calls += step_is_call(&scenario->steps[i]);
    return calls;
}

/* A set of scenarios; each is only as much memory as it uses, the rest is never touched. */
struct workload {
    struct scenario *scenarios;
    size_t count;
};

static struct workload new_workload(size_t count) {
    struct workload workload = {calloc(count, sizeof(struct scenario)), count};
    if (!workload.scenarios)
        cli_fail(STATUS_UNABLE, "not enough memory for %zu scenarios", count);
    return workload;
}

static struct workload generate(const struct examiner *examiner) {
    struct workload workload = new_workload(SCENARIOS);
    struct random random;
    random_seed(&random, SEED);
    for (size_t i = 0; i < workload.count; i++) {
        scenario_generate(&workload.scenarios[i], &random, SHAPE_SEQUENCE);
        examine_adapt(examiner, &workload.scenarios[i]);
    }
    return workload;
}

static void add_step(struct scenario *scenario, enum step_kind kind, uint32_t mode,
                     const char *path) {
    struct step *step = scenario_add(scenario, kind);
    check(step != NULL);
    step->mode = mode;
    step->path = scenario_store(scenario, path, strlen(path));
}

/* A tree of `nodes` directories and files, and a few calls in it. */
static void make_tree(struct scenario *scenario, unsigned nodes) {
    enum { CALLS = 8, FILES_PER_DIRECTORY = 9 };
    char path[32];
    scenario_clear(scenario);
    for (unsigned i = 0; i < nodes; i++) {
        unsigned directory = i / (FILES_PER_DIRECTORY + 1);
        bool is_file = i % (FILES_PER_DIRECTORY + 1) != 0;
        snprintf(path, sizeof path, is_file ? "d%u/f%u" : "d%u", directory, i);
        add_step(scenario, is_file ? STEP_FILE : STEP_MKDIR, 0755, path);
    }
    for (unsigned i = 0; i < CALLS; i++) {
        snprintf(path, sizeof path, "d0/p%u", i);
        add_step(scenario, STEP_MKFIFO, 0644, path);
    }
}

/* `steps` steps: a FIFO made and removed, over and over, so that the tree stays small. */
static void make_long(struct scenario *scenario, unsigned steps) {
    scenario_clear(scenario);
    for (unsigned i = 0; i < steps; i++)
        add_step(scenario, i % 2 ? STEP_UNLINK : STEP_MKFIFO, i % 2 ? 0 : 0644, "fifo");
}

/* --- checked against bare --------------------------------------------------------------------- */

struct block {
    const struct scenario *scenarios;
    size_t count;
    uint32_t calls;
};

static double time_checked(struct examiner *examiner, const struct block *block) {
    double start = now();
    for (size_t i = 0; i < block->count; i++) {
        struct verdict verdict;
        examine_once(examiner, &block->scenarios[i], &verdict);
    }
    return now() - start;
}

static double time_bare(struct examiner *examiner, const struct block *block) {
    double start = now();
    for (size_t i = 0; i < block->count; i++)
        sandbox_run(examiner->sandbox, &block->scenarios[i], examiner->implementation,
                    SANDBOX_BARE);
    return now() - start;
}

/* Medians over the rounds: calls per second both ways, and bare time by checked time. */
struct comparison {
    double checked, bare, ratio;
};

static struct comparison compare(struct examiner *examiner, const struct workload *workload,
                                 double seconds) {
    static double checked[ROUNDS_MAX], bare[ROUNDS_MAX], ratio[ROUNDS_MAX];
    size_t rounds = 0;
    double end = now() + seconds;
    check(workload->count > 0);
    for (size_t at = 0; rounds < ROUNDS_MAX && (rounds < 3 || now() < end); rounds++) {
        struct block block = {workload->scenarios + at, workload->count - at, 0};
        if (block.count > BLOCK)
            block.count = BLOCK;
        for (size_t i = 0; i < block.count; i++)
            block.calls += count_calls(&block.scenarios[i]);
        double checked_time = time_checked(examiner, &block);
        double bare_time = time_bare(examiner, &block);
        checked[rounds] = block.calls / checked_time;
        bare[rounds] = block.calls / bare_time;
        ratio[rounds] = bare_time / checked_time;
        at = (at + block.count) % workload->count;
    }
    return (struct comparison){median(checked, rounds), median(bare, rounds),
                               median(ratio, rounds)};
}

/* One row of a growth table: many runs of the same scenario. */
static struct comparison compare_one(struct examiner *examiner,
                                     void (*make)(struct scenario *, unsigned), unsigned size,
                                     double seconds) {
    enum { COPIES = 20 };
    struct workload workload = new_workload(COPIES);
    for (size_t i = 0; i < COPIES; i++)
        make(&workload.scenarios[i], size);
    struct comparison comparison = compare(examiner, &workload, seconds);
    free(workload.scenarios);
    return comparison;
}

static json_t *growth(struct examiner *examiner, const char *title,
                      void (*make)(struct scenario *, unsigned), const unsigned *sizes,
                      size_t count, double seconds) {
    json_t *rows = json_array();
    printf("\n%-10s %12s %12s  ratio\n", title, "checked us", "bare us");
    for (size_t i = 0; i < count; i++) {
        struct comparison row = compare_one(examiner, make, sizes[i], seconds / (double)count);
        printf("%-10u %12.2f %12.2f  %.2f\n", sizes[i], 1e6 / row.checked, 1e6 / row.bare,
               row.ratio);
        json_array_append_new(rows,
                              json_pack("{s:i, s:f, s:f, s:f}", title, sizes[i],
                                        "checked_us_per_call", 1e6 / row.checked,
                                        "bare_us_per_call", 1e6 / row.bare, "ratio", row.ratio));
    }
    return rows;
}

/* --- the oracle alone ------------------------------------------------------------------------- */

/* Copies what is in use; the rest of `to` is never looked at. */
static void copy_observation(struct observation *to, const struct observation *from) {
    memcpy(to, from, offsetof(struct observation, outcomes));
    memcpy(to->outcomes, from->outcomes, from->outcome_count * sizeof from->outcomes[0]);
    memcpy(to->nodes, from->nodes, from->node_count * sizeof from->nodes[0]);
    memcpy(to->bytes, from->bytes, from->bytes_used);
    to->overflow = from->overflow;
    to->node_count = from->node_count;
    to->bytes_used = from->bytes_used;
    memcpy(&to->umask, &from->umask, sizeof *to - offsetof(struct observation, umask));
}

/* Calls judged per second, the kernel left out: recorded observations again and again. */
static double oracle_rate(struct examiner *examiner, const struct workload *workload,
                          double seconds) {
    struct observation *recorded = calloc(RECORDED, sizeof *recorded);
    if (!recorded)
        cli_fail(STATUS_UNABLE, "not enough memory for %d observations", RECORDED);
    uint64_t calls = 0;
    for (size_t i = 0; i < RECORDED; i++) {
        copy_observation(&recorded[i], sandbox_run(examiner->sandbox, &workload->scenarios[i],
                                                   examiner->implementation, SANDBOX_OBSERVED));
        calls += count_calls(&workload->scenarios[i]);
    }
    uint64_t judged = 0;
    double start = now();
    double end = start + seconds;
    do {
        for (size_t i = 0; i < RECORDED; i++) {
            struct verdict verdict;
            verdict_judge(&examiner->judge, &workload->scenarios[i], &recorded[i], &verdict);
        }
        judged += calls;
    } while (now() < end);
    double rate = (double)judged / (now() - start);
    free(recorded);
    return rate;
}

/* --- the engine ------------------------------------------------------------------------------- */

/* Calls per second that fuzz_sequence examines under libFuzzer; 0 if it does not lie beside us. */
static double engine_rate(const struct cli_subject *subject) {
    static struct crew crew;
    char *binary = cli_beside("fuzz_sequence");
    bool there = cli_exists(binary);
    free(binary);
    if (!there)
        return 0;
    struct crew_plan plan = {.target = "sequence",
                             .implementation = subject->implementation,
                             .contract = subject->contract,
                             .jobs = 1,
                             .seed = SEED,
                             .seconds = ENGINE_SECONDS};
    crew_start(&crew, &plan);
    const struct timespec moment = {0, 50000000};
    while (crew_reap(&crew))
        nanosleep(&moment, NULL);
    struct campaign_totals totals;
    campaign_sum(crew.campaign, &totals);
    double rate = (double)totals.calls * 1000 / (double)campaign_elapsed(crew.campaign);
    crew_close(&crew, false);
    return rate;
}

/* --- the verb --------------------------------------------------------------------------------- */

static json_t *measure(struct examiner *examiner, double seconds) {
    static const unsigned trees[] = {10, 100, 1000}, lengths[] = {8, 64, 256};
    struct workload workload = generate(examiner);
    struct comparison whole = compare(examiner, &workload, seconds);
    printf("checked %.0f calls/s\nbare    %.0f calls/s\nratio   %.2f\n", whole.checked, whole.bare,
           whole.ratio);
    double oracle = oracle_rate(examiner, &workload, seconds / 4);
    printf("oracle  %.0f predictions/s\n", oracle);
    free(workload.scenarios);
    json_t *figures = json_pack("{s:f, s:f, s:f, s:f}", "checked_calls_per_second", whole.checked,
                                "bare_calls_per_second", whole.bare, "ratio", whole.ratio,
                                "oracle_predictions_per_second", oracle);
    json_object_set_new(
        figures, "tree",
        growth(examiner, "nodes", make_tree, trees, sizeof trees / sizeof trees[0], seconds / 2));
    json_object_set_new(figures, "length",
                        growth(examiner, "steps", make_long, lengths,
                               sizeof lengths / sizeof lengths[0], seconds / 2));
    return figures;
}

static int run_bench(int argc, char **argv) {
    struct cli_subject subject = CLI_SUBJECT_DEFAULT;
    uint64_t seconds = 4;
    const char *json = NULL;
    const struct cli_option options[] = {CLI_SUBJECT_OPTIONS(subject),
                                         {"seconds", 's', OPTION_NUMBER, &seconds, 1, 3600},
                                         {"json", 0, OPTION_TEXT, &json, 0, 0}};
    int first = cli_options(&verb_bench, argc, argv, options, sizeof options / sizeof options[0]);
    if (first != argc)
        cli_misuse(&verb_bench, "takes no operands");
    double engine = engine_rate(&subject); /* first: session_open may enter a namespace for good */
    struct examiner *examiner = session_open(&subject);
    fprintf(stderr, "implementation=%s tier=%s scenarios=%d seed=%d\n", subject.implementation,
            sandbox_tier(), SCENARIOS, SEED);
    json_t *figures = measure(examiner, (double)seconds);
    session_close();
    if (engine > 0)
        printf("\nengine  %.0f calls/s under libFuzzer\n", engine);
    json_object_set_new(figures, "engine_calls_per_second", json_real(engine));
    int error = json && json_dump_file(figures, json, JSON_INDENT(2)) != 0;
    json_decref(figures);
    if (error)
        cli_fail(STATUS_USAGE, "%s: %s", json, strerror(errno));
    return STATUS_HELD;
}

const struct verb verb_bench = {
    .name = "bench",
    .arguments = "[--seconds S] [--implementation X] [--json FILE]",
    .summary = "Measures how fast scenarios are examined, and what that costs.",
    .help =
        "checked: generated scenarios run, looked at and judged. bare: the same scenarios in\n"
        "the same arena, nothing looked at. Both take turns in blocks of 200 scenarios; figures\n"
        "are medians, and ratio is what counts: rates are this machine's. oracle: recorded\n"
        "observations judged, no kernel. The tables show cost per call as the tree or the\n"
        "scenario grows. engine: the same under libFuzzer with mutation and "
        "coverage.\n\n" CLI_SUBJECT_HELP
        "  -s, --seconds S         time for the first comparison; default 4\n"
        "      --json FILE         write the figures there, too\n",
    .run = run_bench,
};
