/*
 * canaries_argument.c - wrong about what every call owes and about its arguments: return value,
 * errno, mode, bad pointers, empty and over-long paths.
 */
#include <stdint.h>

#include "canary.h"

/* --- return value and errno ------------------------------------------------------------------- */

WRONG(returns_one) {
    return correct(dirfd, path, mode) == 0 ? 1 : -1;
}

WRONG(returns_descriptor) {
    return correct(dirfd, path, mode) == 0 ? 3 : -1;
}

WRONG(returns_minus_two) {
    return correct(dirfd, path, mode) == 0 ? 0 : -2;
}

WRONG(returns_errno) {
    return correct(dirfd, path, mode) == 0 ? 0 : errno;
}

WRONG_RAW(returns_minus_errno) {
    int before = errno;
    int result = correct(dirfd, path, mode) == 0 ? 0 : -errno;
    errno = before;
    return result;
}

WRONG_RAW(errno_unset) {
    int before = errno;
    int result = correct(dirfd, path, mode);
    errno = before;
    return result;
}

WRONG_RAW(errno_unset_long) {
    int before = errno;
    int result = correct(dirfd, path, mode);
    if (extent_of(path).length >= PATH_MAX)
        errno = before;
    return result;
}

WRONG_RAW(errno_cleared) {
    int result = correct(dirfd, path, mode);
    if (result == 0)
        errno = 0;
    return result;
}

WRONG_RAW(errno_of_stat) {
    struct stat status;
    (void)fstatat(dirfd, path, &status, AT_SYMLINK_NOFOLLOW);
    return correct(dirfd, path, mode);
}

WRONG_RAW(errno_of_isatty) {
    int result = correct(dirfd, path, mode);
    if (result == 0 && path[0] == '/')
        errno = ENOTTY;
    return result;
}

WRONG(always_eperm) {
    return would_create(dirfd, path, length) ? fail_with(EPERM) : correct(dirfd, path, mode);
}

/* --- mode ------------------------------------------------------------------------------------- */

WRONG_RAW(type_masked_sometimes) {
    static unsigned foreign;
    mode_t type = mode & S_IFMT;
    bool mask = type != 0 && type != S_IFIFO && foreign++ % 2 == 1;
    return correct(dirfd, path, mask ? mode & ~(mode_t)S_IFMT : mode);
}

WRONG_RAW(type_fifo_refused) {
    return (mode & S_IFMT) == S_IFIFO ? fail_with(EINVAL) : correct(dirfd, path, mode);
}

WRONG_RAW(type_socket_made) {
    bool socket = (mode & S_IFMT) == S_IFSOCK;
    return socket ? mknodat(dirfd, path, mode & 0xffff, 0) : correct(dirfd, path, mode);
}

WRONG_RAW(type_directory_eperm) {
    int result = correct(dirfd, path, mode);
    bool directory = (mode & S_IFMT) == S_IFDIR;
    return directory && failed(result, EINVAL) ? fail_with(EPERM) : result;
}

WRONG(highbits_refused) {
    return mode > 0xffff ? fail_with(EINVAL) : correct(dirfd, path, mode);
}

WRONG(highbits_negative) {
    return mode >> 31 ? fail_with(EINVAL) : correct(dirfd, path, mode);
}

/* Answers `error` where the type is foreign and the path alone would have given it. */
static int foreign_type_after(int error, int dirfd, const char *path, mode_t mode) {
    int result = correct(dirfd, path, mode);
    if (!failed(result, EINVAL))
        return result;
    struct stat status;
    bool exists = fstatat(dirfd, path, &status, AT_SYMLINK_NOFOLLOW) == 0;
    int other = exists ? EEXIST : errno;
    return fail_with(other == error ? error : EINVAL);
}

WRONG_RAW(einval_after_empty) {
    bool empty = extent_of(path).terminated && path[0] == '\0';
    return empty ? fail_with(ENOENT) : correct(dirfd, path, mode);
}

WRONG_RAW(einval_after_pointer) {
    return foreign_type_after(EFAULT, dirfd, path, mode);
}

WRONG_RAW(einval_after_exist) {
    return foreign_type_after(EEXIST, dirfd, path, mode);
}

WRONG_RAW(einval_after_dirfd) {
    return foreign_type_after(EBADF, dirfd, path, mode);
}

WRONG_RAW(einval_after_walk) {
    return foreign_type_after(ENOTDIR, dirfd, path, mode);
}

/* Whether dirfd is a number that is not open. */
static bool closed(int dirfd) {
    int before = errno;
    bool open = dirfd == AT_FDCWD || fcntl(dirfd, F_GETFD) != -1;
    errno = before;
    return !open;
}

