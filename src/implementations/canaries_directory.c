/*
 * canaries_directory.c - wrong about where a relative path starts: dirfd, its order among the
 * errors, and removed directories.
 */
#include "canary.h"

static bool absolute(const char *path) {
    return path[0] == '/';
}

/* Whether dirfd was opened with O_PATH. */
static bool path_only(int dirfd) {
    int before = errno;
    int flags = fcntl(dirfd, F_GETFL);
    errno = before;
    return flags != -1 && flags & O_PATH;
}

/* --- directories that work -------------------------------------------------------------------- */

WRONG(dirfd_ignored) {
    bool other = dirfd != AT_FDCWD && start_of(dirfd, path) == START_HERE;
    return correct(other ? AT_FDCWD : dirfd, path, mode);
}

WRONG(dirfd_above_5_ignored) {
    bool other = dirfd > 5 && start_of(dirfd, path) == START_HERE;
    return correct(other ? AT_FDCWD : dirfd, path, mode);
}

WRONG(cwd_ebadf) {
    bool cwd = dirfd == AT_FDCWD && would_create(dirfd, path, length) && !absolute(path);
    return cwd ? fail_with(EBADF) : correct(dirfd, path, mode);
}

WRONG(opath_ebadf) {
    bool path_directory = path_only(dirfd) && would_create(dirfd, path, length) && !absolute(path);
    return path_directory ? fail_with(EBADF) : correct(dirfd, path, mode);
}

WRONG(opath_below_enotdir) {
    bool usable = path_only(dirfd) && start_of(dirfd, path) == START_HERE;
    bool below = !last_name(path, length).dots && memchr(path, '/', length);
    return usable && below && would_create(dirfd, path, length) ? fail_with(ENOTDIR)
                                                                : correct(dirfd, path, mode);
}

/* --- absolute paths --------------------------------------------------------------------------- */

WRONG(absolute_checks_dirfd) {
    int result = correct(dirfd, path, mode);
    if (absolute(path) && start_of(dirfd, ".") == START_BAD)
        return fail_with(EBADF);
    return result;
}

WRONG(absolute_checks_type) {
    if (absolute(path) && start_of(dirfd, ".") == START_FILE)
        return fail_with(ENOTDIR);
    return correct(dirfd, path, mode);
}

WRONG(absolute_below_dirfd) {
    bool below = absolute(path) && dirfd != AT_FDCWD && start_of(dirfd, ".") == START_HERE;
    size_t slashes = below ? strspn(path, "/") : 0;
    return correct(dirfd, path + (slashes < length ? slashes : 0), mode);
}

/* --- descriptors that are not open ------------------------------------------------------------ */

WRONG(minus_one_is_cwd) {
    return correct(dirfd == -1 ? AT_FDCWD : dirfd, path, mode);
}

WRONG(negative_is_cwd) {
    return correct(dirfd < 0 ? AT_FDCWD : dirfd, path, mode);
}

WRONG(closed_enoent) {
    int result = correct(dirfd, path, mode);
    return failed(result, EBADF) && dirfd >= 0 ? fail_with(ENOENT) : result;
}

WRONG(large_einval) {
    int result = correct(dirfd, path, mode);
    return failed(result, EBADF) && dirfd >= 1024 ? fail_with(EINVAL) : result;
}

WRONG(closed_after_length) {
    int result = correct(dirfd, path, mode);
    bool longer = last_name(path, length).length > NAME_MAX;
    return failed(result, EBADF) && longer ? fail_with(ENAMETOOLONG) : result;
}

WRONG(closed_after_slash) {
    int result = correct(dirfd, path, mode);
    return failed(result, EBADF) && path[length - 1] == '/' ? fail_with(ENOENT) : result;
}

WRONG(closed_after_dots) {
    int result = correct(dirfd, path, mode);
    return failed(result, EBADF) && last_name(path, length).dots ? fail_with(EEXIST) : result;
}

/* --- descriptors that are no directories ------------------------------------------------------ */

WRONG(file_is_cwd) {
    bool file = start_of(dirfd, path) == START_FILE;
    return correct(file ? AT_FDCWD : dirfd, path, mode);
}

WRONG(file_ebadf) {
    return start_of(dirfd, path) == START_FILE ? fail_with(EBADF) : correct(dirfd, path, mode);
}

