/*
 * world.h - the model: a file tree and a process's state, as a scenario builds them.
 *
 * The world is what the sandbox's arena must look like. It knows Linux's path resolution and what
 * the preparations do; it knows no contract. Asking never changes it: world_walk, world_permits and
 * world_find only look, world_prepare and world_create change.
 *
 * It starts as the sandbox does: an empty root 0755 0:0, cwd "/", umask 022, uid and gid 0 without
 * capabilities, descriptors 0, 1 and 2 open on what is no directory, one mount. What depends on the
 * host it is told (host.h), it never guesses.
 */
#ifndef FIFOFUZZ_WORLD_H
#define FIFOFUZZ_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "host.h"
#include "pipe.h"
#include "scenario.h"

enum {
    WORLD_NODES_MAX = SCENARIO_STEPS_MAX + 2, /* node 0 is none, node 1 the root */
    WORLD_NAMES_MAX = 2 * SCENARIO_STEPS_MAX, /* slots of the name table; a power of two */
    WORLD_MOUNTS_MAX = 1 + MOUNTS_MAX,
    WORLD_ACLS_MAX = 2 * SCENARIO_STEPS_MAX + 1,
    WORLD_NAME_LENGTH = 255,  /* NAME_MAX of tmpfs, statfs(2) f_namelen */
    WORLD_PATH_LENGTH = 4096, /* PATH_MAX: the first length that is too long */
    WORLD_LINKS = 40,         /* path_resolution(7): links followed in one walk */
    WORLD_FIRST_UMASK = 022,
    WORLD_FIFOS_MAX = SCENARIO_SLOTS + ACTORS, /* open in a slot, or an actor waits at it */
};
_Static_assert((int)PIPE_ACTORS == (int)ACTORS, "each actor can wait at a FIFO");

typedef uint16_t node_id;
enum { NODE_NONE = 0, NODE_ROOT = 1 };

enum { CAPABILITY_FOWNER = 1 << 3, CAPABILITIES_ALL = 0x0f };

typedef uint8_t mount_id; /* index in world.mounts */
enum { MOUNT_ARENA = 0 };

enum node_type { NODE_FIFO, NODE_FILE, NODE_DIRECTORY, NODE_SYMLINK };

/* Bytes that live as long as the scenario at hand. */
struct span {
    const char *bytes;
    uint32_t length;
};

/* An ACL as a step's ENTRIES. */
struct acl {
    uint32_t entries;  /* enum acl_entry in four bits each, see scenario.h */
    uint16_t uid, gid; /* of the named entries, as on disk */
};

struct node {
    uint8_t type;         /* enum node_type */
    bool removed;         /* a directory whose name is gone */
    uint8_t attributes;   /* ATTRIBUTE_* */
    uint8_t superblock;   /* index in world.superblocks */
    uint16_t mode;        /* permission bits and suid, sgid, sticky */
    uint16_t uid, gid;    /* as on disk */
    uint16_t access_acl;  /* index in world.acls; 0: none but the mode */
    uint16_t default_acl; /* of a directory: index in world.acls; 0: none */
    uint32_t nlink;       /* as st_nlink */
    uint32_t entries;     /* of a directory: its names without . and .. */
    node_id parent;       /* of a directory: where .. leads, even after it was removed */
    struct span content;  /* a file's bytes, a symlink's body */
    uint64_t dev, ino;    /* ino 0 until the observation was compared */
};

/* A name in a directory. Rows of an older generation are free. */
struct name {
    uint32_t generation;
    uint32_t hash;
    node_id directory;
    node_id node; /* NODE_NONE: removed, keep probing */
    struct span text;
};

/* A file system. Number 0 is the arena's; each mount step makes another. */
struct superblock {
    node_id root;
    bool read_only;
    uint32_t inodes; /* nr_inodes, tmpfs(5): the root and every further link count; 0 no limit */
};

/* Where a file system's tree, or a part of it, is seen. */
struct mount {
    uint8_t superblock;
    uint8_t flags;  /* MOUNT_* */
    bool attached;  /* false once it was detached: .. stays at its root then */
    mount_id under; /* the mount it is attached to, and the directory there; of the arena itself */
    node_id point;
    node_id root; /* the directory it shows at its root */
};

/* A directory or other node as one mount shows it. */
struct place {
    mount_id mount;
    node_id node;
};

struct descriptor {
    int32_t number; /* -1: not open */
    uint8_t flags;  /* OPEN_*, as it was opened */
    uint8_t end;    /* index in world.ends of a FIFO's, else END_NONE */
    struct place place;
};

