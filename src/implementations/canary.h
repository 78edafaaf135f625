/*
 * canary.h - how canaries are written: deliberately wrong implementations, a few lines each.
 *
 * A canary is as right as the kernel but for one thing, so that a harness can only notice it by
 * that thing. WRONG(noun) { ... } defines one; a row of the file's table names it. The usual body
 * asks the kernel first and then spoils the answer:
 *
 *     WRONG(existing_is_success) {
 *         int result = correct(dirfd, path, mode);
 *         return failed(result, EEXIST) ? 0 : result;
 *     }
 *
 * Every function here that only looks leaves errno as it was.
 */
#ifndef FIFOFUZZ_CANARY_H
#define FIFOFUZZ_CANARY_H

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "registry.h"

#define UNUSED __attribute__((unused))

/* The parameters of a body; `length` is strlen(path). */
#define BODY_PARAMETERS                                                                            \
    UNUSED int dirfd, UNUSED const char *path, UNUSED size_t length, UNUSED mode_t mode

typedef int canary_body(int dirfd, const char *path, size_t length, mode_t mode);

/*
 * Defines canary `noun`: what follows is the body of its mkfifoat, and mkfifo is the same with
 * AT_FDCWD. The body sees only readable strings of 1 to 4095 bytes and modes whose type is 0 or
 * S_IFIFO; everything else gets the right answer. When it returns 0 errno is put back.
 */
#define WRONG(noun)                                                                                \
    static canary_body noun;                                                                       \
    UNUSED static int noun##_at(int dirfd, const char *path, mode_t mode) {                        \
        return with_good_arguments(noun, dirfd, path, mode);                                       \
    }                                                                                              \
    UNUSED static int noun##_plain(const char *path, mode_t mode) {                                \
        return noun##_at(AT_FDCWD, path, mode);                                                    \
    }                                                                                              \
    static int noun(BODY_PARAMETERS)

/* The same for a body that sees every call as it is; `path` may be no string at all. */
#define WRONG_RAW(noun)                                                                            \
    static int noun##_at(int dirfd, const char *path, mode_t mode);                                \
    UNUSED static int noun##_plain(const char *path, mode_t mode) {                                \
        return noun##_at(AT_FDCWD, path, mode);                                                    \
    }                                                                                              \
    static int noun##_at(UNUSED int dirfd, UNUSED const char *path, UNUSED mode_t mode)

/* Rows: wrong in both entry points, or in one of them with the other one right. */
#define BOTH(name, breaks, summary, noun)                                                          \
    { name, summary, breaks, noun##_plain, noun##_at, NULL }
#define AT_ONLY(name, breaks, summary, noun)                                                       \
    { name, summary, breaks, raw_mkfifo, noun##_at, NULL }
#define PLAIN_ONLY(name, breaks, summary, noun)                                                    \
    { name, summary, breaks, noun##_plain, raw_mkfifoat, NULL }

/* --- answers -------------------------------------------------------------------------------- */

/* The right answer: creates the FIFO, returns 0 or -1 with errno. */
static inline int correct(int dirfd, const char *path, mode_t mode) {
    return raw_mkfifoat(dirfd, path, mode);
}

/* Fails with `error`. */
int fail_with(int error);

/* Whether `result` and errno say that the call failed with `error`. */
bool failed(int result, int error);

/* Calls `body` as WRONG promises. */
int with_good_arguments(canary_body *body, int dirfd, const char *path, mode_t mode);

/* --- the path as bytes ----------------------------------------------------------------------- */

/* How far a path argument can be read: up to its NUL, or up to memory that is not there. */
struct extent {
    size_t length; /* bytes before the NUL or the end; 0 and not terminated: a bad pointer */
    bool terminated;
};
struct extent extent_of(const char *path);

/* The last component of a path. */
struct name {
    size_t start, length; /* length 0: the path is only slashes */
    bool slash;           /* slashes follow it */
    bool dots;            /* it is "." or ".." */
};
struct name last_name(const char *path, size_t length);

/* Copies the path without its trailing slashes; "/" stays. */
void copy_without_slashes(char out[PATH_MAX], const char *path, size_t length);

/* --- the path as the kernel sees it ----------------------------------------------------------- */

/* Type bits (S_IFMT) of what the path names, trailing slashes aside, links not followed; or 0. */
mode_t type_of(int dirfd, const char *path, size_t length);

/* The errno with which the last component, a link, fails to lead anywhere; 0 if it leads. */
int dangling(int dirfd, const char *path, size_t length);

/* Whether the call would succeed. */
bool would_create(int dirfd, const char *path, size_t length);

/* The directory a relative path starts in. START_HERE: it is there, searchable and not removed. */
enum start { START_ROOT, START_HERE, START_BAD, START_FILE, START_REMOVED, START_UNSEARCHABLE };
enum start start_of(int dirfd, const char *path);

/* The first component before the last that cannot be entered. */
struct obstacle {
    int error;         /* why; 0 if there is none, or if the path does not start properly */
    size_t start, end; /* the component is path[start..end) */
    bool link;         /* it is a symbolic link */
};
struct obstacle obstacle_of(int dirfd, const char *path, size_t length);

/* The links followed before the last component. */
struct walk {
    int error;      /* 0, or why the walk ended early; ELOOP beyond `limit` links */
    unsigned links; /* followed so far */
    int parent;     /* O_PATH descriptor of the last component's directory, or -1: caller closes */
};
struct walk walk_of(int dirfd, const char *path, size_t length, unsigned limit);

/* An O_PATH descriptor of the directory that holds the last component, or -1: caller closes. */
int open_parent(int dirfd, const char *path, size_t length);

/* --- tampering: each leaves errno alone and ignores failure ----------------------------------- */

/* Creates a FIFO `name` beside the last component. */
void create_beside(int dirfd, const char *path, size_t length, const char *name);

/* Removes what the path names, unless it is a directory. */
void remove_name(int dirfd, const char *path, size_t length);

/* Sets access and modification time, seconds since the epoch, of the parent or of the name. */
void touch_parent(int dirfd, const char *path, size_t length, long seconds);
void touch_name(int dirfd, const char *path, size_t length, long atime, long mtime);

#endif
