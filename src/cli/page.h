/*
 * page.h - a campaign as one HTML page, to be shared: what was tested and how, what was found, each
 * clause's state, and how it went over time.
 *
 * The page needs nothing but itself: no script, no style or picture from elsewhere. It follows the
 * reader's choice of light or dark, fits a phone, and says everything in words, too.
 */
#ifndef FIFOFUZZ_PAGE_H
#define FIFOFUZZ_PAGE_H

#include <stdio.h>

#include "figures.h"

/* Writes the page of a campaign that ends with `status`. Returns 0; errors are the stream's. */
int page_write(FILE *out, const struct figures *figures, int status);

#endif
