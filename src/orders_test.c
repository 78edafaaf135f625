/* What overlapped with what, and the orders in which calls may have taken effect. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "orders.h"
#include "scenario.h"
#include "staging.h"

static struct scenario scenario;
static struct observation observation;
static struct staging staging;

/* A scenario whose steps were over at once but for those that set_ended names. */
static void begin(const char *text) {
    struct text_error error;
    assert_int_equal(scenario_parse(&scenario, NULL, text, strlen(text), &error), 0);
    observation.ending = ENDING_DONE;
    observation.outcome_count = scenario.step_count;
    for (uint32_t i = 0; i < scenario.step_count; i++)
        observation.outcomes[i] = (struct outcome){.ended = i};
}

static void set_ended(uint32_t step, uint32_t ended) {
    observation.outcomes[step].ended = ended;
}

/* --- orders ---------------------------------------------------------------------------------- */

static char visited[64][SCENARIO_STEPS_MAX + 1];
static uint32_t visits, visits_wanted;

/* Notes an order as letters, step 0 as a. */
static bool note(void *context, const uint32_t *order, uint32_t count) {
    (void)context;
    for (uint32_t i = 0; i < count && visits < 64; i++)
        visited[visits][i] = (char)('a' + order[i]);
    if (visits < 64)
        visited[visits][count] = '\0';
    return ++visits == visits_wanted;
}

static bool try_orders(uint32_t wanted) {
    visits = 0;
    visits_wanted = wanted;
    staging_find(&staging, &scenario, &observation);
    return orders_try(&staging, &observation, note, NULL);
}

static void assert_orders(const char *const *expected, uint32_t count) {
    assert_true(try_orders(0));
    assert_int_equal(visits, count);
    for (uint32_t i = 0; i < count; i++)
        assert_string_equal(visited[i], expected[i]);
}

static void without_late_calls_there_is_one_order(void **state) {
    (void)state;
    static const char *const one[] = {"abc"};
    begin("actor 1\nmkfifo \"f\" 0644\nmkfifo \"g\" 0644\n");
    assert_orders(one, 1);
}

static void a_late_call_takes_effect_from_its_begin_to_its_end(void **state) {
    (void)state;
    static const char *const all[] = {"bcad", "bacd", "abcd"};
    begin("mkfifo \"f\" 0644\nactor 1\nmkfifo \"g\" 0644\nmkfifo \"h\" 0644\n");
    set_ended(0, 2);
    assert_orders(all, 3);
    set_ended(0, 1);
    assert_orders((const char *const[]){"bacd", "abcd"}, 2);
}

static void two_late_calls_come_in_either_order(void **state) {
    (void)state;
    begin("mkfifo \"f\" 0644\nmkfifo \"g\" 0644\nactor 1\n");
    set_ended(0, 2);
    set_ended(1, 2);
    /* c between, before or after both, and a before or after b */
    static const char *const all[] = {"cab", "cba", "acb", "abc", "bca", "bac"};
    assert_true(try_orders(0));
    assert_int_equal(visits, 6);
    for (int i = 0; i < 6; i++) {
        bool found = false;
        for (uint32_t k = 0; k < visits; k++)
            found |= strcmp(visited[k], all[i]) == 0;
        assert_true(found);
    }
}

static void what_never_came_back_takes_effect_at_any_time(void **state) {
    (void)state;
    begin("mkfifo \"f\" 0644\nactor 1\n");
    set_ended(0, ENDED_NEVER);
    assert_orders((const char *const[]){"ba", "ab"}, 2);
}

static void a_search_ends_when_it_is_told_to(void **state) {
    (void)state;
    begin("mkfifo \"f\" 0644\nactor 1\nactor 2\nactor 3\n");
    set_ended(0, 3);
    assert_true(try_orders(2));
    assert_int_equal(visits, 2);
}

/* Late calls of ten threads would have millions of orders: so many are tried, and that is told. */
static void there_may_be_too_many(void **state) {
    (void)state;
#define EIGHT(line) line line line line line line line line
    begin(EIGHT("mkfifo \"f\" 0644\n") "actor 1\n");
    for (uint32_t i = 0; i < 8; i++)
        set_ended(i, 8);
    assert_false(try_orders(0));
    assert_int_equal(visits, ORDERS_MAX);
}

/* --- who made what --------------------------------------------------------------------------- */

static void calls_are_their_actor_s_and_overlap_or_do_not(void **state) {
    (void)state;
    begin("as 5:5\npause 1\nmkfifo \"f\" 0644\nmkfifo \"g\" 0644\nactor 2\nas 6:6\n"
          "mkfifo \"h\" 0644\nactor 0\nresume\nmkfifo \"i\" 0644\n");
    set_ended(2, 8);
    staging_find(&staging, &scenario, &observation);
    const struct staged_step *steps = staging.steps;
    assert_int_equal(staging.late_count, 1);
    assert_true(steps[2].late && !steps[2].nested && !steps[2].beside);
    assert_int_equal(steps[2].as, 1);
    assert_true(!steps[3].late && steps[3].nested && !steps[3].beside);
    assert_true(!steps[6].nested && steps[6].beside);
    assert_int_equal(steps[6].actor, 2);
    assert_int_equal(steps[6].as, 6);
    assert_true(!steps[9].nested && !steps[9].beside);
}

static void an_answer_is_for_the_next_call_of_the_actor(void **state) {
    (void)state;
    begin("inject EIO\nactor 1\nmkfifo \"f\" 0644\nactor 0\nmkfifo \"f\" 0644\n"
          "mkfifo \"f\" 0644\ninject EPERM\nmkfifo \"f\" 0644\ninject ENOSPC\n"
          "mkfifo \"g\" 0644\nmkfifo \"h\" 0644\n");
    set_ended(7, ENDED_NEVER);
    staging_find(&staging, &scenario, &observation);
    const struct staged_step *steps = staging.steps;
    assert_false(steps[2].injected);
    assert_true(steps[4].injected);
    assert_int_equal(steps[4].error, EIO);
    assert_false(steps[5].injected);
    assert_int_equal(steps[7].error, EPERM);
    assert_false(steps[9].injected); /* in a handler no call is answered */
    assert_false(steps[10].injected);
}

static void a_dirfd_is_what_the_slot_held_at_the_begin(void **state) {
    (void)state;
    begin("d0 = open \".\"\npause 1\nmkfifoat d0 \"f\" 0644\nd0 = dup d0 9\nresume\n"
          "mkfifoat d0 \"g\" 0644\nmkfifoat d1 \"g\" 0644\n");
    observation.outcomes[0].result = 3;
    observation.outcomes[3].result = 9;
    set_ended(2, 4);
    staging_find(&staging, &scenario, &observation);
    assert_int_equal(staging.steps[2].number, 3);
    assert_int_equal(staging.steps[5].number, 9);
    assert_int_equal(staging.steps[6].number, -1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_late_calls_there_is_one_order),
        cmocka_unit_test(a_late_call_takes_effect_from_its_begin_to_its_end),
        cmocka_unit_test(two_late_calls_come_in_either_order),
        cmocka_unit_test(what_never_came_back_takes_effect_at_any_time),
        cmocka_unit_test(a_search_ends_when_it_is_told_to),
        cmocka_unit_test(there_may_be_too_many),
        cmocka_unit_test(calls_are_their_actor_s_and_overlap_or_do_not),
        cmocka_unit_test(an_answer_is_for_the_next_call_of_the_actor),
        cmocka_unit_test(a_dirfd_is_what_the_slot_held_at_the_begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
