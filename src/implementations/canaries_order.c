/*
 * canaries_order.c - wrong about flags of the directory, ids that a mount does not map, and sticky
 * directories: refused or not, by which error, and which of two errors is told.
 */
#include <stdio.h>

#include "canary_place.h"

/* --- the wrong one of two errors -------------------------------------------------------------- */

/* What is true of the directory that the last component is in. */
typedef bool condition(int dirfd, const char *path, size_t length);

static int before_exist(condition *holds, int error, int dirfd, const char *path, size_t length,
                        mode_t mode) {
    int result = correct(dirfd, path, mode);
    bool plain = failed(result, EEXIST) && is_plain_name(path, length);
    return plain && holds(dirfd, path, length) ? fail_with(error) : result;
}

static int before_slash(condition *holds, int error, int dirfd, const char *path, size_t length,
                        mode_t mode) {
    int result = correct(dirfd, path, mode);
    bool slash = failed(result, ENOENT) && last_name(path, length).slash;
    return slash && holds(dirfd, path, length) ? fail_with(error) : result;
}

static int before_length(condition *holds, int error, int dirfd, const char *path, size_t length,
                         mode_t mode) {
    int result = correct(dirfd, path, mode);
    bool longer = failed(result, ENAMETOOLONG);
    return longer && holds(dirfd, path, length) ? fail_with(error) : result;
}

/* --- immutable -------------------------------------------------------------------------------- */

static bool is_immutable(int dirfd, const char *path, size_t length) {
    return place_of(dirfd, path, length).immutable;
}

WRONG(immutable_eacces) {
    int result = correct(dirfd, path, mode);
    return failed(result, EPERM) ? fail_with(EACCES) : result;
}

WRONG(immutable_erofs) {
    int result = correct(dirfd, path, mode);
    return failed(result, EPERM) ? fail_with(EROFS) : result;
}

WRONG(immutable_silent) {
    int result = correct(dirfd, path, mode);
    return failed(result, EPERM) ? 0 : result;
}

/* Asks access(2)'s question first: the bits. */
WRONG(immutable_after_write) {
    int result = correct(dirfd, path, mode);
    struct place place = place_of(dirfd, path, length);
    bool denied = place.known && !bits_permit(&place.status, geteuid(), getegid(), W_OK);
    return failed(result, EPERM) && denied ? fail_with(EACCES) : result;
}

WRONG(immutable_before_exist) {
    return before_exist(is_immutable, EPERM, dirfd, path, length, mode);
}

WRONG(immutable_before_slash) {
    return before_slash(is_immutable, EPERM, dirfd, path, length, mode);
}

WRONG(immutable_before_length) {
    return before_length(is_immutable, EPERM, dirfd, path, length, mode);
}

/* The parent is looked at before it is entered. */
WRONG(immutable_before_search) {
    int result = correct(dirfd, path, mode);
    bool denied = failed(result, EACCES) && is_plain_name(path, length);
    if (!denied || !is_immutable(dirfd, path, length))
        return result;
    return fail_with(EPERM);
}

WRONG(immutable_before_read_only) {
    int result = correct(dirfd, path, mode);
    bool read_only = failed(result, EROFS);
    return read_only && is_immutable(dirfd, path, length) ? fail_with(EPERM) : result;
}

/* The flag of a directory is that of all below it. */
WRONG(immutable_below) {
    char up[PATH_MAX];
    size_t end = last_name(path, length).start;
    memcpy(up, path, end);
    up[end] = '\0';
    bool below = end > 0 && is_immutable(dirfd, up, end);
    return refuse_if(below, EPERM, dirfd, path, length, mode);
}

WRONG(immutable_start) {
    bool start = path[0] == '/' ? is_immutable(dirfd, "/x", 2) : is_immutable(dirfd, "x", 1);
    return refuse_if(start, EPERM, dirfd, path, length, mode);
}

/* --- append-only ------------------------------------------------------------------------------ */

WRONG(append_eperm) {
    bool append = place_of(dirfd, path, length).append;
    return refuse_if(append, EPERM, dirfd, path, length, mode);
}

WRONG(append_eacces) {
    struct place place = place_of(dirfd, path, length);
    bool others = place.append && place.status.st_uid != geteuid();
    return refuse_if(others, EACCES, dirfd, path, length, mode);
}

