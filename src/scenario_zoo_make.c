#include "scenario_zoo_make.h"

#include "check.h"
#include "scenario_operands.h"
#include "scenario_zoo_mount.h"
#include "scenario_zoo_rights.h"

/* --- choosing a kind, a place and a name ---------------------------------------------------- */

static uint32_t random_kind(struct zoo *zoo, uint64_t kinds) {
    kinds &= zoo->possible;
    check(kinds != 0);
    if ((kinds & zoo->theme) != 0)
        kinds &= zoo->theme;
    if ((kinds & KINDS_OF_SUBJECTS) != 0 && random_one_in(zoo->random, 2))
        kinds &= KINDS_OF_SUBJECTS;
    for (uint32_t skip = random_below(zoo->random, (uint32_t)__builtin_popcountll(kinds)); skip > 0;
         skip--)
        kinds &= kinds - 1;
    return (uint32_t)__builtin_ctzll(kinds);
}

/* A directory for a new name: mostly the root, to keep paths short. */
static uint32_t random_place(struct zoo *zoo) {
    if (!random_one_in(zoo->random, 4))
        return ZOO_ROOT;
    uint32_t member = random_below(zoo->random, zoo->count);
    return zoo_is(zoo, member, KINDS_OPEN_DIRECTORY) ? member : ZOO_ROOT;
}

static uint32_t new_member(struct zoo *zoo, enum member_kind kind, uint32_t parent) {
    static const uint8_t styles[] = {NAME_ODD, NAME_ODD, NAME_ODD, NAME_EDGE, NAME_ANY_LENGTH};
    struct path name;
    name.length = 0;
    bool plain = !random_one_in(zoo->random, 20);
    enum name_style style = plain ? NAME_SHORT : random_item(zoo->random, styles);
    name_add(&name, zoo->random, style, zoo->serial++);
    return zoo_remember(zoo, kind, parent, name.bytes, name.length);
}

/* --- one function per sort of member --------------------------------------------------------- */

void zoo_chmod_to(struct zoo *zoo, uint32_t member, uint32_t mode) {
    struct step *step = zoo_step(zoo, STEP_CHMOD, member);
    if (step != NULL)
        step->mode = mode & 07777;
}

/*
 * mkdir(2) takes no set-id bits and obeys the umask, so what matters is set by chmod; of a mode for
 * callers that all own what they make, only the owner's bits do.
 */
void zoo_mkdir(struct zoo *zoo, uint32_t member, uint32_t mode) {
    struct step *step = zoo_step(zoo, STEP_MKDIR, member);
    if (step != NULL)
        step->mode = mode & 01777;
    uint32_t counting = (zoo->subjects & SUBJECT_IDENTITIES) != 0 ? 0777 : 0700;
    if (step != NULL && ((mode & zoo->umask & counting) != 0 || mode > 01777))
        zoo_chmod_to(zoo, member, mode);
}

/* Only the owner's bits decide about a caller who owns the directory. */
static uint32_t directory_mode(struct zoo *zoo, enum member_kind kind) {
    static const uint16_t plain[] = {0755, 0700, 0777, 0711, 0733, 0300};
    static const uint16_t shared[] = {0755, 0777, 0777, 0777, 0773, 0711, 0733, 0700};
    static const uint16_t unsearchable[] = {0600, 0600, 0600, 0400, 0200, 0};
    static const uint16_t unwritable[] = {0500, 0500, 0500, 0100};
    struct random *random = zoo->random;
    uint32_t others = random_below(random, 0100);
    switch ((uint32_t)kind) {
    case MEMBER_SETGID:
        return 02700 | others;
    case MEMBER_STICKY:
        return random_one_in(random, 2) ? 01777 : 01700 | others;
    case MEMBER_UNREADABLE:
        return 0300 | others;
    case MEMBER_UNSEARCHABLE:
        return random_item(random, unsearchable) | others;
    case MEMBER_UNWRITABLE:
        return random_item(random, unwritable) | others;
    case MEMBER_ANY_MODE:
        return random_below(random, 010000);
    default:
        if ((zoo->subjects & SUBJECT_IDENTITIES) != 0)
            return random_item(random, shared);
        return random_item(random, plain);
    }
}

