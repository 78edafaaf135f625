/*
 * help_test.c - what a verb says of itself, as it is read.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "help.h"

static void assert_piece(struct help_piece piece, const char *wanted) {
    assert_int_equal(piece.length, strlen(wanted));
    assert_memory_equal(piece.text, wanted, piece.length);
}

static void assert_line(struct help_reader *reader, enum help_kind kind, const char *term,
                        const char *text) {
    struct help_line line;
    assert_true(help_next(reader, &line));
    assert_int_equal(line.kind, kind);
    assert_piece(line.term, term);
    assert_piece(line.text, text);
}

static void every_kind_of_line_is_told_from_the_others(void **state) {
    (void)state;
    struct help_reader reader = {.at = "Prose, and\n"
                                       "more of it.\n"
                                       "\n"
                                       "  -i, --implementation X  first line\n"
                                       "                          second line\n"
                                       "      --flag              a flag\n"
                                       "\n"
                                       "  word     a term\n"
                                       "           continued\n"
                                       "\n"
                                       "    $ example  with two spaces\n"
                                       "        deeper"};
    assert_line(&reader, HELP_PROSE, "", "Prose, and");
    assert_line(&reader, HELP_PROSE, "", "more of it.");
    assert_line(&reader, HELP_BLANK, "", "");
    assert_line(&reader, HELP_TERM, "-i, --implementation X", "first line");
    assert_line(&reader, HELP_MORE, "", "second line");
    assert_line(&reader, HELP_TERM, "--flag", "a flag");
    assert_line(&reader, HELP_BLANK, "", "");
    assert_line(&reader, HELP_TERM, "word", "a term");
    assert_line(&reader, HELP_MORE, "", "continued");
    assert_line(&reader, HELP_BLANK, "", "");
    assert_line(&reader, HELP_EXAMPLE, "", "$ example  with two spaces");
    assert_line(&reader, HELP_EXAMPLE, "", "    deeper");
    struct help_line line;
    assert_false(help_next(&reader, &line));
}

static void options_are_found_with_letter_and_argument(void **state) {
    (void)state;
    struct help_reader reader = {.at = "See --other for more.\n"
                                       "  -t, --minimize-time S  a time\n"
                                       "      --flag     a flag, see --else\n"
                                       "  term     no option\n"};
    struct help_option option;
    assert_true(help_next_option(&reader, &option));
    assert_int_equal(option.letter, 't');
    assert_piece(option.name, "minimize-time");
    assert_piece(option.argument, "S");
    assert_true(help_next_option(&reader, &option));
    assert_int_equal(option.letter, 0);
    assert_piece(option.name, "flag");
    assert_piece(option.argument, "");
    assert_false(help_next_option(&reader, &option));
}

static void an_option_is_named_only_as_it_is_taken(void **state) {
    (void)state;
    static const char help[] = "  -t, --time S  a time\n"
                               "      --flag    a flag\n";
    assert_true(help_names(help, "time", 't', true));
    assert_true(help_names(help, "flag", 0, false));
    assert_false(help_names(help, "time", 0, true));
    assert_false(help_names(help, "time", 't', false));
    assert_false(help_names(help, "flag", 0, true));
    assert_false(help_names(help, "tim", 't', true));
    assert_false(help_names(help, "times", 't', true));
}

static void the_operand_is_what_usage_names_first(void **state) {
    (void)state;
    assert_piece(help_operand("FILE... [--repeat N]"), "FILE");
    assert_piece(help_operand("[TARGET] [--time S]\n   [--json FILE]"), "TARGET");
    assert_piece(help_operand("targets|clauses"), "targets|clauses");
    assert_piece(help_operand("[--seconds S]"), "");
    assert_piece(help_operand(""), "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_line_is_told_from_the_others),
        cmocka_unit_test(options_are_found_with_letter_and_argument),
        cmocka_unit_test(an_option_is_named_only_as_it_is_taken),
        cmocka_unit_test(the_operand_is_what_usage_names_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