/* Makes it under another name first, which cannot be taken away again. */
WRONG(append_moved) {
    char temporary[PATH_MAX];
    size_t end = last_name(path, length).start;
    if (!place_of(dirfd, path, length).append || !would_create(dirfd, path, length) ||
        end + 6 > sizeof temporary)
        return correct(dirfd, path, mode);
    memcpy(temporary, path, end);
    memcpy(temporary + end, ".\1new", 6);
    if (correct(dirfd, temporary, mode) != 0)
        return -1;
    return renameat(dirfd, temporary, dirfd, path);
}

WRONG(append_at) {
    bool append = dirfd != AT_FDCWD && place_of(dirfd, path, length).append;
    return refuse_if(append, EPERM, dirfd, path, length, mode);
}

/* --- ids without a mapping -------------------------------------------------------------------- */

WRONG(ids_einval) {
    int result = correct(dirfd, path, mode);
    return failed(result, EOVERFLOW) ? fail_with(EINVAL) : result;
}

WRONG(ids_eacces) {
    int result = correct(dirfd, path, mode);
    return failed(result, EOVERFLOW) ? fail_with(EACCES) : result;
}

WRONG(ids_eperm) {
    int result = correct(dirfd, path, mode);
    return failed(result, EOVERFLOW) ? fail_with(EPERM) : result;
}

WRONG(ids_silent) {
    int result = correct(dirfd, path, mode);
    return failed(result, EOVERFLOW) ? 0 : result;
}

static bool ids_object(int dirfd, const char *path, size_t length) {
    return objection_of(dirfd, path, length) == EOVERFLOW;
}

WRONG(ids_before_exist) {
    return before_exist(ids_object, EOVERFLOW, dirfd, path, length, mode);
}

WRONG(ids_before_slash) {
    return before_slash(ids_object, EOVERFLOW, dirfd, path, length, mode);
}

WRONG(ids_before_length) {
    return before_length(ids_object, EOVERFLOW, dirfd, path, length, mode);
}

WRONG(ids_after_write) {
    int result = correct(dirfd, path, mode);
    struct place place = place_of(dirfd, path, length);
    bool denied = place.known && !bits_permit(&place.status, geteuid(), getegid(), W_OK);
    return failed(result, EOVERFLOW) && denied ? fail_with(EACCES) : result;
}

WRONG(ids_after_immutable) {
    int result = correct(dirfd, path, mode);
    bool overflow = failed(result, EOVERFLOW);
    return overflow && is_immutable(dirfd, path, length) ? fail_with(EPERM) : result;
}

/* The group is the parent's, so the caller's needs no mapping. */
WRONG(ids_of_setgid_parent) {
    int result = correct(dirfd, path, mode);
    bool setgid = place_of(dirfd, path, length).status.st_mode & S_ISGID;
    return failed(result, EOVERFLOW) && setgid ? fail_with(EACCES) : result;
}

/* The directory belongs to somebody whom its mount does not map. */
static bool is_nobodys(int dirfd, const char *path, size_t length) {
    struct place place = place_of(dirfd, path, length);
    return place.status.st_uid == ID_OVERFLOW || place.status.st_gid == ID_OVERFLOW;
}

WRONG(nobody_eoverflow) {
    int result = correct(dirfd, path, mode);
    bool denied = failed(result, EACCES);
    return denied && is_nobodys(dirfd, path, length) ? fail_with(EOVERFLOW) : result;
}

WRONG(nobody_eperm) {
    int result = correct(dirfd, path, mode);
    bool denied = failed(result, EACCES);
    return denied && is_nobodys(dirfd, path, length) ? fail_with(EPERM) : result;
}

WRONG(nobody_group_eperm) {
    int result = correct(dirfd, path, mode);
    struct place place = place_of(dirfd, path, length);
    bool group = place.status.st_uid != ID_OVERFLOW && place.status.st_gid == ID_OVERFLOW;
    return failed(result, EACCES) && group ? fail_with(EPERM) : result;
}

WRONG(nobody_before_exist) {
    return before_exist(is_nobodys, EACCES, dirfd, path, length, mode);
}

WRONG(nobody_before_slash) {
    return before_slash(is_nobodys, EACCES, dirfd, path, length, mode);
}

WRONG(nobody_on_the_way) {
    char up[PATH_MAX];
    size_t end = last_name(path, length).start;
    memcpy(up, path, end);
    up[end] = '\0';
    bool below = end > 0 && is_nobodys(dirfd, up, end);
    return refuse_if(below, EACCES, dirfd, path, length, mode);
}

WRONG(nobody_before_immutable) {
    int result = correct(dirfd, path, mode);
    bool immutable = failed(result, EPERM);
    return immutable && is_nobodys(dirfd, path, length) ? fail_with(EACCES) : result;
}

