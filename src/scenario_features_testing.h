/*
 * scenario_features_testing.h - how scenario_features_test.c looks at a scenario: at one of its
 * calls, at paths as the steps spell them, and at the steps that come before.
 */
#ifndef FIFOFUZZ_SCENARIO_FEATURES_TESTING_H
#define FIFOFUZZ_SCENARIO_FEATURES_TESTING_H

#include <stdbool.h>
#include <string.h>

#include "scenario.h"

/* The scenario at hand and the call in it at which a predicate looks. */
static struct scenario scenario;
static const struct step *call;
static uint32_t call_index;

/* A run of bytes; what a path is made of. */
struct span {
    const char *bytes;
    uint32_t length;
};

static inline struct span span_of(struct text text) {
    return (struct span){scenario_text(&scenario, text), text.length};
}

static inline bool span_is(struct span span, const char *string) {
    return span.length == strlen(string) && memcmp(span.bytes, string, span.length) == 0;
}

static inline bool starts_with(struct span span, const char *string) {
    size_t length = strlen(string);
    return span.length >= length && memcmp(span.bytes, string, length) == 0;
}

static inline bool ends_with(struct span span, const char *string) {
    size_t length = strlen(string);
    return span.length >= length && memcmp(span.bytes + span.length - length, string, length) == 0;
}

static inline bool contains(struct span span, const char *string) {
    return memmem(span.bytes, span.length, string, strlen(string)) != NULL;
}

static inline struct span without_leading_slashes(struct span span) {
    while (span.length > 0 && *span.bytes == '/') {
        span.bytes++;
        span.length--;
    }
    return span;
}

static inline struct span without_trailing_slashes(struct span span) {
    while (span.length > 0 && span.bytes[span.length - 1] == '/')
        span.length--;
    return span;
}

static inline struct span call_path(void) {
    return span_of(call->path);
}

static inline struct span find_last_component(void) {
    struct span path = without_trailing_slashes(call_path());
    uint32_t start = path.length;
    while (start > 0 && path.bytes[start - 1] != '/')
        start--;
    return (struct span){path.bytes + start, path.length - start};
}

/* What is in front of the last component; nothing if there is only that. */
static inline struct span find_parent_path(void) {
    struct span path = without_trailing_slashes(call_path());
    while (path.length > 0 && path.bytes[path.length - 1] != '/')
        path.length--;
    return without_trailing_slashes(path);
}

/* Both are asked for often, and long paths take long: computed once per call. */
static struct span call_parent, call_last;

static inline struct span parent_path(void) {
    return call_parent;
}

static inline struct span last_component(void) {
    return call_last;
}

static inline bool same_place(struct span a, struct span b) {
    a = without_leading_slashes(a);
    b = without_leading_slashes(b);
    return a.length == b.length && a.length > 0 && memcmp(a.bytes, b.bytes, a.length) == 0;
}

/* Whether the scenario has a step of `kind`. Set once per scenario. */
static uint32_t kinds_present;

static inline bool has_kind(enum step_kind kind) {
    return (kinds_present >> kind & 1U) != 0;
}

static inline void find_kinds(void) {
    kinds_present = 0;
    for (uint32_t i = 0; i < scenario.step_count; i++)
        kinds_present |= 1U << scenario.steps[i].kind;
}

/* The last step of `kind` before `end` whose path (new name, if it has two) is `place`, or NULL. */
static inline const struct step *find(enum step_kind kind, struct span place, uint32_t end) {
    for (uint32_t i = has_kind(kind) ? end : 0; i-- > 0;) {
        const struct step *step = &scenario.steps[i];
        bool two = kind == STEP_LINK;
        if (step->kind == kind && same_place(span_of(two ? step->other : step->path), place))
            return step;
    }
    return NULL;
}

static inline bool made(enum step_kind kind, struct span place) {
    return find(kind, place, call_index) != NULL;
}

/*
 * The open step behind the call's slot, however often its descriptor was given another number, or
 * NULL.
 */
static inline const struct step *opened(void) {
    int32_t slot = call->dirfd.kind == DIRFD_SLOT ? call->dirfd.number : -1;
    for (const struct step *step = call; step-- > scenario.steps;) {
        if (step->kind == STEP_OPEN && step->slot == slot)
            return step;
        if (step->kind == STEP_DUP && step->slot == slot)
            slot = step->dirfd.kind == DIRFD_SLOT ? step->dirfd.number : -1;
    }
    return NULL;
}

static inline struct span opened_path(void) {
    const struct step *step = opened();
    return step ? span_of(step->path) : (struct span){"", 0};
}

static inline const struct step *entered(void) {
    for (const struct step *step = call; step-- > scenario.steps;) {
        if (step->kind == STEP_CHDIR)
            return step;
    }
    return NULL;
}

/* --- where the new name is meant to be ------------------------------------------------------ */

/*
 * The directory and the name, as paths from the root without leading slashes, as far as the steps
 * spell them; the directory is "" for the root. Set once per call.
 */
static struct span call_place, call_name;

static inline void join(char *buffer, struct span *out, struct span front, struct span back) {
    uint32_t slash = front.length > 0 && back.length > 0;
    memcpy(buffer, front.bytes, front.length);
    buffer[front.length] = '/';
    memcpy(buffer + front.length + slash, back.bytes, back.length);
    *out = (struct span){buffer, front.length + slash + back.length};
}

static inline void find_place(void) {
    static char place_bytes[2 * TEXT_LENGTH_MAX + 1], full_bytes[3 * TEXT_LENGTH_MAX + 2];
    struct span base = {"", 0};
    if (call->kind == STEP_MKFIFOAT && call->dirfd.kind == DIRFD_SLOT)
        base = opened_path();
    else if (entered() != NULL)
        base = span_of(entered()->path);
    if (starts_with(call_path(), "/"))
        base.length = 0;
    join(place_bytes, &call_place, without_trailing_slashes(without_leading_slashes(base)),
         without_leading_slashes(parent_path()));
    join(full_bytes, &call_name, call_place, last_component());
}

/* True when `path` from the root names `directory`, which has no leading slashes. */
static inline bool names(struct span path, struct span directory) {
    bool root = path.length > 0 && directory.length == 0;
    path = without_leading_slashes(path);
    return path.length == directory.length && (path.length > 0 || root) &&
           memcmp(path.bytes, directory.bytes, path.length) == 0;
}

/* The last step of `kind` before the call that is about `directory`, or NULL. */
static inline const struct step *about(enum step_kind kind, struct span directory) {
    for (const struct step *step = has_kind(kind) ? call : scenario.steps;
         step-- > scenario.steps;) {
        if (step->kind == kind &&
            names(span_of(kind == STEP_BIND || kind == STEP_LINK ? step->other : step->path),
                  directory))
            return step;
    }
    return NULL;
}

#endif
