/*
 * json_out.h - what the files in JSON share.
 */
#ifndef FIFOFUZZ_JSON_OUT_H
#define FIFOFUZZ_JSON_OUT_H

#include <jansson.h>
#include <stdio.h>

/* `raw`, made printable (printable.h), as a string. */
json_t *json_out_text(const char *raw);

/*
 * Writes `document`, which it gives back; NULL, for what could not be built, is -ENOMEM. Returns 0
 * or -errno.
 */
int json_out_write(FILE *out, json_t *document);

#endif