/* --- pointers --------------------------------------------------------------------------------- */

WRONG_RAW(null_einval) {
    int result = correct(dirfd, path, mode);
    return failed(result, EFAULT) && !path ? fail_with(EINVAL) : result;
}

WRONG_RAW(null_is_empty) {
    int result = correct(dirfd, path, mode);
    return failed(result, EFAULT) && !path ? fail_with(ENOENT) : result;
}

WRONG_RAW(noncanonical_einval) {
    int result = correct(dirfd, path, mode);
    bool far = (uintptr_t)path >> 46 != 0;
    return failed(result, EFAULT) && far ? fail_with(EINVAL) : result;
}

WRONG_RAW(unmapped_eio) {
    int result = correct(dirfd, path, mode);
    bool bad = path && extent_of(path).length == 0;
    return failed(result, EFAULT) && bad ? fail_with(EIO) : result;
}

WRONG_RAW(pointer_after_dirfd) {
    int result = correct(dirfd, path, mode);
    return result == -1 && extent_of(path).length == 0 && !extent_of(path).terminated &&
                   closed(dirfd) && (mode & S_IFMT & ~(mode_t)S_IFIFO) == 0
               ? fail_with(EBADF)
               : result;
}

WRONG_RAW(unterminated_too_long) {
    int result = correct(dirfd, path, mode);
    return failed(result, EFAULT) && extent_of(path).length > 0 ? fail_with(ENAMETOOLONG) : result;
}

WRONG_RAW(unterminated_efault) {
    int result = correct(dirfd, path, mode);
    return failed(result, ENAMETOOLONG) && !extent_of(path).terminated ? fail_with(EFAULT) : result;
}

WRONG_RAW(unterminated_accepted) {
    int result = correct(dirfd, path, mode);
    struct extent extent = extent_of(path);
    if (!failed(result, EFAULT) || extent.length == 0 || extent.length >= PATH_MAX)
        return result;
    char copy[PATH_MAX];
    memcpy(copy, path, extent.length);
    copy[extent.length] = '\0';
    return correct(dirfd, copy, mode);
}

/* --- empty and over-long paths ---------------------------------------------------------------- */

WRONG_RAW(empty_is_dot) {
    int result = correct(dirfd, path, mode);
    return failed(result, ENOENT) && path[0] == '\0' ? fail_with(EEXIST) : result;
}

WRONG_RAW(empty_einval) {
    int result = correct(dirfd, path, mode);
    return failed(result, ENOENT) && path[0] == '\0' ? fail_with(EINVAL) : result;
}

WRONG_RAW(empty_after_dirfd) {
    int result = correct(dirfd, path, mode);
    if (!failed(result, ENOENT) || path[0] != '\0')
        return result;
    return fail_with(closed(dirfd) ? EBADF : ENOENT);
}

WRONG(limit_4094) {
    return length == PATH_MAX - 1 ? fail_with(ENAMETOOLONG) : correct(dirfd, path, mode);
}

WRONG(limit_1023) {
    return length > 1023 ? fail_with(ENAMETOOLONG) : correct(dirfd, path, mode);
}

/* Walks an over-long path in two halves. */
WRONG_RAW(limit_none) {
    struct extent extent = extent_of(path);
    int result = correct(dirfd, path, mode);
    if (!failed(result, ENAMETOOLONG) || !extent.terminated || extent.length < PATH_MAX)
        return result;
    char half[PATH_MAX];
    size_t middle = extent.length / 2;
    while (middle > 0 && path[middle] != '/')
        middle--;
    memcpy(half, path, middle + 1);
    half[middle + 1] = '\0';
    int directory = openat(dirfd, half, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0)
        return -1;
    while (path[middle] == '/')
        middle++;
    result = correct(directory, path + middle, mode);
    int error = errno;
    close(directory);
    return result == 0 ? 0 : fail_with(error);
}

WRONG_RAW(long_collapsed) {
    struct extent extent = extent_of(path);
    if (!extent.terminated || extent.length < PATH_MAX || strspn(path, "/") != extent.length)
        return correct(dirfd, path, mode);
    return correct(dirfd, "/", mode);
}

WRONG_RAW(long_after_dirfd) {
    int result = correct(dirfd, path, mode);
    if (!closed(dirfd))
        return result;
    return failed(result, ENAMETOOLONG) && path[0] != '/' ? fail_with(EBADF) : result;
}

