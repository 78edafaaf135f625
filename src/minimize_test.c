#include "minimize.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "random.h"
#include "scenario_testing.h"

static struct scenario scenario;
static char printed[SCENARIO_PRINT_MAX];
static const struct minimize_budget no_limit;

static void parse(const char *text) {
    struct text_error error;
    if (scenario_parse(&scenario, NULL, text, strlen(text), &error) != 0)
        fail_msg("%u:%u: %s", error.line, error.column, error.message);
}

static void assert_text(const char *text) {
    scenario_print(&scenario, NULL, printed, sizeof printed);
    assert_string_equal(printed, text);
}

/* --- what may have to stay true -----------------------------------------------------------------
 */

static const struct step *last_step(const struct scenario *candidate) {
    return candidate->step_count ? &candidate->steps[candidate->step_count - 1] : NULL;
}

static bool ends_in_call(void *context, const struct scenario *candidate) {
    (void)context;
    const struct step *last = last_step(candidate);
    return last && step_is_call(last);
}

/* The text, as a part of what the scenario looks like. */
static bool prints(void *context, const struct scenario *candidate) {
    static char text[SCENARIO_PRINT_MAX];
    scenario_print(candidate, NULL, text, sizeof text);
    return strstr(text, context) != NULL;
}

static uint32_t last_name_length(const struct scenario *candidate) {
    const struct step *last = last_step(candidate);
    if (!last)
        return 0;
    const char *bytes = scenario_text(candidate, last->path);
    uint32_t length = 0;
    while (length < last->path.length && bytes[last->path.length - 1 - length] != '/')
        length++;
    return length;
}

static bool has_long_last_name(void *context, const struct scenario *candidate) {
    return ends_in_call(NULL, candidate) &&
           last_name_length(candidate) >= *(const uint32_t *)context;
}

static bool has_unusual_mode(void *context, const struct scenario *candidate) {
    (void)context;
    const struct step *last = last_step(candidate);
    return last && last->kind == STEP_MKFIFO && last->mode & 02000;
}

/* A directory, whatever its name, in which the call is made. */
static bool is_below_a_directory(void *context, const struct scenario *candidate) {
    (void)context;
    const struct step *call = last_step(candidate);
    for (uint32_t i = 0; call && step_is_call(call) && i < candidate->step_count; i++) {
        const struct step *step = &candidate->steps[i];
        uint32_t length = step->path.length;
        const char *bytes = scenario_text(candidate, call->path);
        if (step->kind == STEP_MKDIR && length > 0 && call->path.length > length + 1 &&
            bytes[length + 1] != '/' &&
            memcmp(scenario_text(candidate, step->path), scenario_text(candidate, call->path),
                   length) == 0 &&
            scenario_text(candidate, call->path)[length] == '/')
            return true;
    }
    return false;
}

/* --- tests --------------------------------------------------------------------------------------
 */

static void what_does_not_matter_goes(void **state) {
    (void)state;
    parse("umask 0777\nmkdir \"long name\" 0700\nas 7:8,9 real 1:2 fsetid\n"
          "mkfifo \"long name/./x//y/\" 07666\nmkfifoat cwd \"z\" 0\n");
    struct minimize_effort effort = minimize(&scenario, ends_in_call, NULL, &no_limit);
    assert_text("mkfifo \"\" 0644\n");
    assert_false(effort.spent);
    assert_in_range(effort.tries, 1, 100);
}

/* As many directories are removed as are made. */
static bool is_balanced(void *context, const struct scenario *candidate) {
    (void)context;
    int made = 0;
    for (uint32_t i = 0; i < candidate->step_count; i++)
        made += (candidate->steps[i].kind == STEP_MKDIR) - (candidate->steps[i].kind == STEP_RMDIR);
    return made == 0 && ends_in_call(NULL, candidate);
}