static void make_directory(struct zoo *zoo, uint32_t member) {
    uint32_t mode = directory_mode(zoo, zoo->members[member].kind);
    bool shut = zoo_is(zoo, member, KINDS_SHUT_DIRECTORY);
    if (!random_one_in(zoo->random, shut ? 2 : 12)) {
        zoo_mkdir(zoo, member, mode);
        return;
    }
    zoo_mkdir(zoo, member, 0700);
    zoo_make_in(zoo, KIND(DIRECTORY) | KIND(FILE) | KIND(DANGLING) | KIND(LINK_DIRECTORY), member);
    zoo_chmod_to(zoo, member, mode);
}

static void make_deep(struct zoo *zoo, uint32_t member) {
    uint32_t levels = random_one_in(zoo->random, 30) ? 20 : random_between(zoo->random, 1, 4);
    uint32_t parent = zoo->members[member].parent;
    for (uint32_t i = 0; i < levels && member != ZOO_ROOT; i++) {
        uint32_t above = new_member(zoo, MEMBER_DIRECTORY, parent);
        if (above == ZOO_ROOT)
            break;
        make_directory(zoo, above);
        parent = above;
    }
    zoo->members[member].parent = (uint8_t)parent;
    make_directory(zoo, member);
}

static void make_file(struct zoo *zoo, uint32_t member) {
    static const uint16_t modes[] = {0644, 0600, 0755, 0777, 0444};
    struct step *step = zoo_step(zoo, STEP_FILE, member);
    if (step == NULL)
        return;
    bool shut = zoo_is(zoo, member, KIND(CLOSED_FILE));
    step->mode = shut ? 0 : random_item(zoo->random, modes);
    struct path content;
    content.length = 0;
    content_add(&content, zoo->random);
    step->other = scenario_store(zoo->scenario, content.bytes, content.length);
}

static void make_hard_link(struct zoo *zoo, uint32_t member) {
    uint32_t old = zoo_want(zoo, KIND(FILE) | KIND(CLOSED_FILE));
    struct step *step = zoo_step(zoo, STEP_LINK, old);
    if (step != NULL)
        step->other = zoo_store_path(zoo, member);
}

static void make_fifo(struct zoo *zoo, uint32_t member) {
    enum step_kind kind = random_one_in(zoo->random, 3) ? STEP_MKFIFOAT : STEP_MKFIFO;
    struct step *step = zoo_step(zoo, kind, member);
    if (step != NULL)
        step->mode = mode_random(zoo->random);
}

static void add_symlink(struct zoo *zoo, uint32_t member, const struct path *body) {
    struct step *step = zoo_step(zoo, STEP_SYMLINK, member);
    if (step != NULL)
        step->other = scenario_store(zoo->scenario, body->bytes, body->length);
}

/* The path to `target` as a body of a symlink in directory `from`. */
static void add_body(struct zoo *zoo, struct path *body, uint32_t from, uint32_t target) {
    uint32_t start = body->length;
    if (random_one_in(zoo->random, 5))
        zoo_add_absolute(zoo, body, target);
    else
        zoo_add_path(zoo, body, from, target);
    if (body->length == start)
        path_add(body, ".", 1);
}

static uint32_t link_target(struct zoo *zoo, enum member_kind kind) {
    switch ((uint32_t)kind) {
    case MEMBER_LINK_DIRECTORY:
        return zoo_want(zoo, KIND(DIRECTORY) | KIND(SETGID) | KIND(UNREADABLE) |
                                 (zoo->subjects & SUBJECT_MOUNTS ? KIND(MOUNT) | KIND(BIND) : 0));
    case MEMBER_LINK_FILE:
        return zoo_want(zoo, KINDS_FILE);
    case MEMBER_LINK_DEEP:
        return zoo_make(zoo, KIND(DEEP));
    case MEMBER_LINK_ANY:
        return zoo_want(zoo, KINDS_PRESENT);
    case MEMBER_LINK_SLASH:
        return zoo_want(zoo, (KIND(DIRECTORY) | KINDS_FILE));
    default:
        return zoo_want(zoo, KIND(DIRECTORY) | KIND(MISSING));
    }
}