/* A FIFO that was opened. It keeps its row as long as no other needs it. */
struct fifo {
    node_id node;   /* NODE_NONE: the row was never used */
    bool discarded; /* it held bytes when its last end was closed: they are gone */
    struct pipe pipe;
};

/* An open file description of a FIFO, which dup(2) shares. */
struct fifo_end {
    uint8_t fifo;        /* index in world.fifos */
    uint8_t descriptors; /* that lead to it; 0: the row is free */
    struct pipe_end end;
};
enum { END_NONE = UINT8_MAX };

/* An actor's open, read or write that waits at a FIFO. */
struct waiting {
    bool waits;
    uint8_t fifo;        /* index in world.fifos */
    uint8_t end;         /* of read and write: in world.ends, END_NONE once it has no descriptor */
    uint32_t step;       /* its index */
    int32_t number;      /* its descriptor; an open has reserved it */
    struct place place;  /* of an open: the FIFO */
    struct identity who; /* began it, with these */
    uint8_t capabilities;
};

/* A step on a FIFO that was over by the step that was prepared last, be it that one or earlier. */
struct came_back {
    uint32_t step;
    int32_t number;          /* of an open: its descriptor */
    struct pipe_return with; /* with.result is -errno of a failure */
};

/* What the step prepared last met if it was one on a FIFO, and what came back by it. */
struct fifo_step {
    uint32_t step;  /* its index */
    bool fifo;      /* it met one */
    bool uncertain; /* the scheduler decides what came back, and what the FIFO is like now */
    bool full, discarded, read_only; /* of the FIFO; of the mount that it was reached by */
    uint8_t came_count;
    node_id node;
    uint32_t readers, writers, bytes;
    int32_t capacity; /* bytes */
    struct came_back came[ACTORS + 1];
};

/* Who acts, and what the call at hand is to meet: its judge says so (staging.h). */
struct acting {
    uint8_t actor; /* the one that does what follows */
    bool injected; /* the kernel's answer is not its own, but */
    uint8_t error; /* this errno; 0: as if it had made the node */
    bool closed;   /* descriptors 0, 1 and 2 are not open, in the child that makes a call */
};

struct world {
    const struct scenario *scenario;
    const struct host *host;
    uint32_t node_count; /* nodes in use, the unused node 0 counted */
    uint32_t name_count; /* names that exist */
    uint32_t names_used; /* rows taken in the table, removed ones counted */
    uint32_t generation;
    struct place cwd;
    uint32_t umask;
    bool umask_cut; /* the last umask step had bits that umask(2) drops */
    struct identity identity;
    uint8_t capabilities; /* CAPABILITY_*; CAPABILITIES_ALL in the harness's own steps */
    uint32_t nofile;
    uint8_t superblock_count, mount_count, landlock_count, attribute_steps;
    uint16_t acl_count; /* acls[0] is not used */
    struct acting acting;
    struct fifo_step fifo_step;
    struct waiting waiting[ACTORS];
    node_id landlock[LANDLOCK_MAX]; /* each domain's directory, NODE_NONE for none */
    struct superblock superblocks[WORLD_MOUNTS_MAX];
    struct mount mounts[WORLD_MOUNTS_MAX];
    struct descriptor descriptors[SCENARIO_SLOTS]; /* those that are open besides 0, 1 and 2 */
    int32_t slots[SCENARIO_SLOTS]; /* the number each holds, closed or not; -1 before any open */
    struct fifo fifos[WORLD_FIFOS_MAX];
    struct fifo_end ends[WORLD_FIFOS_MAX];
    struct acl acls[WORLD_ACLS_MAX];
    struct node nodes[WORLD_NODES_MAX];
    struct name names[WORLD_NAMES_MAX];
};

/*
 * Makes `world` the starting world for `scenario` on `host`; both must outlive its use. Zero it
 * once first.
 */
