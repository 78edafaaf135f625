/*
 * mounts.h - the mounts of one scenario, made, changed and taken away with the mount API of
 * Linux 5.12: fsopen(2), open_tree(2), mount_setattr(2), move_mount(2).
 *
 * All functions act for the calling thread, whose current directory is the arena's root. They
 * return 0 or -errno, and what they return is what the step returns.
 */
#ifndef FIFOFUZZ_MOUNTS_H
#define FIFOFUZZ_MOUNTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "host.h"
#include "record.h"
#include "scenario.h"

/* One successful step `mount` or `bind`. */
struct mount {
    int file;  /* root of the mount; held open, so that its id is not given to another */
    int plain; /* root of its tmpfs as it is on disk, for listing: `file`, or -1 of a bind mount */
    int base;  /* what an idmapped mount stands on and goes with; -1 of any other */
    int id;    /* as in /proc/self/mountinfo */
};

struct mounts {
    int root; /* the arena's root, O_PATH; this is its mount's id and the file system's number */
    int root_id;
    dev_t arena;
    ino_t root_inode;
    int namespace;           /* user namespace with the map of idmapped mounts, -1 without */
    bool flags_changed;      /* a `remount` has changed the arena's mount */
    bool superblock_changed; /* or its superblock */
    unsigned count;
    struct mount made[MOUNTS_MAX];
    int outside;       /* the file system around the arena */
    int shelf;         /* the mount there that holds what was put away; -1: none */
    unsigned put_away; /* how many that are */
};

/*
 * Notes what the arena's root is; `namespace` (idmap.h) and `outside` (arena_enter) must stay open.
 * Returns 0 or -errno. Fails only if the arena or what is around it cannot be used.
 */
int mounts_open(struct mounts *mounts, int namespace, int outside);

/* The four steps, with `path` and `other` as PATH, OLD and NEW. */
int mounts_mount(struct mounts *mounts, const struct step *step, const char *path);
int mounts_bind(struct mounts *mounts, const struct step *step, const char *old, const char *new);
int mounts_remount(struct mounts *mounts, const struct step *step, const char *path);
int mounts_umount(const struct mounts *mounts, const char *path);

/* Makes the arena's mount and its superblock what they were. */
int mounts_restore(struct mounts *mounts);

/* Takes away whatever is still mounted in the arena. */
void mounts_detach(struct mounts *mounts);

/* Records each tmpfs that was mounted as a tree, after mounts_detach. */
int mounts_record(const struct mounts *mounts, struct record *record, char *listing);

/* Gives the file systems back to the kernel. */
void mounts_forget(struct mounts *mounts);

#endif
