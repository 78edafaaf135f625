/*
 * markup.h - texts in XML and HTML.
 */
#ifndef FIFOFUZZ_MARKUP_H
#define FIFOFUZZ_MARKUP_H

#include <stdio.h>

/*
 * Prints `text` so that a parser of XML or HTML reads it back, between tags or, newlines and tabs
 * included, in an attribute's double quotes. What neither may hold (printable.h) is printed as
 * "\x1b".
 */
void markup_text(FILE *out, const char *text);
void markup_attribute(FILE *out, const char *text);

#endif
