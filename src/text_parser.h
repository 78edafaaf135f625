/*
 * text_parser.h - the lower half of the text form's parser: a place in a line, words, numbers,
 * strings, and the sentence that refuses what stands there. scenario_text.c has the grammar.
 */
#ifndef FIFOFUZZ_TEXT_PARSER_H
#define FIFOFUZZ_TEXT_PARSER_H

#include "scenario.h"

struct parser {
    const char *at;  /* the next byte to read */
    const char *end; /* of the whole text */
    const char *line_start;
    unsigned line;            /* from 1 */
    struct scenario *out;     /* its pool takes the strings */
    struct text_error *error; /* filled by whatever returns -EINVAL */
};

/* A part of the current line. */
struct span {
    const char *start;
    size_t length;
};

/* True at the byte `byte`. */
bool at_byte(const struct parser *parser, char byte);

/* True at a newline and at the end of the text. */
bool at_line_end(const struct parser *parser);

/* Goes on to what is neither space nor tab. */
void skip_blanks(struct parser *parser);

/* Up to `length` bytes of what is left of the line. */
struct span peek(const struct parser *parser, size_t length);

/* The bytes up to the next blank or the end of the line; none if there is one right here. */
struct span peek_word(const struct parser *parser);

/* True when `span` holds the bytes of `word`. */
bool span_is(struct span span, const char *word);

/* Reads decimal digits without needless zeros, 0..`max`. False when `span` is anything else. */
bool span_decimal(struct span span, uint32_t max, uint32_t *number);

/*
 * Refuses `found` ("end of line" if it has no bytes): "expected FORMAT...; found "FOUND"". Gives
 * its line and column, and returns -EINVAL.
 */
__attribute__((format(printf, 3, 4))) int refuse(struct parser *parser, struct span found,
                                                 const char *format, ...);

/* Refuses what exceeds a limit at `at`: "expected FORMAT...; found more". Returns -EINVAL. */
__attribute__((format(printf, 3, 4))) int refuse_limit(struct parser *parser, const char *at,
                                                       const char *format, ...);

/*
 * Parses a string in quotes, which ends in a blank or at the end of the line, into the pool.
 * Returns 0 or -EINVAL; nothing is stored then.
 */
int parse_string(struct parser *parser, struct text *string);

#endif
