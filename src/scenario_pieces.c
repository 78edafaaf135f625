#include "scenario_pieces.h"

#include <string.h>

enum {
    PIECE_END = 0x00,
    PIECE_REPETITION = 0x01,
    PIECE_EARLIER = 0x02,
    PIECE_LITERAL_MIN = 0x03,

    EARLIER_SEARCHED = 32, /* of the earlier texts the encoder looks at the most recent ones */
    EARLIER_LENGTH_MIN = 3 /* a shorter text costs as much as naming it */
};

static void earlier_add(struct earlier *earlier, struct text text) {
    if (text.length > 0)
        earlier->texts[earlier->count++ % EARLIER_MAX] = text;
}

static uint32_t earlier_available(const struct earlier *earlier) {
    return earlier->count < EARLIER_MAX ? earlier->count : EARLIER_MAX;
}

/* The text that was added `age` texts before the last one; `age` is less than what is available. */
static struct text earlier_get(const struct earlier *earlier, uint32_t age) {
    return earlier->texts[(earlier->count - 1 - age) % EARLIER_MAX];
}

/* --- decoding ------------------------------------------------------------------------------- */

uint8_t get_byte(struct decoder *decoder) {
    return decoder->at < decoder->end ? *decoder->at++ : 0;
}

uint32_t get_number(struct decoder *decoder, unsigned bytes) {
    uint32_t number = 0;
    for (unsigned i = 0; i < bytes; i++)
        number |= (uint32_t)get_byte(decoder) << 8 * i;
    return number;
}

static void get_repetition(struct decoder *decoder, struct text_builder *text) {
    uint32_t count = get_number(decoder, 2);
    uint32_t unit = get_byte(decoder);
    size_t left = (size_t)(decoder->end - decoder->at);
    if (unit > left)
        unit = (uint32_t)left;
    uint32_t start = text->length;
    for (uint32_t i = 0; i < unit; i++) {
        uint8_t byte = get_byte(decoder);
        if (count > 0)
            text_append_byte(text, (char)(byte ? byte : 1));
    }
    /* A unit that was cut has filled the text, and nothing remains to be repeated. */
    if (text->length - start == unit && unit > 0 && count > 0)
        text_repeat(text, unit, count);
}

static void get_earlier(struct decoder *decoder, struct text_builder *text) {
    uint32_t age = get_byte(decoder);
    uint32_t available = earlier_available(&decoder->earlier);
    if (available == 0)
        return;
    struct text from = earlier_get(&decoder->earlier, age % available);
    text_append(text, scenario_text(decoder->out, from), from.length);
}

static struct text_builder get_pieces(struct decoder *decoder) {
    struct text_builder text = text_begin(decoder->out);
    uint8_t piece;
    while ((piece = get_byte(decoder)) != PIECE_END) {
        if (piece >= PIECE_LITERAL_MIN)
            text_append_byte(&text, (char)piece);
        else if (piece == PIECE_REPETITION)
            get_repetition(decoder, &text);
        else
            get_earlier(decoder, &text);
    }
    return text;
}

static struct text finish_text(struct decoder *decoder, const struct text_builder *text) {
    struct text ended = text_end(decoder->out, text);
    earlier_add(&decoder->earlier, ended);
    return ended;
}

struct text get_text(struct decoder *decoder) {
    struct text_builder text = get_pieces(decoder);
    return finish_text(decoder, &text);
}

struct text get_text_not_empty(struct decoder *decoder) {
    struct text_builder text = get_pieces(decoder);
    if (text.length == 0)
        text_append_byte(&text, 'x');
    return finish_text(decoder, &text);
}

/* --- encoding ------------------------------------------------------------------------------- */

void put_byte(struct encoder *encoder, uint8_t byte) {
    if (encoder->length < encoder->capacity)
        encoder->out[encoder->length] = byte;
    encoder->length++;
}

void put_number(struct encoder *encoder, uint32_t number, unsigned bytes) {
    for (unsigned i = 0; i < bytes; i++)
        put_byte(encoder, (uint8_t)(number >> 8 * i));
}

static void put_repetition(struct encoder *encoder, const char *bytes, struct text_run run) {
    put_byte(encoder, PIECE_REPETITION);
    put_number(encoder, run.count, 2);
    put_byte(encoder, (uint8_t)run.unit);
    for (uint32_t i = 0; i < run.unit; i++)
        put_byte(encoder, (uint8_t)bytes[i]);
}

/*
 * The age of the longest text that the `length` bytes begin with, and that text's length in `best`;
 * `best` stays when none is longer. Comparing the last byte first spares nearly all comparisons.
 */
static uint32_t find_earlier(const struct encoder *encoder, const char *bytes, uint32_t length,
                             uint32_t *best) {
    uint32_t available = earlier_available(&encoder->earlier);
    uint32_t best_age = 0;
    for (uint32_t age = 0; age < available && age < EARLIER_SEARCHED; age++) {
        struct text text = earlier_get(&encoder->earlier, age);
        const char *candidate = scenario_text(encoder->from, text);
        if (text.length > *best && text.length <= length &&
            candidate[text.length - 1] == bytes[text.length - 1] &&
            memcmp(candidate, bytes, text.length) == 0) {
            *best = text.length;
            best_age = age;
        }
    }
    return best_age;
}

/*
 * Writes the longest piece that `bytes` can begin with and returns how many of them it stands for.
 * Earlier texts are looked for only where a `component` begins: that is where names are reused,
 * and it keeps the cost of long texts low.
 */
static uint32_t put_piece(struct encoder *encoder, const char *bytes, uint32_t length,
                          bool component) {
    struct text_run run = text_run(bytes, length);
    uint32_t run_length = run.unit * run.count;
    uint32_t best = run_length > 0 ? run_length : EARLIER_LENGTH_MIN - 1;
    uint32_t longest = best;
    uint32_t age = component ? find_earlier(encoder, bytes, length, &longest) : 0;
    if (longest > best) {
        put_byte(encoder, PIECE_EARLIER);
        put_byte(encoder, (uint8_t)age);
        return longest;
    }
    if (run_length > 0) {
        put_repetition(encoder, bytes, run);
        return run_length;
    }
    if ((uint8_t)*bytes >= PIECE_LITERAL_MIN)
        put_byte(encoder, (uint8_t)*bytes);
    else
        put_repetition(encoder, bytes, (struct text_run){.unit = 1, .count = 1});
    return 1;
}

void put_text(struct encoder *encoder, struct text text) {
    const char *bytes = scenario_text(encoder->from, text);
    uint32_t at = 0;
    while (at < text.length)
        at += put_piece(encoder, bytes + at, text.length - at, at == 0 || bytes[at - 1] == '/');
    put_byte(encoder, PIECE_END);
    earlier_add(&encoder->earlier, text);
}
