/*
 * canaries_node.c - wrong about what is created: its type, name, permissions, links and times, and
 * the parent's.
 */
#include <stdio.h>
#include <time.h>

#include "canary.h"

/* --- type and name ---------------------------------------------------------------------------- */

/* Creates a node of another type where a FIFO could be created. */
static int create_other(mode_t type, int dirfd, const char *path, size_t length, mode_t mode) {
    if (!would_create(dirfd, path, length))
        return correct(dirfd, path, mode);
    return mknodat(dirfd, path, type | (mode & 07777), 0);
}

WRONG(type_regular) {
    return create_other(S_IFREG, dirfd, path, length, mode);
}

WRONG(type_socket) {
    return create_other(S_IFSOCK, dirfd, path, length, mode);
}

WRONG(type_directory) {
    return would_create(dirfd, path, length) ? mkdirat(dirfd, path, mode & 07777)
                                             : correct(dirfd, path, mode);
}

WRONG(type_lost_readonly) {
    return (mode & 0222) == 0 ? create_other(S_IFREG, dirfd, path, length, mode)
                              : correct(dirfd, path, mode);
}

WRONG(type_lost_special) {
    return (mode & 07000) == 07000 ? create_other(S_IFREG, dirfd, path, length, mode)
                                   : correct(dirfd, path, mode);
}

WRONG(nothing) {
    return would_create(dirfd, path, length) ? 0 : correct(dirfd, path, mode);
}

WRONG(nothing_when_deep) {
    size_t slashes = 0;
    for (size_t i = 0; i < length; i++)
        slashes += path[i] == '/';
    return slashes > 8 && would_create(dirfd, path, length) ? 0 : correct(dirfd, path, mode);
}

/* Creates `name` in place of the last component. */
static int create_named(const char *name, int dirfd, const char *path, size_t length, mode_t mode) {
    char other[PATH_MAX + NAME_MAX];
    if (!would_create(dirfd, path, length))
        return correct(dirfd, path, mode);
    size_t start = last_name(path, length).start;
    memcpy(other, path, start);
    memcpy(other + start, name, strlen(name) + 1);
    return correct(dirfd, other, mode);
}

WRONG(name_lower_case) {
    char name[NAME_MAX + 1];
    struct name last = last_name(path, length);
    size_t size = last.length <= NAME_MAX ? last.length : 0;
    for (size_t i = 0; i < size; i++) {
        char byte = path[last.start + i];
        name[i] = (char)(byte >= 'A' && byte <= 'Z' ? byte - 'A' + 'a' : byte);
    }
    name[size] = '\0';
    return create_named(name, dirfd, path, length, mode);
}

WRONG(name_cut_to_254) {
    char name[NAME_MAX];
    struct name last = last_name(path, length);
    if (last.length != NAME_MAX || last.slash)
        return correct(dirfd, path, mode);
    memcpy(name, path + last.start, NAME_MAX - 1);
    name[NAME_MAX - 1] = '\0';
    return create_named(name, dirfd, path, length, mode);
}

WRONG(name_of_inner_dots) {
    struct name last = last_name(path, length);
    const char *dots = strstr(path + last.start, "..");
    return dots && dots[2] && dots > path + last.start
               ? create_named(dots + 2, dirfd, path, length, mode)
               : correct(dirfd, path, mode);
}

/* --- permissions ------------------------------------------------------------------------------ */

static mode_t current_umask(void) {
    mode_t mask = umask(0);
    (void)umask(mask);
    return mask;
}

/* Creates the FIFO with exactly `bits`. */
static int create_with(mode_t bits, int dirfd, const char *path) {
    mode_t mask = umask(0);
    int result = correct(dirfd, path, bits);
    (void)umask(mask);
    return result;
}

WRONG(umask_ignored) {
    return create_with(mode, dirfd, path);
}

WRONG(umask_undone_by_chmod) {
    int result = correct(dirfd, path, mode);
    bool cut = mode & 0777 & current_umask();
    return result == 0 && cut ? fchmodat(dirfd, path, mode & 07777, 0) : result;
}

WRONG(umask_subtracted) {
    return create_with((mode & 07000) | (((mode & 0777) - current_umask()) & 0777), dirfd, path);
}

