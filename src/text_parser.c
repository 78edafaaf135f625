#include "text_parser.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "text_builder.h"

static bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

static bool is_printable(char c) {
    return c >= ' ' && c <= '~';
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool at_byte(const struct parser *parser, char byte) {
    return parser->at < parser->end && *parser->at == byte;
}

bool at_line_end(const struct parser *parser) {
    return parser->at == parser->end || *parser->at == '\n';
}

void skip_blanks(struct parser *parser) {
    while (parser->at < parser->end && is_blank(*parser->at))
        parser->at++;
}

struct span peek(const struct parser *parser, size_t length) {
    struct span span = {parser->at, 0};
    while (span.length < length && parser->at + span.length < parser->end &&
           parser->at[span.length] != '\n')
        span.length++;
    return span;
}

struct span peek_word(const struct parser *parser) {
    const char *end = parser->at;
    while (end < parser->end && *end != '\n' && !is_blank(*end))
        end++;
    return (struct span){parser->at, (size_t)(end - parser->at)};
}

bool span_is(struct span span, const char *word) {
    return strlen(word) == span.length && memcmp(word, span.start, span.length) == 0;
}

/* --- errors --------------------------------------------------------------------------------- */

/* Writes `found` in quotes, printable and if need be shortened. */
static void describe(struct span found, char *out, size_t capacity) {
    if (found.length == 0) {
        snprintf(out, capacity, "end of line");
        return;
    }
    size_t reserved = sizeof "\\xff...\"";
    size_t length = (size_t)snprintf(out, capacity, "\"");
    size_t i = 0;
    for (; i < found.length && length + reserved < capacity; i++) {
        unsigned char c = (unsigned char)found.start[i];
        length += (size_t)snprintf(out + length, capacity - length,
                                   is_printable((char)c) ? "%c" : "\\x%02x", c);
    }
    snprintf(out + length, capacity - length, "%s\"", i < found.length ? "..." : "");
}

static int report(struct parser *parser, const char *at, const char *found, const char *format,
                  va_list arguments) {
    struct text_error *error = parser->error;
    error->line = parser->line;
    error->column = (unsigned)(at - parser->line_start) + 1;
    char expected[100];
    vsnprintf(expected, sizeof expected, format, arguments);
    snprintf(error->message, sizeof error->message, "expected %s; found %s", expected, found);
    return -EINVAL;
}

int refuse(struct parser *parser, struct span found, const char *format, ...) {
    char description[40];
    describe(found, description, sizeof description);
    va_list arguments;
    va_start(arguments, format);
    int result = report(parser, found.start, description, format, arguments);
    va_end(arguments);
    return result;
}

int refuse_limit(struct parser *parser, const char *at, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int result = report(parser, at, "more", format, arguments);
    va_end(arguments);
    return result;
}

static int refuse_full(struct parser *parser, const char *at, const struct text_builder *text) {
    if (text->limit == TEXT_LENGTH_MAX)
        return refuse_limit(parser, at, "at most %d bytes in a string", TEXT_LENGTH_MAX);
    return refuse_limit(parser, at, "at most %d bytes in all strings", SCENARIO_POOL_MAX);
}

/* --- numbers -------------------------------------------------------------------------------- */

bool span_decimal(struct span span, uint32_t max, uint32_t *number) {
    uint64_t value = 0;
    if (span.length == 0 || (span.length > 1 && span.start[0] == '0'))
        return false;
    for (size_t i = 0; i < span.length; i++) {
        if (!is_digit(span.start[i]))
            return false;
        value = value * 10 + (uint64_t)(span.start[i] - '0');
        if (value > max)
            return false;
    }
    *number = (uint32_t)value;
    return true;
}

/* --- strings -------------------------------------------------------------------------------- */

static int hexadecimal_value(char c) {
    if (is_digit(c))
        return c - '0';
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

static int parse_hexadecimal(struct parser *parser, char *byte) {
    struct span escape = peek(parser, 4);
    int high = escape.length == 4 ? hexadecimal_value(escape.start[2]) : -1;
    int low = escape.length == 4 ? hexadecimal_value(escape.start[3]) : -1;
    if (high < 0 || low < 0)
        return refuse(parser, escape, "\\x and two hexadecimal digits");
    if (high == 0 && low == 0)
        return refuse(parser, escape, "a byte other than NUL");
    *byte = (char)(high << 4 | low);
    parser->at += 4;
    return 0;
}

static int parse_escape(struct parser *parser, char *byte) {
    struct span escape = peek(parser, 2);
    char letter = escape.length == 2 ? escape.start[1] : '\0';
    switch (letter) {
    case 'x':
        return parse_hexadecimal(parser, byte);
    case 'n':
        *byte = '\n';
        break;
    case 't':
        *byte = '\t';
        break;
    case '"':
    case '\\':
        *byte = letter;
        break;
    default:
        return refuse(parser, escape, "\\\\, \\\", \\n, \\t, \\xHH or \\{COUNT:BYTES}");
    }
    parser->at += 2;
    return 0;
}

static int parse_character(struct parser *parser, struct text_builder *text) {
    const char *start = parser->at;
    char byte = *start;
    if (byte == '\\') {
        int result = parse_escape(parser, &byte);
        if (result)
            return result;
    } else if (is_printable(byte)) {
        parser->at++;
    } else {
        return refuse(parser, peek(parser, 1), "printable ASCII or an escape as \\x0a");
    }
    return text_append_byte(text, byte) ? 0 : refuse_full(parser, start, text);
}

static int parse_count(struct parser *parser, uint32_t *count) {
    struct span digits = {parser->at, 0};
    while (parser->at < parser->end && is_digit(*parser->at))
        parser->at++;
    digits.length = (size_t)(parser->at - digits.start);
    if (!span_decimal(digits, TEXT_LENGTH_MAX, count) || *count < 2)
        return refuse(parser, digits.length > 0 ? digits : peek(parser, 1), "a count of 2 to %d",
                      TEXT_LENGTH_MAX);
    return 0;
}

/* Parses what follows the "\{" at `start`. */
static int parse_repetition(struct parser *parser, const char *start, struct text_builder *text) {
    uint32_t count = 0;
    int result = parse_count(parser, &count);
    if (result)
        return result;
    if (!at_byte(parser, ':'))
        return refuse(parser, peek(parser, 1), "a colon behind the count");
    parser->at++;
    uint32_t unit_start = text->length;
    while (!at_byte(parser, '}')) {
        if (at_line_end(parser) || at_byte(parser, '"'))
            return refuse(parser, peek(parser, 1), "a closing brace");
        if (span_is(peek(parser, 2), "\\{"))
            return refuse(parser, peek(parser, 2), "no repetition within a repetition");
        result = parse_character(parser, text);
        if (result)
            return result;
    }
    uint32_t unit = text->length - unit_start;
    if (unit == 0)
        return refuse(parser, peek(parser, 1), "1 or more bytes to repeat");
    parser->at++;
    return text_repeat(text, unit, count) ? 0 : refuse_full(parser, start, text);
}

int parse_string(struct parser *parser, struct text *string) {
    if (!at_byte(parser, '"'))
        return refuse(parser, peek_word(parser), "a string in quotes");
    parser->at++;
    struct text_builder text = text_begin(parser->out);
    while (!at_byte(parser, '"')) {
        if (at_line_end(parser))
            return refuse(parser, peek(parser, 1), "a closing quote");
        const char *start = parser->at;
        int result;
        if (span_is(peek(parser, 2), "\\{")) {
            parser->at += 2;
            result = parse_repetition(parser, start, &text);
        } else {
            result = parse_character(parser, &text);
        }
        if (result)
            return result;
    }
    parser->at++;
    if (!at_line_end(parser) && !is_blank(*parser->at))
        return refuse(parser, peek_word(parser), "a blank behind the string");
    *string = text_end(parser->out, &text);
    return 0;
}
