/*
 * random.h - a small deterministic source of random numbers for generators and tests.
 *
 * The same seed gives the same numbers on every machine and in every build, so a seed is enough to
 * repeat a run. Not for secrets. The generator is xoshiro256** (Blackman and Vigna, "Scrambled
 * linear pseudorandom number generators", 2018): four words of state, period 2^256 - 1.
 */
#ifndef FIFOFUZZ_RANDOM_H
#define FIFOFUZZ_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct random {
    uint64_t state[4]; /* never all zero */
};

/* Starts the sequence of `seed`; every value is allowed and starts an unrelated sequence. */
void random_seed(struct random *random, uint64_t seed);

/* The next 64 bits. */
uint64_t random_next(struct random *random);

/*
 * A number from 0 to `limit` - 1; `limit` must not be 0. Multiplies instead of dividing, which
 * favours some results by less than limit / 2^32.
 */
static inline uint32_t random_below(struct random *random, uint32_t limit) {
    return (uint32_t)(((random_next(random) >> 32) * limit) >> 32);
}

/* A number from `low` to `high`, both included; low <= high, and not the whole 32-bit range. */
static inline uint32_t random_between(struct random *random, uint32_t low, uint32_t high) {
    return low + random_below(random, high - low + 1);
}

/* True once in `n` times. */
static inline bool random_one_in(struct random *random, uint32_t n) {
    return random_below(random, n) == 0;
}

/* One element of `array`, each as likely as the others; repeat an element to make it likelier. */
#define random_item(random, array)                                                                 \
    ((array)[random_below((random), (uint32_t)(sizeof(array) / sizeof *(array)))])

#endif
