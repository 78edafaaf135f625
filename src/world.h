/*
 * world.h - the model: a file tree and a process's state, as a scenario builds them.
 *
 * The world is what the sandbox's arena must look like. It knows Linux's path resolution and what
 * the preparations do; it knows no contract. Asking never changes it: world_walk, world_permits and
 * world_find only look, world_prepare and world_create change.
 *
 * It starts as the sandbox does: an empty root 0755 0:0, cwd "/", umask 022, uid and gid 0 without
 * capabilities, descriptors 0, 1 and 2 open on what is no directory.
 */
#ifndef FIFOFUZZ_WORLD_H
#define FIFOFUZZ_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "outcome.h"
#include "scenario.h"

enum {
    WORLD_NODES_MAX = SCENARIO_STEPS_MAX + 2,   /* node 0 is none, node 1 the root */
    WORLD_NAMES_MAX = 2 * SCENARIO_STEPS_MAX,   /* slots of the name table; a power of two */
    WORLD_DESCRIPTORS = 3 + SCENARIO_SLOTS + 1, /* no scenario reaches a number beyond */
    WORLD_NAME_LENGTH = 255,                    /* NAME_MAX of tmpfs, statfs(2) f_namelen */
    WORLD_PATH_LENGTH = 4096,                   /* PATH_MAX: the first length that is too long */
    WORLD_LINKS = 40,                           /* path_resolution(7): links followed in one walk */
    WORLD_FIRST_UMASK = 022,
};

typedef uint16_t node_id;
enum { NODE_NONE = 0, NODE_ROOT = 1 };

enum node_type { NODE_FIFO, NODE_FILE, NODE_DIRECTORY, NODE_SYMLINK };

/* Bytes that live as long as the scenario at hand. */
struct span {
    const char *bytes;
    uint32_t length;
};

struct node {
    uint8_t type;  /* enum node_type */
    bool removed;  /* a directory whose name is gone */
    uint16_t mode; /* permission bits and suid, sgid, sticky */
    uint32_t uid, gid;
    uint32_t nlink;      /* as st_nlink */
    uint32_t entries;    /* of a directory: its names without . and .. */
    node_id parent;      /* of a directory: where .. leads, even after it was removed */
    struct span content; /* a file's bytes, a symlink's body */
    uint64_t ino;        /* 0 until world_meet has seen it */
};

/* A name in a directory. Rows of an older generation are free. */
struct name {
    uint32_t generation;
    uint32_t hash;
    node_id directory;
    node_id node; /* NODE_NONE: removed, keep probing */
    struct span text;
};

struct descriptor {
    bool open;
    bool path_only; /* O_PATH */
    node_id node;
};

struct world {
    const struct scenario *scenario;
    uint32_t node_count; /* nodes in use, the unused node 0 counted */
    uint32_t name_count; /* names that exist */
    uint32_t names_used; /* rows taken in the table, removed ones counted */
    uint32_t generation;
    node_id cwd;
    uint32_t umask;
    bool umask_cut; /* the last umask step had bits that umask(2) drops */
    uint32_t uid, gid;
    struct descriptor descriptors[WORLD_DESCRIPTORS];
    int32_t slots[SCENARIO_SLOTS]; /* the number each holds, closed or not; -1 before any open */
    struct node nodes[WORLD_NODES_MAX];
    struct name names[WORLD_NAMES_MAX];
};

/* Makes `world` the starting world for `scenario`, which must outlive its use. Zero it once first.
 */
void world_reset(struct world *world, const struct scenario *scenario);

/* --- path resolution (world_walk.c; path_resolution(7)) --------------------------------------- */

/* What a walk does with the last component. */
enum walk_intent {
    WALK_PARENT, /* finds the directory for it and whether it exists: mkfifo, mkdir, unlink, ... */
    WALK_NODE,   /* must exist; a symlink itself unless a slash follows: link's OLD, O_NOFOLLOW */
    WALK_FOLLOW, /* must exist; symlinks are followed: chmod, chdir, open */
};

