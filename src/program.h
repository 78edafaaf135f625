/*
 * program.h - where a program is, as a shell finds it.
 */
#ifndef FIFOFUZZ_PROGRAM_H
#define FIFOFUZZ_PROGRAM_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Puts the absolute path of the program `name`, of `length` bytes, into `path`: a name with a slash
 * is a path already, others are looked for in the absolute folders of PATH. Links stay as they are.
 * Returns false if there is no such file, or none that may be executed.
 */
bool program_find(const char *name, size_t length, char path[PATH_MAX]);

#endif
