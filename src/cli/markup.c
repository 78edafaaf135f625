#include "markup.h"

#include <string.h>

#include "printable.h"

static const char *entity(char c) {
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

void markup_text(FILE *out, const char *text) {
    for (size_t left = strlen(text); left;) {
        size_t length = printable_length(text, left);
        const char *escaped = entity(*text);
        if (escaped)
            fputs(escaped, out);
        else if (length)
            fwrite(text, 1, length, out);
        else
            fprintf(out, "\\x%02x", (unsigned char)*text);
        length += !length;
        text += length;
        left -= length;
    }
}

void markup_attribute(FILE *out, const char *text) {
    while (*text) {
        char part[256];
        size_t length = strcspn(text, "\n\t");
        if (length > sizeof part - 1)
            length = sizeof part - 1;
        snprintf(part, sizeof part, "%.*s", (int)length, text);
        markup_text(out, part);
        text += length;
        if (*text == '\n' || *text == '\t')
            fprintf(out, "&#%d;", *text++);
    }
}
