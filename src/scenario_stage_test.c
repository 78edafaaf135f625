/* The text of the steps of several actors, and what shapes have such steps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "errno_name.h"
#include "scenario.h"
#include "scenario_shape.h"

static struct scenario scenario;
static struct expectations expected;
static struct text_error error;
static char printed[SCENARIO_PRINT_MAX];

static void parse(const char *text) {
    if (scenario_parse(&scenario, &expected, text, strlen(text), &error))
        fail_msg("%s\nrefused at %u:%u: %s", text, error.line, error.column, error.message);
    assert_true(scenario_valid(&scenario));
}

static void assert_prints(const char *text, const char *canonical) {
    parse(text);
    scenario_print(&scenario, &expected, printed, sizeof printed);
    assert_string_equal(printed, canonical);
}

static void assert_refused(const char *text, const char *message) {
    assert_int_equal(scenario_parse(&scenario, &expected, text, strlen(text), &error), -EINVAL);
    assert_string_equal(error.message, message);
}

static void every_kind_prints_canonically(void **state) {
    (void)state;
    static const char text[] = "d0 = open \".\" write both wait truncate append\n"
                               "actor 3\n"
                               "read d2 65535\n"
                               "write d15 0\n"
                               "poll d0\n"
                               "resize d1 4096\n"
                               "use d3 capacity\n"
                               "signal 0 restart\n"
                               "pause 1 instruction\n"
                               "resume\n"
                               "inject ENOSPC once\n"
                               "within fork vfork stack blocked closed\n";
    assert_prints(text, text);
    for (unsigned kind = STEP_ACTOR; kind < STEP_KIND_COUNT; kind++)
        assert_int_equal(scenario.steps[1 + kind - STEP_ACTOR].kind, kind);
    assert_int_equal(scenario.step_count, 1 + STEP_KIND_COUNT - STEP_ACTOR);
}

static void every_error_can_be_injected(void **state) {
    (void)state;
    for (unsigned value = 0; value <= ERROR_MAX; value++) {
        scenario_clear(&scenario);
        scenario_add(&scenario, STEP_INJECT)->mode = value;
        assert_true(scenario_valid(&scenario));
        scenario_print(&scenario, NULL, printed, sizeof printed);
        parse(printed);
        assert_int_equal(scenario.steps[0].mode, value);
    }
    assert_prints("inject 41", "inject 41\n"); /* Linux has no such error, errno(3) */
    assert_prints("inject ENOTSUP", "inject EOPNOTSUPP\n");
}

static void every_use_has_a_word(void **state) {
    (void)state;
    for (unsigned use = 0; use < USE_COUNT; use++) {
        scenario_clear(&scenario);
        scenario_add(&scenario, STEP_USE)->pointer = (uint8_t)use;
        scenario_print(&scenario, NULL, printed, sizeof printed);
        parse(printed);
        assert_int_equal(scenario.steps[0].pointer, use);
    }
}

static void what_waits_says_so(void **state) {
    (void)state;
    assert_prints("read d0 1 # waits", "read d0 1 # waits\n");
    assert_int_equal(expected.error[0], EXPECT_WAITS + EXPECT_NEVER);
    assert_prints("read d0 1 #waits 0", "read d0 1 # waits 0\n");
    assert_int_equal(expected.error[0], EXPECT_WAITS);
    assert_prints("write d0 1 # waits EPIPE; remark", "write d0 1 # waits EPIPE\n");
    assert_int_equal(expected.error[0], EXPECT_WAITS + EPIPE);
    assert_prints("read d0 1 # waits; remark", "read d0 1 # waits\n");
}

static void operands_are_refused(void **state) {
    (void)state;
    assert_refused("actor 4", "expected an actor, 0 to 3; found \"4\"");
    assert_refused("signal", "expected an actor, 0 to 3; found end of line");
    assert_refused("inject 5", "expected 0 or the name of an errno, such as EIO; found \"5\"");
    assert_refused("inject 134", "expected 0 or the name of an errno, such as EIO; found \"134\"");
    assert_refused("use d0 poll", "expected pending, capacity or another use; found \"poll\"");
    assert_refused("resume 1", "expected the end of the line or # and a result; found \"1\"");
    assert_refused("read d0 1 # waits long",
                   "expected 0 or the name of an errno, such as EEXIST; found \"long\"");
}

/* How many steps of all kinds, and open with all flags, are left in `shape`. */
static uint32_t restricted(enum target_shape shape) {
    scenario_clear(&scenario);
    for (unsigned kind = STEP_ACTOR; kind < STEP_KIND_COUNT; kind++)
        scenario_add(&scenario, kind);
    scenario_add(&scenario, STEP_OPEN)->flags = OPEN_PLAIN | OPEN_IN_USE;
    scenario_add(&scenario, STEP_MKFIFO);
    scenario_restrict(&scenario, shape);
    assert_true(scenario_fits(&scenario, shape));
    assert_int_equal(scenario.steps[scenario.step_count - 2].kind, STEP_OPEN);
    return scenario.step_count - 2;
}

static void shapes_have_what_they_are_about(void **state) {
    (void)state;
    enum { ALL = STEP_KIND_COUNT - STEP_ACTOR };
    assert_int_equal(restricted(SHAPE_MKFIFO), 0);
    assert_int_equal(restricted(SHAPE_SEQUENCE), 0);
    assert_int_equal(scenario.steps[0].flags, OPEN_PLAIN);
    assert_int_equal(restricted(SHAPE_RENDEZVOUS), ALL - 3);
    assert_int_equal(scenario.steps[scenario.step_count - 2].flags, OPEN_PLAIN | OPEN_IN_USE);
    assert_int_equal(restricted(SHAPE_THREADS), ALL - 1);
    assert_int_equal(restricted(SHAPE_INJECT), ALL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_prints_canonically),
        cmocka_unit_test(every_error_can_be_injected),
        cmocka_unit_test(every_use_has_a_word),
        cmocka_unit_test(what_waits_says_so),
        cmocka_unit_test(operands_are_refused),
        cmocka_unit_test(shapes_have_what_they_are_about),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
