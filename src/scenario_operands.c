#include "scenario_operands.h"

#include <limits.h>
#include <string.h>

/* Names that a shell, a printf, a locale, a length check or a path walk might take for more. */
static const char *const odd_names[] = {
    "...",
    "..a",
    ".a",
    "a.",
    "....",
    "-",
    "-m",
    "--",
    " ",
    " a",
    "a ",
    "\n",
    "\t",
    "a\nb",
    "\r",
    "\x01",
    "\x7f",
    "\x80",
    "\xff",
    "\xc3",
    "\xc3\xa9",
    "e\xcc\x81",
    "\xed\xa0\x80",
    "\xf0\x9f\x98\x80",
    "\xc0\xaf",
    "*",
    "?",
    "~",
    "$HOME",
    "%s%n",
    "%%",
    "100%",
    ".wh.a",
    "lost+found",
    "0",
    "12",
    "\\",
    "'",
    "\"",
    "#",
    ":",
    ";",
    "&",
    "a..b",
    "a|b",
    "\x1b[0m",
};

static char random_name_byte(struct random *random) {
    char byte = (char)random_between(random, 1, 255);
    return byte == '/' ? '\xfe' : byte;
}

static void add_any_bytes(struct path *path, struct random *random) {
    char bytes[4];
    uint32_t length = random_between(random, 1, sizeof bytes);
    for (uint32_t i = 0; i < length; i++)
        bytes[i] = random_name_byte(random);
    path_add(path, bytes, length);
}

/* A component of `length` bytes: one letter over and over, at times one other byte in it. */
static void add_long_name(struct path *path, struct random *random, uint32_t length) {
    uint32_t start = path->length;
    if (length > TEXT_LENGTH_MAX - start)
        length = TEXT_LENGTH_MAX - start;
    memset(path->bytes + start, (int)('a' + random_below(random, 26)), length);
    path->length += length;
    if (length > 0 && random_one_in(random, 2))
        path->bytes[start + random_below(random, length)] = random_name_byte(random);
}

static void add_short_name(struct path *path, uint32_t serial) {
    char bytes[2] = {(char)('a' + serial % 26), (char)('a' + serial / 26 % 26)};
    path_add(path, bytes, serial < 26 ? 1 : 2);
}

void name_add(struct path *path, struct random *random, enum name_style style, uint32_t serial) {
    static const uint16_t edges[] = {253, 254, 254, 255, 255, 255};
    static const uint16_t too_long[] = {256, 256, 256, 257, 258, 300, 512, 1023, 1024, 4094, 4095};
    switch (style) {
    case NAME_SHORT:
        add_short_name(path, serial);
        break;
    case NAME_ODD:
        if (random_one_in(random, 2))
            path_add_string(path, random_item(random, odd_names));
        else
            add_any_bytes(path, random);
        break;
    case NAME_EDGE:
        add_long_name(path, random, random_item(random, edges));
        break;
    case NAME_ANY_LENGTH:
        add_long_name(path, random, random_between(random, 1, 255));
        break;
    case NAME_TOO_LONG:
        add_long_name(path, random, random_item(random, too_long));
        break;
    }
}

uint32_t mode_usual(struct random *random) {
    static const uint16_t usual[] = {0, 0600, 0644, 0666, 0777, 0755, 01777, 02770, 04711, 07777};
    return random_item(random, usual);
}

uint32_t mode_random(struct random *random) {
    uint32_t choice = random_below(random, 16);
    if (choice == 0)
        return mode_usual(random);
    uint32_t mode = random_below(random, 010000);
    return choice == 1 ? mode | 0010000 : mode;
}

/* At the edges of an int, of 64 bits and of what a double holds exactly, or any. */
static int64_t mode_random_wide(struct random *random) {
    const uint32_t mode = random_below(random, 010000);
    switch (random_below(random, 6)) {
    case 0:
        return -1;
    case 1:
        return (int64_t)INT32_MIN + mode;
    case 2:
        return INT64_C(1) << random_between(random, 32, 62) | mode;
    case 3:
        return INT64_MIN + mode;
    case 4:
        return INT64_MAX - mode;
    default:
        return (int64_t)random_next(random);
    }
}

