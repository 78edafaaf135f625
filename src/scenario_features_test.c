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

#include "scenario_features_testing.h"
#include "scenario_generate.h"

enum { SCENARIOS = 200000, SEED = 41 };

/* --- the call's path ------------------------------------------------------------------------- */

#define STRING (call->pointer == POINTER_STRING)

/* --- pointers, modes, dirfds ----------------------------------------------------------------- */

#define UNTERMINATED(n) (call->pointer == POINTER_UNTERMINATED && call->path.length == (n))
#define NUMBER(n)       (call->dirfd.kind == DIRFD_NUMBER && call->dirfd.number == (n))
#define TYPE            (call->mode & 0xf000)

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

/* --- subjects: who acts ------------------------------------------------------------------------
 */

/* The last step of `kind` before the call, or NULL. */
static const struct step *latest(enum step_kind kind) {
    for (const struct step *step = has_kind(kind) ? call : scenario.steps; step-- > scenario.steps;)
        if (step->kind == kind)
            return step;
    return NULL;
}

static struct identity caller(void) {
    const struct step *step = latest(STEP_AS);
    return step ? step->identity : (struct identity){0};
}

static bool capable(uint32_t capability) {
    const struct step *step = latest(STEP_AS);
    return step != NULL && (step->flags & capability) != 0;
}

static struct identity owner_of(struct span directory) {
    const struct step *step = about(STEP_CHOWN, directory);
    return step ? step->identity : (struct identity){0};
}

static struct identity owner(void) {
    return owner_of(call_place);
}

static bool in_supplementary(uint16_t gid) {
    struct identity who = caller();
    for (uint32_t i = 0; i < who.group_count; i++)
        if (who.groups[i] == gid)
            return true;
    return false;
}

/* The mode that `directory` was last given, or one that nothing matches. */
static uint32_t mode_of(struct span directory) {
    const struct step *step = about(STEP_CHMOD, directory);
    if (step == NULL)
        step = about(STEP_MKDIR, directory);
    return step ? step->mode : UINT32_MAX;
}

#define OWNER           (caller().uid == owner().uid)
#define BY_GID          (!OWNER && caller().gid == owner().gid)
#define BY_GROUPS       (!OWNER && !BY_GID && in_supplementary(owner().gid))
#define OTHER           (!OWNER && !BY_GID && !in_supplementary(owner().gid))
#define HAS(set, clear) (MODE != UINT32_MAX && (MODE & (set)) == (set) && (MODE & (clear)) == 0)
#define MODE            mode_of(call_place)
#define ACTS            (latest(STEP_AS) != NULL)
#define NO_OVERRIDE     (ACTS && !capable(CAPABILITY_OVERRIDE))
#define SEARCHER        (NO_OVERRIDE && capable(CAPABILITY_READ_SEARCH))
#define STRIPPABLE      ((call->mode & 02010) == 02010 && HAS(02000, 0))
#define IN_GROUP        (caller().gid == owner().gid || in_supplementary(owner().gid))
#define UNWRITABLE      (HAS(0500, 0200) || HAS(0, 0222) || (OTHER && HAS(0, 2)))
#define UNSEARCHABLE    (HAS(0, 0111) || (OWNER && HAS(0, 0100)) || (OTHER && HAS(0, 1)))

/* --- subjects: ACLs and inode flags ------------------------------------------------------------
 */

/* An ACL of the parent of the kind that `flags` says, or NULL. */
static const struct step *acl(uint32_t flags) {
    const struct step *step = about(STEP_ACL, call_place);
    return step != NULL && step->flags == flags ? step : NULL;
}

static bool acl_entry(uint32_t flags, enum acl_entry entry) {
    return acl(flags) != NULL && acl_has(acl(flags)->mode, entry);
}

static bool acl_denies(enum acl_entry entry) {
    return (acl_permissions(acl(0)->mode, entry) & 3) != 3;
}

static bool attribute(struct span directory, uint32_t flag) {
    const struct step *step = about(STEP_ATTRIBUTE, directory);
    return step != NULL && (step->flags & flag) != 0;
}

static struct span above(struct span directory) {
    while (directory.length > 0 && directory.bytes[directory.length - 1] != '/')
        directory.length--;
    return without_trailing_slashes(directory);
}

#define USER_NAMED (acl_entry(0, ENTRY_USER) && !OWNER && acl(0)->identity.uid == caller().uid)
#define GROUP_NAMED                                                                                \
    (acl_entry(0, ENTRY_GROUP) && !OWNER && !USER_NAMED && acl(0)->identity.gid == G)
#define G            caller().gid
#define IMMUTABLE    attribute(call_place, ATTRIBUTE_IMMUTABLE)
#define MINIMAL(acl) (!acl_has((acl)->mode, ENTRY_MASK))

/* --- subjects: mounts --------------------------------------------------------------------------
 */