static const struct implementation rows[] = {
    BOTH("canary-returns-one", "C-RETURN", "returns 1 for success", returns_one),
    AT_ONLY("canary-returns-descriptor", "C-RETURN", "mkfifoat returns 3 for success",
            returns_descriptor),
    BOTH("canary-returns-minus-two", "C-RETURN", "returns -2 for failure", returns_minus_two),
    BOTH("canary-returns-errno", "C-RETURN", "returns the error number", returns_errno),
    BOTH("canary-returns-minus-errno", "C-RETURN", "returns -errno like a system call",
         returns_minus_errno),
    BOTH("canary-errno-unset", "C-ERRNO-set", "fails without setting errno", errno_unset),
    BOTH("canary-errno-unset-long", "C-ERRNO-set", "fails for 4096 bytes without setting errno",
         errno_unset_long),
    BOTH("canary-errno-cleared", "C-ERRNO-keep", "sets errno to 0 on success", errno_cleared),
    BOTH("canary-errno-of-stat", "C-ERRNO-keep", "looks first and leaves ENOENT behind",
         errno_of_stat),
    BOTH("canary-errno-of-isatty", "C-ERRNO-keep", "leaves ENOTTY behind for absolute paths",
         errno_of_isatty),
    BOTH("canary-always-eperm", "C-SUCCESS", "EPERM as for a device node", always_eperm),
    BOTH("canary-type-masked-sometimes", "C-MODE-type", "masks foreign types every other time",
         type_masked_sometimes),
    BOTH("canary-type-fifo-refused", "C-SUCCESS", "refuses S_IFIFO in mode", type_fifo_refused),
    BOTH("canary-type-socket-made", "C-MODE-type", "makes a socket of S_IFSOCK", type_socket_made),
    BOTH("canary-type-directory-eperm", "C-MODE-type", "EPERM for S_IFDIR", type_directory_eperm),
    BOTH("canary-highbits-refused", "C-MODE-highbits", "EINVAL for bits above the 16th",
         highbits_refused),
    BOTH("canary-highbits-negative", "C-MODE-highbits", "EINVAL for bit 31", highbits_negative),
    BOTH("canary-einval-after-empty", "C-EINVAL-first", "empty path before foreign type",
         einval_after_empty),
    BOTH("canary-einval-after-pointer", "C-EINVAL-first", "bad pointer before foreign type",
         einval_after_pointer),
    BOTH("canary-einval-after-exist", "C-EINVAL-first", "existing name before foreign type",
         einval_after_exist),
    AT_ONLY("canary-einval-after-dirfd", "C-EINVAL-first", "closed dirfd before foreign type",
            einval_after_dirfd),
    BOTH("canary-einval-after-walk", "C-EINVAL-first", "ENOTDIR before foreign type",
         einval_after_walk),
    BOTH("canary-null-einval", "C-EFAULT", "EINVAL for a null pointer", null_einval),
    BOTH("canary-null-is-empty", "C-EFAULT", "takes a null pointer for \"\"", null_is_empty),
    BOTH("canary-noncanonical-einval", "C-EFAULT", "EINVAL for an impossible address",
         noncanonical_einval),
    BOTH("canary-unmapped-eio", "C-EFAULT", "EIO for unmapped memory", unmapped_eio),
    AT_ONLY("canary-pointer-after-dirfd", "C-EFAULT", "closed dirfd before a bad pointer",
            pointer_after_dirfd),
    BOTH("canary-unterminated-too-long", "C-EFAULT-unterminated",
         "ENAMETOOLONG for a short path without NUL", unterminated_too_long),
    BOTH("canary-unterminated-efault", "C-EFAULT-unterminated", "EFAULT for 4096 bytes without NUL",
         unterminated_efault),
    BOTH("canary-unterminated-accepted", "C-EFAULT-unterminated",
         "takes what is there for the path", unterminated_accepted),
    BOTH("canary-empty-is-dot", "C-ENOENT-empty", "takes \"\" for \".\"", empty_is_dot),
    BOTH("canary-empty-einval", "C-ENOENT-empty", "EINVAL for \"\"", empty_einval),
    AT_ONLY("canary-empty-after-dirfd", "C-ENOENT-empty", "closed dirfd before \"\"",
            empty_after_dirfd),
    BOTH("canary-limit-4094", "C-ENAMETOOLONG-path", "refuses 4095 bytes", limit_4094),
    BOTH("canary-limit-1023", "C-ENAMETOOLONG-path", "PATH_MAX is 1024", limit_1023),
    BOTH("canary-limit-none", "C-ENAMETOOLONG-path", "walks longer paths in halves", limit_none),
    BOTH("canary-long-collapsed", "C-ENAMETOOLONG-path", "thousands of slashes are the root",
         long_collapsed),
    AT_ONLY("canary-long-after-dirfd", "C-ENAMETOOLONG-path", "closed dirfd before the length",
            long_after_dirfd),
};

const struct implementation_table canaries_argument = ROWS(rows);