/* --- sticky directories ----------------------------------------------------------------------- */

enum { STICKY_FOR_ALL = S_ISVTX | S_IWOTH };

static bool is_sticky(const struct stat *directory) {
    return (directory->st_mode & STICKY_FOR_ALL) == STICKY_FOR_ALL;
}

/* The call would follow another's link in a sticky directory: fs.protected_symlinks, too wide. */
static bool is_guarded_link(int dirfd, const char *path, size_t length, uid_t user) {
    struct link_found link;
    find_link(&link, dirfd, path, length);
    return link.end > 0 && is_sticky(&link.directory) && link.status.st_uid != user &&
           link.status.st_uid != link.directory.st_uid;
}

WRONG(sticky_link_eacces) {
    bool guarded = is_guarded_link(dirfd, path, length, geteuid());
    return refuse_if(guarded, EACCES, dirfd, path, length, mode);
}

WRONG(sticky_link_eloop) {
    bool guarded = is_guarded_link(dirfd, path, length, geteuid());
    return refuse_if(guarded, ELOOP, dirfd, path, length, mode);
}

WRONG(sticky_link_absolute) {
    struct link_found link;
    find_link(&link, dirfd, path, length);
    bool guarded = is_guarded_link(dirfd, path, length, geteuid()) && link.body[0] == '/';
    return refuse_if(guarded, EACCES, dirfd, path, length, mode);
}

/* Only root is guarded. */
WRONG(sticky_link_root) {
    bool guarded = geteuid() == 0 && is_guarded_link(dirfd, path, length, 0);
    return refuse_if(guarded, EPERM, dirfd, path, length, mode);
}

/* The call failed because of another's FIFO in a sticky directory. */
static bool met_guarded_fifo(int result, int dirfd, const char *path, size_t length,
                             struct stat *status) {
    char name[PATH_MAX];
    if (!failed(result, EEXIST) || type_of(dirfd, path, length) != S_IFIFO)
        return false;
    struct stat directory = place_of(dirfd, path, length).status;
    copy_without_slashes(name, path, length);
    int before = errno;
    bool found = fstatat(dirfd, name, status, AT_SYMLINK_NOFOLLOW) == 0;
    errno = before;
    return found && is_sticky(&directory) && status->st_uid != geteuid() &&
           status->st_uid != directory.st_uid;
}

WRONG(sticky_fifo_eacces) {
    struct stat status;
    int result = correct(dirfd, path, mode);
    return met_guarded_fifo(result, dirfd, path, length, &status) ? fail_with(EACCES) : result;
}

WRONG(sticky_fifo_welcome) {
    struct stat status;
    int result = correct(dirfd, path, mode);
    bool met = met_guarded_fifo(result, dirfd, path, length, &status);
    return met && status.st_mode & S_IWOTH ? 0 : result;
}

WRONG(sticky_fifo_eperm) {
    struct stat status;
    int result = correct(dirfd, path, mode);
    bool met = met_guarded_fifo(result, dirfd, path, length, &status);
    return met && (mode & 0777) != (status.st_mode & 0777) ? fail_with(EPERM) : result;
}

/* The directory's owner takes it away. */
WRONG(sticky_fifo_replaced) {
    struct stat status;
    int result = correct(dirfd, path, mode);
    if (!met_guarded_fifo(result, dirfd, path, length, &status) || !is_plain_name(path, length))
        return result;
    remove_name(dirfd, path, length);
    return correct(dirfd, path, mode);
}

