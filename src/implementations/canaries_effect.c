/*
 * canaries_effect.c - right answers with effects that nobody asked for: on failure, and elsewhere
 * in the tree.
 */
#include <stdio.h>

#include "canary.h"

/* --- a call that fails ------------------------------------------------------------------------ */

WRONG(failure_creates_stripped) {
    int result = correct(dirfd, path, mode);
    char name[PATH_MAX];
    if (!failed(result, ENOENT) || path[length - 1] != '/')
        return result;
    copy_without_slashes(name, path, length);
    (void)correct(dirfd, name, mode);
    return fail_with(ENOENT);
}

WRONG(failure_leaves_temporary) {
    int result = correct(dirfd, path, mode);
    if (result != 0)
        create_beside(dirfd, path, length, ".temporary");
    return result;
}

/* Makes a name beside the one that exists and removes it: only the parent's times tell. */
WRONG(failure_uses_temporary) {
    int result = correct(dirfd, path, mode);
    int parent = failed(result, EEXIST) ? open_parent(dirfd, path, length) : -1;
    if (parent < 0)
        return result;
    (void)correct(parent, ".temporary", 0600);
    (void)unlinkat(parent, ".temporary", 0);
    close(parent);
    return fail_with(EEXIST);
}

WRONG(failure_touches_parent) {
    int result = correct(dirfd, path, mode);
    if (failed(result, EEXIST))
        touch_parent(dirfd, path, length, 1);
    return result;
}

/* Whether the call failed because a node of `type` is there under this very name. */
static bool met(int result, mode_t type, int dirfd, const char *path, size_t length) {
    return failed(result, EEXIST) && path[length - 1] != '/' &&
           type_of(dirfd, path, length) == type;
}

/* Opens the file that is there for writing, with `flags`, and writes `size` bytes. */
static void write_to_existing(int flags, size_t size, int dirfd, const char *path) {
    int file = openat(dirfd, path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC | flags);
    if (file < 0)
        return;
    (void)!write(file, "x", size);
    close(file);
}

WRONG(failure_truncates) {
    int result = correct(dirfd, path, mode);
    if (!met(result, S_IFREG, dirfd, path, length))
        return result;
    write_to_existing(O_TRUNC, 0, dirfd, path);
    return fail_with(EEXIST);
}

WRONG(failure_appends) {
    int result = correct(dirfd, path, mode);
    if (!met(result, S_IFREG, dirfd, path, length))
        return result;
    write_to_existing(O_APPEND, 1, dirfd, path);
    return fail_with(EEXIST);
}

WRONG(failure_changes_mode) {
    int result = correct(dirfd, path, mode);
    if (!met(result, S_IFIFO, dirfd, path, length))
        return result;
    (void)fchmodat(dirfd, path, mode & 07777, 0);
    return fail_with(EEXIST);
}

WRONG(failure_changes_file_mode) {
    int result = correct(dirfd, path, mode);
    if (!met(result, S_IFREG, dirfd, path, length))
        return result;
    (void)fchmodat(dirfd, path, 0600, 0);
    return fail_with(EEXIST);
}

WRONG(failure_removes_link) {
    int result = correct(dirfd, path, mode);
    if (met(result, S_IFLNK, dirfd, path, length))
        remove_name(dirfd, path, length);
    return result;
}

WRONG(failure_creates_target) {
    int result = correct(dirfd, path, mode);
    if (!met(result, S_IFLNK, dirfd, path, length))
        return result;
    int file = openat(dirfd, path, O_WRONLY | O_CREAT | O_NONBLOCK | O_CLOEXEC, 0600);
    if (file >= 0)
        close(file);
    return fail_with(EEXIST);
}

WRONG(failure_keeps_backup) {
    char backup[PATH_MAX + 2];
    int result = correct(dirfd, path, mode);
    if (!met(result, S_IFREG, dirfd, path, length))
        return result;
    snprintf(backup, sizeof backup, "%s~", path);
    (void)linkat(dirfd, path, dirfd, backup, 0);
    return fail_with(EEXIST);
}

WRONG(failure_makes_prefix) {
    int result = correct(dirfd, path, mode);
    if (!failed(result, ENOENT))
        return result;
    struct obstacle obstacle = obstacle_of(dirfd, path, length);
    char prefix[PATH_MAX];
    memcpy(prefix, path, obstacle.end);
    prefix[obstacle.end] = '\0';
    if (obstacle.error == ENOENT && !obstacle.link)
        (void)mkdirat(dirfd, prefix, 0777);
    return fail_with(ENOENT);
}

WRONG(failure_opens_parent_mode) {
    int result = correct(dirfd, path, mode);
    size_t start = last_name(path, length).start;
    char prefix[PATH_MAX];
    if (!failed(result, EACCES) || start == 0)
        return result;
    memcpy(prefix, path, start);
    prefix[start] = '\0';
    (void)fchmodat(dirfd, prefix, 0700, 0);
    return fail_with(EACCES);
}

