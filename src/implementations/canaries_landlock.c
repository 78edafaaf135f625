/*
 * canaries_landlock.c - wrong where a Landlock domain lets nobody make FIFOs.
 */
#include <stdio.h>

#include "canary_place.h"

/* The call failed with EACCES, and for a device there would have been another reason, or none. */
static bool is_landlocked(int result, int dirfd, const char *path, size_t length) {
    return failed(result, EACCES) && is_plain_name(path, length) &&
           place_of(dirfd, path, length).known && objection_of(dirfd, path, length) != EACCES;
}

/* Nothing but Landlock is in the way. */
static bool is_landlocked_only(int result, int dirfd, const char *path, size_t length) {
    struct place place = place_of(dirfd, path, length);
    return is_landlocked(result, dirfd, path, length) && objection_of(dirfd, path, length) == 0 &&
           (place.inodes == 0 || place.left > 0);
}

WRONG(landlock_eperm) {
    int result = correct(dirfd, path, mode);
    return is_landlocked_only(result, dirfd, path, length) ? fail_with(EPERM) : result;
}

WRONG(landlock_enosys) {
    int result = correct(dirfd, path, mode);
    return is_landlocked_only(result, dirfd, path, length) ? fail_with(ENOSYS) : result;
}

WRONG(landlock_silent) {
    int result = correct(dirfd, path, mode);
    return is_landlocked_only(result, dirfd, path, length) ? 0 : result;
}

/* Other types may be made. */
static int create_other(int dirfd, const char *path, mode_t mode) {
    return mknodat(dirfd, path, mode, 0) == 0 ? 0 : fail_with(EACCES);
}

WRONG(landlock_file) {
    int result = correct(dirfd, path, mode);
    bool locked = is_landlocked_only(result, dirfd, path, length);
    return locked ? create_other(dirfd, path, (mode & 07777) | S_IFREG) : result;
}

WRONG(landlock_socket) {
    int result = correct(dirfd, path, mode);
    bool locked = is_landlocked_only(result, dirfd, path, length);
    return locked ? create_other(dirfd, path, (mode & 07777) | S_IFSOCK) : result;
}

/* Makes it in the current directory and moves it, which a domain lets nobody do. */
WRONG(landlock_moved) {
    static const char temporary[] = ".\1new";
    int result = correct(dirfd, path, mode);
    if (!is_landlocked_only(result, dirfd, path, length))
        return result;
    if (correct(AT_FDCWD, temporary, mode) != 0)
        return fail_with(EACCES);
    return renameat(AT_FDCWD, temporary, dirfd, path);
}

/* --- with another reason ---------------------------------------------------------------------- */

WRONG(landlock_after_immutable) {
    int result = correct(dirfd, path, mode);
    bool both =
        is_landlocked(result, dirfd, path, length) && objection_of(dirfd, path, length) == EPERM;
    return both ? fail_with(EPERM) : result;
}

WRONG(landlock_after_ids) {
    int result = correct(dirfd, path, mode);
    bool both = is_landlocked(result, dirfd, path, length) &&
                objection_of(dirfd, path, length) == EOVERFLOW;
    return both ? fail_with(EOVERFLOW) : result;
}

WRONG(landlock_after_space) {
    int result = correct(dirfd, path, mode);
    struct place place = place_of(dirfd, path, length);
    bool full = place.inodes > 0 && place.left == 0;
    return is_landlocked(result, dirfd, path, length) && full ? fail_with(ENOSPC) : result;
}

/* Remembers where it was refused, and looks no further there the next time. */
static bool was_refused(int result, int dirfd, const char *path, size_t length) {
    static struct place last;
    struct place place = place_of(dirfd, path, length);
    bool same = place.known && place.status.st_dev == last.status.st_dev &&
                place.status.st_ino == last.status.st_ino &&
                place.birth.tv_sec == last.birth.tv_sec &&
                place.birth.tv_nsec == last.birth.tv_nsec;
    if (is_landlocked(result, dirfd, path, length))
        last = place;
    return same;
}

WRONG(landlock_before_exist) {
    int result = correct(dirfd, path, mode);
    bool refused = was_refused(result, dirfd, path, length);
    return failed(result, EEXIST) && refused && is_plain_name(path, length) ? fail_with(EACCES)
                                                                            : result;
}

WRONG(landlock_before_slash) {
    int result = correct(dirfd, path, mode);
    bool refused = was_refused(result, dirfd, path, length);
    return failed(result, ENOENT) && refused && last_name(path, length).slash ? fail_with(EACCES)
                                                                              : result;
}

WRONG(landlock_before_length) {
    int result = correct(dirfd, path, mode);
    bool refused = was_refused(result, dirfd, path, length);
    return failed(result, ENAMETOOLONG) && refused ? fail_with(EACCES) : result;
}

static const struct implementation rows[] = {
    BOTH("canary-landlock-eperm", "C-LANDLOCK", "EPERM where Landlock forbids", landlock_eperm),
    AT_ONLY("canary-landlock-enosys", "C-LANDLOCK", "mkfifoat gives ENOSYS where Landlock forbids",
            landlock_enosys),
    BOTH("canary-landlock-silent", "C-LANDLOCK", "0 where Landlock forbids, and no FIFO",
         landlock_silent),
    BOTH("canary-landlock-file", "C-LANDLOCK", "makes a file instead", landlock_file),
    BOTH("canary-landlock-socket", "C-LANDLOCK", "makes a socket instead", landlock_socket),
    BOTH("canary-landlock-moved", "C-FAIL-noeffect", "leaves one behind that it cannot move there",
         landlock_moved),
    BOTH("canary-landlock-after-immutable", "C-LANDLOCK-order",
         "EPERM if the directory is immutable as well", landlock_after_immutable),
    BOTH("canary-landlock-after-ids", "C-LANDLOCK-order", "EOVERFLOW if ids have no mapping either",
         landlock_after_ids),
    BOTH("canary-landlock-after-space", "C-LANDLOCK-order",
         "ENOSPC if the file system is full as well", landlock_after_space),
    BOTH("canary-landlock-before-exist", "C-LANDLOCK-order",
         "EACCES for a name that exists where it was refused before", landlock_before_exist),
    BOTH("canary-landlock-before-slash", "C-LANDLOCK-order",
         "EACCES for \"new/\" where it was refused before", landlock_before_slash),
    BOTH("canary-landlock-before-length", "C-LANDLOCK-order",
         "EACCES for an over-long name where it was refused before", landlock_before_length),
};

const struct implementation_table canaries_landlock = ROWS(rows);
