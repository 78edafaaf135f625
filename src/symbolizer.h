/*
 * symbolizer.h - asks an installed symbolizer where code came from: llvm-symbolizer(1), else
 * addr2line(1). Both answer alike.
 */
#ifndef FIFOFUZZ_SYMBOLIZER_H
#define FIFOFUZZ_SYMBOLIZER_H

#include <stddef.h>
#include <stdint.h>

enum { SYMBOLIZER_ADDRESSES_MAX = 64 };

/*
 * Asks about `count` addresses, as the object file at `path` numbers its bytes, at most
 * SYMBOLIZER_ADDRESSES_MAX. The answer goes to `out`, cut at `capacity` and NUL-terminated: for
 * each address in turn a line that begins with "0x", then for each function inlined there, and the
 * one around them, a line with its name and a line with FILE:LINE; "??" stands for what is not
 * known. One process that ends with the answer; it gets the questions as arguments, so neither side
 * can wait for the other. Returns the length, 0 if no symbolizer is installed or has an answer.
 */
size_t symbolizer_ask(const char *path, const uint64_t *addresses, uint32_t count, char *out,
                      size_t capacity);

#endif
