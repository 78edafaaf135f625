/*
 * Every canary is caught, and the implementation is what is accused: by generated scenarios, or,
 * where these would take long, by the conformance files. Prints a line for each: the clause that it
 * is to break and the one that it was caught by. They may differ where one mistake breaks several
 * clauses, since the first violation of a run is the one that is reported.
 *
 * The findings of some are made small, too.
 */
#include <string.h>

#include "conformance_testing.h"
#include "examine_testing.h"
#include "implementations/implementation.h"

enum {
    SEED = 20260102,
    SCENARIOS = 3000,         /* generated ones for each canary */
    BY_SEARCH_OF_TWENTY = 16, /* canaries of twenty that these alone have to catch */
    MINIMIZED_ONE_IN = 8,     /* canaries whose finding is also made small: each takes a second */
    SMALL = 5,                /* steps that a small scenario has at most */
    SMALL_OF_TWENTY = 15      /* findings of twenty that have to become small */
};

static unsigned by_search, minimized, small;
static bool to_minimize;

static void print_caught(const struct implementation *canary, uint32_t used) {
    const char *caught = clause_infos[finding.verdict.clause].name;
    print_message(
        "%-38s %-25s caught as %-25s after %6u, again in %2u of %2u, %2u of %2u steps%s\n",
        canary->name, canary->breaks, caught, used, finding.repeated, finding.replays,
        finding.scenario.step_count, finding.original.step_count,
        strcmp(caught, canary->breaks) == 0 ? "" : ", another clause");
}

static void load(enum clause clause, struct scenario *scenario) {
    static char text[CONFORMANCE_TEXT_MAX];
    struct text_error error;
    size_t length = conformance_read(clause, text);
    assert_int_equal(scenario_parse(scenario, NULL, text, length, &error), 0);
}

/* Examines the conformance files; `used` is how many, the one that did not hold included. */
static bool conform(const struct implementation *implementation, uint32_t *used) {
    static struct scenario scenario;
    char reason[256];
    bool held = true;
    if (examine_open(&examiner, implementation, -1, reason, sizeof reason) != 0)
        fail_msg("%s", reason);
    for (*used = 0; held && *used < CLAUSE_COUNT; ++*used) {
        load((enum clause) * used, &scenario);
        examine_adapt(&examiner, &scenario);
        held = examine(&examiner, &scenario, &finding);
    }
    if (!held && to_minimize)
        minimize_finding();
    examine_close(&examiner);
    return held;
}

/*
 * As conform, but again where other mounts on this machine have disturbed long walks: a canary that
 * is wrong about ELOOP may then hide behind what the kernel does by chance.
 */
static bool conform_undisturbed(const struct implementation *implementation, uint32_t *used) {
    enum { TRIES = 20 };
    bool held = true;
    bool disturbed = true;
    for (int i = 0; held && disturbed && i < TRIES; i++) {
        uint64_t undecided = examiner.undecided;
        held = conform(implementation, used);
        disturbed = examiner.undecided > undecided;
    }
    return held;
}

/* True if the canary is caught, and rightly accused. */
static bool catch_canary(const struct implementation *canary) {
    uint32_t used;
    bool searched = !search(canary, LEVEL_LINUX, SEED, SCENARIOS, to_minimize, &used);
    by_search += searched;
    if (!searched && conform_undisturbed(canary, &used)) {
        print_message("%-38s %-25s SURVIVED\n", canary->name, canary->breaks);
        return false;
    }
    if (!searched)
        print_message("by conformance files: ");
    print_caught(canary, used);
    minimized += finding.effort.tries > 0;
    small += finding.effort.tries > 0 && finding.scenario.step_count <= SMALL;
    if (finding.fault == FAULT_IMPLEMENTATION && finding.verdict.kind == VERDICT_VIOLATED)
        return true;
    print_message("the finding does not accuse the implementation:\n");
    print_finding(canary->name);
    return false;
}

static void every_canary_is_caught(void **state) {
    (void)state;
    size_t count;
    unsigned canaries = 0, caught = 0;
    const struct implementation *const *list = implementation_list(&count);
    print_message("seed %d\n", SEED);
    for (size_t i = 0; i < count; i++) {
        if (!is_canary(list[i]) || implementation_is_latent(list[i]))
            continue; /* examine_overlap_test has those */
        to_minimize = canaries++ % MINIMIZED_ONE_IN == 0;
        caught += catch_canary(list[i]);
    }
    print_message("%u of %u canaries caught, %u by search\n", caught, canaries, by_search);
    assert_in_range(canaries, 1, count);
    assert_int_equal(caught, canaries);
    assert_true(by_search * 20 >= canaries * BY_SEARCH_OF_TWENTY);
    print_message("%u of %u minimized findings have at most %d steps\n", small, minimized, SMALL);
    assert_true(minimized > 0 && small * 20 >= minimized * SMALL_OF_TWENTY);
}

int main(void) {
    if (!can_examine())
        return EXIT_SKIPPED;
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_canary_is_caught)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
