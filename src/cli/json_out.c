#include "json_out.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "printable.h"

json_t *json_out_text(const char *raw) {
    char *copy = printable_copy(raw, strlen(raw));
    json_t *string = copy ? json_string(copy) : NULL;
    free(copy);
    return string;
}

int json_out_write(FILE *out, json_t *document) {
    enum { DIGITS = 6 };
    if (!document)
        return -ENOMEM;
    errno = EIO; /* where the stream does not tell */
    int error =
        json_dumpf(document, out, JSON_INDENT(2) | JSON_REAL_PRECISION(DIGITS)) ? -errno : 0;
    fputc('\n', out);
    json_decref(document);
    return error;
}