static void steps_that_need_each_other_go_together(void **state) {
    (void)state;
    parse("mkdir \"a\" 0755\numask 0\nrmdir \"a\"\nmkfifo \"b\" 0644\n");
    minimize(&scenario, is_balanced, NULL, &no_limit);
    assert_text("mkfifo \"\" 0644\n");
    parse("mkdir \"a\" 0755\nmkdir \"b\" 0755\nmkfifoat cwd \"b\" 0644\nrmdir \"b\"\nrmdir "
          "\"a\"\nmkfifo \"b\" 0644\n");
    minimize(&scenario, is_balanced, NULL, &no_limit);
    assert_text("mkfifo \"\" 0644\n");
}

static void names_become_letters_wherever_they_stand(void **state) {
    (void)state;
    parse("mkdir \"z\" 01777\nmkdir \"some where\" 0700\nsymlink \"z\" \"some where/q\"\n"
          "mkfifo \"some where//deep/er\" 0600\n");
    minimize(&scenario, is_below_a_directory, NULL, &no_limit);
    assert_text("mkdir \"a\" 0755\nmkfifo \"a/b\" 0644\n");
}

static bool makes_two_directories(void *context, const struct scenario *candidate) {
    (void)context;
    const struct step *steps = candidate->steps;
    return candidate->step_count == 2 && steps[0].path.length == 1 && steps[1].path.length == 1 &&
           *scenario_text(candidate, steps[0].path) != *scenario_text(candidate, steps[1].path);
}

static void names_may_change_places(void **state) {
    (void)state;
    parse("mkdir \"b\" 0755\nmkdir \"a\" 0755\n");
    minimize(&scenario, makes_two_directories, NULL, &no_limit);
    assert_text("mkdir \"a\" 0755\nmkdir \"b\" 0755\n");
}

static void a_boundary_of_lengths_is_found(void **state) {
    (void)state;
    uint32_t least = 200;
    parse("mkfifo \"d/\\{255:q}\" 0644\n");
    minimize(&scenario, has_long_last_name, &least, &no_limit);
    assert_text("mkfifo \"\\{200:a}\" 0644\n");
}

static void only_the_bit_that_matters_stays_unusual(void **state) {
    (void)state;
    parse("mkfifo \"x\" 037777706100\n");
    minimize(&scenario, has_unusual_mode, NULL, &no_limit);
    assert_text("mkfifo \"\" 02644\n");
}

static void operands_become_dull(void **state) {
    (void)state;
    char call[] = "mkfifoat d0 ";
    parse("d7 = open \"p\" path nofollow\nmkfifoat d7 \"\\x01\\n\" 01\n");
    minimize(&scenario, ends_in_call, NULL, &no_limit);
    assert_text("mkfifo \"\" 0644\n");
    parse("d7 = open \"p\" path nofollow\nmkfifoat d0 \"x\" 01\n");
    minimize(&scenario, prints, call, &no_limit);
    assert_text("mkfifoat d0 \"\" 0644\n");
    char identity[] = "as 1000:";
    parse("as 0:5,6,7 real 4:4 dac_override\nas 1000:77 real 4:3 fsetid\n");
    minimize(&scenario, prints, identity, &no_limit);
    assert_text("as 1000:1000\n");
}

static void an_acl_loses_its_named_entries(void **state) {
    (void)state;
    char acl[] = "acl \"";
    parse("acl \"d\" u::---,u:7:rwx,g::---,g:8:r--,m::rwx,o::--x default\n");
    minimize(&scenario, prints, acl, &no_limit);
    assert_text("acl \"\" u::rwx,g::r-x,o::r-x\n");
}

static void a_spent_budget_is_told_and_leaves_what_was_reached(void **state) {
    (void)state;
    const struct minimize_budget three = {.tries = 3};
    parse("umask 00\numask 01\numask 02\numask 03\nmkfifo \"name\" 0600\n");
    struct minimize_effort effort = minimize(&scenario, ends_in_call, NULL, &three);
    assert_true(effort.spent);
    assert_int_equal(effort.tries, 3);
    assert_true(ends_in_call(NULL, &scenario));
}

