/*
 * capacity_test.c - that a user has used up what pipes may hold is noticed.
 */
#include "capacity_testing.h"

#include "capacity.h"

static void small_pipes_are_noticed(void **state) {
    (void)state;
    assert_true(capacity_is_usual());
    const bool limited = use_up_pipes();
    const bool usual = capacity_is_usual();
    give_pipes_back();
    assert_true(capacity_is_usual());
    if (!limited)
        skip(); /* no limit that is soon reached */
    assert_false(usual);
}

int main(void) {
    if (!become_another_user())
        return EXIT_NOT_ROOT;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_pipes_are_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
