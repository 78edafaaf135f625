/*
 * scenario_history.h - the byte form for engines that know bytes alone: how a scenario came about.
 *
 *   first byte  SCENARIO_BYTE_HISTORY or more; less is the form that scenario_bytes.c documents
 *   4 bytes     what scenario_generate starts from
 *   4 bytes     what one scenario_mutate starts from, as often as they follow
 *
 * Of steps as bytes few mutants make sense. Here each does: another scenario, another change of it,
 * one change more or less. The price is that such an input means something else to a version with
 * another generator; scenario_encode never writes one, and whatever is kept for long is text.
 */
#ifndef FIFOFUZZ_SCENARIO_HISTORY_H
#define FIFOFUZZ_SCENARIO_HISTORY_H

#include <stddef.h>
#include <stdint.h>

#include "scenario.h"

enum {
    SCENARIO_BYTE_HISTORY = 0xe0,
    HISTORY_CHANGES_MAX = 32, /* what follows more of them is not read */
};
_Static_assert((int)STEP_KIND_COUNT <= SCENARIO_BYTE_HISTORY, "no opcode begins a history");

/* Replaces `out` with the scenario of the history whose bytes behind the first are these. */
void scenario_relive(struct scenario *out, const uint8_t *data, size_t size);

#endif
