/* minimize: makes a scenario small and dull, while it shows the same fault. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>

#include "cli.h"
#include "fresh.h"

static struct scenario scenario;

/* What a child and its parent share. */
struct order {
    struct minimize_budget budget;
    bool stable; /* it showed in every replay, so the answer can be trusted */
    struct minimize_effort effort;
    struct scenario scenario;
};

/* In a fresh process: the quick way, all questions to one process. */
static void minimize_here(struct examiner *examiner, void *context) {
    static struct finding finding;
    struct order *order = context;
    if (examine(examiner, &order->scenario, &finding))
        return;
    examine_minimize(examiner, &finding, &order->budget);
    order->stable = finding.effort.tries > 0;
    if (!order->stable)
        return;
    order->effort = finding.effort;
    scenario_copy(&order->scenario, &finding.scenario);
}

static struct order *share_order(void) {
    struct order *order =
        mmap(NULL, sizeof *order, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (order == MAP_FAILED)
        cli_fail(STATUS_UNABLE, "no shared memory: %s", strerror(errno));
    return order;
}

/* Exits if nothing is wrong with the scenario. */
static void need_fault(const struct examiner *examiner, const char *path, struct order *order) {
    struct fresh_result result;
    int error = fresh_examine(examiner, &order->scenario, 1, &result);
    if (error)
        cli_fail(STATUS_UNABLE, "no process to run the scenario in: %s", strerror(-error));
    if (!fresh_is_violated(&result))
        cli_fail(STATUS_USAGE, "%s: the contract holds on %s: there is nothing to minimize", path,
                 examiner->implementation->name);
}

static void print_result(const struct examiner *examiner, const char *out) {
    static char text[SCENARIO_PRINT_MAX];
    static struct expectations expectations;
    static struct world world;
    contract_expect(&examiner->contract, &world, &scenario, &expectations);
    size_t length = scenario_print(&scenario, &expectations, text, sizeof text);
    cli_write(out, text, length);
}

static int run_minimize(int argc, char **argv) {
    struct cli_subject subject = CLI_SUBJECT_DEFAULT;
    const char *out = NULL;
    uint64_t seconds = 60;
    const struct cli_option options[] = {
        CLI_SUBJECT_OPTIONS(subject),
        {"output", 'o', OPTION_TEXT, &out, 0, 0},
        {"minimize-time", 0, OPTION_NUMBER, &seconds, 0, 1000000},
    };
    int first =
        cli_options(&verb_minimize, argc, argv, options, sizeof options / sizeof options[0]);
    cli_put_under(&subject);
    if (argc - first != 1)
        cli_misuse(&verb_minimize, "expected one FILE");
    cli_load(argv[first], FORM_BY_NAME, &scenario, NULL);
    struct examiner *examiner = session_open(&subject);
    examine_adapt(examiner, &scenario);
    uint32_t before = scenario.step_count;
    struct order *order = share_order();
    order->budget.seconds = seconds;
    scenario_copy(&order->scenario, &scenario);
    need_fault(examiner, argv[first], order);
    int signal = 0;
    int error = fresh_run(examiner, minimize_here, order, &signal);
    if (error || signal || !order->stable)
        order->effort = fresh_minimize(examiner, &order->scenario, &order->budget);
    scenario_copy(&scenario, &order->scenario);
    fprintf(stderr, "%" PRIu32 " of %" PRIu32 " steps are left, after %" PRIu64 " tries%s\n",
            scenario.step_count, before, order->effort.tries,
            order->effort.spent ? "; the time was up" : "");
    print_result(examiner, out);
    munmap(order, sizeof *order);
    session_close();
    return STATUS_HELD;
}

const struct verb verb_minimize = {
    .name = "minimize",
    .arguments = "FILE [-o OUT] [--implementation X] [--under COMMAND] [--contract LEVEL] "
                 "[--minimize-time S]",
    .summary = "Makes a scenario small and dull while it shows the same fault.",
    .help =
        "Steps go first, then parts of paths, then every operand is brought to the dullest value\n"
        "of its kind. What `run` finds was minimized already. FILE as for `repro`. The result is\n"
        "text, with what Linux gives behind #; a scenario that holds is an "
        "error.\n\n" CLI_SUBJECT_HELP "  -o, --output OUT        where to; default stdout\n"
        "      --minimize-time S   give up after S seconds; default 60, 0 for never\n",
    .run = run_minimize,
};
