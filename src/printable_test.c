#include "printable.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void every_byte_string_becomes_what_documents_hold(void **state) {
    (void)state;
    static const struct {
        const char *raw, *printable;
    } rows[] = {
        {"", ""},
        {"plain \"<&>'\"\n\ttext", "plain \"<&>'\"\n\ttext"},
        {"\x1b[31m\r\x7f", "\\x1b[31m\\x0d\\x7f"},
        {"\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80", "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80"},
        {"\xff\xfe", "\\xff\\xfe"},
        {"\xc0\xaf", "\\xc0\\xaf"},                            /* overlong */
        {"\xe0\x80\xaf", "\\xe0\\x80\\xaf"},                   /* overlong */
        {"\xed\xa0\x80", "\\xed\\xa0\\x80"},                   /* a surrogate */
        {"\xef\xbf\xbf", "\\xef\\xbf\\xbf"},                   /* U+FFFF */
        {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},          /* beyond U+10FFFF */
        {"\xc2\x85\xc2\xa0", "\\xc2\\x85\xc2\xa0"},            /* C1, then a no-break space */
        {"\xe2\x82", "\\xe2\\x82"},                            /* cut */
        {"\xe2\x82\xc3\xa4", "\\xe2\\x82\xc3\xa4"},            /* cut, then whole */
        {"\x80\xbf", "\\x80\\xbf"},                            /* without a first byte */
        {"\xf8\x88\x80\x80\x80", "\\xf8\\x88\\x80\\x80\\x80"}, /* five bytes */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *copy = printable_copy(rows[i].raw, strlen(rows[i].raw));
        assert_string_equal(copy, rows[i].printable);
        free(copy);
    }
    char *copy = printable_copy("a\0b", 3);
    assert_string_equal(copy, "a\\x00b");
    free(copy);
}

/* Of each code point: encodes it, and asks. XML 1.0, section 2.2, without its control characters.
 */
static void the_characters_are_those_of_xml(void **state) {
    (void)state;
    for (uint32_t c = 0x800; c < 0x10000; c++) {
        const char bytes[] = {(char)(0xe0 | c >> 12), (char)(0x80 | (c >> 6 & 0x3f)),
                              (char)(0x80 | (c & 0x3f))};
        int is_char = c < 0xd800 || (c >= 0xe000 && c <= 0xfffd);
        assert_int_equal(printable_length(bytes, 3), is_char ? 3 : 0);
    }
    for (int c = 0; c < 0x80; c++) {
        const char byte = (char)c;
        int is_char = c == '\t' || c == '\n' || (c >= ' ' && c != 0x7f);
        assert_int_equal(printable_length(&byte, 1), is_char);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_string_becomes_what_documents_hold),
        cmocka_unit_test(the_characters_are_those_of_xml),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
