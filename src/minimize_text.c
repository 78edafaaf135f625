/* Paths, link bodies and contents: fewer parts. */
#include <string.h>

#include "minimize_pass.h"
#include "scenario_path.h"

/* One text of the scenario. */
struct place {
    uint32_t step;
    bool other; /* step.other instead of step.path */
};

static void load(const struct minimization *m, struct place place, struct path *path) {
    const struct step *step = &m->best->steps[place.step];
    struct text text = place.other ? step->other : step->path;
    path->length = 0;
    path_add(path, scenario_text(m->best, text), text.length);
}

static bool try_text(struct minimization *m, struct place place, const struct path *path) {
    struct scenario *candidate = minimize_propose(m);
    struct text text = scenario_store(candidate, path->bytes, path->length);
    struct step *step = &candidate->steps[place.step];
    *(place.other ? &step->other : &step->path) = text;
    return minimize_try(m);
}

/* --- bytes ------------------------------------------------------------------------------------ */

/* Of a content only its length and a few bytes can matter. */
static bool shorten_bytes(struct minimization *m, struct place place) {
    static struct path path;
    bool changed = false;
    load(m, place, &path);
    for (uint32_t piece = path.length; piece > 0; piece /= 2)
        for (uint32_t end = path.length; end > 0;) {
            uint32_t start = end > piece ? end - piece : 0;
            path_erase(&path, start, end - start);
            changed |= try_text(m, place, &path);
            load(m, place, &path);
            end = start < path.length ? start : path.length;
        }
    return changed;
}

/* --- components ------------------------------------------------------------------------------- */

enum { COMPONENTS_MAX = TEXT_LENGTH_MAX / 2 + 1 };

struct components {
    uint32_t count;
    uint32_t start[COMPONENTS_MAX + 1]; /* the last one is the path's end */
    uint32_t end[COMPONENTS_MAX];       /* without the slashes behind */
};

static void split(const struct path *path, struct components *components) {
    components->count = 0;
    for (uint32_t i = 0; i < path->length; i++) {
        if (path->bytes[i] == '/')
            continue;
        components->start[components->count] = i;
        while (i < path->length && path->bytes[i] != '/')
            i++;
        components->end[components->count++] = i;
    }
    components->start[components->count] = path->length;
}

/* Without components [first, last): with the slashes behind them, or those in front. */
static bool try_without(struct minimization *m, struct place place, uint32_t first, uint32_t last) {
    static struct path path;
    static struct components components;
    for (int front = 0; front < 2; front++) {
        load(m, place, &path);
        split(&path, &components);
        uint32_t from = components.start[first];
        uint32_t to = components.start[last];
        if (front) {
            from = first > 0 ? components.end[first - 1] : 0;
            to = components.end[last - 1];
        }
        path_erase(&path, from, to - from);
        if (try_text(m, place, &path))
            return true;
    }
    return false;
}

static uint32_t count_components(const struct minimization *m, struct place place) {
    static struct path path;
    static struct components components;
    load(m, place, &path);
    split(&path, &components);
    return components.count;
}

static bool drop_components(struct minimization *m, struct place place) {
    bool changed = false;
    for (uint32_t piece = count_components(m, place); piece > 0; piece /= 2)
        for (uint32_t last = count_components(m, place); last > 0;) {
            uint32_t first = last > piece ? last - piece : 0;
            changed |= try_without(m, place, first, last);
            last = first;
        }
    return changed;
}

/* --- slashes ---------------------------------------------------------------------------------- */

static uint32_t leading_slashes(const struct path *path) {
    uint32_t count = 0;
    while (count < path->length && path->bytes[count] == '/')
        count++;
    return count;
}

static uint32_t trailing_slashes(const struct path *path) {
    uint32_t count = 0;
    while (count < path->length && path->bytes[path->length - 1 - count] == '/')
        count++;
    return count;
}

static void no_lead(struct path *path) {
    path_erase(path, 0, leading_slashes(path));
}

static void no_tail(struct path *path) {
    path->length -= trailing_slashes(path);
}

static void single_tail(struct path *path) {
    uint32_t slashes = trailing_slashes(path);
    path->length -= slashes > 0 ? slashes - 1 : 0;
}

static void single_slashes(struct path *path) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < path->length; i++)
        if (i == 0 || path->bytes[i] != '/' || path->bytes[i - 1] != '/')
            path->bytes[kept++] = path->bytes[i];
    path->length = kept;
}

static bool drop_slashes(struct minimization *m, struct place place) {
    static void (*const edits[])(struct path *) = {single_slashes, no_tail, single_tail, no_lead};
    static struct path path;
    bool changed = false;
    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
        load(m, place, &path);
        edits[i](&path);
        changed |= try_text(m, place, &path);
    }
    return changed;
}

/* --- the pass --------------------------------------------------------------------------------- */

static bool shorten_path(struct minimization *m, struct place place) {
    bool changed = drop_components(m, place);
    return drop_slashes(m, place) || changed;
}

bool minimize_texts(struct minimization *m) {
    bool changed = false;
    for (uint32_t i = m->best->step_count; i-- > 0;) {
        const struct step step = m->best->steps[i];
        if (step.path.length > 0)
            changed |= shorten_path(m, (struct place){i, false});
        if (step.other.length > 0)
            changed |= step.kind == STEP_FILE ? shorten_bytes(m, (struct place){i, true})
                                              : shorten_path(m, (struct place){i, true});
    }
    return changed;
}
