/* Names: the same component gets the same shorter name wherever it stands. */
#include <string.h>

#include "minimize_pass.h"
#include "scenario_path.h"

enum { NAMES_MAX = 26 }; /* one letter each; the names of a scenario that has more stay */

struct name {
    uint32_t length;
    char bytes[TEXT_LENGTH_MAX];
};

static bool is_called(const struct name *name, const char *bytes, uint32_t length) {
    return name->length == length && memcmp(name->bytes, bytes, length) == 0;
}

/* `.` and `..` are no names. */
static bool is_name(const char *bytes, uint32_t length) {
    return length > 2 || (length > 0 && memcmp(bytes, "..", length) != 0);
}

/* --- which there are -------------------------------------------------------------------------- */

/* The texts of a step that hold names: 0, 1 or 2. */
static uint32_t paths_of(const struct step *step, struct text texts[2]) {
    uint32_t count = 0;
    if (step->path.length > 0)
        texts[count++] = step->path;
    if (step->other.length > 0 && step->kind != STEP_FILE)
        texts[count++] = step->other;
    return count;
}

struct names {
    uint32_t count;
    struct name list[NAMES_MAX];
};

static void note(struct names *names, const char *bytes, uint32_t length) {
    if (!is_name(bytes, length))
        return;
    for (uint32_t i = 0; i < names->count; i++)
        if (is_called(&names->list[i], bytes, length))
            return;
    if (names->count == NAMES_MAX)
        return;
    struct name *name = &names->list[names->count++];
    name->length = length;
    memcpy(name->bytes, bytes, length);
}

/* In the order in which the scenario first speaks of them. */
static void collect(const struct scenario *scenario, struct names *names) {
    names->count = 0;
    for (uint32_t i = 0; i < scenario->step_count; i++) {
        struct text texts[2];
        uint32_t count = paths_of(&scenario->steps[i], texts);
        for (uint32_t k = 0; k < count; k++) {
            const char *bytes = scenario_text(scenario, texts[k]);
            for (uint32_t start = 0, at = 0; at <= texts[k].length; at++)
                if (at == texts[k].length || bytes[at] == '/') {
                    note(names, bytes + start, at - start);
                    start = at + 1;
                }
        }
    }
}

/* --- renaming --------------------------------------------------------------------------------- */

/* `from` becomes `to`, and `to` becomes `from`, so that no two names fall together by chance. */
struct exchange {
    const struct name *from, *to;
};

static void add_component(struct path *path, const struct exchange *exchange, const char *bytes,
                          uint32_t length) {
    if (is_called(exchange->from, bytes, length))
        path_add(path, exchange->to->bytes, exchange->to->length);
    else if (is_called(exchange->to, bytes, length))
        path_add(path, exchange->from->bytes, exchange->from->length);
    else
        path_add(path, bytes, length);
}

static struct text renamed(struct scenario *scenario, const struct exchange *exchange,
                           struct text text) {
    static struct path path;
    const char *bytes = scenario_text(scenario, text);
    path.length = 0;
    for (uint32_t start = 0, at = 0; at <= text.length; at++)
        if (at == text.length || bytes[at] == '/') {
            add_component(&path, exchange, bytes + start, at - start);
            path_add(&path, "/", at < text.length);
            start = at + 1;
        }
    return scenario_store(scenario, path.bytes, path.length);
}

static bool try_exchange(struct minimization *m, const struct name *from, const struct name *to) {
    const struct exchange exchange = {from, to};
    struct scenario *candidate = minimize_propose(m);
    for (uint32_t i = 0; i < candidate->step_count; i++) {
        struct step *step = &candidate->steps[i];
        if (step->path.length > 0)
            step->path = renamed(candidate, &exchange, step->path);
        if (step->other.length > 0 && step->kind != STEP_FILE)
            step->other = renamed(candidate, &exchange, step->other);
    }
    return minimize_try(m);
}

/* --- one name --------------------------------------------------------------------------------- */

static void fill(struct name *name, char letter, uint32_t length) {
    name->length = length;
    memset(name->bytes, letter, length);
}

/* Its bytes do not matter, but its length may: as short as can be. */
static bool shorten_filled(struct minimization *m, struct name *name, char letter) {
    static struct name shorter;
    bool changed = false;
    for (uint32_t less = name->length / 2; less > 0; less /= 2)
        while (name->length > less) {
            fill(&shorter, letter, name->length - less);
            if (!try_exchange(m, name, &shorter))
                break;
            *name = shorter;
            changed = true;
        }
    return changed;
}

/* Some of its bytes matter: without the others. */
static bool shorten_odd(struct minimization *m, struct name *name) {
    static struct name shorter;
    bool changed = false;
    for (uint32_t piece = name->length / 2; piece > 0; piece /= 2)
        for (uint32_t end = name->length; end > 0;) {
            uint32_t start = end > piece ? end - piece : 0;
            shorter.length = name->length - (end - start);
            memcpy(shorter.bytes, name->bytes, start);
            memcpy(shorter.bytes + start, name->bytes + end, name->length - end);
            if (shorter.length > 0 && try_exchange(m, name, &shorter)) {
                *name = shorter;
                changed = true;
            }
            end = start;
        }
    return changed;
}

static bool simplify(struct minimization *m, const struct name *name, char letter) {
    static struct name old, dull;
    old = *name;
    fill(&dull, letter, 1);
    if (is_called(&old, dull.bytes, 1))
        return false;
    if (try_exchange(m, &old, &dull))
        return true;
    if (old.length == 1)
        return false;
    fill(&dull, letter, old.length);
    bool filled = is_called(&old, dull.bytes, dull.length);
    if (filled || try_exchange(m, &old, &dull))
        return shorten_filled(m, &dull, letter) || !filled;
    return shorten_odd(m, &old);
}

bool minimize_names(struct minimization *m) {
    static struct names names;
    bool changed = false;
    uint32_t count = 1;
    for (uint32_t i = 0; i < count; i++) {
        collect(m->best, &names); /* anew: the one before may have fallen together with another */
        count = names.count;
        if (i < count)
            changed |= simplify(m, &names.list[i], (char)('a' + i));
    }
    return changed;
}
