/*
 * text_builder.h - what the byte form and the text form share: writing a text into a scenario's
 * pool piece by piece, and finding the repetitions that keep a 4096-byte path short and readable.
 */
#ifndef FIFOFUZZ_TEXT_BUILDER_H
#define FIFOFUZZ_TEXT_BUILDER_H

#include <string.h>

#include "scenario.h"

/* A text under construction at the end of the pool. Nothing else may be stored meanwhile. */
struct text_builder {
    char *bytes;     /* in the pool */
    uint32_t length; /* 0..limit */
    uint32_t limit;  /* TEXT_LENGTH_MAX, or less where the pool has no more room */
};

/* Begins an empty text. */
static inline struct text_builder text_begin(struct scenario *scenario) {
    uint32_t room = SCENARIO_POOL_MAX - scenario->pool_used;
    return (struct text_builder){.bytes = scenario->pool + scenario->pool_used,
                                 .limit = room < TEXT_LENGTH_MAX ? room : TEXT_LENGTH_MAX};
}

/* Appends `byte`, which is not NUL. Returns whether it fitted. */
static inline bool text_append_byte(struct text_builder *text, char byte) {
    if (text->length == text->limit)
        return false;
    text->bytes[text->length++] = byte;
    return true;
}

/* Appends `length` bytes without NUL, from outside of this text; cuts off what does not fit. */
static inline void text_append(struct text_builder *text, const char *bytes, uint32_t length) {
    uint32_t room = text->limit - text->length;
    if (length > room)
        length = room;
    memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
}

/*
 * Repeats the last `unit` bytes (1..length) until they stand there `count` times (1 or more) in
 * all. Returns whether they fitted; cuts off what did not.
 */
bool text_repeat(struct text_builder *text, uint32_t unit, uint32_t count);

/* Ends the text: it now belongs to `scenario`, the one that it was begun with. */
static inline struct text text_end(struct scenario *scenario, const struct text_builder *text) {
    struct text ended = {scenario->pool_used, text->length};
    scenario->pool_used += text->length;
    return ended;
}

enum {
    RUN_UNIT_MAX = 4,    /* bytes of the longest unit that text_run finds */
    RUN_LENGTH_MIN = 16, /* bytes of the shortest run */
};

/* `count` times the first `unit` bytes; count 0 where there is no run. */
struct text_run {
    uint32_t unit;
    uint32_t count;
};

/* Finds the repetition with which the `length` bytes begin: the shortest unit that makes a run. */
struct text_run text_run(const char *bytes, uint32_t length);

#endif
