/*
 * hash.h - a number for a piece of memory, the same on every machine. Not against an adversary.
 */
#ifndef FIFOFUZZ_HASH_H
#define FIFOFUZZ_HASH_H

#include <stddef.h>
#include <stdint.h>

/* FNV-1a with 64 bits (draft-eastlake-fnv): what it starts from. */
static const uint64_t hash_start = 0xcbf29ce484222325;

static inline uint64_t hash_byte(uint64_t value, uint8_t byte) {
    return (value ^ byte) * 0x100000001b3;
}

/* The number for what has given `value` until now and goes on with `size` bytes at `data`. */
static inline uint64_t hash_more(uint64_t value, const void *data, size_t size) {
    for (size_t i = 0; i < size; i++)
        value = hash_byte(value, ((const uint8_t *)data)[i]);
    return value;
}

/* The same for a number, whatever the order of its bytes on this machine. */
static inline uint64_t hash_number(uint64_t value, uint64_t number) {
    for (int shift = 0; shift < 64; shift += 8)
        value = hash_byte(value, (uint8_t)(number >> shift));
    return value;
}

/* The number for these bytes alone. */
static inline uint64_t hash_bytes(const void *data, size_t size) {
    return hash_more(hash_start, data, size);
}

#endif
