#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "scenario_path.h"

static struct path path;
static struct random random_source;

static void set(const char *string) {
    path.length = 0;
    path_add_string(&path, string);
}

static void expect(const char *string) {
    assert_int_equal(path.length, strlen(string));
    assert_memory_equal(path.bytes, string, path.length);
}

static void adding_stops_at_the_limit(void **state) {
    (void)state;
    path.length = 0;
    path_add_repeated(&path, "abc", TEXT_LENGTH_MAX);
    assert_int_equal(path.length, TEXT_LENGTH_MAX);
    path_add_string(&path, "x");
    assert_int_equal(path.length, TEXT_LENGTH_MAX);
}

static void inserting_moves_the_rest(void **state) {
    (void)state;
    set("ad");
    path_insert(&path, 1, "bc", 2);
    expect("abcd");
    path_insert(&path, 4, "e", 1);
    expect("abcde");
}

static void inserting_into_a_full_path_cuts_its_end(void **state) {
    (void)state;
    path.length = 0;
    path_add_repeated(&path, "a", TEXT_LENGTH_MAX);
    path_insert(&path, 1, "bc", 2);
    assert_int_equal(path.length, TEXT_LENGTH_MAX);
    assert_memory_equal(path.bytes, "abca", 4);
    path_insert(&path, TEXT_LENGTH_MAX - 1, "xyz", 3);
    assert_int_equal(path.length, TEXT_LENGTH_MAX);
    assert_memory_equal(path.bytes + TEXT_LENGTH_MAX - 2, "ax", 2);
}

static void erasing_takes_no_more_than_there_is(void **state) {
    (void)state;
    set("abcd");
    path_erase(&path, 1, 2);
    expect("ad");
    path_erase(&path, 1, 99);
    expect("a");
    path_erase(&path, 1, 1);
    expect("a");
}

/* Removes `.` components and doubled slashes, which is what padding may put in. */
static void remove_padding(void) {
    uint32_t length = 0;
    for (uint32_t i = 0; i < path.length;) {
        bool start = length == 0 ? i > 0 || path.bytes[0] == '/' : path.bytes[length - 1] == '/';
        if (start && length > 0 && path.bytes[i] == '/') {
            i++;
        } else if (path.bytes[i] == '.' && (length == 0 || start) && path.bytes[i + 1] == '/') {
            i += 2;
            while (length == 0 && path.bytes[i] == '/')
                i++;
        } else {
            path.bytes[length++] = path.bytes[i++];
        }
    }
    path.length = length;
}

static void padding_gives_the_length_and_leads_to_the_same_place(void **state) {
    (void)state;
    for (uint32_t total = 5; total < 40; total++) {
        for (int i = 0; i < 20; i++) {
            set("a/bc");
            path_pad(&path, total, &random_source);
            assert_int_equal(path.length, total == 5 ? 4 : total);
            remove_padding();
            expect("a/bc");
            set("/abc");
            path_pad(&path, total, &random_source);
            assert_int_equal(path.length, total);
            assert_int_equal(path.bytes[0], '/');
            remove_padding();
            expect("/abc");
        }
    }
}

static void padding_does_nothing_where_it_cannot(void **state) {
    (void)state;
    set("");
    path_pad(&path, 10, &random_source);
    expect("");
    set("abc");
    path_pad(&path, 2, &random_source);
    expect("abc");
}

static void decorating_leads_to_the_same_place(void **state) {
    (void)state;
    for (int i = 0; i < 100; i++) {
        set("/a/b");
        path_decorate(&path, &random_source);
        assert_in_range(path.length, 5, 6);
        remove_padding();
        expect("/a/b");
    }
    set("ab");
    path_decorate(&path, &random_source);
    expect("ab");
}

static void every_component_can_be_picked(void **state) {
    (void)state;
    uint32_t seen[3] = {0};
    set("//a/bb//ccc/");
    for (int i = 0; i < 300; i++) {
        uint32_t at, length;
        path_pick_component(&path, &random_source, &at, &length);
        assert_in_range(length, 1, 3);
        assert_int_equal(path.bytes[at], 'a' + (int)length - 1);
        seen[length - 1]++;
    }
    for (int i = 0; i < 3; i++)
        assert_in_range(seen[i], 60, 140);
}

static void slashes_alone_have_no_component(void **state) {
    (void)state;
    uint32_t at, length;
    set("//");
    path_pick_component(&path, &random_source, &at, &length);
    assert_int_equal(at, 2);
    assert_int_equal(length, 0);
}

int main(void) {
    random_seed(&random_source, 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adding_stops_at_the_limit),
        cmocka_unit_test(inserting_moves_the_rest),
        cmocka_unit_test(inserting_into_a_full_path_cuts_its_end),
        cmocka_unit_test(erasing_takes_no_more_than_there_is),
        cmocka_unit_test(padding_gives_the_length_and_leads_to_the_same_place),
        cmocka_unit_test(padding_does_nothing_where_it_cannot),
        cmocka_unit_test(decorating_leads_to_the_same_place),
        cmocka_unit_test(every_component_can_be_picked),
        cmocka_unit_test(slashes_alone_have_no_component),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
