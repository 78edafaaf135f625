/*
 * markup_testing.h - reads XML, and HTML as page.c writes it, strictly: tags must match, attributes
 * be quoted and there once, references known, and no byte be there that XML 1.0 cannot hold.
 */
#ifndef FIFOFUZZ_MARKUP_TESTING_H
#define FIFOFUZZ_MARKUP_TESTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "printable.h"

/* Called for each start tag: its name, and the attributes as they stand there. */
typedef void markup_visitor(const char *name, const char *attributes, void *context);

static inline void markup_fail(const char *what, const char *at) {
    fail_msg("%s before:\n%.200s", what, at);
}

/* Text up to a '<' or, in an attribute, '"'. Returns what follows. */
static inline const char *markup_read_text(const char *at, char end) {
    static const char *const references[] = {"&amp;", "&lt;",  "&gt;", "&quot;",
                                             "&#39;", "&#10;", "&#9;"};
    while (*at && *at != end && *at != '<') {
        size_t length = printable_length(at, strlen(at));
        if (length == 0)
            markup_fail("a byte that XML cannot hold", at);
        bool known = *at != '&';
        for (size_t i = 0; i < sizeof references / sizeof references[0]; i++)
            known |= strncmp(at, references[i], strlen(references[i])) == 0;
        if (!known)
            markup_fail("a bare &", at);
        at += length;
    }
    return at;
}

/* Attributes up to '>' or "/>". */
static inline const char *markup_read_attributes(const char *at) {
    while (*at == ' ' || *at == '\n') {
        at++;
        size_t length = strcspn(at, "=\"<> ");
        if (length == 0 || at[length] != '=' || at[length + 1] != '"')
            markup_fail("no attribute", at);
        at = markup_read_text(at + length + 2, '"');
        if (*at++ != '"')
            markup_fail("an attribute does not end", at - 1);
    }
    return at;
}

/* Reads the whole `text`; `is_html` knows <meta> and what stands in <style>. */
static inline void markup_read(const char *text, bool is_html, markup_visitor *visit,
                               void *context) {
    enum { DEPTH_MAX = 32, NAME_MAX_HERE = 32 };
    static char open[DEPTH_MAX][NAME_MAX_HERE];
    size_t depth = 0;
    const char *at = text;
    if (strncmp(at, is_html ? "<!DOCTYPE html>" : "<?xml ", is_html ? 15 : 6) != 0)
        markup_fail("no prologue", at);
    at = strchr(at, '>') + 1;
    while (*(at = markup_read_text(at, '<'))) {
        bool closes = *++at == '/';
        at += closes;
        char name[NAME_MAX_HERE], attributes[4096] = "";
        size_t length = strcspn(at, " \n/>");
        assert_in_range(length, 1, sizeof name - 1);
        snprintf(name, sizeof name, "%.*s", (int)length, at);
        at += length;
        const char *end = closes ? at : markup_read_attributes(at);
        snprintf(attributes, sizeof attributes, "%.*s", (int)(end - at), at);
        bool empty = strncmp(end, "/>", 2) == 0 || (is_html && strcmp(name, "meta") == 0);
        at = end + (*end == '/');
        if (*at++ != '>')
            markup_fail("a tag does not end", end);
        if (closes && (depth == 0 || strcmp(open[--depth], name) != 0))
            markup_fail("an end tag without its start", end);
        if (closes)
            continue;
        visit(name, attributes, context);
        if (!empty) {
            assert_in_range(depth, 0, DEPTH_MAX - 1);
            memcpy(open[depth++], name, sizeof name);
        }
        if (is_html && strcmp(name, "style") == 0)
            at = strstr(at, "</style>");
    }
    assert_int_equal(depth, 0);
}

/* The value of attribute `key` as it stands there, in a static buffer, or NULL. */
static inline const char *markup_attribute_of(const char *attributes, const char *key) {
    static char value[4096];
    char wanted[64];
    snprintf(wanted, sizeof wanted, " %s=\"", key);
    const char *at = strstr(attributes, wanted);
    if (!at)
        return NULL;
    at += strlen(wanted);
    snprintf(value, sizeof value, "%.*s", (int)strcspn(at, "\""), at);
    return value;
}

#endif
