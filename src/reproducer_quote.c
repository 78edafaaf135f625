#include "reproducer_quote.h"

#include <string.h>

#include "text_builder.h"

/* --- C ---------------------------------------------------------------------------------------- */

/* Octal escapes end after three digits, others would swallow what follows. */
static void put_c_byte(FILE *out, char byte, char before) {
    if (byte == '\n')
        fputs("\\n", out);
    else if (byte == '\t')
        fputs("\\t", out);
    else if (byte == '"' || byte == '\\' || (byte == '?' && before == '?'))
        fprintf(out, "\\%c", byte);
    else if (byte < ' ' || byte > '~')
        fprintf(out, "\\%03o", (unsigned)(uint8_t)byte);
    else
        fputc(byte, out);
}

void quote_c_literal(FILE *out, const char *bytes, uint32_t length) {
    fputc('"', out);
    for (uint32_t i = 0; i < length; i++)
        put_c_byte(out, bytes[i], i ? bytes[i - 1] : '\0');
    fputc('"', out);
}

/* How many bytes stand before the next repetition. */
static uint32_t plain_length(const char *bytes, uint32_t length) {
    uint32_t plain = 0;
    while (plain < length && text_run(bytes + plain, length - plain).count == 0)
        plain++;
    return plain;
}

bool quote_is_literal(const char *bytes, uint32_t length) {
    return plain_length(bytes, length) == length;
}

static void put_repetition(FILE *out, const char *bytes, struct text_run run) {
    fprintf(out, "repeat(%u, ", run.count);
    quote_c_literal(out, bytes, run.unit);
    fputc(')', out);
}

void quote_c(FILE *out, const char *bytes, uint32_t length) {
    if (quote_is_literal(bytes, length)) {
        quote_c_literal(out, bytes, length);
        return;
    }
    fputs("TEXT(", out);
    for (uint32_t at = 0; at < length;) {
        uint32_t plain = plain_length(bytes + at, length - at);
        struct text_run run = text_run(bytes + at + plain, length - at - plain);
        if (at > 0)
            fputs(", ", out);
        if (plain > 0)
            quote_c_literal(out, bytes + at, plain);
        if (plain > 0 && run.count > 0)
            fputs(", ", out);
        if (run.count > 0)
            put_repetition(out, bytes + at + plain, run);
        at += plain + run.unit * run.count;
    }
    fputc(')', out);
}

/* --- comments --------------------------------------------------------------------------------- */

void quote_comment(FILE *out, const char *text) {
    char before = '\0';
    for (; *text; before = *text++) {
        bool ends = (before == '*' && *text == '/') || (before == '/' && *text == '*');
        if (ends || (before == '?' && *text == '?'))
            fprintf(out, "\\x%02x", (unsigned)(uint8_t)*text);
        else
            fputc(*text < ' ' || *text > '~' ? '?' : *text, out);
    }
}

/* --- sh --------------------------------------------------------------------------------------- */

void quote_shell(FILE *out, const char *bytes, uint32_t length) {
    fputc('\'', out);
    for (uint32_t i = 0; i < length; i++)
        if (bytes[i] == '\'')
            fputs("'\\''", out);
        else
            fputc(bytes[i], out);
    fputc('\'', out);
}
