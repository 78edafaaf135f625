/*
 * document.h - files that a verb writes at its end: whole, or not at all.
 */
#ifndef FIFOFUZZ_DOCUMENT_H
#define FIFOFUZZ_DOCUMENT_H

#include <stdio.h>

/*
 * Proves that `path` can be written, so that a long run does not end with a mistake of its first
 * second; otherwise exits with a message. Changes nothing. NULL is allowed.
 */
void document_need(const char *path);

/*
 * Has `write` fill a new file beside `path`, which then takes its place. What is no regular file (a
 * device, a pipe, a link) is written to as it is. `write` returns 0 or -errno. If that or anything
 * else fails, prints a message and leaves what was there. Returns 0 or -errno.
 */
int document_write(const char *path, int (*write)(FILE *out, const void *context),
                   const void *context);

#endif
