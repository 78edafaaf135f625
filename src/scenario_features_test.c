/*
 * Every feature that a fault might hide behind has to keep occurring: each row of the table at the
 * end names one, says how to recognise it in a scenario, and how often it must come up.
 */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "scenario_generate.h"

enum { SCENARIOS = 200000, SEED = 41 };

/* The scenario at hand and the call in it at which a predicate looks. */
static struct scenario scenario;
static const struct step *call;
static uint32_t call_index;

/* A run of bytes; what a path is made of. */
struct span {
    const char *bytes;
    uint32_t length;
};

static struct span span_of(struct text text) {
    return (struct span){scenario_text(&scenario, text), text.length};
}

static bool span_is(struct span span, const char *string) {
    return span.length == strlen(string) && memcmp(span.bytes, string, span.length) == 0;
}

static bool starts_with(struct span span, const char *string) {
    size_t length = strlen(string);
    return span.length >= length && memcmp(span.bytes, string, length) == 0;
}

static bool ends_with(struct span span, const char *string) {
    size_t length = strlen(string);
    return span.length >= length && memcmp(span.bytes + span.length - length, string, length) == 0;
}

static bool contains(struct span span, const char *string) {
    return memmem(span.bytes, span.length, string, strlen(string)) != NULL;
}

static struct span without_leading_slashes(struct span span) {
    while (span.length > 0 && *span.bytes == '/') {
        span.bytes++;
        span.length--;
    }
    return span;
}

static struct span without_trailing_slashes(struct span span) {
    while (span.length > 0 && span.bytes[span.length - 1] == '/')
        span.length--;
    return span;
}

static struct span call_path(void) {
    return span_of(call->path);
}

static struct span find_last_component(void) {
    struct span path = without_trailing_slashes(call_path());
    uint32_t start = path.length;
    while (start > 0 && path.bytes[start - 1] != '/')
        start--;
    return (struct span){path.bytes + start, path.length - start};
}

/* What is in front of the last component; nothing if there is only that. */
static struct span find_parent_path(void) {
    struct span path = without_trailing_slashes(call_path());
    while (path.length > 0 && path.bytes[path.length - 1] != '/')
        path.length--;
    return without_trailing_slashes(path);
}

/* Both are asked for often, and long paths take long: computed once per call. */
static struct span call_parent, call_last;

static struct span parent_path(void) {
    return call_parent;
}

static struct span last_component(void) {
    return call_last;
}

static bool same_place(struct span a, struct span b) {
    a = without_leading_slashes(a);
    b = without_leading_slashes(b);
    return a.length == b.length && a.length > 0 && memcmp(a.bytes, b.bytes, a.length) == 0;
}

/* The last step of `kind` before `end` whose path (new name, if it has two) is `place`, or NULL. */
static const struct step *find(enum step_kind kind, struct span place, uint32_t end) {
    for (uint32_t i = end; i-- > 0;) {
        const struct step *step = &scenario.steps[i];
        bool two = kind == STEP_LINK;
        if (step->kind == kind && same_place(span_of(two ? step->other : step->path), place))
            return step;
    }
    return NULL;
}

static bool made(enum step_kind kind, struct span place) {
    return find(kind, place, call_index) != NULL;
}

/* --- the call's path ------------------------------------------------------------------------- */

#define STRING (call->pointer == POINTER_STRING)

/* --- pointers, modes, dirfds ----------------------------------------------------------------- */

#define UNTERMINATED(n) (call->pointer == POINTER_UNTERMINATED && call->path.length == (n))
#define NUMBER(n)       (call->dirfd.kind == DIRFD_NUMBER && call->dirfd.number == (n))
#define TYPE            (call->mode & 0xf000)

/* The last step that filled the call's slot, or NULL. */
static const struct step *opened(void) {
    if (call->dirfd.kind != DIRFD_SLOT)
        return NULL;
    for (const struct step *step = call; step-- > scenario.steps;) {
        if (step->kind == STEP_OPEN && step->slot == call->dirfd.number)
            return step;
    }
    return NULL;
}

static struct span opened_path(void) {
    const struct step *step = opened();
    return step ? span_of(step->path) : (struct span){"", 0};
}

/* True when a step of `kind` on the same path comes between `from` and the call. */
static bool followed_by(const struct step *from, enum step_kind kind) {
    for (const struct step *step = from; from != NULL && step < call; step++) {
        if (step->kind == kind && same_place(span_of(step->path), span_of(from->path)))
            return true;
    }
    return false;
}

static bool closed_before_call(void) {
    for (const struct step *step = opened(); step != NULL && step < call; step++) {
        if (step->kind == STEP_CLOSE && step->slot == call->dirfd.number)
            return true;
    }
    return false;
}

static bool opened_after_close(void) {
    const struct step *last = opened();
    for (const struct step *step = scenario.steps; last != NULL && step < last; step++) {
        if (step->kind == STEP_CLOSE && step->slot == call->dirfd.number)
            return true;
    }
    return false;
}

static bool opened_with(uint32_t flags) {
    const struct step *step = opened();
    return step != NULL && (step->flags & flags) == flags;
}

/* --- working directory ----------------------------------------------------------------------- */

static const struct step *entered(void) {
    for (const struct step *step = call; step-- > scenario.steps;) {
        if (step->kind == STEP_CHDIR)
            return step;
    }
    return NULL;
}

/* --- what the last component is -------------------------------------------------------------- */

static struct span target(void) {
    return without_trailing_slashes(call_path());
}

