#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "random.h"

static void follows_the_published_sequence(void **state) {
    (void)state;
    /* xoshiro256** from the state 1, 2, 3, 4; the first is rotate(2 * 5, 7) * 9. */
    struct random random = {{1, 2, 3, 4}};
    assert_true(random_next(&random) == 11520);
    assert_true(random_next(&random) == 0);
    assert_true(random_next(&random) == 1509978240);
    assert_true(random_next(&random) == 1215971899390074240U);
}

static void same_seed_gives_same_numbers(void **state) {
    (void)state;
    struct random a, b, c;
    random_seed(&a, 5);
    random_seed(&b, 5);
    random_seed(&c, 6);
    int different = 0;
    for (int i = 0; i < 1000; i++) {
        uint64_t next = random_next(&a);
        assert_true(next == random_next(&b));
        different += next != random_next(&c);
    }
    assert_true(different > 990);
}

static void seed_zero_is_no_dead_state(void **state) {
    (void)state;
    struct random random;
    random_seed(&random, 0);
    assert_true(random_next(&random) != random_next(&random));
}

static void below_reaches_every_number_and_no_other(void **state) {
    (void)state;
    struct random random;
    uint32_t seen[7] = {0};
    random_seed(&random, 1);
    for (int i = 0; i < 7000; i++)
        seen[random_below(&random, 7)]++;
    for (int i = 0; i < 7; i++)
        assert_in_range(seen[i], 800, 1200);
    assert_int_equal(random_below(&random, 1), 0);
}

static void between_includes_both_ends(void **state) {
    (void)state;
    struct random random;
    uint32_t low = 0, high = 0;
    random_seed(&random, 2);
    for (int i = 0; i < 1000; i++) {
        uint32_t number = random_between(&random, 10, 13);
        assert_in_range(number, 10, 13);
        low += number == 10;
        high += number == 13;
    }
    assert_true(low > 0 && high > 0);
    assert_int_equal(random_between(&random, 9, 9), 9);
}

static void one_in_is_true_as_often_as_it_says(void **state) {
    (void)state;
    struct random random;
    uint32_t hits = 0;
    random_seed(&random, 3);
    for (int i = 0; i < 10000; i++)
        hits += random_one_in(&random, 10);
    assert_in_range(hits, 900, 1100);
    assert_true(random_one_in(&random, 1));
}

static void item_reaches_every_element(void **state) {
    (void)state;
    static const char letters[] = {'a', 'b', 'c'};
    struct random random;
    uint32_t seen[3] = {0};
    random_seed(&random, 4);
    for (int i = 0; i < 300; i++)
        seen[random_item(&random, letters) - 'a']++;
    for (int i = 0; i < 3; i++)
        assert_true(seen[i] > 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(follows_the_published_sequence),
        cmocka_unit_test(same_seed_gives_same_numbers),
        cmocka_unit_test(seed_zero_is_no_dead_state),
        cmocka_unit_test(below_reaches_every_number_and_no_other),
        cmocka_unit_test(between_includes_both_ends),
        cmocka_unit_test(one_in_is_true_as_often_as_it_says),
        cmocka_unit_test(item_reaches_every_element),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
