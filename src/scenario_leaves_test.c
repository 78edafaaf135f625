#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "scenario_leaves.h"

static struct scenario scenario;

/* Does any step of `text` lead out? */
static bool leaves(const char *text) {
    struct text_error error;
    bool any = false;
    assert_int_equal(scenario_parse(&scenario, NULL, text, strlen(text), &error), 0);
    for (uint32_t i = 0; i < scenario.step_count; i++)
        any |= scenario_leaves(&scenario, &scenario.steps[i]);
    return any;
}

static void plain_paths_stay(void **state) {
    (void)state;
    assert_false(leaves(""));
    assert_false(leaves("mkfifo \"\" 0\nmkfifo null 0\nmkfifo \".\" 0\nmkfifo \"a//b/\" 0\n"));
    assert_false(leaves("mkfifo \"...\" 0\nmkfifo \"..a\" 0\nmkfifo \"a..\" 0\n"));
    assert_false(leaves("file \"a\" 0644 \"/../x\"\n"));
}

static void absolute_paths_and_bodies_leave(void **state) {
    (void)state;
    assert_true(leaves("mkfifo \"/\" 0\n"));
    assert_true(leaves("mkfifoat cwd \"//a\" 0\n"));
    assert_true(leaves("symlink \"/a\" \"l\"\n"));
    assert_true(leaves("rename \"a\" \"/b\"\n"));
    assert_true(leaves("link \"a\" \"/b\"\n"));
}

static void what_climbs_no_higher_than_it_descended_stays(void **state) {
    (void)state;
    assert_false(leaves("mkfifo \"a/..\" 0\n"));
    assert_false(leaves("mkfifo \"a/b/./..//../c\" 0\n"));
    assert_false(leaves("symlink \"a/../b\" \"l\"\n"));
    assert_true(leaves("mkfifo \"..\" 0\n"));
    assert_true(leaves("mkfifo \"./..\" 0\n"));
    assert_true(leaves("mkfifo \"a/../..\" 0\n"));
    assert_true(leaves("mkfifo \"a/../../b/c\" 0\n"));
    assert_true(leaves("symlink \"..\" \"a/l\"\n"));
    assert_true(leaves("d0 = open \"a/../..\"\n"));
}

static void what_may_be_a_link_is_no_way_down(void **state) {
    (void)state;
    assert_true(leaves("symlink \".\" \"l\"\nmkfifo \"l/../x\" 0\n"));
    assert_true(leaves("mkfifo \"l/../x\" 0\nsymlink \".\" \"a/l/\"\n"));
    assert_true(leaves("symlink \".\" \"l\"\nrename \"l\" \"m\"\nmkfifo \"m/../x\" 0\n"));
    assert_true(leaves("symlink \".\" \"l\"\nlink \"l\" \"m\"\nmkfifo \"a/m/../x\" 0\n"));
    assert_true(leaves("symlink \".\" \"l\"\nmkfifo \"a/l/../x\" 0\n"));
    assert_false(leaves("symlink \".\" \"l\"\nmkfifo \"l/a/../x\" 0\n"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_paths_stay),
        cmocka_unit_test(absolute_paths_and_bodies_leave),
        cmocka_unit_test(what_climbs_no_higher_than_it_descended_stays),
        cmocka_unit_test(what_may_be_a_link_is_no_way_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
