/*
 * canaries_space.c - wrong about full file systems.
 */
#include <dirent.h>

#include "canary_place.h"

static bool is_full(int dirfd, const char *path, size_t length) {
    struct place place = place_of(dirfd, path, length);
    return place.inodes > 0 && place.left == 0;
}

/* The call failed with `error`, and the file system is full as well. */
static bool failed_on_full(int result, int error, int dirfd, const char *path, size_t length) {
    return failed(result, error) && is_full(dirfd, path, length);
}

/* --- another error ---------------------------------------------------------------------------- */

WRONG(full_edquot) {
    int result = correct(dirfd, path, mode);
    return failed(result, ENOSPC) ? fail_with(EDQUOT) : result;
}

WRONG(full_enomem) {
    int result = correct(dirfd, path, mode);
    return failed(result, ENOSPC) ? fail_with(ENOMEM) : result;
}

WRONG(full_eio) {
    int result = correct(dirfd, path, mode);
    return failed(result, ENOSPC) ? fail_with(EIO) : result;
}

WRONG(full_silent) {
    int result = correct(dirfd, path, mode);
    return failed(result, ENOSPC) ? 0 : result;
}

/* --- which error comes first ------------------------------------------------------------------ */

WRONG(full_before_exist) {
    int result = correct(dirfd, path, mode);
    bool met = failed_on_full(result, EEXIST, dirfd, path, length);
    return met && is_plain_name(path, length) ? fail_with(ENOSPC) : result;
}

WRONG(full_before_slash) {
    int result = correct(dirfd, path, mode);
    bool met = failed_on_full(result, ENOENT, dirfd, path, length);
    return met && last_name(path, length).slash ? fail_with(ENOSPC) : result;
}

WRONG(full_before_length) {
    int result = correct(dirfd, path, mode);
    return failed_on_full(result, ENAMETOOLONG, dirfd, path, length) ? fail_with(ENOSPC) : result;
}

WRONG(full_before_permission) {
    int result = correct(dirfd, path, mode);
    bool met = failed_on_full(result, EACCES, dirfd, path, length);
    return met && objection_of(dirfd, path, length) == EACCES ? fail_with(ENOSPC) : result;
}

WRONG(full_before_immutable) {
    int result = correct(dirfd, path, mode);
    return failed_on_full(result, EPERM, dirfd, path, length) ? fail_with(ENOSPC) : result;
}

WRONG(full_before_ids) {
    int result = correct(dirfd, path, mode);
    return failed_on_full(result, EOVERFLOW, dirfd, path, length) ? fail_with(ENOSPC) : result;
}

WRONG(full_before_landlock) {
    int result = correct(dirfd, path, mode);
    bool met = failed_on_full(result, EACCES, dirfd, path, length);
    return met && objection_of(dirfd, path, length) != EACCES ? fail_with(ENOSPC) : result;
}

/* --- making room, or a way round -------------------------------------------------------------- */

