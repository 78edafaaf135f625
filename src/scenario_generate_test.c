#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "scenario_generate.h"

static struct scenario a, b;
static struct random random_source;
static char text_a[1 << 20], text_b[1 << 20];

static void start(uint64_t seed) {
    random_seed(&random_source, seed);
    print_message("seed %llu\n", (unsigned long long)seed);
}

static void generated_scenarios_are_valid_and_fit(void **state) {
    (void)state;
    start(31);
    for (int i = 0; i < 100000; i++) {
        enum target_shape shape = (enum target_shape)(i % SHAPE_COUNT);
        scenario_generate(&a, &random_source, shape);
        assert_true(scenario_valid(&a));
        assert_true(scenario_fits(&a, shape));
        assert_true(a.step_count > 0);
    }
}

static void same_seed_gives_the_same_text(void **state) {
    (void)state;
    start(32);
    struct random again = random_source;
    memset(&a, 'x', sizeof a); /* what was there before must not matter */
    memset(&b, 0, sizeof b);
    for (int i = 0; i < 3000; i++) {
        enum target_shape shape = (enum target_shape)(i % SHAPE_COUNT);
        scenario_generate(&a, &random_source, shape);
        scenario_generate(&b, &again, shape);
        scenario_print(&a, NULL, text_a, sizeof text_a);
        scenario_print(&b, NULL, text_b, sizeof text_b);
        assert_string_equal(text_a, text_b);
    }
}

static void most_scenarios_are_short(void **state) {
    (void)state;
    start(33);
    uint32_t steps = 0, longer = 0;
    for (int i = 0; i < 30000; i++) {
        scenario_generate(&a, &random_source, SHAPE_SEQUENCE);
        steps += a.step_count;
        longer += a.step_count > 16;
    }
    assert_in_range(steps / 30000, 3, 20);
    assert_in_range(longer, 30, 12000);
}

/* Sets of values that have to be covered whole: one that never comes is a fault never found. */
static struct {
    uint32_t modes[010000];
    uint32_t types[16];
    uint32_t umasks[01000];
    uint32_t name_bytes[256];
    uint32_t name_lengths[300];
    uint32_t chmods[010000];
} seen;

static void see_last_component(const struct scenario *scenario, struct text path) {
    const char *bytes = scenario_text(scenario, path);
    uint32_t length = 0;
    for (uint32_t i = path.length; i-- > 0 && bytes[i] != '/'; length++)
        seen.name_bytes[(unsigned char)bytes[i]]++;
    if (length < 300)
        seen.name_lengths[length]++;
}

static void see(const struct scenario *scenario) {
    for (uint32_t i = 0; i < scenario->step_count; i++) {
        const struct step *step = &scenario->steps[i];
        if (step->kind == STEP_UMASK)
            seen.umasks[step->mode & 0777]++;
        if (step->kind == STEP_CHMOD)
            seen.chmods[step->mode]++;
        if (!step_is_call(step))
            continue;
        seen.modes[step->mode & 07777]++;
        seen.types[step->mode >> 12 & 15]++;
        if (step->pointer == POINTER_STRING)
            see_last_component(scenario, step->path);
    }
}

/* The smallest of `count` numbers. */
static uint32_t least(const uint32_t *numbers, size_t count) {
    uint32_t smallest = numbers[0];
    for (size_t i = 1; i < count; i++)
        smallest = numbers[i] < smallest ? numbers[i] : smallest;
    return smallest;
}

static void every_mode_umask_byte_and_length_occurs(void **state) {
    (void)state;
    start(34);
    for (int i = 0; i < 200000; i++) {
        scenario_generate(&a, &random_source, (enum target_shape)(i % SHAPE_COUNT));
        see(&a);
    }
    assert_true(least(seen.modes, 010000) >= 20);
    assert_true(least(seen.types, 16) >= 400);
    assert_true(least(seen.umasks, 01000) >= 50);
    assert_true(least(seen.name_lengths, 258) >= 20);
    assert_int_equal(seen.name_bytes[0], 0);
    seen.name_bytes['/'] = seen.name_bytes[0] = UINT32_MAX;
    assert_true(least(seen.name_bytes, 256) >= 100);
    assert_true(least(seen.chmods, 01000) > 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(generated_scenarios_are_valid_and_fit),
        cmocka_unit_test(same_seed_gives_the_same_text),
        cmocka_unit_test(most_scenarios_are_short),
        cmocka_unit_test(every_mode_umask_byte_and_length_occurs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
