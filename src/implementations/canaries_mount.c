/*
 * canaries_mount.c - wrong about what is mounted: read-only, nosymfollow and nodev mounts, other
 * file systems on the way, directories that are covered or detached.
 */
#include <sys/statvfs.h>

#include "canary_place.h"

enum { NOSYMFOLLOW = 0x2000 }; /* ST_NOSYMFOLLOW, linux/statfs.h */

/* The call failed with `error`, and a mount that is read-only stands against it as well. */
static bool failed_on_read_only(int result, int error, int dirfd, const char *path, size_t length) {
    return failed(result, error) && objection_of(dirfd, path, length) == EROFS;
}

/* --- read-only -------------------------------------------------------------------------------- */

WRONG(read_only_eacces) {
    int result = correct(dirfd, path, mode);
    return failed(result, EROFS) ? fail_with(EACCES) : result;
}

WRONG(read_only_eperm) {
    int result = correct(dirfd, path, mode);
    return failed(result, EROFS) ? fail_with(EPERM) : result;
}

WRONG(read_only_silent) {
    int result = correct(dirfd, path, mode);
    return failed(result, EROFS) ? 0 : result;
}

WRONG(read_only_before_exist) {
    int result = correct(dirfd, path, mode);
    bool met = failed_on_read_only(result, EEXIST, dirfd, path, length);
    return met && is_plain_name(path, length) ? fail_with(EROFS) : result;
}

WRONG(read_only_before_dot) {
    int result = correct(dirfd, path, mode);
    bool met = failed_on_read_only(result, EEXIST, dirfd, path, length);
    return met && last_name(path, length).dots ? fail_with(EROFS) : result;
}

WRONG(read_only_before_link) {
    int result = correct(dirfd, path, mode);
    bool met = failed_on_read_only(result, EEXIST, dirfd, path, length);
    return met && type_of(dirfd, path, length) == S_IFLNK ? fail_with(EROFS) : result;
}

WRONG(read_only_before_slash) {
    int result = correct(dirfd, path, mode);
    bool met = failed_on_read_only(result, ENOENT, dirfd, path, length);
    return met && last_name(path, length).slash ? fail_with(EROFS) : result;
}

WRONG(read_only_before_slash_existing) {
    int result = correct(dirfd, path, mode);
    bool met = failed_on_read_only(result, EEXIST, dirfd, path, length);
    return met && last_name(path, length).slash ? fail_with(EROFS) : result;
}

WRONG(read_only_before_length) {
    int result = correct(dirfd, path, mode);
    return failed_on_read_only(result, ENAMETOOLONG, dirfd, path, length) ? fail_with(EROFS)
                                                                          : result;
}

/* Asks statvfs(3) of the current directory, wherever the path leads. */
WRONG(read_only_start) {
    struct statvfs file_system;
    int before = errno;
    bool read_only = statvfs(".", &file_system) == 0 && file_system.f_flag & ST_RDONLY;
    errno = before;
    return refuse_if(read_only, EROFS, dirfd, path, length, mode);
}

WRONG(read_only_removed) {
    struct place place = place_of(dirfd, path, length);
    int result = correct(dirfd, path, mode);
    bool removed = place.known && place.status.st_nlink == 0 && place.flags & ST_RDONLY;
    return failed(result, ENOENT) && removed ? fail_with(EROFS) : result;
}

/* access(2) first, whose opinion on space and names is none. */
WRONG(read_only_after_write) {
    int result = correct(dirfd, path, mode);
    struct place place = place_of(dirfd, path, length);
    bool denied = place.known && !bits_permit(&place.status, geteuid(), getegid(), W_OK);
    return failed(result, EROFS) && denied ? fail_with(EACCES) : result;
}

WRONG(read_only_after_immutable) {
    int result = correct(dirfd, path, mode);
    bool immutable = place_of(dirfd, path, length).immutable;
    return failed(result, EROFS) && immutable ? fail_with(EPERM) : result;
}

WRONG(read_only_after_space) {
    int result = correct(dirfd, path, mode);
    struct place place = place_of(dirfd, path, length);
    bool full = place.inodes > 0 && place.left == 0;
    return failed(result, EROFS) && full ? fail_with(ENOSPC) : result;
}

/* Looks for another place to put it. */
WRONG(read_only_elsewhere) {
    char other[NAME_MAX + 2] = "/";
    struct name name = last_name(path, length);
    int result = correct(dirfd, path, mode);
    if (!failed(result, EROFS))
        return result;
    memcpy(other + 1, path + name.start, name.length);
    other[1 + name.length] = '\0';
    return correct(AT_FDCWD, other, mode) == 0 ? 0 : fail_with(EROFS);
}

