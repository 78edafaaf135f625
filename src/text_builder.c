#include "text_builder.h"

#include <assert.h>

#include "check.h"

bool text_repeat(struct text_builder *text, uint32_t unit, uint32_t count) {
    check(unit > 0 && unit <= text->length && count > 0);
    char *first = text->bytes + text->length - unit;
    uint64_t wanted = (uint64_t)unit * count;
    uint32_t room = text->limit - text->length + unit;
    uint32_t total = wanted < room ? (uint32_t)wanted : room;
    /* What stands there already is whole units until the last round, so the doubling keeps step. */
    for (uint32_t done = unit; done < total;) {
        uint32_t more = total - done < done ? total - done : done;
        memcpy(first + done, first, more);
        done += more;
    }
    text->length += total - unit;
    return wanted <= room;
}

/* A run repeats at least so many bytes, which are compared at once because most do not. */
enum { REPEATED_MIN = RUN_LENGTH_MIN - RUN_UNIT_MAX };
static_assert(REPEATED_MIN >= sizeof(uint64_t), "a word must lie within what a run repeats");

static uint64_t load_word(const char *bytes) {
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

struct text_run text_run(const char *bytes, uint32_t length) {
    if (length < RUN_LENGTH_MIN)
        return (struct text_run){0};
    uint64_t first = load_word(bytes);
    for (uint32_t unit = 1; unit <= RUN_UNIT_MAX; unit++) {
        if (load_word(bytes + unit) != first)
            continue;
        uint32_t end = unit + (uint32_t)sizeof first;
        while (end < length && bytes[end] == bytes[end - unit])
            end++;
        if (end - end % unit >= RUN_LENGTH_MIN)
            return (struct text_run){unit, end / unit};
    }
    return (struct text_run){0};
}