void world_reset(struct world *world, const struct scenario *scenario, const struct host *host);

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
    WALK_PROTECTED_LINK,           /* EACCES: a last link that protected_symlinks guards, proc(5) */
    WALK_REMOVED,                  /* ENOENT: `directory` has no name any more */
    WALK_NAME_TOO_LONG,            /* ENAMETOOLONG: the component exceeds WORLD_NAME_LENGTH */
    WALK_MISSING,                  /* ENOENT: the component does not exist */
    WALK_TOO_MANY_LINKS,           /* ELOOP: link number WORLD_LINKS + 1 */
    WALK_NO_LINKS,                 /* ELOOP: a link on a nosymfollow mount */
    WALK_DISCONNECTED,  /* ENOENT: ".." from a directory that was moved out of a bind mount */
    WALK_NOT_DIRECTORY, /* ENOTDIR: a component that has to be a directory is none */
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
    bool moved;          /* a component was passed before it ended */
    bool cycle;          /* WALK_TOO_MANY_LINKS: some link was met twice */
    bool link_dangles;   /* WALK_TOO_MANY_LINKS: the one link too many leads nowhere */
    bool slash_body;     /* a link whose body ends in a slash was followed */
    bool dead_dotdot;    /* ".." was taken in a removed directory */
    bool unreadable;     /* a directory without read permission was passed or is the parent */
    bool long_expansion; /* the bodies and the rest together reached WORLD_PATH_LENGTH */
    bool by_capability;  /* a directory was searched that permission bits and ACLs deny */
    bool guarded_link;   /* a link was followed that protected_symlinks would guard at the end */
    uint16_t links;      /* links followed */
    struct place start;  /* where a relative walk began; the root of an absolute one */
    struct place
        directory;    /* the one it ended in; with WALK_DONE the parent of the last component */
    mount_id mount;   /* WALK_DONE: the mount that shows `node` */
    node_id node;     /* WALK_DONE: what the last component is, NODE_NONE if it does not exist */
    struct span name; /* the component it ended at, or the last one */
    struct span rest; /* what was left behind that component */
};

enum {
    /* Waives search permission: "what else would be wrong", for levels that fix no order. */
    WALK_ANY_PERMISSION = 1 << 0,
    /* AT_FDCWD is the root directory, as for the harness. */
    WALK_FROM_ROOT = 1 << 1,
};

/*
 * Resolves `path` (any length, no NUL) from `dirfd`; `flags` are those above. The length
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

/*
 * True if the world's identity has all of `mask` (4 read, 2 write, 1 search) on what is at `place`:
 * permission bits, ACL and capabilities; path_resolution(7) "Permissions", acl(5), capabilities(7).
 * Ids that an idmapped mount does not map forbid writing whatever the bits are.
 */
bool world_permits(const struct world *world, struct place place, unsigned mask);

/* The same without capabilities; and what the real ids in place of the effective ones would give.
 */
bool world_bits_permit(const struct world *world, struct place place, unsigned mask);
bool world_real_permit(const struct world *world, struct place place, unsigned mask);

/* Id `on_disk` as `mount` shows it, or ID_UNMAPPED. */
enum { ID_UNMAPPED = 65534 }; /* also what stat(2) shows then: overflowuid of proc(5) */
uint16_t world_seen_id(const struct world *world, mount_id mount, uint16_t on_disk);

/* Where an id that `mount` shows as `seen` is stored, or ID_UNMAPPED. */
uint16_t world_stored_id(const struct world *world, mount_id mount, uint16_t seen);

/* Is the group one of the identity's: the effective one or a supplementary one? */
bool world_in_group(const struct world *world, uint16_t gid);

/*
 * Is the identity in the group of the directory at `place`, or waives CAP_FSETID that it has to be?
 * Linux in_group_or_capable(), inode(7) S_ISGID.
 */
bool world_keeps_setgid(const struct world *world, struct place place);

/* Are owner and group of what is at `place` mapped by the mount that shows it? */
bool world_ids_mapped(const struct world *world, struct place place);

/* Has the identity `capability`, and does it count there? capabilities(7), user_namespaces(7) */
bool world_capable(const struct world *world, struct place place, unsigned capability);

/* May the identity do what only the owner may: chmod, remove from sticky directories, link? */
bool world_owns(const struct world *world, struct place place);

/* Can both effective ids be stored in files behind `mount`? Else creating gives EOVERFLOW. */
bool world_ids_fit(const struct world *world, mount_id mount);

/* Is `mount`, or the file system it shows, read-only? */
bool world_read_only(const struct world *world, mount_id mount);

/* Is a regular file open for writing that was reached by `mount`? Then it stays writable. */
bool world_has_writers(const struct world *world, mount_id mount);

/* What uses up the inodes of a file system: tmpfs(5) nr_inodes. */
struct inode_use {
    uint32_t used;          /* all of them, with */
    uint32_t held;          /* nodes without a name that something still refers to */
    uint32_t further_names; /* second and further names of nodes */
};
void world_inode_use(const struct world *world, uint8_t superblock, struct inode_use *use);

/* Is no inode left on the file system of `node`? */
bool world_is_full(const struct world *world, node_id node);

/* Do the Landlock domains let the identity make FIFOs in the directory at `place`? */
bool world_landlock_permits(const struct world *world, struct place place);

