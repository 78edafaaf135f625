#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "scenario.h"

static struct scenario first;
static struct text_error error;
static char input[65536];

static void assert_parses(const char *text) {
    if (scenario_parse(&first, NULL, text, strlen(text), &error))
        fail_msg("%s\nrefused at %u:%u: %s", text, error.line, error.column, error.message);
    assert_true(scenario_valid(&first));
}

static void assert_refused(const char *text, unsigned line, unsigned column, const char *message) {
    assert_int_equal(scenario_parse(&first, NULL, text, strlen(text), &error), -EINVAL);
    assert_true(scenario_valid(&first));
    assert_string_equal(error.message, message);
    assert_int_equal(error.line, line);
    assert_int_equal(error.column, column);
}

static void strings_are_refused_with_their_place(void **state) {
    (void)state;
    assert_refused("chdir \"abc", 1, 11, "expected a closing quote; found end of line");
    assert_refused("chdir \"abc\n\"", 1, 11, "expected a closing quote; found end of line");
    assert_refused("chdir \"a\"b", 1, 10, "expected a blank behind the string; found \"b\"");
    assert_refused("chdir \"a\tb\"", 1, 9,
                   "expected printable ASCII or an escape as \\x0a; found \"\\x09\"");
    assert_refused("chdir \"\xc3\xa9\"", 1, 8,
                   "expected printable ASCII or an escape as \\x0a; found \"\\xc3\"");
    assert_refused("chdir \"a\\qb\"", 1, 9,
                   "expected \\\\, \\\", \\n, \\t, \\xHH or \\{COUNT:BYTES}; found \"\\q\"");
    assert_refused("chdir \"\\", 1, 8,
                   "expected \\\\, \\\", \\n, \\t, \\xHH or \\{COUNT:BYTES}; found \"\\\"");
    assert_refused("chdir \"\\x4g\"", 1, 8,
                   "expected \\x and two hexadecimal digits; found \"\\x4g\"");
    assert_refused("chdir \"\\x4", 1, 8, "expected \\x and two hexadecimal digits; found \"\\x4\"");
    assert_refused("chdir \"a\\x00\"", 1, 9, "expected a byte other than NUL; found \"\\x00\"");
}

static void repetitions_are_refused_with_their_place(void **state) {
    (void)state;
    assert_refused("chdir \"\\{1:a}\"", 1, 10, "expected a count of 2 to 4352; found \"1\"");
    assert_refused("chdir \"\\{4353:a}\"", 1, 10, "expected a count of 2 to 4352; found \"4353\"");
    assert_refused("chdir \"\\{02:a}\"", 1, 10, "expected a count of 2 to 4352; found \"02\"");
    assert_refused("chdir \"\\{:a}\"", 1, 10, "expected a count of 2 to 4352; found \":\"");
    assert_refused("chdir \"\\{", 1, 10, "expected a count of 2 to 4352; found end of line");
    assert_refused("chdir \"\\{2-a}\"", 1, 11, "expected a colon behind the count; found \"-\"");
    assert_refused("chdir \"\\{2:}\"", 1, 12, "expected 1 or more bytes to repeat; found \"}\"");
    assert_refused("chdir \"\\{2:a\"", 1, 13, "expected a closing brace; found \"\"\"");
    assert_refused("chdir \"\\{2:a", 1, 13, "expected a closing brace; found end of line");
    assert_refused("chdir \"\\{2:a\\{2:b}}\"", 1, 13,
                   "expected no repetition within a repetition; found \"\\{\"");
    assert_refused("chdir \"\\{2:\\x00}\"", 1, 12,
                   "expected a byte other than NUL; found \"\\x00\"");
}

static void long_words_are_shortened_in_messages(void **state) {
    (void)state;
    assert_refused("a_word_that_is_too_long_to_be_shown_whole", 1, 1,
                   "expected a step, such as mkfifo or mkdir; "
                   "found \"a_word_that_is_too_long_to_be_...\"");
    assert_refused("\x01\x02\x03\x04\x05\x06\x07\x08\x0e\x0f", 1, 1,
                   "expected a step, such as mkfifo or mkdir; "
                   "found \"\\x01\\x02\\x03\\x04\\x05\\x06\\x07\\x08...\"");
}

static void texts_past_their_limit_are_refused(void **state) {
    (void)state;
    static const char message[] = "expected at most 4352 bytes in a string; found more";
    assert_refused("chdir \"\\{4352:a}b\"", 1, 17, message);
    assert_refused("chdir \"b\\{4352:a}\"", 1, 9, message);
    assert_refused("chdir \"\\{2177:ab}\"", 1, 8, message);
    int length = snprintf(input, sizeof input, "chdir \"%04352d\"", 0);
    assert_parses(input);
    assert_int_equal(first.steps[0].path.length, TEXT_LENGTH_MAX);
    snprintf(input + length - 1, sizeof input - (size_t)length, "1\"");
    assert_refused(input, 1, 7 + 4353, message);
}

static void strings_past_the_pool_are_refused(void **state) {
    (void)state;
    size_t length = 0;
    for (int i = 0; i < SCENARIO_POOL_MAX / TEXT_LENGTH_MAX; i++)
        length += (size_t)snprintf(input + length, sizeof input - length, "chdir \"\\{4352:a}\"\n");
    int room = SCENARIO_POOL_MAX % TEXT_LENGTH_MAX;
    snprintf(input + length, sizeof input - length, "rename \"\\{%d:b}\" \"c\"", room - 1);
    assert_parses(input);
    assert_int_equal(first.pool_used, SCENARIO_POOL_MAX);
    snprintf(input + length, sizeof input - length, "rename \"\\{%d:b}\" \"c\"", room);
    assert_refused(input, 31, 20, "expected at most 131072 bytes in all strings; found more");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings_are_refused_with_their_place),
        cmocka_unit_test(repetitions_are_refused_with_their_place),
        cmocka_unit_test(long_words_are_shortened_in_messages),
        cmocka_unit_test(texts_past_their_limit_are_refused),
        cmocka_unit_test(strings_past_the_pool_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