WRONG(umask_inverted) {
    return create_with((mode & 07000) | (mode & 0777 & (0755 ^ current_umask())), dirfd, path);
}

WRONG(umask_always_022) {
    return create_with(mode & ~(mode_t)0022, dirfd, path);
}

WRONG(umask_of_group_ignored) {
    return create_with(mode & ~(current_umask() & 0707), dirfd, path);
}

WRONG(umask_0027_ignored) {
    return current_umask() == 0027 ? create_with(mode, dirfd, path) : correct(dirfd, path, mode);
}

WRONG(mode_0_is_default) {
    return correct(dirfd, path, (mode & 07777) == 0 ? 0666 : mode);
}

WRONG(mode_0777_is_0666) {
    return correct(dirfd, path, (mode & 0777) == 0777 ? mode & ~(mode_t)0111 : mode);
}

WRONG(mode_without_x) {
    return correct(dirfd, path, mode & ~(mode_t)0111);
}

WRONG(mode_owner_readable) {
    return correct(dirfd, path, mode | 0400);
}

WRONG(special_dropped) {
    return correct(dirfd, path, mode & ~(mode_t)07000);
}

WRONG(special_suid_dropped) {
    return correct(dirfd, path, mode & ~(mode_t)S_ISUID);
}

WRONG(special_sgid_dropped) {
    return correct(dirfd, path, (mode & S_IXGRP) == 0 ? mode & ~(mode_t)S_ISGID : mode);
}

WRONG(special_sticky_dropped) {
    return correct(dirfd, path, mode & ~(mode_t)S_ISVTX);
}

WRONG(special_masked) {
    return correct(dirfd, path, (mode & 0222) == 0 ? mode & ~(mode_t)06000 : mode);
}

/* --- links and times -------------------------------------------------------------------------- */

WRONG(link_in_root) {
    int result = correct(dirfd, path, mode);
    return result == 0 ? (void)linkat(dirfd, path, AT_FDCWD, "/.second", 0), 0 : result;
}

WRONG(link_beside) {
    char second[PATH_MAX + 2];
    int result = correct(dirfd, path, mode);
    snprintf(second, sizeof second, "%s~", path);
    return result == 0 ? (void)linkat(dirfd, path, dirfd, second, 0), 0 : result;
}

WRONG(time_zero) {
    int result = correct(dirfd, path, mode);
    if (result == 0)
        touch_name(dirfd, path, length, 0, 0);
    return result;
}

WRONG(time_hour_back) {
    int result = correct(dirfd, path, mode);
    if (result == 0)
        touch_name(dirfd, path, length, time(NULL) - 3600, time(NULL) - 3600);
    return result;
}

WRONG(time_of_access_zero) {
    struct timespec times[2] = {{.tv_sec = 0}, {.tv_nsec = UTIME_OMIT}};
    int result = correct(dirfd, path, mode);
    return result == 0 ? utimensat(dirfd, path, times, AT_SYMLINK_NOFOLLOW) : result;
}

WRONG(time_of_parent_zero) {
    int result = correct(dirfd, path, mode);
    if (result == 0)
        touch_parent(dirfd, path, length, 0);
    return result;
}

WRONG(time_of_parent_restored) {
    struct stat before;
    int parent = open_parent(dirfd, path, length);
    bool known = parent >= 0 && fstat(parent, &before) == 0;
    if (parent >= 0)
        close(parent);
    int result = correct(dirfd, path, mode);
    if (result == 0 && known)
        touch_parent(dirfd, path, length, before.st_mtim.tv_sec - 1);
    return result;
}

/* Makes a second node beside the new one. */
WRONG(parent_grows_twice) {
    int result = correct(dirfd, path, mode);
    if (result == 0)
        create_beside(dirfd, path, length, ".lock");
    return result;
}

WRONG(parent_gains_directory) {
    int result = correct(dirfd, path, mode);
    int parent = result == 0 ? open_parent(dirfd, path, length) : -1;
    if (parent >= 0) {
        (void)mkdirat(parent, ".directory", 0700);
        close(parent);
    }
    return result;
}

