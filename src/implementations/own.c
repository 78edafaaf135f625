#include "registry.h"

/*
 * src/mkfifo.c under names of its own: in one program it must not take the place of the C
 * library's functions, which libc.c registers. implementation.h has members of these names and so
 * comes before.
 */
#define mkfifo   own_mkfifo
#define mkfifoat own_mkfifoat
#include "mkfifo.c" /* NOLINT(bugprone-suspicious-include): see above */
#undef mkfifo
#undef mkfifoat

const struct implementation own_implementation = {
    .name = "own",
    .summary = "this project's libmkfifo: mknodat(2) in inline assembly",
    .mkfifo = own_mkfifo,
    .mkfifoat = own_mkfifoat,
};
