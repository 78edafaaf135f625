/*
 * afl_mutator.c - our mutator as a library for afl-fuzz (AFL_CUSTOM_MUTATOR_LIBRARY).
 *
 * AFL++ ignores LLVMFuzzerCustomMutator of a target and wants this instead: see "Custom Mutators in
 * AFL++". There is one library for each target, which has the target's source for its shape.
 */
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "mutator.h"
#include "random.h"

enum { CROSS_ONE_IN = 8, OUT_MAX = 1 << 20 };

struct state {
    struct random random;
    uint8_t out[OUT_MAX];
};

void *afl_custom_init(void *afl, unsigned int seed);
void afl_custom_deinit(void *data);
size_t afl_custom_fuzz(void *data, uint8_t *input, size_t size, uint8_t **out, uint8_t *other,
                       size_t other_size, size_t max_size);

/* The target's source calls it; nothing runs in afl-fuzz itself. */
int harness_run(const uint8_t *data, size_t size) {
    (void)data;
    (void)size;
    return 0;
}

/* Bytes are mutated by AFL++'s own stages: this leaves them alone. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size) {
    (void)data;
    return size < max_size ? size : max_size;
}

/* The mutator's state, which afl-fuzz hands to the other functions. `afl` is its own. */
void *afl_custom_init(void *afl, unsigned int seed) {
    (void)afl;
    struct state *state = calloc(1, sizeof *state);
    if (state)
        random_seed(&state->random, seed);
    return state;
}

void afl_custom_deinit(void *data) {
    free(data);
}

/* Points `*out` at a mutant of at most `max_size` bytes and returns its size. */
size_t afl_custom_fuzz(void *data, uint8_t *input, size_t size, uint8_t **out, uint8_t *other,
                       size_t other_size, size_t max_size) {
    struct state *state = data;
    unsigned seed = (unsigned)random_next(&state->random);
    size_t max_out_size = max_size < OUT_MAX ? max_size : OUT_MAX;
    *out = state->out;
    if (other && random_one_in(&state->random, CROSS_ONE_IN))
        return LLVMFuzzerCustomCrossOver(input, size, other, other_size, state->out, max_out_size,
                                         seed);
    if (size > max_out_size)
        size = max_out_size;
    memcpy(state->out, input, size);
    return LLVMFuzzerCustomMutator(state->out, size, max_out_size, seed);
}