WRONG(read_only_second) {
    static unsigned refusals;
    int result = correct(dirfd, path, mode);
    return failed(result, EROFS) && ++refusals % 2 == 0 ? fail_with(EACCES) : result;
}

WRONG(read_only_errno_unset) {
    int before = errno;
    int result = correct(dirfd, path, mode);
    return failed(result, EROFS) ? fail_with(before) : result;
}

/* Demands a root that can be written, wherever the name goes. */
WRONG(read_only_root) {
    struct statvfs file_system;
    int before = errno;
    bool read_only = statvfs("/", &file_system) == 0 && file_system.f_flag & ST_RDONLY;
    errno = before;
    return refuse_if(read_only, EROFS, dirfd, path, length, mode);
}

/* --- nosymfollow ------------------------------------------------------------------------------ */

/* Finds the link on a nosymfollow mount because of which the call failed. */
static bool stopped_at_link(struct link_found *link, int result, int dirfd, const char *path,
                            size_t length) {
    if (!failed(result, ELOOP))
        return false;
    find_link(link, dirfd, path, length);
    return link->end > 0 && link->flags & NOSYMFOLLOW;
}

WRONG(nosymfollow_enoent) {
    struct link_found link;
    int result = correct(dirfd, path, mode);
    return stopped_at_link(&link, result, dirfd, path, length) ? fail_with(ENOENT) : result;
}

WRONG(nosymfollow_eacces) {
    struct link_found link;
    int result = correct(dirfd, path, mode);
    return stopped_at_link(&link, result, dirfd, path, length) ? fail_with(EACCES) : result;
}

/* The path with the link's body in place of its name. */
static int create_through(const struct link_found *link, int dirfd, const char *path, size_t length,
                          mode_t mode) {
    char through[PATH_MAX];
    size_t body = strlen(link->body);
    size_t start = link->body[0] == '/' ? 0 : link->start;
    if (start + body + length - link->end >= sizeof through)
        return fail_with(ELOOP);
    memcpy(through, path, start);
    memcpy(through + start, link->body, body);
    memcpy(through + start + body, path + link->end, length - link->end + 1);
    return correct(dirfd, through, mode);
}

WRONG(nosymfollow_followed) {
    struct link_found link;
    int result = correct(dirfd, path, mode);
    return stopped_at_link(&link, result, dirfd, path, length)
               ? create_through(&link, dirfd, path, length, mode)
               : result;
}

WRONG(nosymfollow_absolute_followed) {
    struct link_found link;
    int result = correct(dirfd, path, mode);
    return stopped_at_link(&link, result, dirfd, path, length) && link.body[0] == '/'
               ? create_through(&link, dirfd, path, length, mode)
               : result;
}

/* Only a link that leads somewhere is one too many. The body is relative to where the link is. */
WRONG(nosymfollow_dangling_enoent) {
    struct link_found link;
    int result = correct(dirfd, path, mode);
    if (!stopped_at_link(&link, result, dirfd, path, length))
        return result;
    int parent = open_parent(dirfd, path, link.end);
    bool dangles = parent >= 0 && faccessat(parent, link.body, F_OK, 0) == -1 && errno == ENOENT;
    if (parent >= 0)
        close(parent);
    return fail_with(dangles ? ENOENT : ELOOP);
}

static bool is_nosymfollow(int dirfd, const char *path, size_t length) {
    return place_of(dirfd, path, length).flags & NOSYMFOLLOW;
}

WRONG(nosymfollow_last_eloop) {
    int result = correct(dirfd, path, mode);
    bool link = failed(result, EEXIST) && is_plain_name(path, length) &&
                type_of(dirfd, path, length) == S_IFLNK;
    return link && is_nosymfollow(dirfd, path, length) ? fail_with(ELOOP) : result;
}

WRONG(nosymfollow_slash_eloop) {
    int result = correct(dirfd, path, mode);
    bool link = failed(result, EEXIST) && last_name(path, length).slash &&
                type_of(dirfd, path, length) == S_IFLNK;
    return link && is_nosymfollow(dirfd, path, length) ? fail_with(ELOOP) : result;
}

/* --- nodev, noexec, nosuid -------------------------------------------------------------------- */

/* The flags of the mount, if it is another than the root's: the arena's own has them all. */
static unsigned long flags_of(int dirfd, const char *path, size_t length) {
    struct place place = place_of(dirfd, path, length);
    return place.mount == place_of(AT_FDCWD, "/x", 2).mount ? 0 : place.flags;
}

