/*
 * canaries_setgid.c - wrong below set-user-ID and set-group-ID directories.
 */
#include <linux/capability.h>
#include <stdio.h>
#include <sys/syscall.h>

#include "canary_place.h"

/* --- set-user-ID ------------------------------------------------------------------------------ */

WRONG(suid_parent_refused) {
    struct place place = place_of(dirfd, path, length);
    bool others = place.status.st_mode & S_ISUID && place.status.st_uid != geteuid();
    return refuse_if(others, EPERM, dirfd, path, length, mode);
}

WRONG(suid_parent_inherited) {
    bool suid = place_of(dirfd, path, length).status.st_mode & S_ISUID;
    return correct(dirfd, path, suid ? mode | S_ISUID : mode);
}

/*
 * Takes a FIFO that the parent's owner has there, of the mode that the new one would have: then it
 * belongs to the owner.
 */
WRONG(suid_parent_taken_over) {
    char old[NAME_MAX];
    struct place place = place_of(dirfd, path, length);
    struct stat status;
    if (!(place.status.st_mode & S_ISUID) || !would_create(dirfd, path, length))
        return correct(dirfd, path, mode);
    int parent = open_parent(dirfd, path, length);
    mode_t wanted = mode & ~look_at_umask() & 0777;
    bool taken = false;
    for (char name = 'a'; name <= 'z' && !taken; name++) {
        (void)snprintf(old, sizeof old, "%c", name);
        taken = fstatat(parent, old, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
                S_ISFIFO(status.st_mode) && status.st_uid == place.status.st_uid &&
                (status.st_mode & 07777) == wanted && renameat(parent, old, dirfd, path) == 0;
    }
    close(parent);
    return taken ? 0 : correct(dirfd, path, mode);
}

/* --- set-group-ID ----------------------------------------------------------------------------- */

/* The parent is set-group-ID, and the caller is one who loses S_ISGID there. */
static bool is_outsider(int dirfd, const char *path, size_t length) {
    struct place place = place_of(dirfd, path, length);
    return place.status.st_mode & S_ISGID && !is_member(place.status.st_gid) &&
           !has_capability(CAP_FSETID);
}

WRONG(setgid_outsider_refused) {
    bool refused = is_outsider(dirfd, path, length);
    return refuse_if(refused, EPERM, dirfd, path, length, mode);
}

WRONG(setgid_lost_always) {
    bool setgid = place_of(dirfd, path, length).status.st_mode & S_ISGID;
    return correct(dirfd, path, setgid ? mode & ~(mode_t)S_ISGID : mode);
}

WRONG(setgid_lost_without_x) {
    bool lost = is_outsider(dirfd, path, length);
    return correct(dirfd, path, lost ? mode & ~(mode_t)S_ISGID : mode);
}

WRONG(setgid_lost_by_other_groups) {
    struct place place = place_of(dirfd, path, length);
    bool lost = place.status.st_mode & S_ISGID && mode & S_IXGRP &&
                place.status.st_gid != getegid() && !has_capability(CAP_FSETID);
    return correct(dirfd, path, lost ? mode & ~(mode_t)S_ISGID : mode);
}

WRONG(setgid_lost_despite_capability) {
    struct place place = place_of(dirfd, path, length);
    bool lost = place.status.st_mode & S_ISGID && mode & S_IXGRP && !is_member(place.status.st_gid);
    return correct(dirfd, path, lost ? mode & ~(mode_t)S_ISGID : mode);
}

WRONG(setgid_lost_in_plain) {
    struct place place = place_of(dirfd, path, length);
    bool lost = place.known && mode & S_IXGRP && !is_member(place.status.st_gid);
    return correct(dirfd, path, lost ? mode & ~(mode_t)S_ISGID : mode);
}

WRONG(setgid_lost_for_umask) {
    bool lost = mode & S_ISGID && mode & S_IXGRP && look_at_umask() & S_IXGRP;
    return correct(dirfd, path, lost ? mode & ~(mode_t)S_ISGID : mode);
}

/* The umask is applied before the kernel sees the mode, and with it S_IXGRP gone. */
WRONG(setgid_after_umask) {
    bool outsider = mode & S_ISGID && is_outsider(dirfd, path, length);
    return correct(dirfd, path, outsider ? mode & ~look_at_umask() : mode);
}

WRONG(setgid_after_umask_010) {
    bool outsider = mode & S_ISGID && look_at_umask() == S_IXGRP;
    return correct(dirfd, path, outsider ? mode & ~(mode_t)S_IXGRP : mode);
}

/* Leaves out what the umask takes away anyway. */
WRONG(setgid_x_left_out) {
    if (!(mode & S_ISGID) || !(mode & S_IXGRP) || !(look_at_umask() & S_IXGRP) ||
        !is_outsider(dirfd, path, length))
        return correct(dirfd, path, mode);
    return correct(dirfd, path, mode & ~(mode_t)S_IXGRP);
}

/* Makes it under another name in the current directory, so that it appears all at once. */
static int create_and_move(bool link, int dirfd, const char *path, mode_t mode) {
    static const char temporary[] = ".\1new";
    if (correct(AT_FDCWD, temporary, mode) != 0)
        return correct(dirfd, path, mode);
    int moved = link ? linkat(AT_FDCWD, temporary, dirfd, path, 0)
                     : (int)syscall(SYS_renameat2, AT_FDCWD, temporary, dirfd, path, 1);
    if (link || moved != 0)
        (void)unlink(temporary);
    return moved == 0 ? 0 : correct(dirfd, path, mode);
}

static bool would_strip(int dirfd, const char *path, size_t length, mode_t mode) {
    return mode & S_ISGID && mode & S_IXGRP && is_outsider(dirfd, path, length) &&
           would_create(dirfd, path, length);
}

WRONG(setgid_moved) {
    return would_strip(dirfd, path, length, mode) && !(look_at_umask() & S_IXGRP)
               ? create_and_move(false, dirfd, path, mode)
               : correct(dirfd, path, mode);
}

WRONG(setgid_linked) {
    return would_strip(dirfd, path, length, mode) && !(look_at_umask() & S_IXGRP)
               ? create_and_move(true, dirfd, path, mode)
               : correct(dirfd, path, mode);
}

WRONG(setgid_moved_by_real) {
    bool strip = would_strip(dirfd, path, length, mode) && !(look_at_umask() & S_IXGRP) &&
                 getuid() == geteuid();
    return strip ? create_and_move(false, dirfd, path, mode) : correct(dirfd, path, mode);
}

/* chmod(2) takes S_ISGID from an outsider, whether there is an x or not. */
WRONG(setgid_by_chmod) {
    bool outsider = mode & S_ISGID && !(mode & S_IXGRP) && is_outsider(dirfd, path, length);
    int result = correct(dirfd, path, mode);
    if (result == 0 && outsider)
        (void)fchmodat(dirfd, path, mode & ~look_at_umask() & 07777, 0);
    return result;
}

WRONG(setgid_moved_beside_umask) {
    return would_strip(dirfd, path, length, mode) && look_at_umask() & S_IXGRP
               ? create_and_move(false, dirfd, path, mode)
               : correct(dirfd, path, mode);
}

WRONG(setgid_group_moved) {
    bool setgid = place_of(dirfd, path, length).status.st_mode & S_ISGID && !(mode & S_ISGID) &&
                  would_create(dirfd, path, length);
    return setgid ? create_and_move(false, dirfd, path, mode) : correct(dirfd, path, mode);
}

WRONG(setgid_umask_ignored) {
    bool setgid = place_of(dirfd, path, length).status.st_mode & S_ISGID;
    mode_t mask = setgid ? umask(0) : 0;
    int result = correct(dirfd, path, mode);
    if (setgid)
        (void)umask(mask);
    return result;
}

static const struct implementation rows[] = {
    BOTH("canary-suid-parent-refused", "C-SUCCESS", "EPERM in another's set-user-ID directory",
         suid_parent_refused),
    BOTH("canary-suid-parent-inherited", "C-MODE-special", "inherits S_ISUID",
         suid_parent_inherited),
    BOTH("canary-suid-parent-taken-over", "C-OWNER-suiddir",
         "takes the owner's FIFO in a set-user-ID parent", suid_parent_taken_over),
    BOTH("canary-setgid-outsider-refused", "C-SUCCESS",
         "EPERM under a set-group-ID parent of another group", setgid_outsider_refused),
    BOTH("canary-setgid-lost-always", "C-MODE-special",
         "drops S_ISGID under any set-group-ID parent", setgid_lost_always),
    BOTH("canary-setgid-lost-without-x", "C-MODE-special", "drops S_ISGID without S_IXGRP too",
         setgid_lost_without_x),
    BOTH("canary-setgid-lost-by-other-groups", "C-MODE-special",
         "drops S_ISGID for members by a supplementary group", setgid_lost_by_other_groups),
    BOTH("canary-setgid-lost-despite-capability", "C-MODE-special",
         "drops S_ISGID despite CAP_FSETID", setgid_lost_despite_capability),
    BOTH("canary-setgid-lost-in-plain", "C-MODE-special",
         "drops S_ISGID in any directory of another group", setgid_lost_in_plain),
    BOTH("canary-setgid-lost-for-umask", "C-MODE-special",
         "drops S_ISGID where the umask takes S_IXGRP", setgid_lost_for_umask),
    BOTH("canary-setgid-after-umask", "C-SETGID-before-umask",
         "masks the mode before the kernel decides on S_ISGID", setgid_after_umask),
    BOTH("canary-setgid-after-umask-010", "C-SETGID-before-umask", "the same with umask 010",
         setgid_after_umask_010),
    AT_ONLY("canary-setgid-x-left-out", "C-SETGID-before-umask",
            "mkfifoat leaves out an x that the umask takes away", setgid_x_left_out),
    BOTH("canary-setgid-moved", "C-SETGID-strip", "makes it elsewhere with S_ISGID and renames it",
         setgid_moved),
    BOTH("canary-setgid-linked", "C-SETGID-strip", "makes it elsewhere with S_ISGID and links it",
         setgid_linked),
    AT_ONLY("canary-setgid-moved-by-real", "C-SETGID-strip",
            "mkfifoat renames it if real is effective", setgid_moved_by_real),
    BOTH("canary-setgid-by-chmod", "C-MODE-special", "sets the mode of an outsider with chmod(2)",
         setgid_by_chmod),
    BOTH("canary-setgid-moved-beside-umask", "C-SETGID-before-umask",
         "the same where the umask takes S_IXGRP", setgid_moved_beside_umask),
    BOTH("canary-setgid-group-moved", "C-SETGID-rule", "makes it elsewhere and renames it",
         setgid_group_moved),
    BOTH("canary-setgid-umask-ignored", "C-MODE-umask",
         "ignores the umask under a set-group-ID parent", setgid_umask_ignored),
};

const struct implementation_table canaries_setgid = ROWS(rows);
