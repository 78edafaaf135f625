/*
 * Nobody is accused of a FIFO that holds less because the user's pipes are used up meanwhile.
 */
#include "examine_testing.h"

#include <string.h>

#include "capacity_testing.h"
#include "implementations/implementation.h"

static struct verdict examined(const char *text) {
    static struct scenario scenario;
    struct text_error error;
    struct verdict verdict;
    assert_int_equal(scenario_parse(&scenario, NULL, text, strlen(text), &error), 0);
    examine_once(&examiner, &scenario, &verdict);
    return verdict;
}

static void without_room_nothing_is_said_of_a_fifo(void **state) {
    (void)state;
    static const char of_room[] = "mkfifo \"f\" 0600\nd0 = open \"f\" both\nuse d0 capacity\n";
    static const char of_names[] = "mkfifo \"f\" 0600\nmkfifo \"f\" 0600\n";
    char reason[256];
    if (examine_open(&examiner, implementation_find("own"), -1, reason, sizeof reason) != 0)
        fail_msg("%s", reason);
    assert_true(examiner.contract.host.can[ABILITY_PIPES]);
    assert_int_equal(examined(of_room).kind, VERDICT_HELD);
    const bool limited = use_up_pipes();
    const struct verdict without = examined(of_room);
    assert_int_equal(examined(of_names).kind, VERDICT_HELD);
    give_pipes_back();
    assert_int_equal(examined(of_room).kind, VERDICT_HELD);
    examine_close(&examiner);
    if (!limited)
        skip(); /* no limit that is soon reached */
    assert_int_equal(without.kind, VERDICT_UNDECIDED);
    assert_int_equal(without.chance, CHANCE_PIPES);
}

int main(void) {
    if (!become_another_user() || !can_examine())
        return EXIT_SKIPPED;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_room_nothing_is_said_of_a_fifo),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
