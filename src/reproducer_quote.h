/*
 * reproducer_quote.h - any bytes as a C string, a shell word or the text of a C comment, such that
 * none of them can end it early.
 */
#ifndef FIFOFUZZ_REPRODUCER_QUOTE_H
#define FIFOFUZZ_REPRODUCER_QUOTE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* True if quote_c writes the bytes as one string literal, without repetitions. */
bool quote_is_literal(const char *bytes, uint32_t length);

/*
 * Writes a C expression for the bytes, which have no NUL: a literal, or where they repeat
 * themselves `TEXT("d/", repeat(255, "x"))`, for which FRAGMENT_STRINGS is needed.
 */
void quote_c(FILE *out, const char *bytes, uint32_t length);

/* The same as a literal in any case. */
void quote_c_literal(FILE *out, const char *bytes, uint32_t length);

/*
 * Writes `text` into a C comment. It stays what it says to the parser of scenarios: of what could
 * end the comment or begin a trigraph a byte becomes \xHH. Bytes that cannot be printed become '?'.
 */
void quote_comment(FILE *out, const char *text);

/* Writes the bytes, which have no NUL, as one word for sh. */
void quote_shell(FILE *out, const char *bytes, uint32_t length);

#endif