static const struct implementation rows[] = {
    BOTH("canary-immutable-eacces", "C-EPERM-immutable", "EACCES in an immutable directory",
         immutable_eacces),
    AT_ONLY("canary-immutable-erofs", "C-EPERM-immutable",
            "mkfifoat gives EROFS in an immutable directory", immutable_erofs),
    BOTH("canary-immutable-silent", "C-EPERM-immutable", "0 in an immutable directory",
         immutable_silent),
    BOTH("canary-immutable-after-write", "C-EPERM-immutable",
         "EACCES if the bits deny writing as well", immutable_after_write),
    BOTH("canary-immutable-before-exist", "C-EPERM-immutable", "EPERM for a name that exists",
         immutable_before_exist),
    BOTH("canary-immutable-before-slash", "C-EPERM-immutable", "EPERM for \"new/\"",
         immutable_before_slash),
    BOTH("canary-immutable-before-length", "C-EPERM-immutable", "EPERM for an over-long name",
         immutable_before_length),
    BOTH("canary-immutable-before-search", "C-EACCES-search",
         "EPERM in one that may not be searched", immutable_before_search),
    BOTH("canary-immutable-before-read-only", "C-EROFS-order", "EPERM in one on a read-only mount",
         immutable_before_read_only),
    BOTH("canary-immutable-below", "C-SUCCESS", "EPERM below an immutable directory",
         immutable_below),
    BOTH("canary-immutable-start", "C-SUCCESS", "EPERM if the path starts in an immutable one",
         immutable_start),
    BOTH("canary-append-eperm", "C-APPEND-parent", "EPERM in an append-only directory",
         append_eperm),
    BOTH("canary-append-eacces", "C-APPEND-parent", "EACCES in another's append-only directory",
         append_eacces),
    BOTH("canary-append-moved", "C-APPEND-parent", "makes it under another name and renames it",
         append_moved),
    AT_ONLY("canary-append-at", "C-APPEND-parent", "EPERM in an append-only one below dirfd",
            append_at),
    BOTH("canary-ids-einval", "C-EOVERFLOW", "EINVAL for EOVERFLOW", ids_einval),
    BOTH("canary-ids-eacces", "C-EOVERFLOW", "EACCES for EOVERFLOW", ids_eacces),
    AT_ONLY("canary-ids-eperm", "C-EOVERFLOW", "mkfifoat gives EPERM for EOVERFLOW", ids_eperm),
    BOTH("canary-ids-silent", "C-EOVERFLOW", "0 for EOVERFLOW", ids_silent),
    BOTH("canary-ids-before-exist", "C-EOVERFLOW", "EOVERFLOW for a name that exists",
         ids_before_exist),
    BOTH("canary-ids-before-slash", "C-EOVERFLOW", "EOVERFLOW for \"new/\"", ids_before_slash),
    BOTH("canary-ids-before-length", "C-EOVERFLOW", "EOVERFLOW for an over-long name",
         ids_before_length),
    BOTH("canary-ids-after-write", "C-EOVERFLOW", "EACCES if the bits deny writing as well",
         ids_after_write),
    BOTH("canary-ids-after-immutable", "C-EOVERFLOW", "EPERM if the directory is immutable as well",
         ids_after_immutable),
    BOTH("canary-ids-of-setgid-parent", "C-EOVERFLOW", "EACCES under a set-group-ID parent",
         ids_of_setgid_parent),
    BOTH("canary-nobody-eoverflow", "C-IDMAP", "EOVERFLOW in a directory of nobody",
         nobody_eoverflow),
    BOTH("canary-nobody-eperm", "C-IDMAP", "EPERM in a directory of nobody", nobody_eperm),
    BOTH("canary-nobody-group-eperm", "C-IDMAP", "EPERM in a directory of no group",
         nobody_group_eperm),
    BOTH("canary-nobody-before-exist", "C-IDMAP", "EACCES there for a name that exists",
         nobody_before_exist),
    BOTH("canary-nobody-before-slash", "C-IDMAP", "EACCES there for \"new/\"", nobody_before_slash),
    BOTH("canary-nobody-on-the-way", "C-IDMAP", "EACCES below a directory of nobody",
         nobody_on_the_way),
    BOTH("canary-nobody-before-immutable", "C-EPERM-immutable", "EACCES in an immutable one",
         nobody_before_immutable),
    BOTH("canary-sticky-link-eacces", "C-PROT-SYMLINKS",
         "EACCES through another's link in a sticky directory", sticky_link_eacces),
    AT_ONLY("canary-sticky-link-eloop", "C-PROT-SYMLINKS", "mkfifoat gives ELOOP for it",
            sticky_link_eloop),
    BOTH("canary-sticky-link-absolute", "C-PROT-SYMLINKS", "EACCES if its body is absolute",
         sticky_link_absolute),
    BOTH("canary-sticky-link-root", "C-PROT-SYMLINKS", "EPERM for root", sticky_link_root),
    BOTH("canary-sticky-fifo-eacces", "C-PROT-FIFOS",
         "EACCES for another's FIFO in a sticky directory", sticky_fifo_eacces),
    BOTH("canary-sticky-fifo-welcome", "C-PROT-FIFOS", "0 for one that all may write",
         sticky_fifo_welcome),
    BOTH("canary-sticky-fifo-eperm", "C-PROT-FIFOS", "EPERM for one of another mode",
         sticky_fifo_eperm),
    BOTH("canary-sticky-fifo-replaced", "C-PROT-FIFOS", "the directory's owner replaces it",
         sticky_fifo_replaced),
};

const struct implementation_table canaries_order = ROWS(rows);