/* The last step of `kind`, one about mounts, on the call's directory or one above it, or NULL. */
static const struct step *mounted(enum step_kind kind) {
    if (!has_kind(kind))
        return NULL;
    for (struct span at = call_place;; at = above(at)) {
        const struct step *step = about(kind, at);
        if (step != NULL || at.length == 0)
            return step;
    }
}

static bool mount_flag(uint32_t flag) {
    const struct step *made_so = mounted(STEP_MOUNT);
    const struct step *bound = mounted(STEP_BIND);
    const struct step *changed = mounted(STEP_REMOUNT);
    if (changed != NULL && (made_so == NULL || changed > made_so) &&
        (bound == NULL || changed > bound))
        return (changed->flags & flag) != 0;
    return (made_so != NULL && (made_so->flags & flag) != 0) ||
           (bound != NULL && (bound->flags & flag) != 0);
}

static bool mapped(void) {
    const struct step *made_so = mounted(STEP_MOUNT);
    const struct step *bound = mounted(STEP_BIND);
    return (made_so != NULL && (made_so->flags & MOUNT_IDMAP) != 0) ||
           (bound != NULL && (bound->flags & MOUNT_IDMAP) != 0);
}

/* True when as many nodes were made below the file system's root as it can hold. */
static bool full(void) {
    static const uint8_t makers[] = {STEP_MKDIR, STEP_FILE, STEP_SYMLINK, STEP_LINK};
    const struct step *made_so = mounted(STEP_MOUNT);
    uint32_t nodes = 1;
    for (const struct step *step = made_so; step != NULL && step < call; step++) {
        struct span path = span_of(step->kind == STEP_LINK ? step->other : step->path);
        bool makes = memchr(makers, step->kind, sizeof makers) != NULL;
        nodes += makes && path.length > made_so->path.length &&
                 memcmp(path.bytes, span_of(made_so->path).bytes, made_so->path.length) == 0;
    }
    return made_so != NULL && made_so->mode > 0 && nodes >= made_so->mode;
}

/* True when the call's name was made by a preparation. */
static bool existing(void) {
    static const uint8_t makers[] = {STEP_MKDIR, STEP_FILE, STEP_SYMLINK, STEP_LINK};
    for (size_t i = 0; i < sizeof makers; i++)
        if (about(makers[i], call_name) != NULL)
            return true;
    return false;
}

/* True when a step of `kind` mounts over, or detaches, what the call's path starts from. */
static bool start_followed_by(enum step_kind kind) {
    const struct step *start = call->dirfd.kind == DIRFD_SLOT ? opened() : entered();
    return !starts_with(call_path(), "/") && followed_by(start, kind);
}

static struct span base_name(struct span path) {
    uint32_t front = above(path).length;
    return without_leading_slashes((struct span){path.bytes + front, path.length - front});
}

static bool link_on_the_way(void) {
    return about(STEP_SYMLINK, call_place) != NULL;
}

#define READ_ONLY   mount_flag(MOUNT_READ_ONLY)
#define NO_FOLLOW   mount_flag(MOUNT_NOSYMFOLLOW)
#define FOREIGN(id) ((id) != 0 && (id) != 1000)
#define UNMAPPED    (mapped() && (FOREIGN(caller().uid) || FOREIGN(caller().gid)))
#define LANDLOCKED  (latest(STEP_LANDLOCK) != NULL)
#define NEW_NAME    (!existing() && last_component().length < 256 && plain(last_component()))

/* --- subjects: descriptors ---------------------------------------------------------------------
 */

static const struct step *duplicated(void) {
    const struct step *step = latest(STEP_DUP);
    bool used = call->dirfd.kind == DIRFD_SLOT && step != NULL && step->slot == call->dirfd.number;
    return used ? step : NULL;
}

/* True when the number that the call's slot held belongs to a descriptor opened later. */
static bool number_reused(void) {
    const struct step *closed = latest(STEP_CLOSE), *later = latest(STEP_OPEN);
    return call->dirfd.kind == DIRFD_SLOT && closed != NULL && later > closed &&
           closed->slot == call->dirfd.number && later->slot != call->dirfd.number;
}

/* True when a step of `kind` takes the parent's name between the call before and this one. */
static bool parent_lost(enum step_kind kind) {
    for (const struct step *step = call; step-- > scenario.steps && !step_is_call(step);)
        if (step->kind == kind && names(span_of(step->path), call_place))
            return calls_before() > 0;
    return false;
}

static bool made_removed_made(void) {
    const struct step *removed = latest(STEP_UNLINK);
    return removed != NULL && removed > scenario.steps && step_is_call(removed - 1) &&
           same_place(span_of(removed->path), call_path()) &&
           same_place(span_of(removed[-1].path), call_path());
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
    find_kinds();
    for (call_index = 0; call_index < scenario.step_count; call_index++) {
        call = &scenario.steps[call_index];
        if (!step_is_call(call) || (call_index > 64 && calls_before() != 99))
            continue;
        call_parent = find_parent_path();
        call_last = find_last_component();
        find_place();
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
        scenario_generate(&scenario, &random, (enum target_shape)(i % (SHAPE_SEQUENCE + 1)));
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