/* --- a call that succeeds --------------------------------------------------------------------- */

/* Whether the new node is not in the root, where its directory would be looked at. */
static bool below_root(int dirfd, const char *path, size_t length) {
    struct stat root, directory;
    int parent = open_parent(dirfd, path, length);
    if (parent < 0)
        return false;
    bool below =
        fstat(parent, &directory) == 0 && stat("/", &root) == 0 && root.st_ino != directory.st_ino;
    close(parent);
    return below;
}

WRONG(success_logs) {
    int result = correct(dirfd, path, mode);
    if (result != 0 || !below_root(dirfd, path, length))
        return result;
    int file = open("/.log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (file >= 0)
        close(file);
    return 0;
}

WRONG(success_makes_second) {
    int result = correct(dirfd, path, mode);
    if (result == 0 && below_root(dirfd, path, length))
        (void)correct(AT_FDCWD, "/.second", 0600);
    return result;
}

WRONG(success_removes_sibling) {
    int result = correct(dirfd, path, mode);
    if (result == 0 && below_root(dirfd, path, length))
        (void)unlink("/a");
    return result;
}

WRONG(success_changes_root) {
    int result = correct(dirfd, path, mode);
    if (result == 0 && below_root(dirfd, path, length))
        (void)chmod("/", 0700);
    return result;
}

WRONG(success_changes_cwd_mode) {
    int result = correct(dirfd, path, mode);
    struct stat here, parent;
    bool other = result == 0 && stat(".", &here) == 0 && here.st_nlink > 0;
    int directory = other ? open_parent(dirfd, path, length) : -1;
    if (directory < 0)
        return result;
    if (fstat(directory, &parent) == 0 && parent.st_ino != here.st_ino)
        (void)chmod(".", 0711);
    close(directory);
    return 0;
}

/* The directories on the way get the new node's mode. */
WRONG(success_changes_parent_mode) {
    int result = correct(dirfd, path, mode);
    size_t start = last_name(path, length).start;
    char prefix[PATH_MAX];
    memcpy(prefix, path, start);
    prefix[start] = '\0';
    if (result == 0 && start > 0)
        (void)fchmodat(dirfd, prefix, 0777, 0);
    return result;
}

static const struct implementation rows[] = {
    BOTH("canary-failure-creates-stripped", "C-FAIL-noeffect",
         "ENOENT for \"new/\", but creates it", failure_creates_stripped),
    BOTH("canary-failure-leaves-temporary", "C-FAIL-noeffect", "leaves a temporary name behind",
         failure_leaves_temporary),
    BOTH("canary-failure-uses-temporary", "C-FAIL-noeffect", "makes and removes a temporary name",
         failure_uses_temporary),
    BOTH("canary-failure-touches-parent", "C-FAIL-noeffect", "sets the parent's times",
         failure_touches_parent),
    BOTH("canary-failure-truncates", "C-FAIL-noeffect", "truncates the file that is there",
         failure_truncates),
    BOTH("canary-failure-appends", "C-FAIL-noeffect", "writes to the file that is there",
         failure_appends),
    BOTH("canary-failure-changes-mode", "C-FAIL-noeffect",
         "sets the mode of the FIFO that is there", failure_changes_mode),
    BOTH("canary-failure-changes-file-mode", "C-FAIL-noeffect",
         "sets the mode of the file that is there", failure_changes_file_mode),
    BOTH("canary-failure-removes-link", "C-FAIL-noeffect", "removes the link that is there",
         failure_removes_link),
    BOTH("canary-failure-creates-target", "C-FAIL-noeffect", "makes what a dangling link names",
         failure_creates_target),
    BOTH("canary-failure-keeps-backup", "C-FAIL-noeffect", "links the file that is there to name~",
         failure_keeps_backup),
    BOTH("canary-failure-makes-prefix", "C-FAIL-noeffect", "makes the missing directory",
         failure_makes_prefix),
    BOTH("canary-failure-opens-parent", "C-FAIL-noeffect", "makes the parent 0700 after EACCES",
         failure_opens_parent_mode),
    BOTH("canary-success-logs", "C-ARENA", "keeps a log in the root", success_logs),
    BOTH("canary-success-makes-second", "C-ARENA", "makes a second FIFO in the root",
         success_makes_second),
    BOTH("canary-success-removes-sibling", "C-ARENA", "removes /a", success_removes_sibling),
    BOTH("canary-success-changes-root", "C-ARENA", "sets the mode of the root",
         success_changes_root),
    BOTH("canary-success-changes-cwd", "C-ARENA", "sets the mode of the current directory",
         success_changes_cwd_mode),
    BOTH("canary-success-changes-parent", "C-ARENA", "sets the mode of the parent",
         success_changes_parent_mode),
};

const struct implementation_table canaries_effect = ROWS(rows);