static void make_link(struct zoo *zoo, uint32_t member) {
    static const char *const dots[] = {".", ".", "./", "..", "/", "//", "./."};
    static const char *const slashes[] = {"/", "/", "//", "/.", "/./"};
    static const uint16_t lengths[] = {4003, 4003, 4094, 4095, 2000, 1024, 256};
    uint32_t from = zoo->members[member].parent;
    enum member_kind kind = zoo->members[member].kind;
    struct path body;
    body.length = 0;
    if (kind == MEMBER_LINK_DOT)
        path_add_string(&body, random_item(zoo->random, dots));
    else
        add_body(zoo, &body, from, link_target(zoo, kind));
    if (kind == MEMBER_LINK_SLASH)
        path_add_string(&body, random_item(zoo->random, slashes));
    if (kind == MEMBER_LINK_LONG)
        path_pad(&body, random_item(zoo->random, lengths), zoo->random);
    add_symlink(zoo, member, &body);
}

static void make_long_component(struct zoo *zoo, uint32_t member) {
    struct path body;
    body.length = 0;
    bool edge = random_one_in(zoo->random, 4);
    name_add(&body, zoo->random, edge ? NAME_EDGE : NAME_TOO_LONG, 0);
    if (random_one_in(zoo->random, 2))
        path_add_string(&body, random_one_in(zoo->random, 2) ? "/.." : "/x");
    add_symlink(zoo, member, &body);
}

static void make_dangling(struct zoo *zoo, uint32_t member) {
    struct path body;
    body.length = 0;
    name_add(&body, zoo->random, NAME_SHORT, zoo->serial++);
    if (random_one_in(zoo->random, 4))
        path_insert(&body, 0, "/", 1);
    if (random_one_in(zoo->random, 4))
        path_add_string(&body, random_one_in(zoo->random, 2) ? "/" : "/no");
    add_symlink(zoo, member, &body);
}

static void add_own_name(struct zoo *zoo, struct path *path, uint32_t member) {
    path_add(path, zoo->names + zoo->members[member].name, zoo->members[member].length);
}

static void make_loop(struct zoo *zoo, uint32_t member) {
    struct path body;
    body.length = 0;
    uint32_t other = member;
    if (random_one_in(zoo->random, 3))
        other = new_member(zoo, MEMBER_LOOP, zoo->members[member].parent);
    if (other == ZOO_ROOT)
        other = member;
    add_own_name(zoo, &body, other);
    add_symlink(zoo, member, &body);
    if (other == member)
        return;
    body.length = 0;
    add_own_name(zoo, &body, member);
    add_symlink(zoo, other, &body);
}

/* Links each leading to the one before it: `links` of them and the way to `target`. */
static void make_nested_chain(struct zoo *zoo, uint32_t member, uint32_t target, uint32_t links) {
    struct path body;
    body.length = 0;
    uint32_t from = zoo->members[member].parent;
    add_body(zoo, &body, from, target);
    uint32_t marks = zoo->count;
    uint32_t names = zoo->names_used;
    for (uint32_t i = 1; i < links; i++) {
        uint32_t next = new_member(zoo, MEMBER_CHAIN, from);
        if (next == ZOO_ROOT)
            break;
        add_symlink(zoo, next, &body);
        body.length = 0;
        add_own_name(zoo, &body, next);
        zoo->count = marks;
        zoo->names_used = names;
    }
    add_symlink(zoo, member, &body);
}

/* One link whose body passes `links` - 1 times through a link to `.`, then goes to `target`. */
static void make_folded_chain(struct zoo *zoo, uint32_t member, uint32_t target, uint32_t links) {
    uint32_t from = zoo->members[member].parent;
    uint32_t dot = new_member(zoo, MEMBER_LINK_DOT, from);
    if (dot == ZOO_ROOT)
        return;
    struct path body = {.length = 1, .bytes = "."};
    add_symlink(zoo, dot, &body);
    body.length = 0;
    for (uint32_t i = 1; i < links; i++) {
        add_own_name(zoo, &body, dot);
        path_add(&body, "/", 1);
    }
    zoo_add_path(zoo, &body, from, target);
    add_symlink(zoo, member, &body);
}

