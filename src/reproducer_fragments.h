/*
 * reproducer_fragments.h - the pieces of C in reproducer/, which the build makes part of the
 * program, and how a choice of them is printed.
 */
#ifndef FIFOFUZZ_REPRODUCER_FRAGMENTS_H
#define FIFOFUZZ_REPRODUCER_FRAGMENTS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum fragment {
#define FRAGMENT(id, file, where) FRAGMENT_##id,
#include "reproducer_fragments.def"
#undef FRAGMENT
    FRAGMENT_COUNT
};

/* A choice of them: bits 1 << enum fragment. */
typedef uint64_t fragment_set;
_Static_assert(FRAGMENT_COUNT <= 64, "fragment_set holds 64 of them");

static inline fragment_set fragment_bit(enum fragment fragment) {
    return UINT64_C(1) << fragment;
}

static inline bool fragments_have(fragment_set set, enum fragment fragment) {
    return set >> fragment & 1;
}

/* Does one of them need Linux? */
bool fragments_need_linux(fragment_set set);

/* Prints the #include lines of all in `set`, each header once, in the order of their names. */
void fragments_print_includes(FILE *out, fragment_set set);

/* Prints the code of all in `set` but FRAGMENT_MAIN, and that of one of them. */
void fragments_print(FILE *out, fragment_set set);
void fragment_print(FILE *out, enum fragment fragment);

#endif
