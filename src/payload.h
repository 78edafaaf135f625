/*
 * payload.h - the bytes that scenarios write into FIFOs, and the number that stands for those that
 * they read. A leaf, shared by the side that executes and the side that judges.
 *
 * Each write has a tag of its own, so that a reader's digest tells whose bytes came, which of them
 * and in which order.
 */
#ifndef FIFOFUZZ_PAYLOAD_H
#define FIFOFUZZ_PAYLOAD_H

#include <stdint.h>

#include "hash.h"

/* What a FIFO holds, pipe(7); and as large as a scenario may make one. The harness answers EPERM
 * beyond that, as the model does: the kernel would let a privileged user go on. */
enum { PIPE_SIZE = 64 * 1024, PIPE_SIZE_MAX = 1024 * 1024 };

/* Byte `index` of the write with `tag`: no period that a page or a slot could hide. */
static inline uint8_t payload_byte(uint32_t tag, uint32_t index) {
    uint32_t mixed = (tag + 1) * 0x9e3779b1U ^ index;
    mixed = (mixed ^ (mixed >> 15)) * 0x2c1b3c6dU;
    return (uint8_t)(mixed >> 24);
}

/* Fills `bytes` with the `length` bytes from `first` on: what is handed to write(2). */
static inline void payload_fill(uint8_t *bytes, uint32_t tag, uint32_t first, uint32_t length) {
    for (uint32_t i = 0; i < length; i++)
        bytes[i] = payload_byte(tag, first + i);
}

/*
 * The digest of what has given `digest` until now and goes on with those bytes. It starts from
 * hash_start and is what hash_bytes gives for the bytes that read(2) has stored.
 */
static inline uint64_t payload_digest(uint64_t digest, uint32_t tag, uint32_t first,
                                      uint32_t length) {
    for (uint32_t i = 0; i < length; i++)
        digest = hash_byte(digest, payload_byte(tag, first + i));
    return digest;
}

#endif