/* The body of the symlink at `place`, or nothing. */
static struct span body(struct span place) {
    const struct step *step = find(STEP_SYMLINK, place, call_index);
    return step ? span_of(step->other) : (struct span){"", 0};
}

static bool plain(struct span name) {
    return name.length > 0 && memchr(name.bytes, '/', name.length) == NULL && name.bytes[0] != '.';
}

static bool dangles(struct span place) {
    struct span to = body(place);
    static const uint8_t makers[] = {STEP_MKDIR, STEP_FILE, STEP_SYMLINK, STEP_LINK, STEP_MKFIFO};
    for (size_t i = 0; i < sizeof makers; i++) {
        if (made(makers[i], to))
            return false;
    }
    return plain(to) && to.length < 256;
}

static bool file_mode(struct span place, bool closed, bool content) {
    const struct step *step = find(STEP_FILE, place, call_index);
    return step != NULL && (step->mode == 0) == closed && (step->other.length > 0) == content;
}

static bool holds_something(struct span place) {
    place = without_leading_slashes(place);
    for (const struct step *step = scenario.steps; step < call; step++) {
        struct span other = without_leading_slashes(span_of(step->path));
        if (other.length > place.length && other.bytes[place.length] == '/' && place.length > 0 &&
            memcmp(other.bytes, place.bytes, place.length) == 0)
            return true;
    }
    return false;
}

/* --- what the parent is ---------------------------------------------------------------------- */

static uint32_t parent_mode(void) {
    const struct step *step = find(STEP_CHMOD, parent_path(), call_index);
    if (step == NULL)
        step = find(STEP_MKDIR, parent_path(), call_index);
    return step != NULL && made(STEP_MKDIR, parent_path()) ? step->mode | 0100000 : 0;
}

static uint32_t components(struct span path, struct span component) {
    uint32_t count = 0;
    for (uint32_t i = 0; component.length > 0 && i + component.length < path.length;) {
        if (memcmp(path.bytes + i, component.bytes, component.length) != 0 ||
            path.bytes[i + component.length] != '/')
            break;
        count++;
        i += component.length + 1;
    }
    return count;
}

/* How often the path starts with the same component over and over. */
static uint32_t repeats(struct span path) {
    const char *slash = path.length ? memchr(path.bytes, '/', path.length) : NULL;
    if (slash == NULL || slash == path.bytes || path.bytes[0] == '.')
        return 0;
    return components(path, (struct span){path.bytes, (uint32_t)(slash - path.bytes)});
}

/* The longest run of links of which each leads to the one made before it. */
static uint32_t nested_links(void) {
    uint32_t count = 0;
    for (const struct step *step = scenario.steps; step + 1 < call; step++) {
        if (step[0].kind == STEP_SYMLINK && step[1].kind == STEP_SYMLINK &&
            same_place(span_of(step[1].other), span_of(step[0].path)))
            count++;
    }
    return count;
}

static bool dot_dot_behind_link(void) {
    struct span path = call_path();
    const char *dots = memmem(path.bytes, path.length, "/../", 4);
    return dots != NULL &&
           contains(body((struct span){path.bytes, (uint32_t)(dots - path.bytes)}), "/");
}

#define PARENT_OWNER(set, clear)                                                                   \
    (parent_mode() != 0 && (parent_mode() & (set)) == (set) && (parent_mode() & (clear)) == 0)

/* --- several at once, and over time ---------------------------------------------------------- */

#define BAD_NUMBER (call->dirfd.kind == DIRFD_NUMBER && call->dirfd.number < 0)

static bool repeated(void) {
    return call_index > 0 && step_is_call(&call[-1]) &&
           same_place(call_path(), span_of(call[-1].path));
}

/* How many calls come before this one. */
static uint32_t calls_before(void) {
    uint32_t count = 0;
    for (const struct step *step = scenario.steps; step < call; step++)
        count += step_is_call(step);
    return count;
}

/* --- the table ------------------------------------------------------------------------------- */

#define FEATURE(name, minimum, condition)                                                          \
    static bool name(void) {                                                                       \
        return condition;                                                                          \
    }
#include "scenario_features.def"
#undef FEATURE

static struct feature {
    const char *name;
    bool (*holds)(void);
    uint32_t minimum, count;
} features[] = {
#define FEATURE(name, minimum, condition) {#name, name, minimum, 0},
#include "scenario_features.def"
#undef FEATURE
};

enum { FEATURE_COUNT = sizeof features / sizeof features[0] };

/* Looks at the calls among the first steps and at the hundredth: the rest takes long and is alike.
 */
static void count_features(void) {
    for (call_index = 0; call_index < scenario.step_count; call_index++) {
        call = &scenario.steps[call_index];
        if (!step_is_call(call) || (call_index > 64 && calls_before() != 99))
            continue;
        call_parent = find_parent_path();
        call_last = find_last_component();
        for (size_t i = 0; i < FEATURE_COUNT; i++)
            features[i].count += features[i].holds();
    }
}

static void every_feature_occurs_often_enough(void **state) {
    (void)state;
    struct random random;
    uint32_t rare = 0;
    random_seed(&random, SEED);
    print_message("seed %d\n", SEED);
    for (int i = 0; i < SCENARIOS; i++) {
        scenario_generate(&scenario, &random, (enum target_shape)(i % SHAPE_COUNT));
        count_features();
    }
    for (size_t i = 0; i < FEATURE_COUNT; i++) {
        if (features[i].count >= features[i].minimum)
            continue;
        print_error("%s: %u times, wanted %u\n", features[i].name, features[i].count,
                    features[i].minimum);
        rare++;
    }
    assert_int_equal(rare, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_feature_occurs_often_enough),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
