/*
 * mutator.h - mutation that knows scenarios: LLVMFuzzerCustomMutator and LLVMFuzzerCustomCrossOver.
 *
 * Engines call both by name. Results depend on the arguments and nothing else, so an engine's seed
 * repeats a run. What comes out is the canonical bytes of a scenario of the target's shape, except
 * that once in a while the engine's own byte mutation is left to it. A target whose inputs are more
 * than a scenario defines the two itself, out of mutator_mutate and mutator_cross.
 */
#ifndef FIFOFUZZ_MUTATOR_H
#define FIFOFUZZ_MUTATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "random.h"

/* All is left to the engine's byte mutation, as under one that knows no custom mutators. */
extern bool mutator_off;

/*
 * Replaces the `size` bytes of `data` with a mutant of at most `max_size` bytes; returns its size.
 */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);

/* Makes a scenario from parts of two; `out` takes at most `max_out_size` bytes. Returns its size.
 */
size_t LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1, const uint8_t *data2,
                                 size_t size2, uint8_t *out, size_t max_out_size,
                                 unsigned int seed);

/* The same, of the scenario's bytes alone; `random` is used up by as much as it takes. */
size_t mutator_mutate(uint8_t *data, size_t size, size_t max_size, struct random *random);
size_t mutator_cross(const uint8_t *data1, size_t size1, const uint8_t *data2, size_t size2,
                     uint8_t *out, size_t max_out_size, struct random *random);

/* The engine's byte mutator. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

#endif
