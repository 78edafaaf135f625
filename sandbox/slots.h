/*
 * slots.h - the descriptors that a scenario's slots hold, in one process.
 */
#ifndef FIFOFUZZ_SLOTS_H
#define FIFOFUZZ_SLOTS_H

#include <stdbool.h>
#include <stdint.h>

#include "scenario.h"

/* How many descriptors are open; slots that share a `number` hold one. Both have SCENARIO_SLOTS. */
static inline int32_t slots_open(const int32_t *number, const bool *open) {
    int32_t count = 0;
    for (int i = 0; i < SCENARIO_SLOTS; i++) {
        bool counted = !open[i];
        for (int j = 0; j < i && !counted; j++)
            counted = open[j] && number[j] == number[i];
        count += !counted;
    }
    return count;
}

#endif
