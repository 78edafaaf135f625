#include "check.h"

#include <stdio.h>
#include <stdlib.h>

void (*check_context)(void);

_Noreturn void check_failed(const char *condition, const char *file, int line,
                            const char *function) {
    fprintf(stderr, "%s:%d: %s: check failed: %s (a bug in fifofuzz)\n", file, line, function,
            condition);
    if (check_context)
        check_context();
    abort();
}
