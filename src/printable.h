/*
 * printable.h - texts from anywhere, made fit for documents.
 *
 * Implementations print any bytes and paths hold any bytes; JSON, XML and HTML hold Unicode only,
 * and XML 1.0 not even all of that. What all three can hold stays as it is, each other byte
 * becomes "\x1b".
 */
#ifndef FIFOFUZZ_PRINTABLE_H
#define FIFOFUZZ_PRINTABLE_H

#include <stddef.h>

/*
 * The bytes, 1 to 4, of the UTF-8 character that `size` bytes at `text` begin with if every
 * document can hold it; otherwise 0: no UTF-8 (RFC 3629), a control character but tab and newline,
 * or none of XML 1.0's characters (section 2.2, Char).
 */
size_t printable_length(const char *text, size_t size);

/* The `size` bytes at `text` as UTF-8 with NUL in new memory, or NULL without any. */
char *printable_copy(const char *text, size_t size);

#endif