/* Is another mount on top of `place`, so that no path leads to it? */
bool world_is_covered(const struct world *world, struct place place);

/* The topmost mount's root where mounts cover `place`, else `place`. */
struct place world_top(const struct world *world, struct place place);

/* The node called `name` in `directory`, or NODE_NONE. */
node_id world_find(const struct world *world, node_id directory, struct span name);

/* True if directory `ancestor` is `node` or above it in the same file system. */
bool world_is_above(const struct world *world, node_id ancestor, node_id node);

/* The number that `dirfd` hands to the call, AT_FDCWD for cwd. */
int32_t world_descriptor_number(const struct world *world, struct dirfd dirfd);

/* The open descriptor `number`, or NULL if it is not open. 0, 1 and 2 have node NODE_NONE. */
const struct descriptor *world_descriptor(const struct world *world, int32_t number);

/*
 * The lowest free descriptor number from `least` on, or -1 if the limit leaves none. One that an
 * open has reserved which waits is not free.
 */
int32_t world_free_number(const struct world *world, int32_t least);

/*
 * Gives the open descriptor that `slot` holds `number` instead, if no other open one has it: where
 * somebody else had the lowest number for a moment.
 */
void world_renumber(struct world *world, unsigned slot, int32_t number);

/* Is `step` to be left out, for the actor that would do it waits in an earlier one? */
bool world_is_busy(const struct world *world, const struct step *step);

/* How many bytes the FIFO `node` holds. */
uint32_t world_bytes_in(const struct world *world, node_id node);

/* Does step `index`, which was prepared, still wait? */
bool world_waits(const struct world *world, uint32_t index);

/* The bytes of a step's text. */
static inline struct span world_text(const struct world *world, struct text text) {
    return (struct span){scenario_text(world->scenario, text), text.length};
}

/* --- changing --------------------------------------------------------------------------------- */

/* Makes `name` in `directory` lead to `node`; NODE_NONE takes the name away. Link counts are left.
 */
void world_bind(struct world *world, node_id directory, struct span name, node_id node);

/* What a new node is like. Ids are as on disk. */
struct birth {
    uint16_t mode;
    uint16_t uid, gid;
    bool has_acl; /* it gets `acl` as access ACL */
    struct acl acl;
    bool setgid_stripped; /* S_ISGID was asked for and denied: inode(7) */
};

/*
 * Describes the node that creation with `mode` (07777 of it) would make in the directory at
 * `place`: owner, group (the directory's if that has S_ISGID), umask or default ACL, and whether
 * S_ISGID may be kept. umask(2), acl(5) "OBJECT CREATION AND DEFAULT ACLs", inode(7).
 */
void world_birth(const struct world *world, struct place place, enum node_type type, uint32_t mode,
                 struct birth *birth);

/*
 * Makes of `birth`, as world_birth has filled it, a node on which its maker has used chmod(2) with
 * `mode` (07777 of it): neither umask nor default ACL limit that. chmod(2), acl(5).
 */
void world_birth_chmod(const struct world *world, struct place place, uint32_t mode,
                       struct birth *birth);

/* The entries of an access ACL that has a mask after chmod(2) with `mode`: acl(5). */
uint32_t acl_after_chmod(uint32_t entries, uint32_t mode);

/*
 * Creates the node for `walk`'s last component, which must not exist. A directory inherits the
 * default ACL. Returns it.
 */
node_id world_create(struct world *world, const struct walk *walk, enum node_type type,
                     const struct birth *birth);

/* Stores an ACL, which never changes afterwards; returns its index. */
uint16_t world_add_acl(struct world *world, const struct acl *acl);

/* A new, empty directory 0755 0:0 that is the root of superblock `superblock`. */
node_id world_add_root(struct world *world, uint8_t superblock);

/*
 * Does what preparation `step` of world->scenario does, if Linux would let it, or begins it; one
 * that world_is_busy is left out. Returns 0 or the errno; of open and dup the descriptor goes to
 * the slot. The world is unchanged by a failure, but that open and dup have closed what the slot
 * held. world->fifo_step tells of FIFOs more: counts, and earlier steps that came back.
 */
int world_prepare(struct world *world, const struct step *step);

/*
 * Parts of world_prepare: open, dup and close; the harness's own steps, chown to umount; the steps
 * of several actors and FIFOs in use, actor to within.
 */
int world_prepare_descriptor(struct world *world, const struct step *step);
int world_prepare_harness(struct world *world, const struct step *step);
int world_prepare_use(struct world *world, const struct step *step);

#endif
