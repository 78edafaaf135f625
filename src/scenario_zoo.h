/*
 * scenario_zoo.h - what a generated scenario's preparations have made so far, and how to make more.
 *
 * A member is one name in the arena, of a kind that matters to mkfifo: directories with every sort
 * of permission, files, symlinks to each of those, links that dangle, loop or are too many. Members
 * are made on demand: zoo_want returns one of the kinds asked for and adds the steps that create it
 * if there is none, so a scenario holds little that its calls do not use. What members are is what
 * the steps intend; whether a step succeeded is the world's business.
 */
#ifndef FIFOFUZZ_SCENARIO_ZOO_H
#define FIFOFUZZ_SCENARIO_ZOO_H

#include <stdbool.h>
#include <stdint.h>

#include "random.h"
#include "scenario.h"
#include "scenario_path.h"
#include "scenario_shape.h"

enum member_kind {
    MEMBER_DIRECTORY,           /* a directory in which one may create */
    MEMBER_SETGID,              /* the same with the set-group-id bit */
    MEMBER_STICKY,              /* the same with the sticky bit */
    MEMBER_UNREADABLE,          /* searchable and writable only */
    MEMBER_DEEP,                /* the lowest of several directories in each other */
    MEMBER_UNSEARCHABLE,        /* a directory without owner's x; often with a child */
    MEMBER_UNWRITABLE,          /* a directory with owner's x but not w; often with a child */
    MEMBER_ANY_MODE,            /* a directory with any of the 4096 modes; often with a child */
    MEMBER_FILE,                /* a regular file, empty or not */
    MEMBER_CLOSED_FILE,         /* a regular file of mode 000 */
    MEMBER_HARD_LINK,           /* a second name of a file */
    MEMBER_FIFO,                /* made by a call under test: only in SHAPE_SEQUENCE */
    MEMBER_LINK_DIRECTORY,      /* a symlink to a directory */
    MEMBER_LINK_FILE,           /* a symlink to a file or FIFO */
    MEMBER_LINK_ANY,            /* a symlink to any other member */
    MEMBER_LINK_DEEP,           /* a symlink to a directory that is not beside it */
    MEMBER_LINK_SLASH,          /* a symlink whose body ends in slashes or `/.` */
    MEMBER_LINK_DOT,            /* a symlink to `.`, `..` or `/` */
    MEMBER_LINK_LONG,           /* a symlink with a body of thousands of bytes */
    MEMBER_LINK_LONG_COMPONENT, /* a symlink with a component of 255 or more bytes in its body */
    MEMBER_DANGLING,            /* a symlink to nothing */
    MEMBER_LOOP,                /* a symlink to itself, or two to each other */
    MEMBER_CHAIN,               /* a symlink whose resolution takes about 40 links */
    MEMBER_MISSING,             /* no longer there, or never was */

    /* Directories that only a scenario with their subject has; often with a child. */
    MEMBER_OWNED,       /* with another owner and group, one class permitted and others not */
    MEMBER_GROUP,       /* the same with the set-group-ID bit, and mostly open to all */
    MEMBER_SHARED,      /* sticky and open to all, as /tmp is, with links and FIFOs of others */
    MEMBER_ACL,         /* with an access ACL */
    MEMBER_DEFAULT_ACL, /* with a default ACL, for new nodes to inherit */
    MEMBER_IMMUTABLE,   /* with the immutable flag */
    MEMBER_APPEND,      /* with the append-only flag */
    MEMBER_MOUNT,       /* the root of a new file system */
    MEMBER_BIND,        /* another directory, mounted a second time */
    MEMBER_NOSYMFOLLOW, /* a mount whose links are not followed, with links in it */
    MEMBER_READ_ONLY,   /* a mount or a file system that is read-only, mostly filled before */
    MEMBER_FULL,        /* a file system without free inodes, or with one or two */
    MEMBER_IDMAP,       /* a mount that knows ids 0 and 1000 only, and exchanges them */
    MEMBER_KIND_COUNT
};