WRONG(nodev_eacces) {
    bool nodev = flags_of(dirfd, path, length) & ST_NODEV;
    return refuse_if(nodev, EACCES, dirfd, path, length, mode);
}

WRONG(nodev_eperm) {
    bool nodev = flags_of(dirfd, path, length) & ST_NODEV;
    return refuse_if(nodev, EPERM, dirfd, path, length, mode);
}

WRONG(noexec_refused) {
    bool noexec = mode & 0111 && flags_of(dirfd, path, length) & ST_NOEXEC;
    return refuse_if(noexec, EACCES, dirfd, path, length, mode);
}

WRONG(nosuid_refused) {
    bool nosuid = mode & S_ISUID && flags_of(dirfd, path, length) & ST_NOSUID;
    return refuse_if(nosuid, EPERM, dirfd, path, length, mode);
}

WRONG(nosuid_dropped) {
    bool nosuid = flags_of(dirfd, path, length) & ST_NOSUID;
    return correct(dirfd, path, nosuid ? mode & ~(mode_t)(S_ISUID | S_ISGID) : mode);
}

WRONG(noexec_dropped) {
    bool noexec = flags_of(dirfd, path, length) & ST_NOEXEC;
    return correct(dirfd, path, noexec ? mode & ~(mode_t)0111 : mode);
}

WRONG(all_three_refused) {
    const unsigned long all = ST_NODEV | ST_NOEXEC | ST_NOSUID;
    bool refused = (flags_of(dirfd, path, length) & all) == all;
    return refuse_if(refused, EPERM, dirfd, path, length, mode);
}

/* --- other file systems on the way ------------------------------------------------------------ */

/* Whether the name's directory is on another file system than the one the path starts in. */
static bool is_elsewhere(int dirfd, const char *path, size_t length) {
    struct stat start;
    int before = errno;
    bool known = fstatat(dirfd, path[0] == '/' ? "/" : "", &start, AT_EMPTY_PATH) == 0;
    errno = before;
    struct place place = place_of(dirfd, path, length);
    return known && place.known && place.status.st_dev != start.st_dev;
}

WRONG(elsewhere_exdev) {
    bool elsewhere = is_elsewhere(dirfd, path, length);
    return refuse_if(elsewhere, EXDEV, dirfd, path, length, mode);
}

WRONG(elsewhere_255) {
    bool longest = last_name(path, length).length == NAME_MAX && is_elsewhere(dirfd, path, length);
    return refuse_if(longest, ENAMETOOLONG, dirfd, path, length, mode);
}

WRONG(elsewhere_through_link) {
    struct link_found link;
    find_link(&link, dirfd, path, length);
    bool elsewhere = link.end > 0 && is_elsewhere(dirfd, path, length);
    return refuse_if(elsewhere, ELOOP, dirfd, path, length, mode);
}

/* The root of a mount is not left by "..": "m/../x" is "m/x". */
WRONG(elsewhere_dotdot) {
    char stays[PATH_MAX];
    const char *up = strstr(path, "/../");
    size_t before = up ? (size_t)(up - path) + 1 : 0;
    if (!up || !place_of(dirfd, path, before + 1).mount_root || !would_create(dirfd, path, length))
        return correct(dirfd, path, mode);
    memcpy(stays, path, before);
    memcpy(stays + before, up + 4, length - before - 2);
    return correct(dirfd, stays, mode);
}

WRONG(dirfd_dotdot) {
    bool up = strncmp(path, "../", 3) == 0 && length > 3 && place_of(dirfd, ".", 1).mount_root;
    return up && would_create(dirfd, path, length) ? correct(dirfd, path + 3, mode)
                                                   : correct(dirfd, path, mode);
}

