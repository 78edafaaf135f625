#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "scenario_edit.h"
#include "scenario_operands.h"

static struct random random_source;
static struct path path;

static void names_are_components_of_the_length_they_promise(void **state) {
    (void)state;
    static const struct {
        enum name_style style;
        uint32_t shortest, longest;
    } rows[] = {
        {NAME_SHORT, 1, 2},        {NAME_ODD, 1, 10},          {NAME_EDGE, 253, 255},
        {NAME_ANY_LENGTH, 1, 255}, {NAME_TOO_LONG, 256, 4095},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (uint32_t j = 0; j < 5000; j++) {
            path.length = 0;
            name_add(&path, &random_source, rows[i].style, j);
            assert_in_range(path.length, rows[i].shortest, rows[i].longest);
            assert_null(memchr(path.bytes, 0, path.length));
            assert_null(memchr(path.bytes, '/', path.length));
        }
    }
}

static void short_names_differ_by_their_number(void **state) {
    (void)state;
    static bool seen[1 << 16];
    memset(seen, 0, sizeof seen);
    for (uint32_t i = 0; i < 26 * 26; i++) {
        path.length = 0;
        name_add(&path, &random_source, NAME_SHORT, i);
        unsigned key = (unsigned char)path.bytes[0];
        if (path.length == 2)
            key |= (unsigned)(unsigned char)path.bytes[1] << 8;
        assert_false(seen[key]);
        seen[key] = true;
    }
}

static void names_do_not_leave_a_full_path(void **state) {
    (void)state;
    path.length = 0;
    path_add_repeated(&path, "a", TEXT_LENGTH_MAX);
    for (int style = NAME_SHORT; style <= NAME_TOO_LONG; style++)
        name_add(&path, &random_source, (enum name_style)style, 0);
    assert_int_equal(path.length, TEXT_LENGTH_MAX);
}

static void good_modes_have_no_foreign_type(void **state) {
    (void)state;
    uint32_t fifo = 0;
    for (int i = 0; i < 10000; i++) {
        uint32_t mode = mode_random(&random_source);
        assert_int_equal(mode & ~(uint32_t)017777, 0);
        fifo += mode >> 12;
    }
    assert_in_range(fifo, 100, 2000);
}

static void pointers_get_the_text_that_they_need(void **state) {
    (void)state;
    uint32_t seen[POINTER_COUNT] = {0};
    for (int i = 0; i < 2000; i++) {
        path.length = 0;
        path_add_repeated(&path, "ab/", random_below(&random_source, 2000));
        const uint32_t length = path.length;
        enum pointer pointer = pointer_random(&path, &random_source);
        assert_in_range(pointer, POINTER_NULL, POINTER_UNENCODABLE);
        if (pointer == POINTER_COUNTED || pointer == POINTER_UNENCODABLE)
            assert_int_equal(path.length, length);
        else if (pointer == POINTER_UNTERMINATED)
            assert_in_range(path.length, 1, TEXT_LENGTH_MAX);
        else
            assert_int_equal(path.length, 0);
        seen[pointer]++;
    }
    for (int i = POINTER_NULL; i < POINTER_COUNT; i++)
        assert_true(seen[i] > 100);
}

static void rests_of_counted_paths_differ_and_may_be_missing(void **state) {
    (void)state;
    static struct scenario scenario;
    bool empty = false, slash = false;
    for (int i = 0; i < 200; i++) {
        scenario_clear(&scenario);
        struct text rest = rest_random(&scenario, &random_source);
        empty |= rest.length == 0;
        slash |= rest.length > 0 && *scenario_text(&scenario, rest) == '/';
    }
    assert_true(empty && slash);
}

static void edits_stay_within_limits_and_bring_no_nul(void **state) {
    (void)state;
    static struct path other;
    path.length = other.length = 0;
    uint32_t changed = 0;
    for (int i = 0; i < 50000; i++) {
        if (i % 50 == 0) {
            path.length = 0;
            path_add_string(&path, i % 100 ? "a/b" : "/a");
        }
        static struct path old;
        old = path;
        path_edit(&path, &other, &random_source);
        assert_in_range(path.length, 0, TEXT_LENGTH_MAX);
        assert_null(memchr(path.bytes, 0, path.length));
        changed += old.length != path.length || memcmp(old.bytes, path.bytes, old.length) != 0;
        if (i % 7 == 0)
            other = path;
    }
    assert_true(changed > 35000);
}

int main(void) {
    random_seed(&random_source, 51);
    print_message("seed 51\n");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_components_of_the_length_they_promise),
        cmocka_unit_test(short_names_differ_by_their_number),
        cmocka_unit_test(names_do_not_leave_a_full_path),
        cmocka_unit_test(good_modes_have_no_foreign_type),
        cmocka_unit_test(pointers_get_the_text_that_they_need),
        cmocka_unit_test(rests_of_counted_paths_differ_and_may_be_missing),
        cmocka_unit_test(edits_stay_within_limits_and_bring_no_nul),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
