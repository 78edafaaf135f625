#include "random.h"

/* Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014: SplitMix64. */
static uint64_t split_mix(uint64_t *counter) {
    *counter += 0x9e3779b97f4a7c15U;
    uint64_t bits = *counter;
    bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9U;
    bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebU;
    return bits ^ (bits >> 31);
}

/* A bijection of distinct counters gives at most one zero word, so the state is never all zero. */
void random_seed(struct random *random, uint64_t seed) {
    for (int i = 0; i < 4; i++)
        random->state[i] = split_mix(&seed);
}

static uint64_t rotate_left(uint64_t value, int count) {
    return (value << count) | (value >> (64 - count));
}

uint64_t random_next(struct random *random) {
    uint64_t *s = random->state;
    uint64_t result = rotate_left(s[1] * 5, 7) * 9;
    uint64_t shifted = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotate_left(s[3], 45);
    return result;
}
