#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "scenario_generate.h"
#include "scenario_mutate.h"

static struct scenario a, b, crossed, copy;
static struct random random_source;

static void start(uint64_t seed) {
    random_seed(&random_source, seed);
    print_message("seed %llu\n", (unsigned long long)seed);
}

static bool fine(const struct scenario *scenario, enum target_shape shape) {
    return scenario_valid(scenario) && scenario_fits(scenario, shape);
}

static void mutated_and_crossed_scenarios_are_valid_and_fit(void **state) {
    (void)state;
    start(21);
    scenario_generate(&a, &random_source, SHAPE_SEQUENCE);
    scenario_clear(&b);
    for (int i = 0; i < 100000; i++) {
        enum target_shape shape = (enum target_shape)(i / 1000 % SHAPE_COUNT);
        scenario_mutate(&a, &random_source, shape);
        assert_true(fine(&a, shape));
        scenario_cross(&crossed, &a, &b, &random_source, shape);
        assert_true(fine(&crossed, shape));
        if (i % 8 == 0)
            scenario_copy(&b, &a);
        if (i % 16 == 0)
            scenario_generate(&a, &random_source, shape);
    }
}

static void long_lines_of_mutations_stay_within_limits(void **state) {
    (void)state;
    start(22);
    scenario_clear(&a);
    for (int i = 0; i < 30000; i++) {
        scenario_mutate(&a, &random_source, SHAPE_SEQUENCE);
        assert_true(scenario_valid(&a));
    }
}

static void same_seed_gives_same_mutations(void **state) {
    (void)state;
    start(23);
    struct random again = random_source;
    scenario_generate(&a, &random_source, SHAPE_MKFIFOAT);
    scenario_generate(&b, &again, SHAPE_MKFIFOAT);
    for (int i = 0; i < 2000; i++) {
        scenario_mutate(&a, &random_source, SHAPE_MKFIFOAT);
        scenario_mutate(&b, &again, SHAPE_MKFIFOAT);
        assert_true(scenario_equal(&a, &b));
    }
}

static void mutations_mostly_change_something(void **state) {
    (void)state;
    start(24);
    int same = 0;
    for (int i = 0; i < 5000; i++) {
        scenario_generate(&a, &random_source, (enum target_shape)(i % SHAPE_COUNT));
        scenario_copy(&b, &a);
        scenario_mutate(&a, &random_source, (enum target_shape)(i % SHAPE_COUNT));
        same += scenario_equal(&a, &b);
    }
    assert_true(same < 750);
}

static void empty_scenario_gets_a_call(void **state) {
    (void)state;
    start(25);
    for (int shape = 0; shape < SHAPE_COUNT; shape++) {
        scenario_clear(&a);
        scenario_mutate(&a, &random_source, (enum target_shape)shape);
        assert_true(fine(&a, (enum target_shape)shape));
        assert_true(a.step_count > 0);
    }
}

static void full_scenarios_are_taken(void **state) {
    (void)state;
    start(26);
    scenario_clear(&a);
    for (struct step *step; (step = scenario_add(&a, STEP_SYMLINK)) != NULL;) {
        step->path = scenario_store(&a, "abcdefghijabcdefghijabcdefghijab", 32);
        step->other = scenario_store(&a, "abcdefghijabcdefghijabcdefghijab", 32);
    }
    assert_int_equal(a.pool_used, SCENARIO_POOL_MAX);
    scenario_copy(&b, &a);
    for (int i = 0; i < 300; i++) {
        enum target_shape shape = (enum target_shape)(i % SHAPE_COUNT);
        scenario_copy(&copy, &a);
        scenario_mutate(&copy, &random_source, shape);
        assert_true(fine(&copy, shape));
        scenario_cross(&crossed, &copy, &b, &random_source, shape);
        assert_true(fine(&crossed, shape));
    }
}

/* Valid as it is, but with every text stored anew the sum of lengths must not pass its limit. */
static void texts_that_steps_share_stay_within_the_limit(void **state) {
    (void)state;
    start(27);
    char bytes[TEXT_LENGTH_MAX];
    memset(bytes, 'x', sizeof bytes);
    scenario_clear(&a);
    struct text shared = scenario_store(&a, bytes, sizeof bytes);
    for (int i = 0; i < SCENARIO_POOL_MAX / TEXT_LENGTH_MAX; i++)
        scenario_add(&a, STEP_UNLINK)->path = shared;
    assert_true(scenario_valid(&a));
    for (int i = 0; i < 1000; i++) {
        scenario_copy(&copy, &a);
        scenario_mutate(&copy, &random_source, SHAPE_SEQUENCE);
        assert_true(scenario_valid(&copy));
    }
}

static void crossing_takes_from_both(void **state) {
    (void)state;
    start(28);
    struct text_error error;
    const char *first = "mkdir \"a\" 0700\nmkfifo \"b\" 0600\n";
    const char *second = "mkdir \"c\" 0700\nmkfifo \"d\" 0600\n";
    const char *wanted = "mkdir \"a\" 0700\nmkfifo \"d\" 0600\n";
    assert_int_equal(scenario_parse(&a, NULL, first, strlen(first), &error), 0);
    assert_int_equal(scenario_parse(&b, NULL, second, strlen(second), &error), 0);
    assert_int_equal(scenario_parse(&copy, NULL, wanted, strlen(wanted), &error), 0);
    int seen = 0;
    for (int i = 0; i < 100; i++) {
        scenario_cross(&crossed, &a, &b, &random_source, SHAPE_MKFIFO);
        seen += scenario_equal(&crossed, &copy);
    }
    assert_true(seen > 10);
}

