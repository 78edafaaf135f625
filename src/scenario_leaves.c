#include "scenario_leaves.h"

#include <string.h>

/* Bytes of a path, without NUL. */
struct piece {
    const char *bytes;
    size_t length;
};

static bool is(struct piece piece, const char *name) {
    return piece.length == strlen(name) && memcmp(piece.bytes, name, piece.length) == 0;
}

/* Takes the first component off `*rest`; an empty one at its end. */
static struct piece take_component(struct piece *rest) {
    while (rest->length > 0 && rest->bytes[0] == '/')
        *rest = (struct piece){rest->bytes + 1, rest->length - 1};
    const char *slash = rest->length > 0 ? memchr(rest->bytes, '/', rest->length) : NULL;
    const struct piece first = {rest->bytes, slash ? (size_t)(slash - rest->bytes) : rest->length};
    *rest = (struct piece){rest->bytes + first.length, rest->length - first.length};
    return first;
}

static struct piece piece_of(const struct scenario *scenario, struct text text) {
    return (struct piece){scenario_text(scenario, text), text.length};
}

static struct piece last_component(struct piece path) {
    while (path.length > 0 && path.bytes[path.length - 1] == '/')
        path.length--;
    size_t start = path.length;
    while (start > 0 && path.bytes[start - 1] != '/')
        start--;
    return (struct piece){path.bytes + start, path.length - start};
}

/* Is it the name that a step gives to a link, or to what may be one? */
static bool may_be_link(const struct scenario *scenario, struct piece name) {
    for (uint32_t i = 0; i < scenario->step_count; i++) {
        const struct step *step = &scenario->steps[i];
        const bool makes = step->kind == STEP_SYMLINK;
        if (!makes && step->kind != STEP_LINK && step->kind != STEP_RENAME)
            continue;
        const struct piece made =
            last_component(piece_of(scenario, makes ? step->path : step->other));
        if (made.length == name.length && memcmp(made.bytes, name.bytes, name.length) == 0)
            return true;
    }
    return false;
}

/*
 * How far below its beginning a walk is at least. Behind a link it may be anywhere in the
 * directory, the top included.
 */
static bool path_leaves(const struct scenario *scenario, struct piece path) {
    unsigned depth = 0;
    if (path.length > 0 && path.bytes[0] == '/')
        return true;
    while (path.length > 0) {
        const struct piece name = take_component(&path);
        if (name.length == 0 || is(name, "."))
            continue;
        if (!is(name, ".."))
            depth = may_be_link(scenario, name) ? 0 : depth + 1;
        else if (depth-- == 0)
            return true;
    }
    return false;
}

/* Most paths have none, and to look for links takes long. */
static bool may_leave(const struct scenario *scenario, struct text text) {
    const struct piece path = piece_of(scenario, text);
    return path.length > 0 &&
           (path.bytes[0] == '/' || memmem(path.bytes, path.length, "..", 2) != NULL) &&
           path_leaves(scenario, path);
}

bool scenario_leaves(const struct scenario *scenario, const struct step *step) {
    const bool other = step->kind == STEP_SYMLINK || step->kind == STEP_LINK ||
                       step->kind == STEP_RENAME || step->kind == STEP_BIND;
    return may_leave(scenario, step->path) || (other && may_leave(scenario, step->other));
}
