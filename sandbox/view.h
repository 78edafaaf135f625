/*
 * view.h - what an agent sees of the host: some of its directories, read-only, in the arena.
 *
 * An agent needs its program, libraries and scripts at the paths where they always are, while its
 * root is the arena. So directories of the host are mounted in the arena's root: /usr and its like,
 * /etc, and those of the files that its command names. No path leads from there to a socket, a
 * device or another process of the host. /dev and /proc are the sandbox's own, /run and /tmp are
 * writable.
 *
 * The names belong to the harness: the arena's listing leaves them out, and a scenario's step that
 * mentions one is not run.
 */
#ifndef FIFOFUZZ_VIEW_H
#define FIFOFUZZ_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    VIEW_DIRECTORIES_MAX = 48, /* of the host */
    VIEW_NAMES_MAX = 32,       /* in the arena's root */
    VIEW_NAME_SIZE = 32,
    VIEW_DEVICES = 5,
    VIEW_PATH_SIZE = 1024,
};

/* One directory of the host. */
struct view_directory {
    char path[VIEW_PATH_SIZE];
    int tree; /* its detached clone, or -1 */
};

struct view {
    struct view_directory directories[VIEW_DIRECTORIES_MAX];
    unsigned directory_count;
    int devices[VIEW_DEVICES];                  /* clones of the files in view.c, each or -1 */
    char names[VIEW_NAMES_MAX][VIEW_NAME_SIZE]; /* in the arena's root, without slash */
    unsigned name_count;
};

/*
 * Chooses what `command` (arguments ended by NULL; words with a slash may be files) needs to see.
 * Returns 0, or -errno with `reason` filled.
 */
int view_choose(struct view *view, const char *const *command, char *reason, size_t reason_size);

/*
 * Clones the directories, read-only, while the host's tree is still there: on the worker, in its
 * mount namespace. Returns 0, or -errno with `reason` filled; what was cloned is in
 * view->directories until view_mount closes it.
 */
int view_clone(struct view *view, char *reason, size_t reason_size);

/* Mounts it all in the arena, which is the root now; /proc is empty yet. Returns as above. */
int view_mount(const struct view *view, char *reason, size_t reason_size);

/* True if `name` in the arena's root is one of the harness's. */
bool view_has(const struct view *view, const char *name);

/* True if one of the components of the path `bytes` is called like one of the names. */
bool view_mentions(const struct view *view, const char *bytes, size_t length);

#endif