/* Whatever is asked, only valid scenarios are; the result is one, and comes out the same again. */
static bool is_valid_and_odd(void *context, const struct scenario *candidate) {
    (void)context;
    assert_true(scenario_valid(candidate));
    uint32_t sum = candidate->step_count;
    for (uint32_t i = 0; i < candidate->step_count; i++)
        sum += candidate->steps[i].kind + candidate->steps[i].path.length;
    return sum % 2 == 1;
}

static void any_scenario_is_minimized_validly_and_always_alike(void **state) {
    (void)state;
    static struct scenario again;
    const struct minimize_budget budget = {.tries = 2000};
    struct random random;
    unsigned minimized = 0;
    random_seed(&random, 20261126);
    for (int i = 0; i < 300; i++) {
        random_scenario(&scenario, &random);
        if (!is_valid_and_odd(NULL, &scenario))
            continue;
        scenario_copy(&again, &scenario);
        minimize(&scenario, is_valid_and_odd, NULL, &budget);
        minimize(&again, is_valid_and_odd, NULL, &budget);
        assert_true(scenario_valid(&scenario));
        assert_true(is_valid_and_odd(NULL, &scenario));
        assert_true(scenario_equal(&scenario, &again));
        minimized++;
    }
    assert_in_range(minimized, 50, 300);
}

static void a_counted_path_becomes_short_or_a_string(void **state) {
    (void)state;
    static const char text[] = "mkfifo counted \"d/abc\" \"x/y\" 0644\n";
    parse(text);
    minimize(&scenario, prints, "counted", &no_limit);
    assert_int_equal(scenario.steps[0].pointer, POINTER_COUNTED);
    assert_true(scenario.steps[0].path.length + scenario.steps[0].other.length <= 2);
    parse(text);
    minimize(&scenario, ends_in_call, NULL, &no_limit);
    assert_int_equal(scenario.steps[0].pointer, POINTER_STRING);
    assert_true(scenario_valid(&scenario));
}

static bool has_wide_mode(void *context, const struct scenario *candidate) {
    (void)context;
    return candidate->step_count > 0 && candidate->steps[0].high > 0;
}

static void a_text_becomes_a_string_and_a_wide_mode_less_so(void **state) {
    (void)state;
    static const char text[] = "mkfifo unencodable \"d/a\" \"x\" -0777777777777777777770\n";
    parse(text);
    minimize(&scenario, prints, "unencodable", &no_limit);
    assert_int_equal(scenario.steps[0].pointer, POINTER_UNENCODABLE);
    assert_int_equal(step_whole_mode(&scenario.steps[0]), 0644);
    parse(text);
    minimize(&scenario, prints, " -0", &no_limit);
    assert_int_equal(scenario.steps[0].pointer, POINTER_STRING);
    assert_int_equal(scenario.steps[0].high, -1);
    parse("mkfifo \"a\" 0777777777777777777777\n");
    minimize(&scenario, has_wide_mode, NULL, &no_limit);
    assert_int_equal(step_whole_mode(&scenario.steps[0]), (INT64_C(1) << 32) + 0644);
    assert_true(scenario_valid(&scenario));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_does_not_matter_goes),
        cmocka_unit_test(a_counted_path_becomes_short_or_a_string),
        cmocka_unit_test(a_text_becomes_a_string_and_a_wide_mode_less_so),
        cmocka_unit_test(steps_that_need_each_other_go_together),
        cmocka_unit_test(names_become_letters_wherever_they_stand),
        cmocka_unit_test(names_may_change_places),
        cmocka_unit_test(a_boundary_of_lengths_is_found),
        cmocka_unit_test(only_the_bit_that_matters_stays_unusual),
        cmocka_unit_test(operands_become_dull),
        cmocka_unit_test(an_acl_loses_its_named_entries),
        cmocka_unit_test(a_spent_budget_is_told_and_leaves_what_was_reached),
        cmocka_unit_test(any_scenario_is_minimized_validly_and_always_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
