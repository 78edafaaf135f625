/*
 * The byte form of a scenario, for fuzzing engines. Every byte string is a scenario: numbers wrap,
 * lengths are cut, and operands missing at the end of the input are 0 or empty.
 *
 *   step        opcode % STEP_KIND_COUNT, then the operands in the order of step_infos
 *   SET, SLOT   1 byte % 16
 *   FLAGS       1 byte & OPEN_FLAGS_ALL
 *   MODE        2 bytes & 07777 (numbers are little endian)
 *   FULL_MODE   2 bytes: the low 12 bits are the mode, the top 4 say 0..11 as it is, 12 with
 *               S_IFIFO, 13..15 instead take all 32 bits of the mode from the next 4 bytes
 *   DIRFD       1 byte: 00..3f cwd, 40..ef slot % 16, f0..ff the number in the next 4 bytes
 *   POINTER     1 byte: 00..ef a string, f0..ff by % 4 null, unmapped, noncanonical, unterminated;
 *               then the text of a string or of unterminated bytes
 *   PATH, OTHER a text
 *
 * A text is pieces up to a byte 00:
 *
 *   03..ff                 the byte itself
 *   01 count(2) n unit(n)  the unit, count times; a 00 in it is a byte 1
 *   02 k                   the whole of an earlier text: the k-th most recent one that is not
 *                          empty, k modulo their number (256 at most); nothing where there is none
 *
 * Because of 02 an engine that copies or flips bytes keeps using names that exist. What exceeds
 * TEXT_LENGTH_MAX or the pool is cut off, what exceeds SCENARIO_STEPS_MAX is not read.
 */
#include <sys/stat.h>

#include "check.h"
#include "scenario.h"
#include "text_builder.h"

enum {
    PIECE_END = 0x00,
    PIECE_REPETITION = 0x01,
    PIECE_EARLIER = 0x02,
    PIECE_LITERAL_MIN = 0x03,

    DIRFD_BYTE_SLOT = 0x40,
    DIRFD_BYTE_NUMBER = 0xf0,
    POINTER_BYTE_BAD = 0xf0, /* and up: not a string */

    MODE_TYPE_FIFO = 12, /* top 4 bits of a FULL_MODE */
    MODE_TYPE_WIDE = 13,

    EARLIER_MAX = 256,     /* texts that PIECE_EARLIER can name */
    EARLIER_SEARCHED = 32, /* of them the encoder looks at the most recent ones */
    EARLIER_LENGTH_MIN = 3 /* a shorter text costs as much as naming it */
};

