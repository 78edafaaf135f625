#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "random.h"
#include "scenario.h"
#include "scenario_history.h"

enum { SEED = 5, STRINGS = 20000, LENGTH_MAX = 64 };

static struct scenario first, second;

/* A random history of up to LENGTH_MAX bytes; returns its size. */
static size_t draw(struct random *random, uint8_t *bytes) {
    size_t size = random_between(random, 1, LENGTH_MAX);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)random_next(random);
    bytes[0] |= SCENARIO_BYTE_HISTORY;
    return size;
}

static void every_history_is_a_scenario_and_always_the_same(void **state) {
    (void)state;
    struct random random;
    uint8_t bytes[LENGTH_MAX] = {0};
    random_seed(&random, SEED);
    for (int i = 0; i < STRINGS; i++) {
        size_t size = draw(&random, bytes);
        scenario_decode(&first, bytes, size);
        assert_true(scenario_valid(&first));
        assert_true(scenario_calls(&first) > 0);
        scenario_decode(&second, bytes, size);
        assert_true(scenario_equal(&first, &second));
    }
}

/* How many of STRINGS changes of one byte, at `at`, change the scenario. */
static int count_changes(size_t size, size_t at) {
    struct random random;
    uint8_t bytes[LENGTH_MAX] = {SCENARIO_BYTE_HISTORY};
    int changed = 0;
    random_seed(&random, SEED);
    for (int i = 0; i < STRINGS; i++) {
        for (size_t j = 1; j < size; j++)
            bytes[j] = (uint8_t)random_next(&random);
        scenario_decode(&first, bytes, size);
        bytes[at] ^= (uint8_t)random_between(&random, 1, 255);
        scenario_decode(&second, bytes, size);
        changed += !scenario_equal(&first, &second);
    }
    return changed;
}

static void every_byte_counts(void **state) {
    (void)state;
    assert_true(count_changes(5, 1) > STRINGS * 9 / 10);
    assert_true(count_changes(5, 4) > STRINGS * 9 / 10);
    assert_true(count_changes(9, 8) > STRINGS / 2);
}

static void one_more_change_leaves_the_others_as_they_are(void **state) {
    (void)state;
    const uint8_t history[] = {0xff, 1, 2, 3, 4, 5, 6, 7, 8};
    scenario_decode(&first, history, 5);
    scenario_relive(&second, history + 1, 4);
    assert_true(scenario_equal(&first, &second));
    scenario_decode(&second, history, sizeof history);
    assert_false(scenario_equal(&first, &second));
}

static void a_history_may_be_empty(void **state) {
    (void)state;
    const uint8_t marker = SCENARIO_BYTE_HISTORY;
    scenario_decode(&first, &marker, 1);
    scenario_relive(&second, NULL, 0);
    assert_true(scenario_equal(&first, &second));
    assert_true(scenario_valid(&first));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_history_is_a_scenario_and_always_the_same),
        cmocka_unit_test(every_byte_counts),
        cmocka_unit_test(one_more_change_leaves_the_others_as_they_are),
        cmocka_unit_test(a_history_may_be_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
