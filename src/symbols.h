/*
 * symbols.h - addresses of code as text that is the same in every run of the same programs.
 */
#ifndef FIFOFUZZ_SYMBOLS_H
#define FIFOFUZZ_SYMBOLS_H

#include <stddef.h>
#include <stdint.h>

/*
 * Writes a call stack of this process, innermost frame first, a line each:
 *
 *   #0 inner mine.c:7 (libmine.so+0x1149)   its object has debug information, see symbolizer.h
 *   #0 mkfifo+0x12 (libmine.so+0x1149)      the object only has the symbol
 *   #0 (libmine.so+0x1149)                  not even that
 *   #0 no code                              a jump to nowhere, or generated code
 *
 * Places are told by object and offset, which do not change with where the object is loaded. A
 * function that was inlined is a line of its own; equal frames in a row are one line, "#3 to #31".
 * What a sanitizer did to report is left out. To be called on a thread that sees the objects'
 * files: never on the worker. `capacity` is at least 1; lines that do not fit are left out. Returns
 * the length.
 */
size_t symbols_print(const uint64_t *stack, uint32_t count, char *out, size_t capacity);

#endif