/* From one plain call, every kind of step, pointer and dirfd is a few mutations away. */
static void mutations_reach_every_kind_of_operand(void **state) {
    (void)state;
    start(29);
    uint32_t kinds[STEP_KIND_COUNT] = {0}, pointers[POINTER_COUNT] = {0};
    uint32_t dirfds[DIRFD_KIND_COUNT] = {0}, flags[STEP_KIND_COUNT][STEP_FLAGS_MAX] = {0};
    for (int i = 0; i < 20000; i++) {
        scenario_clear(&a);
        scenario_restrict(&a, i % 2 ? SHAPE_MKFIFO : SHAPE_MKFIFOAT);
        for (int j = 0; j < 4; j++)
            scenario_mutate(&a, &random_source, SHAPE_SEQUENCE);
        for (uint32_t j = 0; j < a.step_count; j++) {
            kinds[a.steps[j].kind]++;
            pointers[a.steps[j].pointer]++;
            dirfds[a.steps[j].dirfd.kind]++;
            for (int bit = 0; bit < STEP_FLAGS_MAX; bit++)
                flags[a.steps[j].kind][bit] += a.steps[j].flags >> bit & 1U;
        }
    }
    for (int i = 0; i < STEP_ACTOR; i++)
        assert_true(kinds[i] > (i == STEP_LANDLOCK ? 20 : 100));
    for (int i = STEP_ACTOR; i < STEP_KIND_COUNT; i++)
        assert_int_equal(kinds[i], 0);
    for (int i = 0; i < POINTER_COUNT; i++)
        assert_true(pointers[i] > 50);
    for (int i = 0; i < DIRFD_KIND_COUNT; i++)
        assert_true(dirfds[i] > 200);
    for (int i = 0; i < STEP_ACTOR; i++)
        for (int bit = 0; step_infos[i].flags[bit] != NULL; bit++)
            assert_true((flags[i][bit] > 10) != (i == STEP_OPEN && OPEN_IN_USE >> bit & 1));
}

/* Counts of fields that one operand has many of. */
static struct {
    uint32_t uids, gids, real, groups[IDENTITY_GROUPS + 1], entries[ENTRY_COUNT], numbers, none;
} seen;

static void see(const struct step *step) {
    if (step->kind == STEP_AS) {
        seen.uids += step->identity.uid != 0;
        seen.gids += step->identity.gid != 0;
        seen.real += step->identity.real_uid != step->identity.uid;
        seen.groups[step->identity.group_count]++;
    }
    for (int entry = 0; step->kind == STEP_ACL && entry < ENTRY_COUNT; entry++)
        seen.entries[entry] += acl_has(step->mode, (enum acl_entry)entry);
    if (step->kind == STEP_MOUNT) {
        seen.numbers += step->mode > 0;
        seen.none += step->mode == 0;
    }
}

static void mutations_reach_every_part_of_an_operand(void **state) {
    (void)state;
    start(30);
    for (int i = 0; i < 20000; i++) {
        scenario_clear(&a);
        for (int j = 0; j < 8; j++)
            scenario_mutate(&a, &random_source, SHAPE_SEQUENCE);
        for (uint32_t j = 0; j < a.step_count; j++)
            see(&a.steps[j]);
    }
    assert_true(seen.uids > 500 && seen.gids > 500 && seen.real > 500);
    for (int i = 0; i <= IDENTITY_GROUPS; i++)
        assert_true(seen.groups[i] > 100);
    for (int i = 0; i < ENTRY_COUNT; i++)
        assert_true(seen.entries[i] > 100);
    assert_true(seen.numbers > 100 && seen.none > 20);
}

/* A domain costs a worker, so it must not stay in all descendants of a scenario. */
static void landlock_is_mostly_dropped(void **state) {
    (void)state;
    start(31);
    uint32_t kept = 0;
    for (int i = 0; i < 10000; i++) {
        scenario_clear(&a);
        scenario_add(&a, STEP_LANDLOCK);
        scenario_restrict(&a, SHAPE_MKFIFO);
        scenario_mutate(&a, &random_source, SHAPE_MKFIFO);
        kept += a.steps[0].kind == STEP_LANDLOCK;
    }
    assert_in_range(kept, 1000, 4000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mutated_and_crossed_scenarios_are_valid_and_fit),
        cmocka_unit_test(long_lines_of_mutations_stay_within_limits),
        cmocka_unit_test(same_seed_gives_same_mutations),
        cmocka_unit_test(mutations_mostly_change_something),
        cmocka_unit_test(empty_scenario_gets_a_call),
        cmocka_unit_test(full_scenarios_are_taken),
        cmocka_unit_test(texts_that_steps_share_stay_within_the_limit),
        cmocka_unit_test(crossing_takes_from_both),
        cmocka_unit_test(mutations_reach_every_kind_of_operand),
        cmocka_unit_test(mutations_reach_every_part_of_an_operand),
        cmocka_unit_test(landlock_is_mostly_dropped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