/* The most recent texts that are not empty, as a ring. */
struct earlier {
    uint32_t count; /* of all there ever were */
    struct text texts[EARLIER_MAX];
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

struct decoder {
    const uint8_t *at;
    const uint8_t *end;
    struct scenario *out;
    struct earlier earlier;
};

static uint8_t get_byte(struct decoder *decoder) {
    return decoder->at < decoder->end ? *decoder->at++ : 0;
}

static uint32_t get_number(struct decoder *decoder, unsigned bytes) {
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

static struct text get_text(struct decoder *decoder) {
    struct text_builder text = get_pieces(decoder);
    return finish_text(decoder, &text);
}

static void get_pointer(struct decoder *decoder, struct step *step) {
    uint8_t byte = get_byte(decoder);
    if (byte >= POINTER_BYTE_BAD)
        step->pointer = (uint8_t)(POINTER_NULL + byte % 4);
    if (step->pointer == POINTER_STRING) {
        step->path = get_text(decoder);
    } else if (step->pointer == POINTER_UNTERMINATED) {
        struct text_builder text = get_pieces(decoder);
        /* It has at least one byte; where the pool has none left, make it an empty string. */
        if (text.length == 0 && !text_append_byte(&text, 'x'))
            step->pointer = POINTER_STRING;
        step->path = finish_text(decoder, &text);
    }
}

static struct dirfd get_dirfd(struct decoder *decoder) {
    uint8_t byte = get_byte(decoder);
    if (byte >= DIRFD_BYTE_NUMBER)
        return (struct dirfd){DIRFD_NUMBER, (int32_t)get_number(decoder, 4)};
    if (byte >= DIRFD_BYTE_SLOT)
        return (struct dirfd){DIRFD_SLOT, byte % SCENARIO_SLOTS};
    return (struct dirfd){DIRFD_CWD, 0};
}

static uint32_t get_full_mode(struct decoder *decoder) {
    uint32_t number = get_number(decoder, 2);
    if (number >> 12 >= MODE_TYPE_WIDE)
        return get_number(decoder, 4);
    return (number & 07777) | (number >> 12 == MODE_TYPE_FIFO ? S_IFIFO : 0);
}

static void get_operand(struct decoder *decoder, struct step *step, enum operand operand) {
    switch (operand) {
    case OPERAND_END:
        break;
    case OPERAND_SET:
    case OPERAND_SLOT:
        step->slot = get_byte(decoder) % SCENARIO_SLOTS;
        break;
    case OPERAND_DIRFD:
        step->dirfd = get_dirfd(decoder);
        break;
    case OPERAND_POINTER:
        get_pointer(decoder, step);
        break;
    case OPERAND_PATH:
        step->path = get_text(decoder);
        break;
    case OPERAND_OTHER:
        step->other = get_text(decoder);
        break;
    case OPERAND_MODE:
        step->mode = get_number(decoder, 2) & 07777;
        break;
    case OPERAND_FULL_MODE:
        step->mode = get_full_mode(decoder);
        break;
    case OPERAND_FLAGS:
        step->flags = get_byte(decoder) & OPEN_FLAGS_ALL;
        break;
    }
}

void scenario_decode(struct scenario *out, const uint8_t *data, size_t size) {
    scenario_clear(out);
    struct decoder decoder = {
        .at = data,
        .end = size > 0 ? data + size : data, /* data may be NULL then */
        .out = out,
    };
    while (decoder.at < decoder.end) {
        struct step *step = scenario_add(out, get_byte(&decoder) % STEP_KIND_COUNT);
        if (!step)
            return;
        for (const uint8_t *operand = step_infos[step->kind].operands; *operand; operand++)
            get_operand(&decoder, step, *operand);
    }
}

/* --- encoding ------------------------------------------------------------------------------- */

struct encoder {
    const struct scenario *from;
    uint8_t *out;
    size_t capacity;
    size_t length; /* more than capacity once something did not fit */
    struct earlier earlier;
};

static void put_byte(struct encoder *encoder, uint8_t byte) {
    if (encoder->length < encoder->capacity)
        encoder->out[encoder->length] = byte;
    encoder->length++;
}

static void put_number(struct encoder *encoder, uint32_t number, unsigned bytes) {
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

static void put_text(struct encoder *encoder, struct text text) {
    const char *bytes = scenario_text(encoder->from, text);
    uint32_t at = 0;
    while (at < text.length)
        at += put_piece(encoder, bytes + at, text.length - at, at == 0 || bytes[at - 1] == '/');
    put_byte(encoder, PIECE_END);
    earlier_add(&encoder->earlier, text);
}

static void put_pointer(struct encoder *encoder, const struct step *step) {
    bool string = step->pointer == POINTER_STRING;
    put_byte(encoder, string ? 0 : (uint8_t)(POINTER_BYTE_BAD + step->pointer - POINTER_NULL));
    if (string || step->pointer == POINTER_UNTERMINATED)
        put_text(encoder, step->path);
}

static void put_dirfd(struct encoder *encoder, struct dirfd dirfd) {
    if (dirfd.kind == DIRFD_CWD) {
        put_byte(encoder, 0);
    } else if (dirfd.kind == DIRFD_SLOT) {
        put_byte(encoder, (uint8_t)(DIRFD_BYTE_SLOT + dirfd.number));
    } else {
        put_byte(encoder, DIRFD_BYTE_NUMBER);
        put_number(encoder, (uint32_t)dirfd.number, 4);
    }
}

static void put_full_mode(struct encoder *encoder, uint32_t mode) {
    if (mode <= 07777) {
        put_number(encoder, mode, 2);
    } else if ((mode & ~(uint32_t)07777) == S_IFIFO) {
        put_number(encoder, (mode & 07777) | MODE_TYPE_FIFO << 12, 2);
    } else {
        put_number(encoder, MODE_TYPE_WIDE << 12, 2);
        put_number(encoder, mode, 4);
    }
}

static void put_operand(struct encoder *encoder, const struct step *step, enum operand operand) {
    switch (operand) {
    case OPERAND_END:
        break;
    case OPERAND_SET:
    case OPERAND_SLOT:
        put_byte(encoder, step->slot);
        break;
    case OPERAND_DIRFD:
        put_dirfd(encoder, step->dirfd);
        break;
    case OPERAND_POINTER:
        put_pointer(encoder, step);
        break;
    case OPERAND_PATH:
        put_text(encoder, step->path);
        break;
    case OPERAND_OTHER:
        put_text(encoder, step->other);
        break;
    case OPERAND_MODE:
        put_number(encoder, step->mode, 2);
        break;
    case OPERAND_FULL_MODE:
        put_full_mode(encoder, step->mode);
        break;
    case OPERAND_FLAGS:
        put_byte(encoder, step->flags);
        break;
    }
}

size_t scenario_encode(const struct scenario *scenario, uint8_t *out, size_t capacity) {
    check(scenario_valid(scenario));
    struct encoder encoder = {.from = scenario, .out = out, .capacity = capacity};
    for (uint32_t i = 0; i < scenario->step_count; i++) {
        const struct step *step = &scenario->steps[i];
        put_byte(&encoder, step->kind);
        for (const uint8_t *operand = step_infos[step->kind].operands; *operand; operand++)
            put_operand(&encoder, step, *operand);
        if (encoder.length > capacity)
            return 0;
    }
    return encoder.length;
}
