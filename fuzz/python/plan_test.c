#include "plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t scenario[] = {12, 0, '.', 0, 4};
static uint8_t input[sizeof scenario + PLAN_BYTES_MAX];

static size_t join(const struct plan *plan, size_t capacity) {
    memcpy(input, scenario, sizeof scenario);
    return sizeof scenario + plan_write(plan, input + sizeof scenario, capacity);
}

static void assert_same(const struct plan *a, const struct plan *b) {
    assert_int_equal(a->row_count, b->row_count);
    assert_int_equal(a->per_call, b->per_call);
    assert_int_equal(a->tries_leaks, b->tries_leaks);
    assert_memory_equal(a->rows, b->rows, (size_t)a->row_count * PLAN_ROW);
}

static void what_is_written_is_read_again(void **state) {
    (void)state;
    unsigned leaks = 0;
    for (unsigned seed = 0; seed < 2000; seed++) {
        struct random random;
        struct plan plan, read;
        random_seed(&random, seed);
        plan_generate(&plan, &random);
        for (unsigned i = 0; i < seed % 50; i++)
            plan_mutate(&plan, &random);
        assert_in_range(plan.row_count, 0, PLAN_ROWS_MAX);
        assert_in_range(plan.per_call, 1, 16);
        leaks += plan.tries_leaks;
        size_t size = join(&plan, PLAN_BYTES_MAX);
        assert_int_equal(plan_split(&read, input, size), sizeof scenario);
        if (plan.row_count > 0)
            assert_same(&plan, &read);
    }
    assert_in_range(leaks, 1, 1000);
}

static void rows_that_do_not_fit_are_left_out(void **state) {
    (void)state;
    struct random random;
    struct plan plan, read;
    random_seed(&random, 1);
    plan_generate(&plan, &random);
    for (size_t capacity = 0; capacity <= PLAN_BYTES_MAX; capacity++) {
        size_t size = join(&plan, capacity);
        assert_true(size <= sizeof scenario + capacity);
        assert_int_equal(plan_split(&read, input, size), sizeof scenario);
        assert_true(read.row_count <= plan.row_count);
        assert_memory_equal(read.rows, plan.rows, (size_t)read.row_count * PLAN_ROW);
    }
}

static void without_the_mark_all_is_scenario(void **state) {
    (void)state;
    struct plan plan;
    const uint8_t no_rows[] = {0, 0, 'P', 'y'};
    const uint8_t too_many[] = {0, 0, 0, 0, 0, 0, 2, 'P', 'y'};
    assert_int_equal(plan_split(&plan, scenario, sizeof scenario), sizeof scenario);
    assert_int_equal(plan.row_count, 0);
    assert_int_equal(plan.per_call, 1);
    assert_int_equal(plan_split(&plan, no_rows, sizeof no_rows), sizeof no_rows);
    assert_int_equal(plan_split(&plan, too_many, sizeof too_many), sizeof too_many);
    assert_int_equal(plan_split(&plan, scenario, 0), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_again),
        cmocka_unit_test(rows_that_do_not_fit_are_left_out),
        cmocka_unit_test(without_the_mark_all_is_scenario),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