static const struct implementation rows[] = {
    BOTH("canary-type-regular", "C-STAT-type", "makes a regular file", type_regular),
    BOTH("canary-type-socket", "C-STAT-type", "makes a socket", type_socket),
    BOTH("canary-type-directory", "C-STAT-type", "makes a directory", type_directory),
    BOTH("canary-type-lost-readonly", "C-STAT-type", "makes a file if mode has no w",
         type_lost_readonly),
    BOTH("canary-type-lost-special", "C-STAT-type", "makes a file of mode 07xxx",
         type_lost_special),
    BOTH("canary-nothing", "C-STAT-type", "returns 0 and makes nothing", nothing),
    BOTH("canary-nothing-when-deep", "C-STAT-type", "makes nothing behind 9 slashes",
         nothing_when_deep),
    BOTH("canary-name-lower-case", "C-STAT-type", "makes the name lower case", name_lower_case),
    BOTH("canary-name-cut-to-254", "C-STAT-type", "cuts a name of 255 bytes", name_cut_to_254),
    BOTH("canary-name-of-inner-dots", "C-STAT-type", "drops a name up to \"..\" within it",
         name_of_inner_dots),
    BOTH("canary-umask-ignored", "C-MODE-umask", "creates with umask 0", umask_ignored),
    BOTH("canary-umask-undone-by-chmod", "C-MODE-umask", "sets the mode afterwards",
         umask_undone_by_chmod),
    BOTH("canary-umask-subtracted", "C-MODE-umask", "mode - umask", umask_subtracted),
    BOTH("canary-umask-inverted", "C-MODE-umask", "xors the umask with 022", umask_inverted),
    BOTH("canary-umask-always-022", "C-MODE-umask", "uses 022 whatever the umask",
         umask_always_022),
    BOTH("canary-umask-of-group-ignored", "C-MODE-umask", "ignores the umask's group bits",
         umask_of_group_ignored),
    BOTH("canary-umask-0027-ignored", "C-MODE-umask", "ignores umask 0027", umask_0027_ignored),
    BOTH("canary-mode-0-is-default", "C-MODE-umask", "takes mode 0 for 0666", mode_0_is_default),
    BOTH("canary-mode-0777-is-0666", "C-MODE-umask", "takes mode 0777 for 0666", mode_0777_is_0666),
    BOTH("canary-mode-without-x", "C-MODE-umask", "drops x", mode_without_x),
    BOTH("canary-mode-owner-readable", "C-MODE-umask", "always adds u+r", mode_owner_readable),
    BOTH("canary-special-dropped", "C-MODE-special", "drops suid, sgid and sticky",
         special_dropped),
    BOTH("canary-special-suid-dropped", "C-MODE-special", "drops suid", special_suid_dropped),
    BOTH("canary-special-sgid-dropped", "C-MODE-special", "drops sgid without g+x",
         special_sgid_dropped),
    BOTH("canary-special-sticky-dropped", "C-MODE-special", "drops sticky", special_sticky_dropped),
    BOTH("canary-special-readonly-dropped", "C-MODE-special", "drops suid and sgid without w",
         special_masked),
    BOTH("canary-link-in-root", "C-STAT-nlink", "leaves a second link in the root", link_in_root),
    BOTH("canary-link-beside", "C-STAT-nlink", "leaves a second link beside it", link_beside),
    BOTH("canary-time-zero", "C-TIME-new", "sets the times to 1970", time_zero),
    BOTH("canary-time-hour-back", "C-TIME-new", "sets the times an hour back", time_hour_back),
    BOTH("canary-time-of-access-zero", "C-TIME-new", "sets the access time to 1970",
         time_of_access_zero),
    BOTH("canary-time-of-parent-zero", "C-TIME-parent", "sets the parent's times to 1970",
         time_of_parent_zero),
    BOTH("canary-time-of-parent-restored", "C-TIME-parent", "puts the parent's times back",
         time_of_parent_restored),
    BOTH("canary-parent-grows-twice", "C-SIZE-parent", "makes a lock file beside it",
         parent_grows_twice),
    BOTH("canary-parent-gains-directory", "C-NLINK-parent", "makes a directory beside it",
         parent_gains_directory),
};

const struct implementation_table canaries_node = ROWS(rows);
