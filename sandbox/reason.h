/*
 * reason.h - how the sandbox says that the host cannot do what it needs.
 */
#ifndef FIFOFUZZ_REASON_H
#define FIFOFUZZ_REASON_H

#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* Fills `reason` with "WHAT (text of ERROR): FIX" and returns -error. */
static inline int refuse(char *reason, size_t reason_size, int error, const char *what,
                         const char *fix) {
    snprintf(reason, reason_size, "%s (%s): %s", what, strerror(error), fix);
    return -error;
}

#endif
