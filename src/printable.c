#include "printable.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The forms of RFC 3629, section 4; `low` rules out what a shorter form can say. */
static const struct form {
    unsigned char mask, lead; /* of the first byte */
    uint32_t low;
} forms[] = {
    {0x80, 0x00, 0},
    {0xe0, 0xc0, 0x80},
    {0xf0, 0xe0, 0x800},
    {0xf8, 0xf0, 0x10000},
};
enum { FORM_COUNT = sizeof forms / sizeof forms[0] };

static int is_held_by_all(uint32_t character) {
    if (character < 0xa0)
        return character == '\t' || character == '\n' || (character >= ' ' && character < 0x7f);
    return character < 0xd800 || (character >= 0xe000 && character < 0xfffe) ||
           (character >= 0x10000 && character <= 0x10ffff);
}

size_t printable_length(const char *text, size_t size) {
    for (size_t length = 1; length <= FORM_COUNT && length <= size; length++) {
        const struct form *form = &forms[length - 1];
        unsigned char first = (unsigned char)text[0];
        if ((first & form->mask) != form->lead)
            continue;
        uint32_t character = first & (unsigned char)~form->mask;
        for (size_t i = 1; i < length; i++) {
            if (((unsigned char)text[i] & 0xc0) != 0x80)
                return 0;
            character = character << 6 | ((unsigned char)text[i] & 0x3f);
        }
        return character >= form->low && is_held_by_all(character) ? length : 0;
    }
    return 0;
}

char *printable_copy(const char *text, size_t size) {
    enum { ESCAPED = 4 }; /* the longest that a byte becomes */
    char *copy = malloc(ESCAPED * size + 1);
    char *to = copy;
    for (size_t i = 0; copy && i < size;) {
        size_t length = printable_length(text + i, size - i);
        if (length)
            memcpy(to, text + i, length);
        else
            snprintf(to, ESCAPED + 1, "\\x%02x", (unsigned char)text[i]);
        to += length ? length : ESCAPED;
        i += length ? length : 1;
    }
    if (copy)
        *to = '\0';
    return copy;
}