/* Sets of kinds, as bits 1 << kind. */
#define KIND(name) (UINT64_C(1) << MEMBER_##name)
#define KINDS_RIGHTS                                                                               \
    (KIND(OWNED) | KIND(GROUP) | KIND(SHARED) | KIND(ACL) | KIND(DEFAULT_ACL) | KIND(IMMUTABLE) |  \
     KIND(APPEND))
#define KINDS_MOUNT                                                                                \
    (KIND(MOUNT) | KIND(BIND) | KIND(NOSYMFOLLOW) | KIND(READ_ONLY) | KIND(FULL) | KIND(IDMAP))
#define KINDS_OF_SUBJECTS (KINDS_RIGHTS | KINDS_MOUNT)
#define KINDS_OPEN_DIRECTORY                                                                       \
    (KIND(DIRECTORY) | KIND(SETGID) | KIND(STICKY) | KIND(UNREADABLE) | KIND(DEEP) | KIND(GROUP) | \
     KIND(SHARED) | KIND(DEFAULT_ACL) | KIND(APPEND) | KIND(MOUNT) | KIND(BIND) |                  \
     KIND(NOSYMFOLLOW))
#define KINDS_SHUT_DIRECTORY                                                                       \
    (KIND(UNSEARCHABLE) | KIND(UNWRITABLE) | KIND(ANY_MODE) | KIND(OWNED) | KIND(ACL) |            \
     KIND(IMMUTABLE) | KIND(READ_ONLY) | KIND(FULL) | KIND(IDMAP))
#define KINDS_DIRECTORY (KINDS_OPEN_DIRECTORY | KINDS_SHUT_DIRECTORY)
#define KINDS_FILE      (KIND(FILE) | KIND(CLOSED_FILE) | KIND(HARD_LINK) | KIND(FIFO))
#define KINDS_GOOD_LINK (KIND(LINK_DIRECTORY) | KIND(LINK_DEEP) | KIND(LINK_DOT) | KIND(LINK_LONG))
#define KINDS_BAD_LINK                                                                             \
    (KIND(LINK_FILE) | KIND(LINK_ANY) | KIND(LINK_SLASH) | KIND(LINK_LONG_COMPONENT) |             \
     KIND(DANGLING) | KIND(LOOP) | KIND(CHAIN))
#define KINDS_PRESENT     (KINDS_DIRECTORY | KINDS_FILE | KINDS_GOOD_LINK | KINDS_BAD_LINK)
#define KINDS_GOOD_PARENT (KINDS_OPEN_DIRECTORY | KINDS_GOOD_LINK)
#define KINDS_BAD_PARENT  (KINDS_SHUT_DIRECTORY | KINDS_FILE | KINDS_BAD_LINK | KIND(MISSING))

/*
 * What a scenario is about, beyond names, modes and symlinks. Half of them have none of these: each
 * costs time, and the ground that all scenarios share has to stay covered.
 */
enum subject {
    SUBJECT_IDENTITIES = 1 << 0, /* callers and owners other than 0:0, capabilities */
    SUBJECT_MOUNTS = 1 << 1,
    SUBJECT_ACLS = 1 << 2,
    SUBJECT_ATTRIBUTES = 1 << 3,
    SUBJECT_DESCRIPTORS = 1 << 4, /* high numbers, a low limit */
    SUBJECT_LANDLOCK = 1 << 5,
};

enum {
    ZOO_MEMBERS_MAX = 64,
    ZOO_NAMES_MAX = 16384, /* bytes of all member names together */
    ZOO_ROOT = 0,          /* the member that is the arena's root */
};

struct member {
    uint8_t kind;    /* enum member_kind */
    uint8_t parent;  /* index of the directory, or of a link to it, that holds the name */
    uint16_t length; /* of the name; a name may hold slashes and is then a path below parent */
    uint16_t name;   /* its place in zoo.names */
};