/* Removes a name that the parent has for which `fits`, and tries again. */
static int create_instead_of(bool (*fits)(const struct stat *), int dirfd, const char *path,
                             size_t length, mode_t mode) {
    char prefix[PATH_MAX];
    size_t end = last_name(path, length).start;
    memcpy(prefix, path, end);
    prefix[end] = '\0';
    int directory = openat(dirfd, end ? prefix : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = directory < 0 ? NULL : fdopendir(directory);
    bool removed = false;
    for (struct dirent *entry; stream && !removed && (entry = readdir(stream));) {
        struct stat status;
        removed = fstatat(directory, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
                  fits(&status) && unlinkat(directory, entry->d_name, 0) == 0;
    }
    if (stream)
        closedir(stream);
    return correct(dirfd, path, mode);
}

static bool is_fifo(const struct stat *status) {
    return S_ISFIFO(status->st_mode);
}

static bool is_linked(const struct stat *status) {
    return !S_ISDIR(status->st_mode) && status->st_nlink > 1;
}

static bool is_empty_file(const struct stat *status) {
    return S_ISREG(status->st_mode) && status->st_size == 0;
}

WRONG(full_replaces_fifo) {
    int result = correct(dirfd, path, mode);
    return failed(result, ENOSPC) ? create_instead_of(is_fifo, dirfd, path, length, mode) : result;
}

WRONG(full_replaces_link) {
    int result = correct(dirfd, path, mode);
    return failed(result, ENOSPC) ? create_instead_of(is_linked, dirfd, path, length, mode)
                                  : result;
}

WRONG(full_replaces_empty_file) {
    int result = correct(dirfd, path, mode);
    return failed(result, ENOSPC) ? create_instead_of(is_empty_file, dirfd, path, length, mode)
                                  : result;
}

/* --- counting --------------------------------------------------------------------------------- */

/* What the parent lists: names, of which some share a node. */
struct census {
    uint64_t names, further; /* further names of what has one already */
    bool directories;
};

static struct census count_names(int dirfd, const char *path, size_t length) {
    struct census census = {0};
    char prefix[PATH_MAX];
    size_t end = last_name(path, length).start;
    int before = errno;
    memcpy(prefix, path, end);
    prefix[end] = '\0';
    int directory = openat(dirfd, end ? prefix : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = directory < 0 ? NULL : fdopendir(directory);
    for (struct dirent *entry; stream && (entry = readdir(stream));) {
        struct stat status;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
            fstatat(directory, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        census.names++;
        census.further += !S_ISDIR(status.st_mode) && status.st_nlink > 1;
        census.directories |= S_ISDIR(status.st_mode);
    }
    if (stream)
        closedir(stream);
    errno = before;
    return census;
}

/* Believes its own count: what has no name any more takes no room. */
WRONG(full_unnamed_forgotten) {
    int result = correct(dirfd, path, mode);
    if (!failed(result, ENOSPC))
        return result;
    struct census census = count_names(dirfd, path, length);
    struct place place = place_of(dirfd, path, length);
    bool room = place.mount_root && !census.directories && census.names + 1 < place.inodes;
    return fail_with(room ? EBUSY : ENOSPC);
}

WRONG(full_unnamed_eagain) {
    int result = correct(dirfd, path, mode);
    if (!failed(result, ENOSPC))
        return result;
    struct census census = count_names(dirfd, path, length);
    struct place place = place_of(dirfd, path, length);
    bool few = place.mount_root && census.names + 2 == place.inodes && !census.directories;
    return few ? fail_with(EAGAIN) : fail_with(ENOSPC);
}

WRONG(full_unnamed_silent) {
    int result = correct(dirfd, path, mode);
    if (!failed(result, ENOSPC))
        return result;
    struct census census = count_names(dirfd, path, length);
    struct place place = place_of(dirfd, path, length);
    bool none = place.mount_root && census.names == 0 && place.inodes > 1;
    return none ? 0 : fail_with(ENOSPC);
}

WRONG(full_links_forgotten) {
    int result = correct(dirfd, path, mode);
    return failed(result, ENOSPC) && count_names(dirfd, path, length).further > 0
               ? fail_with(EMLINK)
               : result;
}

WRONG(full_links_silent) {
    int result = correct(dirfd, path, mode);
    return failed(result, ENOSPC) && count_names(dirfd, path, length).further > 1 ? 0 : result;
}

/* --- foresight -------------------------------------------------------------------------------- */

WRONG(full_with_one_left) {
    struct place place = place_of(dirfd, path, length);
    bool last = place.inodes > 0 && place.left == 1;
    return refuse_if(last, ENOSPC, dirfd, path, length, mode);
}

WRONG(full_with_reserve) {
    struct place place = place_of(dirfd, path, length);
    bool low = place.inodes > 0 && place.left * 4 <= place.inodes && geteuid() != 0;
    return refuse_if(low, ENOSPC, dirfd, path, length, mode);
}

/* Reckons with an inode for the ACL. */
WRONG(full_with_acl) {
    struct acl_record records[ACL_RECORDS_MAX];
    struct place place = place_of(dirfd, path, length);
    bool last = place.inodes > 0 && place.left == 1 &&
                read_acl(records, dirfd, path, length, DEFAULT_ACL) > 0;
    return refuse_if(last, ENOSPC, dirfd, path, length, mode);
}

WRONG(full_with_names_in_acl) {
    struct acl_record records[ACL_RECORDS_MAX];
    struct place place = place_of(dirfd, path, length);
    bool low = place.inodes > 0 && place.left < 3 &&
               read_acl(records, dirfd, path, length, DEFAULT_ACL) > 3;
    return refuse_if(low, EDQUOT, dirfd, path, length, mode);
}

/* f_files is 0 where there is no limit. */
WRONG(full_without_limit) {
    struct place place = place_of(dirfd, path, length);
    bool none = place.known && place.left == 0;
    return refuse_if(none, ENOSPC, dirfd, path, length, mode);
}

static const struct implementation rows[] = {
    BOTH("canary-full-edquot", "C-ENOSPC-inodes", "EDQUOT for ENOSPC", full_edquot),
    BOTH("canary-full-enomem", "C-ENOSPC-inodes", "ENOMEM for ENOSPC", full_enomem),
    AT_ONLY("canary-full-eio", "C-ENOSPC-inodes", "mkfifoat gives EIO for ENOSPC", full_eio),
    BOTH("canary-full-silent", "C-ENOSPC-inodes", "0 for ENOSPC", full_silent),
    BOTH("canary-full-before-exist", "C-ENOSPC-order", "ENOSPC for a name that exists",
         full_before_exist),
    BOTH("canary-full-before-slash", "C-ENOSPC-order", "ENOSPC for \"new/\"", full_before_slash),
    BOTH("canary-full-before-length", "C-ENOSPC-order", "ENOSPC for an over-long name",
         full_before_length),
    BOTH("canary-full-before-permission", "C-EACCES-write",
         "ENOSPC in a directory that may not be written", full_before_permission),
    BOTH("canary-full-before-immutable", "C-EPERM-immutable", "ENOSPC in an immutable directory",
         full_before_immutable),
    BOTH("canary-full-before-ids", "C-EOVERFLOW", "ENOSPC for ids without a mapping",
         full_before_ids),
    BOTH("canary-full-before-landlock", "C-LANDLOCK-order", "ENOSPC where Landlock forbids",
         full_before_landlock),
    BOTH("canary-full-replaces-fifo", "C-ENOSPC-inodes", "makes room by removing a FIFO",
         full_replaces_fifo),
    BOTH("canary-full-replaces-link", "C-ENOSPC-link", "makes room by removing a hard link",
         full_replaces_link),
    BOTH("canary-full-replaces-empty-file", "C-ENOSPC-inodes",
         "makes room by removing an empty file", full_replaces_empty_file),
    BOTH("canary-full-unnamed-forgotten", "C-ENOSPC-held", "EBUSY where names would leave room",
         full_unnamed_forgotten),
    BOTH("canary-full-unnamed-eagain", "C-ENOSPC-held", "EAGAIN where one inode has no name",
         full_unnamed_eagain),
    BOTH("canary-full-unnamed-silent", "C-ENOSPC-held", "0 where there is no name at all",
         full_unnamed_silent),
    BOTH("canary-full-links-forgotten", "C-ENOSPC-link", "EMLINK where there are hard links",
         full_links_forgotten),
    BOTH("canary-full-links-silent", "C-ENOSPC-link", "0 where there are hard links",
         full_links_silent),
    BOTH("canary-full-with-one-left", "C-SUCCESS", "ENOSPC for the last inode", full_with_one_left),
    BOTH("canary-full-with-reserve", "C-SUCCESS", "keeps a quarter of the inodes for root",
         full_with_reserve),
    BOTH("canary-full-with-acl", "C-SUCCESS", "ENOSPC for the last inode with a default ACL",
         full_with_acl),
    BOTH("canary-full-with-names-in-acl", "C-SUCCESS",
         "EDQUOT for the last two with names in the default ACL", full_with_names_in_acl),
    BOTH("canary-full-without-limit", "C-SUCCESS", "ENOSPC where the number is not limited",
         full_without_limit),
};

const struct implementation_table canaries_space = ROWS(rows);
