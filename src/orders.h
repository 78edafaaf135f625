/*
 * orders.h - the orders in which calls that overlapped can have taken effect.
 *
 * A late call (staging.h) may have taken effect at any moment between its begin and its end. A run
 * is explained if one order of all steps explains it (linearizability: Herlihy and Wing 1990). All
 * orders are tried, those first in which calls take effect as they come back.
 */
#ifndef FIFOFUZZ_ORDERS_H
#define FIFOFUZZ_ORDERS_H

#include <stdbool.h>
#include <stdint.h>

#include "staging.h"

enum { ORDERS_MAX = 4096 }; /* of one run that are tried */

/* Asked about each order: `count` step indices. Returns true to end the search. */
typedef bool orders_visit(void *context, const uint32_t *order, uint32_t count);

/* False if there are more orders than are tried, and none of these ended the search. */
bool orders_try(const struct staging *staging, const struct observation *observation,
                orders_visit *visit, void *context);

#endif
