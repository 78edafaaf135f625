/*
 * verdict_judge of calls that overlapped: which order is told when none explains what was seen.
 */
#include "verdict_testing.h"

/* A call is stopped before it makes "a", and another one is made meanwhile. */
static const char overlapping[] = "pause 1\n"
                                  "mkfifo \"a\" 0644\n"
                                  "symlink \".\" \"b\"\n"
                                  "mkfifo \"\\{38:b/}a/x\" 0644\n"
                                  "resume\n";
enum { STOPPED = 1, MEANWHILE = 3, RESUME = 4 };

static void see(void) {
    begin_observation(overlapping, NULL);
    for (uint32_t i = 0; i < scenario.step_count; i++)
        seen.outcomes[i].ended = i;
    seen.outcomes[STOPPED] = (struct outcome){.error = ERRNO_POISON, .ended = RESUME};
    seen.outcomes[MEANWHILE] = (struct outcome){
        .result = -1,
        .error = ENOENT,
        .ended = MEANWHILE,
        .looked = true,
        .parent_before = {.error = ENOENT},
        .parent_after = {.error = ENOENT},
    };
    seen.tree_count = 1;
    add_node(0, "", "", facts(S_IFDIR | 0755, 2, 80, 10));
    add_node(0, "a", "", facts(S_IFIFO | 0644, 1, 0, 11));
    add_node(0, "b", ".", facts(S_IFLNK | 0777, 1, 1, 12));
    seen.umask = WORLD_FIRST_UMASK;
    seen.cwd = seen.root = facts(S_IFDIR | 0755, 2, 80, 10);
}

static struct verdict judged(void) {
    struct verdict verdict;
    verdict_judge(&judge, &scenario, &seen, &verdict);
    return verdict;
}

static void one_order_is_enough(void **state) {
    (void)state;
    see();
    assert_int_equal(judged().kind, VERDICT_HELD);
    seen.outcomes[MEANWHILE].error = ENOTDIR; /* "a" was there already */
    seen.outcomes[MEANWHILE].parent_before.error = ENOTDIR;
    seen.outcomes[MEANWHILE].parent_after.error = ENOTDIR;
    assert_int_equal(judged().kind, VERDICT_HELD);
}

static void without_one_threads_are_accused(void **state) {
    (void)state;
    see();
    seen.outcomes[MEANWHILE].error = EROFS;
    const struct verdict verdict = judged();
    assert_int_equal(verdict.kind, VERDICT_VIOLATED);
    assert_int_equal(verdict.clause, CLAUSE_ASYNC_SAFE);
    assert_int_equal(verdict.step, MEANWHILE);
    assert_int_equal(verdict.got, EROFS);
    assert_false(verdict_is_doubtful(&verdict));
}

/* The other order, in which "a" was there, explains one step more, but not by any chance. */
static void the_order_that_chance_may_have_kept_from_holding_is_told(void **state) {
    (void)state;
    see();
    seen.outcomes[MEANWHILE].parent_before.error = ELOOP;
    const struct verdict verdict = judged();
    assert_int_equal(verdict.kind, VERDICT_VIOLATED);
    assert_int_equal(verdict.aspect, ASPECT_PARENT_ERROR);
    assert_true(verdict_is_doubtful(&verdict));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_order_is_enough),
        cmocka_unit_test(without_one_threads_are_accused),
        cmocka_unit_test(the_order_that_chance_may_have_kept_from_holding_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
