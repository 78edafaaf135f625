#include "reproducer.h"
#include <errno.h>
int reproducer_print_sh(FILE *out, const struct reproduction *reproduction, char *reason,
                        size_t reason_size) {
    (void)out;
    (void)reproduction;
    (void)reason;
    (void)reason_size;
    return -ENOTSUP;
}