static const struct implementation rows[] = {
    BOTH("canary-read-only-eacces", "C-EROFS-order", "EACCES on a read-only mount",
         read_only_eacces),
    AT_ONLY("canary-read-only-eperm", "C-EROFS-order", "mkfifoat gives EPERM on a read-only mount",
            read_only_eperm),
    BOTH("canary-read-only-silent", "C-EROFS-order", "0 on a read-only mount, and no FIFO",
         read_only_silent),
    BOTH("canary-read-only-before-exist", "C-EROFS-order",
         "EROFS for a name that exists on a read-only mount", read_only_before_exist),
    BOTH("canary-read-only-before-dot", "C-EEXIST-dot", "EROFS for \".\" on a read-only mount",
         read_only_before_dot),
    BOTH("canary-read-only-before-link", "C-EROFS-order", "EROFS for a link on a read-only mount",
         read_only_before_link),
    BOTH("canary-read-only-before-slash", "C-EROFS-order", "EROFS for \"new/\"",
         read_only_before_slash),
    BOTH("canary-read-only-before-slash-existing", "C-EROFS-order", "EROFS for \"file/\"",
         read_only_before_slash_existing),
    BOTH("canary-read-only-before-length", "C-EROFS-order", "EROFS for an over-long name",
         read_only_before_length),
    BOTH("canary-read-only-start", "C-SUCCESS", "EROFS if the current directory is on such a mount",
         read_only_start),
    BOTH("canary-read-only-removed", "C-ENOENT-deaddir", "EROFS in a removed directory",
         read_only_removed),
    BOTH("canary-read-only-after-write", "C-EROFS-order",
         "EACCES if the directory may not be written either", read_only_after_write),
    BOTH("canary-read-only-after-immutable", "C-EROFS-order",
         "EPERM if the directory is immutable as well", read_only_after_immutable),
    BOTH("canary-read-only-after-space", "C-EROFS-order",
         "ENOSPC if the file system is full as well", read_only_after_space),
    BOTH("canary-read-only-elsewhere", "C-EROFS-order", "creates it in / instead",
         read_only_elsewhere),
    BOTH("canary-read-only-second", "C-EROFS-order", "EACCES every second time", read_only_second),
    BOTH("canary-read-only-errno-unset", "C-ERRNO-set", "-1 without errno on a read-only mount",
         read_only_errno_unset),
    BOTH("canary-read-only-root", "C-SUCCESS", "EROFS everywhere if / is read-only",
         read_only_root),
    BOTH("canary-nosymfollow-enoent", "C-NOSYMFOLLOW", "ENOENT for a link on a nosymfollow mount",
         nosymfollow_enoent),
    BOTH("canary-nosymfollow-eacces", "C-NOSYMFOLLOW", "EACCES for a link on a nosymfollow mount",
         nosymfollow_eacces),
    BOTH("canary-nosymfollow-followed", "C-NOSYMFOLLOW", "follows it by hand",
         nosymfollow_followed),
    BOTH("canary-nosymfollow-absolute-followed", "C-NOSYMFOLLOW", "follows absolute ones by hand",
         nosymfollow_absolute_followed),
    BOTH("canary-nosymfollow-dangling-enoent", "C-NOSYMFOLLOW", "ENOENT for one that dangles",
         nosymfollow_dangling_enoent),
    BOTH("canary-nosymfollow-last-eloop", "C-EEXIST-dangling", "ELOOP for a link as last component",
         nosymfollow_last_eloop),
    BOTH("canary-nosymfollow-slash-eloop", "C-SLASH-dangling", "ELOOP for \"link/\"",
         nosymfollow_slash_eloop),
    BOTH("canary-nodev-eacces", "C-NODEV", "EACCES on a nodev mount", nodev_eacces),
    AT_ONLY("canary-nodev-eperm", "C-NODEV", "mkfifoat gives EPERM on a nodev mount", nodev_eperm),
    BOTH("canary-noexec-refused", "C-NODEV", "EACCES for x bits on a noexec mount", noexec_refused),
    BOTH("canary-nosuid-refused", "C-NODEV", "EPERM for S_ISUID on a nosuid mount", nosuid_refused),
    BOTH("canary-nosuid-dropped", "C-MODE-special", "drops S_ISUID and S_ISGID on a nosuid mount",
         nosuid_dropped),
    BOTH("canary-noexec-dropped", "C-MODE-umask", "drops x bits on a noexec mount", noexec_dropped),
    BOTH("canary-all-three-refused", "C-NODEV", "EPERM if nodev, noexec and nosuid come together",
         all_three_refused),
    BOTH("canary-elsewhere-exdev", "C-SUCCESS", "EXDEV on another file system", elsewhere_exdev),
    BOTH("canary-elsewhere-255", "C-ENAMETOOLONG-comp",
         "ENAMETOOLONG for 255 bytes on another file system", elsewhere_255),
    BOTH("canary-elsewhere-through-link", "C-SYMLINK-prefix-follow",
         "ELOOP for a link to another file system", elsewhere_through_link),
    BOTH("canary-elsewhere-dotdot", "C-STAT-type", "stays on the mount for \"m/../x\"",
         elsewhere_dotdot),
    AT_ONLY("canary-dirfd-dotdot", "C-STAT-type", "stays on the mount for \"../x\"", dirfd_dotdot),
};

const struct implementation_table canaries_mount = ROWS(rows);