/* Why a walk ended. All but WALK_DONE are errors. */
enum walk_end {
    WALK_DONE,
    WALK_EMPTY,                    /* ENOENT: the path is "" */
    WALK_BAD_DESCRIPTOR,           /* EBADF */
    WALK_DESCRIPTOR_NOT_DIRECTORY, /* ENOTDIR */
    WALK_UNSEARCHABLE,             /* EACCES: no search permission on `directory` */
    WALK_REMOVED,                  /* ENOENT: `directory` has no name any more */
    WALK_NAME_TOO_LONG,            /* ENAMETOOLONG: the component exceeds WORLD_NAME_LENGTH */
    WALK_MISSING,                  /* ENOENT: the component does not exist */
    WALK_TOO_MANY_LINKS,           /* ELOOP: link number WORLD_LINKS + 1 */
    WALK_NOT_DIRECTORY,            /* ENOTDIR: a component that has to be a directory is none */
    WALK_END_COUNT
};

/* What the last component is. */
enum walk_last { LAST_NAME, LAST_DOT, LAST_DOTDOT, LAST_ROOT };

/* What a walk found, and the circumstances that clauses speak of. */
struct walk {
    uint8_t end;         /* enum walk_end */
    uint8_t last;        /* enum walk_last; valid once the last component was reached */
    bool at_last;        /* it ended at the last component (always true of WALK_DONE) */
    bool slash;          /* slashes follow the last component */
    bool absolute;       /* the path begins with a slash */
    bool in_link;        /* the component it ended at stands in a symlink's body */
    bool moved;          /* at least one component was passed before it ended */
    bool cycle;          /* WALK_TOO_MANY_LINKS: some link was met twice */
    bool link_dangles;   /* WALK_TOO_MANY_LINKS: the one link too many leads nowhere */
    bool slash_body;     /* a link whose body ends in a slash was followed */
    bool dead_dotdot;    /* ".." was taken in a removed directory */
    bool unreadable;     /* a directory without read permission was passed or is the parent */
    bool long_expansion; /* the bodies and the rest together reached WORLD_PATH_LENGTH */
    uint16_t links;      /* links followed */
    node_id start;       /* where a relative walk began; the root of an absolute one */
    node_id
        directory; /* the directory it ended in; with WALK_DONE the parent of the last component */
    node_id node;  /* WALK_DONE: what the last component is, NODE_NONE if it does not exist */
    struct span name; /* the component it ended at, or the last one */
    struct span rest; /* what was left behind that component */
};

/* Waives search permission: "what else would be wrong", for levels that fix no order of errors. */
enum { WALK_ANY_PERMISSION = 1 };

/*
 * Resolves `path` (any length, no NUL) from `dirfd`; flags are 0 or WALK_ANY_PERMISSION. The length
 * limit PATH_MAX is the caller's to check (it comes before dirfd is looked at). Returns 0, or the
 * errno that goes with walk->end.
 */
int world_walk(const struct world *world, struct dirfd dirfd, struct span path,
               enum walk_intent intent, unsigned flags, struct walk *walk);

/* The errno that goes with `end`. */
int walk_error(enum walk_end end);

/* True if a component of `path` exceeds WORLD_NAME_LENGTH. */
bool path_has_long_name(struct span path);

/* --- asking ----------------------------------------------------------------------------------- */

/* True if the world's identity has all of `mask` (4 read, 2 write, 1 search) on `node`. */
bool world_permits(const struct world *world, node_id node, unsigned mask);

/* The node called `name` in `directory`, or NODE_NONE. */
node_id world_find(const struct world *world, node_id directory, struct span name);

/* The number that `dirfd` hands to the call, AT_FDCWD for cwd. */
int32_t world_descriptor_number(const struct world *world, struct dirfd dirfd);

/* The open descriptor `number`, or NULL if it is not open. 0, 1 and 2 have node NODE_NONE. */
const struct descriptor *world_descriptor(const struct world *world, int32_t number);

/* The bytes of a step's text. */
static inline struct span world_text(const struct world *world, struct text text) {
    return (struct span){scenario_text(world->scenario, text), text.length};
}

/* --- changing --------------------------------------------------------------------------------- */

/* Makes `name` in `directory` lead to `node`; NODE_NONE takes the name away. Link counts are left.
 */
void world_bind(struct world *world, node_id directory, struct span name, node_id node);

/*
 * Creates the node for `walk`'s last component, which must not exist, owned as POSIX says: by the
 * identity, or by the parent's group if that has S_ISGID. `mode` is stored as it is. Returns it.
 */
node_id world_create(struct world *world, const struct walk *walk, enum node_type type,
                     uint32_t mode);

/*
 * Does what preparation `step` does, if Linux would let it. Returns 0 or the errno; of an open step
 * the descriptor goes to the lowest free number from 3. The world is unchanged by a failure.
 */
int world_prepare(struct world *world, const struct step *step);

#endif