struct zoo {
    struct scenario *scenario; /* receives the steps */
    struct random *random;
    uint32_t subjects; /* enum subject */
    uint64_t possible; /* the kinds that shape and subjects allow */
    uint64_t theme; /* the scenario's theme: new members are of these kinds where one may choose */
    struct identity caller; /* who makes the calls, once a step `as` has said so */
    bool early;             /* the caller also prepares: `as` came first */
    bool acting;            /* `as` came right before a call, and still holds */
    uint32_t remounted;     /* member whose mount has other flags for a call, or ZOO_MEMBERS_MAX */
    uint32_t remounted_flags; /* those that take them away again */
    uint32_t serial;          /* number of the next short name */
    uint32_t umask;           /* the file mode creation mask; 0777 is in effect */
    uint32_t cwd;             /* member that is the working directory */
    uint32_t slot;            /* the slot that the next open step fills */
    uint32_t count;
    uint32_t names_used;
    uint8_t slot_members[SCENARIO_SLOTS]; /* what each filled slot was opened on */
    struct member members[ZOO_MEMBERS_MAX];
    char names[ZOO_NAMES_MAX];
};

/*
 * Starts with only the root, random subjects, a random theme and without FIFOs unless `shape` can
 * hold them. Adds no steps.
 */
void zoo_start(struct zoo *zoo, struct scenario *scenario, struct random *random,
               enum target_shape shape);

/* Learns members, working directory and slots from the steps that the scenario has already. */
void zoo_adopt(struct zoo *zoo);

/* A member of one of `kinds`, made if need be; the root when the zoo is full. */
uint32_t zoo_want(struct zoo *zoo, uint64_t kinds);

/* A new member of one of `kinds` (scenario_zoo_make.c); the root when the zoo is full. */
uint32_t zoo_make(struct zoo *zoo, uint64_t kinds);

/* A random member whose directory is `parent`, or the root if there is none. */
uint32_t zoo_child(const struct zoo *zoo, uint32_t parent);

/* Enters a name without making steps; returns its index, or the root when the zoo is full. */
uint32_t zoo_remember(struct zoo *zoo, enum member_kind kind, uint32_t parent, const char *name,
                      size_t length);

static inline bool zoo_is(const struct zoo *zoo, uint32_t member, uint64_t kinds) {
    return (kinds >> zoo->members[member].kind & 1U) != 0;
}

/*
 * Adds the shortest path from directory `from` to `to` by names alone, with one `..` per level up;
 * nothing when they are the same.
 */
void zoo_add_path(const struct zoo *zoo, struct path *path, uint32_t from, uint32_t to);

/* Adds the absolute path of `member`: "/a/b", or nothing for the root. */
void zoo_add_absolute(const struct zoo *zoo, struct path *path, uint32_t member);

/* Stores the path by which a preparation names `member`: as short as the cwd allows. */
struct text zoo_store_path(struct zoo *zoo, uint32_t member);

/* Adds a step whose path is `member`; NULL when the scenario is full. */
struct step *zoo_step(struct zoo *zoo, enum step_kind kind, uint32_t member);

/* Adds a step that opens `member` with OPEN_* `flags` and returns the slot it fills. */
uint32_t zoo_open(struct zoo *zoo, uint32_t member, uint32_t flags);

/* Adds the step that removes `member`; it is missing from then on. */
void zoo_remove(struct zoo *zoo, uint32_t member);

/* Adds the steps that put a new member of one of `kinds` in the place of `member`. */
void zoo_replace(struct zoo *zoo, uint32_t member, uint64_t kinds);

/* Adds a step that gives `member` a new name in its directory; what is below it moves along. */
void zoo_rename(struct zoo *zoo, uint32_t member);

/* Adds a step that sets a random umask. */
void zoo_umask(struct zoo *zoo);

/* Adds a step that gives the descriptor in `slot` a second number; returns the slot for that. */
uint32_t zoo_dup(struct zoo *zoo, uint32_t slot);

/* Adds a chmod of `member`, mostly one that takes the owner's w or x away or gives it back. */
void zoo_chmod(struct zoo *zoo, uint32_t member);

#endif