/* 40 links are followed in one resolution, the 41st is ELOOP: path_resolution(7). */
static void make_chain(struct zoo *zoo, uint32_t member) {
    static const uint8_t counts[] = {7, 8, 9, 31, 38, 39, 39, 40, 40, 40, 41, 41, 42};
    uint32_t links = random_item(zoo->random, counts);
    bool good = !random_one_in(zoo->random, 3);
    uint32_t target = zoo_want(
        zoo, good ? KIND(DIRECTORY) : KIND(DANGLING) | KIND(MISSING) | KIND(FILE) | KIND(LOOP));
    if (random_one_in(zoo->random, 6))
        make_nested_chain(zoo, member, target, links);
    else
        make_folded_chain(zoo, member, target, links);
}

static void make_nothing(struct zoo *zoo, uint32_t member) {
    (void)zoo;
    (void)member;
}

static void (*const makers[MEMBER_KIND_COUNT])(struct zoo *, uint32_t) = {
    [MEMBER_DIRECTORY] = make_directory,
    [MEMBER_SETGID] = make_directory,
    [MEMBER_STICKY] = make_directory,
    [MEMBER_UNREADABLE] = make_directory,
    [MEMBER_DEEP] = make_deep,
    [MEMBER_UNSEARCHABLE] = make_directory,
    [MEMBER_UNWRITABLE] = make_directory,
    [MEMBER_ANY_MODE] = make_directory,
    [MEMBER_FILE] = make_file,
    [MEMBER_CLOSED_FILE] = make_file,
    [MEMBER_HARD_LINK] = make_hard_link,
    [MEMBER_FIFO] = make_fifo,
    [MEMBER_LINK_DIRECTORY] = make_link,
    [MEMBER_LINK_FILE] = make_link,
    [MEMBER_LINK_ANY] = make_link,
    [MEMBER_LINK_DEEP] = make_link,
    [MEMBER_LINK_SLASH] = make_link,
    [MEMBER_LINK_DOT] = make_link,
    [MEMBER_LINK_LONG] = make_link,
    [MEMBER_LINK_LONG_COMPONENT] = make_long_component,
    [MEMBER_DANGLING] = make_dangling,
    [MEMBER_LOOP] = make_loop,
    [MEMBER_CHAIN] = make_chain,
    [MEMBER_MISSING] = make_nothing,
    [MEMBER_OWNED] = rights_make,
    [MEMBER_GROUP] = rights_make,
    [MEMBER_SHARED] = rights_make,
    [MEMBER_ACL] = rights_make,
    [MEMBER_DEFAULT_ACL] = rights_make,
    [MEMBER_IMMUTABLE] = rights_make,
    [MEMBER_APPEND] = rights_make,
    [MEMBER_MOUNT] = mount_make,
    [MEMBER_BIND] = mount_make,
    [MEMBER_NOSYMFOLLOW] = mount_make,
    [MEMBER_READ_ONLY] = mount_make,
    [MEMBER_FULL] = mount_make,
    [MEMBER_IDMAP] = mount_make,
};

static void make_kind(struct zoo *zoo, uint32_t member) {
    if (member != ZOO_ROOT)
        makers[zoo->members[member].kind](zoo, member);
}

uint32_t zoo_make_in(struct zoo *zoo, uint64_t kinds, uint32_t parent) {
    uint32_t member = new_member(zoo, random_kind(zoo, kinds), parent);
    make_kind(zoo, member);
    return member;
}

uint32_t zoo_make(struct zoo *zoo, uint64_t kinds) {
    uint32_t member = new_member(zoo, random_kind(zoo, kinds), random_place(zoo));
    make_kind(zoo, member);
    return member;
}

void zoo_replace(struct zoo *zoo, uint32_t member, uint64_t kinds) {
    if (member == ZOO_ROOT)
        return;
    zoo_remove(zoo, member);
    zoo->members[member].kind = (uint8_t)random_kind(zoo, kinds);
    make_kind(zoo, member);
}
