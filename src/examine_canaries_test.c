/*
 * Every canary is caught, and the implementation is what is accused. Prints a line for each: the
 * clause that it is to break and the one that it was caught by. They may differ where one mistake
 * breaks several clauses, since the first violation of a run is the one that is reported.
 */
#include "examine_testing.h"

#include <string.h>

#include "implementations/implementation.h"

enum { SEED = 20260102, SCENARIOS = 100000 };

static void print_caught(const struct implementation *canary, uint32_t used) {
    const char *caught = clause_infos[finding.verdict.clause].name;
    print_message("%-38s %-25s caught as %-25s after %6u, again in %2u of %2u%s\n", canary->name,
                  canary->breaks, caught, used, finding.repeated, finding.replays,
                  strcmp(caught, canary->breaks) == 0 ? "" : ", another clause");
}

/* True if the canary is caught, and rightly accused. */
static bool catch_canary(const struct implementation *canary) {
    uint32_t used;
    if (search(canary, LEVEL_LINUX, SEED, SCENARIOS, &used)) {
        print_message("%-38s %-25s SURVIVED %u scenarios\n", canary->name, canary->breaks, used);
        return false;
    }
    print_caught(canary, used);
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
        if (!is_canary(list[i]))
            continue;
        canaries++;
        caught += catch_canary(list[i]);
    }
    print_message("%u of %u canaries caught\n", caught, canaries);
    assert_in_range(canaries, 1, count);
    assert_int_equal(caught, canaries);
}

int main(void) {
    if (!can_examine())
        return EXIT_SKIPPED;
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_canary_is_caught)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