int64_t mode_random_type(struct random *random) {
    uint32_t mode = random_below(random, 010000);
    if (random_one_in(random, 8))
        return mode_random_wide(random);
    switch (random_below(random, 8)) {
    case 0:
        return UINT32_MAX;
    case 1: /* above the 16 bits of a mode on the system call's side: no obstacle */
        return (uint32_t)(random_next(random) & 0xffff0000U) | mode;
    case 2:
        return INT64_C(1) << random_between(random, 16, 31) | mode;
    case 3:
        return (uint32_t)random_next(random);
    default:
        return random_between(random, 1, 15) << 12 | mode;
    }
}

uint32_t umask_random(struct random *random) {
    static const uint16_t usual[] = {0, 0, 022, 077, 027, 0777};
    uint32_t mask = random_below(random, 01000);
    switch (random_below(random, 8)) {
    case 0:
        return random_item(random, usual);
    case 1:
        return mask | 01000U << random_below(random, 23);
    default:
        return mask;
    }
}

int32_t dirfd_number_random(struct random *random) {
    static const int32_t numbers[] = {
        -1,          -1,    -1,   -2,   -99,     -99,     -101,    -101,    INT_MIN, INT_MIN,
        INT_MIN + 1, -4096, 0,    0,    1,       2,       3,       4,       15,      127,
        255,         256,   1023, 1024, 1 << 16, 1 << 20, 1 << 20, INT_MAX, INT_MAX, INT_MAX - 1,
    };
    if (random_one_in(random, 16))
        return (int32_t)random_next(random);
    return random_item(random, numbers);
}

uint32_t descriptor_random(struct random *random) {
    static const uint16_t numbers[] = {0,    3,    7,    63,   127,  128,  255,  256,  1023,
                                       1024, 1024, 1025, 2000, 2047, 2048, 4095, 4096, 65535};
    if (random_one_in(random, 2))
        return random_between(random, 1024, 2000);
    return random_item(random, numbers);
}

uint32_t nofile_random(struct random *random) {
    static const uint16_t limits[] = {0, 1, 3, 64, 256, 1024, 1025, 2048, 4096, 65535};
    return random_one_in(random, 3) ? random_item(random, limits) : random_between(random, 3, 8);
}

uint32_t inodes_random(struct random *random) {
    if (random_one_in(random, 3))
        return random_one_in(random, 2) ? 0 : random_below(random, NUMBER_MAX + 1);
    return random_between(random, 1, 8);
}

uint32_t path_length_random(struct random *random) {
    static const uint16_t lengths[] = {
        4094, 4095, 4095, 4095, 4096, 4096, 4096, 4097, 4098, 4352, 127,  128,
        255,  256,  257,  511,  512,  1022, 1023, 1024, 1025, 2047, 2048, 2049,
    };
    return random_item(random, lengths);
}

enum pointer pointer_random(struct path *path, struct random *random) {
    static const uint8_t pointers[] = {
        POINTER_NULL,         POINTER_UNMAPPED,     POINTER_NONCANONICAL, POINTER_UNTERMINATED,
        POINTER_UNTERMINATED, POINTER_UNTERMINATED, POINTER_COUNTED,      POINTER_UNENCODABLE};
    static const uint16_t lengths[] = {1, 2, 4094, 4095, 4095, 4096, 4096, 4097, 4098, 4352};
    enum pointer pointer = random_item(random, pointers);
    if (pointer == POINTER_COUNTED || pointer == POINTER_UNENCODABLE)
        return pointer;
    if (pointer != POINTER_UNTERMINATED) {
        path->length = 0;
        return pointer;
    }
    if (path->length == 0)
        path_add_string(path, "x");
    if (random_one_in(random, 4))
        return pointer;
    uint32_t length = random_item(random, lengths);
    if (path->length > length)
        path->length = length;
    add_long_name(path, random, length - path->length);
    return pointer;
}

struct text rest_random(struct scenario *scenario, struct random *random) {
    static const char *const rests[] = {"", "x", "/", "/x", ".fifo", "\n"};
    const char *rest = random_item(random, rests);
    return scenario_store(scenario, rest, strlen(rest));
}

void content_add(struct path *content, struct random *random) {
    static const uint16_t lengths[] = {0, 0, 0, 1, 1, 2, 3, 8, 100};
    uint32_t length = random_item(random, lengths);
    if (random_one_in(random, 100))
        length = random_between(random, 4095, 4097);
    add_long_name(content, random, length);
}
