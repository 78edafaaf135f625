#include "scenario_path.h"

#include <string.h>

#include "check.h"

void path_add(struct path *path, const char *bytes, size_t length) {
    size_t room = TEXT_LENGTH_MAX - path->length;
    if (length > room)
        length = room;
    memcpy(path->bytes + path->length, bytes, length);
    path->length += (uint32_t)length;
}

void path_add_string(struct path *path, const char *string) {
    path_add(path, string, strlen(string));
}

void path_add_repeated(struct path *path, const char *unit, uint32_t count) {
    size_t length = strlen(unit);
    for (uint32_t i = 0; i < count && path->length < TEXT_LENGTH_MAX; i++)
        path_add(path, unit, length);
}

/* Makes `count` bytes of room before byte `at` and returns how much room there is. */
static uint32_t open_gap(struct path *path, uint32_t at, size_t count) {
    check(at <= path->length);
    uint32_t gap = TEXT_LENGTH_MAX - at;
    if (count < gap)
        gap = (uint32_t)count;
    uint32_t behind = path->length - at;
    if (behind > TEXT_LENGTH_MAX - at - gap)
        behind = TEXT_LENGTH_MAX - at - gap;
    memmove(path->bytes + at + gap, path->bytes + at, behind);
    path->length = at + gap + behind;
    return gap;
}

void path_insert(struct path *path, uint32_t at, const char *bytes, size_t length) {
    uint32_t gap = open_gap(path, at, length);
    memcpy(path->bytes + at, bytes, gap);
}

void path_erase(struct path *path, uint32_t at, uint32_t count) {
    check(at <= path->length);
    if (count > path->length - at)
        count = path->length - at;
    memmove(path->bytes + at, path->bytes + at + count, path->length - at - count);
    path->length -= count;
}

void path_pad(struct path *path, uint32_t total, struct random *random) {
    if (path->length == 0 || total <= path->length || total > TEXT_LENGTH_MAX)
        return;
    uint32_t count = total - path->length;
    bool absolute = path->bytes[0] == '/';
    if (!absolute && count == 1)
        return;
    char *gap = path->bytes + (absolute ? 1 : 0);
    open_gap(path, absolute ? 1 : 0, count);
    memset(gap, '/', count);
    uint32_t dots = count / 2;
    if (random_one_in(random, 4))
        dots = absolute ? 0 : 1;
    for (uint32_t i = 0; i < dots; i++)
        gap[2 * (size_t)i] = '.';
}

void path_decorate(struct path *path, struct random *random) {
    if (path->length == 0)
        return;
    uint32_t start = random_below(random, path->length);
    for (uint32_t i = 0; i < path->length; i++) {
        uint32_t at = (start + i) % path->length;
        if (path->bytes[at] != '/')
            continue;
        if (random_one_in(random, 2))
            path_insert(path, at, "/", 1);
        else
            path_insert(path, at, "/.", 2);
        return;
    }
}

void path_pick_component(const struct path *path, struct random *random, uint32_t *at,
                         uint32_t *length) {
    uint32_t seen = 0;
    *at = path->length;
    *length = 0;
    for (uint32_t i = 0; i < path->length;) {
        uint32_t start = i;
        while (i < path->length && path->bytes[i] != '/')
            i++;
        if (i > start && random_one_in(random, ++seen)) {
            *at = start;
            *length = i - start;
        }
        i++;
    }
}