WRONG(file_dot_exists) {
    bool file = start_of(dirfd, path) == START_FILE;
    return file && last_name(path, length).dots ? fail_with(EEXIST) : correct(dirfd, path, mode);
}

/* --- directories that may not be searched ----------------------------------------------------- */

WRONG(unsearchable_dot_exists) {
    bool denied = dirfd != AT_FDCWD && start_of(dirfd, path) == START_UNSEARCHABLE;
    return denied && last_name(path, length).dots ? fail_with(EEXIST) : correct(dirfd, path, mode);
}

WRONG(unsearchable_opath_ebadf) {
    bool denied = path_only(dirfd) && start_of(dirfd, path) == START_UNSEARCHABLE;
    return denied ? fail_with(EBADF) : correct(dirfd, path, mode);
}

/* An owner can make his directory searchable for the moment. */
WRONG(unsearchable_opened) {
    struct stat status;
    bool denied = dirfd >= 0 && start_of(dirfd, path) == START_UNSEARCHABLE;
    if (!denied || fstat(dirfd, &status) != 0 || fchmod(dirfd, 0700) != 0)
        return correct(dirfd, path, mode);
    int result = correct(dirfd, path, mode);
    int error = errno;
    (void)fchmod(dirfd, status.st_mode & 07777);
    return result == 0 ? 0 : fail_with(error);
}

/* --- removed directories ---------------------------------------------------------------------- */

/* The path stays in the directory it starts in: no slash before the last component. */
static bool local(const char *path, size_t length) {
    return last_name(path, length).start == 0;
}

WRONG(removed_ebadf) {
    int result = correct(dirfd, path, mode);
    bool removed = dirfd != AT_FDCWD && start_of(dirfd, path) == START_REMOVED;
    bool small = last_name(path, length).length <= NAME_MAX;
    return failed(result, ENOENT) && removed && small && local(path, length) ? fail_with(EBADF)
                                                                             : result;
}

WRONG(removed_cwd_is_root) {
    bool removed = dirfd == AT_FDCWD && start_of(dirfd, path) == START_REMOVED;
    struct name name = last_name(path, length);
    char rooted[PATH_MAX] = "/";
    if (!removed || !local(path, length) || name.slash || name.dots || name.length > NAME_MAX)
        return correct(dirfd, path, mode);
    memcpy(rooted + 1, path, length + 1);
    return correct(dirfd, rooted, mode);
}

WRONG(removed_cwd_ebadf) {
    int result = correct(dirfd, path, mode);
    bool removed = dirfd == AT_FDCWD && start_of(dirfd, path) == START_REMOVED;
    bool small = last_name(path, length).length <= NAME_MAX;
    return failed(result, ENOENT) && removed && small && local(path, length) ? fail_with(EBADF)
                                                                             : result;
}

WRONG(removed_dot_estale) {
    int result = correct(dirfd, path, mode);
    bool removed = start_of(dirfd, path) == START_REMOVED && strncmp(path, "./", 2) == 0;
    bool small = last_name(path, length).length <= NAME_MAX;
    return failed(result, ENOENT) && removed && small ? fail_with(ESTALE) : result;
}

WRONG(removed_long) {
    int result = correct(dirfd, path, mode);
    bool removed = start_of(dirfd, path) == START_REMOVED;
    bool longer = last_name(path, length).length > NAME_MAX && local(path, length);
    return failed(result, ENOENT) && removed && longer ? fail_with(ENAMETOOLONG) : result;
}

WRONG(removed_dots_missing) {
    int result = correct(dirfd, path, mode);
    bool removed = start_of(dirfd, path) == START_REMOVED && local(path, length);
    return failed(result, EEXIST) && removed ? fail_with(ENOENT) : result;
}

WRONG(removed_dotdot_missing) {
    bool removed = start_of(dirfd, path) == START_REMOVED && strncmp(path, "../", 3) == 0;
    return removed && would_create(dirfd, path, length) ? fail_with(ENOENT)
                                                        : correct(dirfd, path, mode);
}

