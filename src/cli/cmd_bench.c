/* bench: how fast scenarios are examined, and what the examination costs. */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "campaign.h"
#include "check.h"
#include "cli.h"
#include "clock.h"
#include "crew.h"
#include "random.h"
#include "scenario_generate.h"

enum {
    SCENARIOS = 2000, /* generated once, of the shape that `run` has by default */
    BLOCK = 200,      /* scenarios in one turn; checked and bare take turns */
    SEED = 1,
    ROUNDS_MAX = 4096,
    ENGINE_SECONDS = 3,
};

/* --- time and medians ------------------------------------------------------------------------- */

static double now(void) {
    return (double)clock_monotonic_ns() / 1e9;
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

/* One identity, one mount, no ACLs, attributes or limits: what an ordinary process has. */
static bool is_plain(const struct scenario *scenario) {
    for (uint32_t i = 0; i < scenario->step_count; i++) {
        const struct step *step = &scenario->steps[i];
        if (host_needs(step) != 0 || step->kind == STEP_AS || step->kind == STEP_CHOWN ||
            step->kind == STEP_DUP || step->kind == STEP_NOFILE)
            return false;
    }
    return true;
}

/* Generated scenarios as `run` has them; if `plain`, only those that are. */
static struct workload generate(const struct examiner *examiner, bool plain) {
    struct workload workload = new_workload(SCENARIOS);
    struct random random;
    random_seed(&random, SEED);
    for (size_t i = 0; i < workload.count;) {
        scenario_generate(&workload.scenarios[i], &random, SHAPE_SEQUENCE);
        if (plain && !is_plain(&workload.scenarios[i]))
            continue;
        examine_adapt(examiner, &workload.scenarios[i]);
        i++;
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

/* A tree of `nodes` directories and files, and `calls` calls in it that fail and succeed by turns.
 */
static void make_tree(struct scenario *scenario, unsigned nodes, unsigned calls) {
    enum { FILES_PER_DIRECTORY = 9 };
    char path[32];
    scenario_clear(scenario);
    for (unsigned i = 0; i < nodes; i++) {
        unsigned directory = i / (FILES_PER_DIRECTORY + 1);
        bool is_file = i % (FILES_PER_DIRECTORY + 1) != 0;
        snprintf(path, sizeof path, is_file ? "d%u/f%u" : "d%u", directory, i);
        add_step(scenario, is_file ? STEP_FILE : STEP_MKDIR, 0755, path);
    }
    for (unsigned i = 0; i < calls; i++) {
        snprintf(path, sizeof path, "d0/p%u", i / 2);
        add_step(scenario, STEP_MKFIFO, 0640 + i % 4, path); /* a wide look for one in four */
    }
}

/* `steps` steps in an empty tree, half of them calls: a FIFO made and removed, over and over. */
static void make_long(struct scenario *scenario, unsigned steps) {
    scenario_clear(scenario);
    for (unsigned i = 0; i < steps; i++)
        add_step(scenario, i % 2 ? STEP_UNLINK : STEP_MKFIFO, i % 2 ? 0 : 0640 + i / 2 % 4, "fifo");
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
            block.calls += scenario_calls(&block.scenarios[i]);
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

/* --- growth ----------------------------------------------------------------------------------- */

/* Microseconds for one scenario. */
struct cost {
    double checked, bare;
};

/* Takes turns with one scenario, checked and bare, for `seconds`; medians. */
static struct cost cost_of(struct examiner *examiner, const struct scenario *scenario,
                           double seconds) {
    enum { COPIES = 20 };
    struct workload workload = new_workload(COPIES);
    for (size_t i = 0; i < COPIES; i++)
        scenario_copy(&workload.scenarios[i], scenario);
    struct comparison comparison = compare(examiner, &workload, seconds);
    free(workload.scenarios);
    double calls = 1e6 * scenario_calls(scenario);
    return (struct cost){calls / comparison.checked, calls / comparison.bare};
}

static void print_row(json_t *rows, const char *title, unsigned size, struct cost cost) {
    printf("%-10u %12.2f %12.2f  %.2f\n", size, cost.checked, cost.bare, cost.bare / cost.checked);
    json_array_append_new(rows, json_pack("{s:i, s:f, s:f, s:f}", title, (int)size,
                                          "checked_us_per_call", cost.checked, "bare_us_per_call",
                                          cost.bare, "ratio", cost.bare / cost.checked));
}

/* What one call more costs in a tree of so many nodes: the tree itself is subtracted. */
static json_t *growth_of_tree(struct examiner *examiner, double seconds) {
    enum { FEW = 8, MANY = 1008 };
    static const unsigned sizes[] = {10, 100, 1000};
    static struct scenario scenario;
    json_t *rows = json_array();
    puts("\ncost of one call more, in a tree of so many nodes\n"
         "nodes        checked us      bare us  ratio");
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        make_tree(&scenario, sizes[i], FEW);
        struct cost few = cost_of(examiner, &scenario, seconds / 6);
        make_tree(&scenario, sizes[i], MANY);
        struct cost many = cost_of(examiner, &scenario, seconds / 6);
        print_row(rows, "nodes", sizes[i],
                  (struct cost){(many.checked - few.checked) / (MANY - FEW),
                                (many.bare - few.bare) / (MANY - FEW)});
    }
    return rows;
}

/* What a call costs in scenarios of so many steps, hand-over and clean-up included. */
static json_t *growth_of_length(struct examiner *examiner, double seconds) {
    static const unsigned sizes[] = {8, 64, 256};
    static struct scenario scenario;
    json_t *rows = json_array();
    puts("\ncost of one call, in scenarios of so many steps\n"
         "steps        checked us      bare us  ratio");
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        make_long(&scenario, sizes[i]);
        struct cost cost = cost_of(examiner, &scenario, seconds / 3);
        double calls = scenario_calls(&scenario);
        print_row(rows, "steps", sizes[i], (struct cost){cost.checked / calls, cost.bare / calls});
    }
    return rows;
}

/* --- the oracle alone ------------------------------------------------------------------------- */

/* Takes the oracle's world through `scenario`, as if Linux had answered. */
static void predict_all(struct examiner *examiner, const struct scenario *scenario) {
    struct world *world = &examiner->world;
    world_reset(world, scenario, &examiner->contract.host);
    for (uint32_t i = 0; i < scenario->step_count; i++) {
        const struct step *step = &scenario->steps[i];
        struct prediction prediction;
        if (!step_is_call(step)) {
            world_prepare(world, step);
            continue;
        }
        contract_predict(&examiner->contract, world, step, &prediction);
        if (prediction.error == 0)
            world_create(world, &prediction.walk, NODE_FIFO, &prediction.birth);
    }
}

/* Calls predicted per second, the preparations between them included, the kernel left out. */
static double oracle_rate(struct examiner *examiner, const struct workload *workload,
                          double seconds) {
    uint64_t calls = 0;
    double start = now();
    double end = start + seconds;
    for (size_t i = 0; calls == 0 || now() < end; i = (i + 1) % workload->count) {
        predict_all(examiner, &workload->scenarios[i]);
        calls += scenario_calls(&workload->scenarios[i]);
    }
    return (double)calls / (now() - start);
}

/* --- the engine ------------------------------------------------------------------------------- */

/* Calls per second that fuzz_sequence examines under libFuzzer; 0 if there is none. */
static double engine_rate(const struct cli_subject *subject) {
    static struct crew crew;
    char *binary = cli_shipped("fuzz_sequence");
    bool there = cli_exists(binary);
    free(binary);
    if (!there)
        return 0;
    struct crew_plan plan = {.engine = &engines[0],
                             .target = "sequence",
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

/* One row of the first table. */
static json_t *rates(struct examiner *examiner, bool plain, double seconds) {
    struct workload workload = generate(examiner, plain);
    struct comparison whole = compare(examiner, &workload, seconds);
    double oracle = oracle_rate(examiner, &workload, seconds / 4);
    free(workload.scenarios);
    printf("%-9s %10.0f %12.0f  %5.2f %12.0f\n", plain ? "plain" : "mixed", whole.checked,
           whole.bare, whole.ratio, oracle);
    return json_pack("{s:f, s:f, s:f, s:f}", "checked_calls_per_second", whole.checked,
                     "bare_calls_per_second", whole.bare, "ratio", whole.ratio,
                     "oracle_predictions_per_second", oracle);
}

static json_t *measure(struct examiner *examiner, double seconds) {
    puts("calls per second, in generated scenarios\n"
         "scenarios    checked         bare  ratio  oracle alone");
    json_t *figures = rates(examiner, false, seconds);
    json_object_set_new(figures, "plain", rates(examiner, true, seconds));
    json_object_set_new(figures, "tree", growth_of_tree(examiner, seconds));
    json_object_set_new(figures, "length", growth_of_length(examiner, seconds));
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
    cli_put_under(&subject);
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
    .arguments = "[--implementation X] [--contract LEVEL] [--under COMMAND] [--seconds S]\n"
                 "                      [--json FILE]",
    .summary = "Measures how fast scenarios are examined, and what that costs.",
    .help =
        "checked: generated scenarios run, looked at and judged. bare: the same scenarios in\n"
        "the same arena, nothing looked at. Both take turns in blocks of 200 scenarios; figures\n"
        "are medians, and ratio is what counts: rates are this machine's. oracle alone: calls\n"
        "predicted, no kernel. mixed: scenarios as `run` has them; plain: those among them with\n"
        "one identity and one mount, without ACLs, attributes and limits. The tables show how\n"
        "the cost of a call grows with the tree and with the scenario. engine: the same under\n"
        "libFuzzer with mutation and coverage.\n\n" CLI_SUBJECT_HELP
        "  -s, --seconds S         time for each comparison; default 4\n"
        "      --json FILE         write the figures there, too\n",
    .run = run_bench,
};
