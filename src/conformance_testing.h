/*
 * conformance_testing.h - the text of a clause's conformance file, for tests.
 */
#ifndef FIFOFUZZ_CONFORMANCE_TESTING_H
#define FIFOFUZZ_CONFORMANCE_TESTING_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "contract.h"

enum { CONFORMANCE_TEXT_MAX = 1 << 16 };

/* Reads the file of `clause`, without a NUL at its end; fails the test if it cannot. */
static inline size_t conformance_read(enum clause clause, char text[CONFORMANCE_TEXT_MAX]) {
    char path[512];
    snprintf(path, sizeof path, "%s/conformance/%s.scn", FIFOFUZZ_CORPUS_DIR,
             clause_infos[clause].name);
    FILE *file = fopen(path, "r");
    if (!file)
        fail_msg("%s: %s", path, strerror(errno));
    size_t length = fread(text, 1, CONFORMANCE_TEXT_MAX, file);
    fclose(file);
    return length;
}

#endif