static const struct implementation rows[] = {
    AT_ONLY("canary-dirfd-ignored", "C-STAT-type", "always starts at the current directory",
            dirfd_ignored),
    AT_ONLY("canary-dirfd-above-5-ignored", "C-STAT-type",
            "starts at the current directory for dirfd > 5", dirfd_above_5_ignored),
    AT_ONLY("canary-cwd-ebadf", "C-DIRFD-ok", "EBADF for AT_FDCWD", cwd_ebadf),
    AT_ONLY("canary-opath-ebadf", "C-DIRFD-opath", "EBADF for an O_PATH directory", opath_ebadf),
    AT_ONLY("canary-opath-below-enotdir", "C-DIRFD-opath", "ENOTDIR below an O_PATH directory",
            opath_below_enotdir),
    AT_ONLY("canary-absolute-checks-dirfd", "C-DIRFD-absolute",
            "EBADF for an absolute path with a closed dirfd", absolute_checks_dirfd),
    AT_ONLY("canary-absolute-checks-type", "C-DIRFD-absolute",
            "ENOTDIR for an absolute path with a file as dirfd", absolute_checks_type),
    AT_ONLY("canary-absolute-below-dirfd", "C-STAT-type", "takes an absolute path as below dirfd",
            absolute_below_dirfd),
    AT_ONLY("canary-minus-one-is-cwd", "C-EBADF", "-1 is the current directory", minus_one_is_cwd),
    AT_ONLY("canary-negative-is-cwd", "C-EBADF", "any negative dirfd is the current directory",
            negative_is_cwd),
    AT_ONLY("canary-closed-enoent", "C-EBADF", "ENOENT for a closed dirfd", closed_enoent),
    AT_ONLY("canary-large-einval", "C-EBADF", "EINVAL for a dirfd of 1024 or more", large_einval),
    AT_ONLY("canary-closed-after-length", "C-EBADF-order",
            "an over-long name before a closed dirfd", closed_after_length),
    AT_ONLY("canary-closed-after-slash", "C-EBADF-order", "a trailing slash before a closed dirfd",
            closed_after_slash),
    AT_ONLY("canary-closed-after-dots", "C-EBADF", "\".\" before a closed dirfd",
            closed_after_dots),
    AT_ONLY("canary-file-is-cwd", "C-ENOTDIR-dirfd", "a file as dirfd is the current directory",
            file_is_cwd),
    AT_ONLY("canary-file-ebadf", "C-ENOTDIR-dirfd", "EBADF for a file as dirfd", file_ebadf),
    AT_ONLY("canary-file-dot-exists", "C-ENOTDIR-dirfd", "EEXIST for \".\" of a file as dirfd",
            file_dot_exists),
    AT_ONLY("canary-unsearchable-dot-exists", "C-EACCES-dirfd",
            "EEXIST for \".\" of an unsearchable dirfd", unsearchable_dot_exists),
    AT_ONLY("canary-unsearchable-opath-ebadf", "C-EACCES-dirfd",
            "EBADF for an unsearchable O_PATH dirfd", unsearchable_opath_ebadf),
    AT_ONLY("canary-unsearchable-opened", "C-EACCES-dirfd", "makes dirfd searchable for the moment",
            unsearchable_opened),
    AT_ONLY("canary-removed-ebadf", "C-ENOENT-deaddir", "EBADF for a removed dirfd", removed_ebadf),
    BOTH("canary-removed-cwd-is-root", "C-ENOENT-deaddir",
         "creates in the root if the current directory is removed", removed_cwd_is_root),
    BOTH("canary-removed-cwd-ebadf", "C-ENOENT-deaddir",
         "EBADF if the current directory is removed", removed_cwd_ebadf),
    BOTH("canary-removed-dot-estale", "C-ENOENT-deaddir", "ESTALE for ./x in a removed directory",
         removed_dot_estale),
    BOTH("canary-removed-long", "C-ENOENT-deaddir-long", "ENAMETOOLONG in a removed directory",
         removed_long),
    BOTH("canary-removed-dots-missing", "C-EEXIST-deaddir-dot",
         "ENOENT for \".\" and \"..\" of a removed directory", removed_dots_missing),
    BOTH("canary-removed-dotdot-missing", "C-DEADDIR-dotdot",
         "ENOENT for ../x in a removed directory", removed_dotdot_missing),
};

const struct implementation_table canaries_directory = ROWS(rows);
