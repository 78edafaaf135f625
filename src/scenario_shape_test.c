#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "random.h"
#include "scenario_shape.h"

static struct scenario scenario, before;
static char text[256];

/* Parses `source`, restricts it and compares the printed result with `expected`. */
static void expect_restricted(enum target_shape shape, const char *source, const char *expected) {
    struct text_error error;
    assert_int_equal(scenario_parse(&scenario, NULL, source, strlen(source), &error), 0);
    scenario_restrict(&scenario, shape);
    scenario_print(&scenario, NULL, text, sizeof text);
    assert_string_equal(text, expected);
}

static void fitting_scenario_stays_as_it_is(void **state) {
    (void)state;
    const char *mkfifo = "mkdir \"d\" 0755\nmkfifo \"d/a\" 0600\n";
    const char *mkfifoat = "d0 = open \".\"\nmkfifoat d0 \"a\" 0600\n";
    expect_restricted(SHAPE_MKFIFO, mkfifo, mkfifo);
    expect_restricted(SHAPE_MKFIFOAT, mkfifoat, mkfifoat);
}

static void sequence_takes_anything(void **state) {
    (void)state;
    const char *mixed = "mkfifo \"a\" 0600\nmkfifoat cwd \"b\" 0600\numask 0022\n";
    expect_restricted(SHAPE_SEQUENCE, mixed, mixed);
    expect_restricted(SHAPE_SEQUENCE, "", "");
}

static void last_call_of_the_right_kind_is_kept(void **state) {
    (void)state;
    const char *source = "mkfifo \"a\" 0600\nmkfifoat cwd \"b\" 0600\nmkdir \"d\" 0700\n"
                         "mkfifo \"c\" 0600\nmkdir \"e\" 0700\nmkfifoat cwd \"f\" 0600\n";
    expect_restricted(SHAPE_MKFIFO, source, "mkdir \"d\" 0700\nmkfifo \"c\" 0600\n");
    expect_restricted(SHAPE_MKFIFOAT, source,
                      "mkdir \"d\" 0700\nmkdir \"e\" 0700\nmkfifoat cwd \"f\" 0600\n");
}

static void steps_behind_the_call_go(void **state) {
    (void)state;
    expect_restricted(SHAPE_MKFIFO, "mkfifo \"a\" 0600\numask 0022\n", "mkfifo \"a\" 0600\n");
}

static void call_of_the_other_kind_is_turned(void **state) {
    (void)state;
    expect_restricted(SHAPE_MKFIFO, "d0 = open \".\"\nmkfifoat d0 \"a\" 0600\n",
                      "d0 = open \".\"\nmkfifo \"a\" 0600\n");
    expect_restricted(SHAPE_MKFIFOAT, "mkfifo null 0600\n", "mkfifoat cwd null 0600\n");
}

static void call_is_added_where_there_is_none(void **state) {
    (void)state;
    expect_restricted(SHAPE_MKFIFO, "", "mkfifo \"f\" 0644\n");
    expect_restricted(SHAPE_MKFIFOAT, "umask 0022\n", "umask 0022\nmkfifoat cwd \"f\" 0644\n");
}

static void full_scenario_gives_its_last_step_for_the_call(void **state) {
    (void)state;
    scenario_clear(&scenario);
    while (scenario_add(&scenario, STEP_UMASK) != NULL)
        continue;
    scenario_restrict(&scenario, SHAPE_MKFIFO);
    assert_int_equal(scenario.step_count, SCENARIO_STEPS_MAX);
    assert_true(scenario_fits(&scenario, SHAPE_MKFIFO));
    assert_true(scenario_valid(&scenario));
}

static void any_bytes_can_be_restricted_and_once_is_enough(void **state) {
    (void)state;
    const uint64_t seed = 11;
    struct random random;
    random_seed(&random, seed);
    print_message("seed %llu\n", (unsigned long long)seed);
    for (int i = 0; i < 30000; i++) {
        uint8_t bytes[96];
        for (size_t j = 0; j < sizeof bytes; j++)
            bytes[j] = (uint8_t)random_next(&random);
        scenario_decode(&scenario, bytes, random_below(&random, sizeof bytes + 1));
        enum target_shape shape = (enum target_shape)random_below(&random, SHAPE_COUNT);
        scenario_restrict(&scenario, shape);
        assert_true(scenario_valid(&scenario));
        assert_true(scenario_fits(&scenario, shape));
        scenario_copy(&before, &scenario);
        scenario_restrict(&scenario, shape);
        assert_true(scenario_equal(&before, &scenario));
    }
}

/* Sequences mostly, all others at times, those with one call never. */
static void for_all_other_shapes_are_drawn(void **state) {
    (void)state;
    enum { DRAWN = 24000, OFTEN = DRAWN * 3 / 4, AT_TIMES = DRAWN / 48 };
    unsigned counts[SHAPE_COUNT] = {0};
    struct random random;
    random_seed(&random, 11);
    for (int i = 0; i < DRAWN; i++)
        counts[shape_draw(SHAPE_ALL, &random)]++;
    assert_true(counts[SHAPE_SEQUENCE] > OFTEN);
    assert_true(counts[SHAPE_RENDEZVOUS] > AT_TIMES);
    assert_true(counts[SHAPE_THREADS] > AT_TIMES);
    assert_true(counts[SHAPE_INJECT] > AT_TIMES);
    assert_int_equal(counts[SHAPE_MKFIFO] + counts[SHAPE_MKFIFOAT] + counts[SHAPE_ALL], 0);
    for (int shape = 0; shape < SHAPE_ALL; shape++)
        assert_int_equal(shape_draw((enum target_shape)shape, &random), shape);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fitting_scenario_stays_as_it_is),
        cmocka_unit_test(sequence_takes_anything),
        cmocka_unit_test(last_call_of_the_right_kind_is_kept),
        cmocka_unit_test(steps_behind_the_call_go),
        cmocka_unit_test(call_of_the_other_kind_is_turned),
        cmocka_unit_test(call_is_added_where_there_is_none),
        cmocka_unit_test(full_scenario_gives_its_last_step_for_the_call),
        cmocka_unit_test(for_all_other_shapes_are_drawn),
        cmocka_unit_test(any_bytes_can_be_restricted_and_once_is_enough),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
