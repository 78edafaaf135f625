/*
 * hash.h - a number for a piece of memory, the same on every machine. Not against an adversary.
 */
#ifndef FIFOFUZZ_HASH_H
#define FIFOFUZZ_HASH_H

#include <stddef.h>
#include <stdint.h>

/* FNV-1a with 64 bits (draft-eastlake-fnv). */
static inline uint64_t hash_bytes(const void *data, size_t size) {
    uint64_t value = 0xcbf29ce484222325;
    for (size_t i = 0; i < size; i++)
        value = (value ^ ((const uint8_t *)data)[i]) * 0x100000001b3;
    return value;
}

#endif
