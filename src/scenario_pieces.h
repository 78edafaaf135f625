/*
 * scenario_pieces.h - the lower half of the byte form: bytes, numbers and texts. scenario_bytes.c
 * has the form of a step.
 *
 * A text is pieces up to a byte 00:
 *
 *   03..ff                 the byte itself
 *   01 count(2) n unit(n)  the unit, count times; a 00 in it is a byte 1
 *   02 k                   the whole of an earlier text: the k-th most recent one that is not
 *                          empty, k modulo their number (256 at most); nothing where there is none
 *
 * Because of 02 an engine that copies or flips bytes keeps using names that exist. What exceeds
 * TEXT_LENGTH_MAX or the pool is cut off.
 */
#ifndef FIFOFUZZ_SCENARIO_PIECES_H
#define FIFOFUZZ_SCENARIO_PIECES_H

#include "scenario.h"
#include "text_builder.h"

enum { EARLIER_MAX = 256 }; /* texts that a piece 02 can name */

/* The most recent texts that are not empty, as a ring. */
struct earlier {
    uint32_t count; /* of all there ever were */
    struct text texts[EARLIER_MAX];
};

/* --- decoding ------------------------------------------------------------------------------- */

struct decoder {
    const uint8_t *at; /* the next byte to read */
    const uint8_t *end;
    struct scenario *out;
    struct earlier earlier;
};

/* The next byte, 0 at the end of the input. */
uint8_t get_byte(struct decoder *decoder);

/* The number in the next 1 to 4 `bytes`, little endian. */
uint32_t get_number(struct decoder *decoder, unsigned bytes);

/* Reads a text into the pool. */
struct text get_text(struct decoder *decoder);

/* Reads a text; 'x' in place of an empty one, but where the pool is full it is empty. */
struct text get_text_not_empty(struct decoder *decoder);

/* --- encoding ------------------------------------------------------------------------------- */

struct encoder {
    const struct scenario *from;
    uint8_t *out;
    size_t capacity;
    size_t length; /* more than capacity once something did not fit */
    struct earlier earlier;
};

/* Writes what get_byte, get_number and get_text read. */
void put_byte(struct encoder *encoder, uint8_t byte);
void put_number(struct encoder *encoder, uint32_t number, unsigned bytes);
void put_text(struct encoder *encoder, struct text text);

#endif
