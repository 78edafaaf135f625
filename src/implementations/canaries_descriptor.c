/*
 * canaries_descriptor.c - wrong about descriptors and directories as such: those that no path leads
 * to, great numbers, a limit on their number, and what is left behind after rare errors.
 */
#include <sys/resource.h>
#include <sys/syscall.h>

#include "canary_place.h"

/* --- directories by their path ---------------------------------------------------------------- */

/*
 * The path of directory `at` as the kernel tells it, "(unreachable)..." if none leads there; false
 * where it cannot be had. The current directory is another for a moment only.
 */
static bool path_of(char out[PATH_MAX], int at) {
    int before = errno;
    bool is_open = fcntl(at, F_GETFD) >= 0;
    int here = !is_open ? -1 : open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    bool there = at == AT_FDCWD || (here >= 0 && fchdir(at) == 0);
    bool known = there && syscall(SYS_getcwd, out, PATH_MAX) > 0;
    if (at != AT_FDCWD && there)
        known &= fchdir(here) == 0;
    if (here >= 0)
        close(here);
    errno = before;
    return known;
}

/* Joins both; false if that is too long. */
static bool join(char out[PATH_MAX], const char *directory, const char *path, size_t length) {
    size_t start = strlen(directory);
    if (start + length + 2 > PATH_MAX)
        return false;
    memcpy(out, directory, start);
    out[start] = '/';
    memcpy(out + start + 1, path, length);
    out[start + 1 + length] = '\0';
    return true;
}

/* The call as one with an absolute path, if the directory's leads to a directory. */
static int create_by_path(int dirfd, const char *path, size_t length, mode_t mode) {
    char directory[PATH_MAX], whole[PATH_MAX];
    struct stat status;
    int before = errno;
    bool led = path[0] != '/' && path_of(directory, dirfd) && directory[0] == '/' &&
               join(whole, directory, path, length) && stat(directory, &status) == 0;
    errno = before;
    return led ? correct(AT_FDCWD, whole, mode) : correct(dirfd, path, mode);
}

WRONG(dirfd_by_path) {
    return dirfd == AT_FDCWD ? correct(dirfd, path, mode)
                             : create_by_path(dirfd, path, length, mode);
}

WRONG(cwd_by_path) {
    return dirfd == AT_FDCWD ? create_by_path(dirfd, path, length, mode)
                             : correct(dirfd, path, mode);
}

/* The directory is not what its path leads to. */
static bool is_covered(int dirfd, const char *path) {
    char directory[PATH_MAX];
    struct stat own, found;
    int before = errno;
    bool covered = path[0] != '/' && path_of(directory, dirfd) && directory[0] == '/' &&
                   fstatat(dirfd, "", &own, AT_EMPTY_PATH) == 0 && stat(directory, &found) == 0 &&
                   (own.st_ino != found.st_ino || own.st_dev != found.st_dev);
    errno = before;
    return covered;
}

WRONG(covered_enoent) {
    bool covered = is_covered(dirfd, path);
    return refuse_if(covered, ENOENT, dirfd, path, length, mode);
}

WRONG(covered_ebusy) {
    bool covered = dirfd != AT_FDCWD && is_covered(dirfd, path);
    return refuse_if(covered, EBUSY, dirfd, path, length, mode);
}

WRONG(covered_exist) {
    char directory[PATH_MAX], whole[PATH_MAX];
    struct stat status;
    int before = errno;
    bool there = is_covered(dirfd, path) && path_of(directory, dirfd) &&
                 join(whole, directory, path, length) && lstat(whole, &status) == 0;
    errno = before;
    return refuse_if(there, EEXIST, dirfd, path, length, mode);
}

static bool is_unreachable(int dirfd, const char *path) {
    char directory[PATH_MAX];
    return path[0] != '/' && path_of(directory, dirfd) && directory[0] != '/';
}

WRONG(detached_enoent) {
    bool detached = is_unreachable(dirfd, path);
    return refuse_if(detached, ENOENT, dirfd, path, length, mode);
}

WRONG(detached_estale) {
    bool detached = dirfd != AT_FDCWD && is_unreachable(dirfd, path);
    return refuse_if(detached, ESTALE, dirfd, path, length, mode);
}

/* What follows "(unreachable)" is taken for a path. */
WRONG(detached_by_path) {
    char directory[PATH_MAX], whole[PATH_MAX];
    struct stat status;
    int before = errno;
    bool detached = is_unreachable(dirfd, path) && path_of(directory, dirfd) &&
                    strchr(directory, '/') && stat(strchr(directory, '/'), &status) == 0 &&
                    join(whole, strchr(directory, '/'), path, length);
    errno = before;
    return detached ? correct(AT_FDCWD, whole, mode) : correct(dirfd, path, mode);
}

WRONG(detached_below) {
    bool below = last_name(path, length).start > 0 && is_unreachable(dirfd, path);
    return refuse_if(below, EXDEV, dirfd, path, length, mode);
}

/* A descriptor of its own gets the number of a dirfd that is closed. */
WRONG(dirfd_number_reused) {
    int before = errno;
    int own = dirfd == AT_FDCWD ? -1 : open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    errno = before;
    int result = correct(dirfd, path, mode);
    int error = errno;
    if (own >= 0)
        close(own);
    return result == 0 ? 0 : fail_with(error);
}

/* --- great numbers ---------------------------------------------------------------------------- */

/* An fd_set has room for FD_SETSIZE of them. */
WRONG(number_1024) {
    return refuse_if(dirfd >= 1024, EBADF, dirfd, path, length, mode);
}

WRONG(number_256) {
    int kept = dirfd >= 256 ? (unsigned char)dirfd : dirfd;
    return path[0] == '/' ? correct(dirfd, path, mode) : correct(kept, path, mode);
}

WRONG(number_100) {
    return refuse_if(dirfd >= 100 && path[0] != '/', EINVAL, dirfd, path, length, mode);
}

WRONG(number_absolute) {
    return refuse_if(dirfd >= 256 && path[0] == '/', EBADF, dirfd, path, length, mode);
}

/* What is at or above the limit cannot be open, or can it? */
WRONG(number_above_limit) {
    struct rlimit limit;
    bool above = dirfd >= 0 && path[0] != '/' && getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
                 (rlim_t)dirfd >= limit.rlim_cur;
    if (!above)
        return correct(dirfd, path, mode);
    int result = correct(dirfd, path, mode);
    return result == 0 ? (unlinkat(dirfd, path, 0), fail_with(EBADF)) : result;
}

/* --- a limit on their number ------------------------------------------------------------------ */

/* Uses a descriptor of its own, and says so if there is none. */
static int create_with_descriptor(bool wanted, int error, int dirfd, const char *path,
                                  size_t length, mode_t mode) {
    int before = errno;
    int own = wanted ? openat(dirfd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
    bool none = wanted && own < 0 && errno == EMFILE;
    if (own >= 0)
        close(own);
    errno = before;
    int result = correct(dirfd, path, mode);
    if (result == 0 && none) {
        remove_name(dirfd, path, length);
        return fail_with(error);
    }
    return result;
}

WRONG(limit_emfile) {
    return create_with_descriptor(true, EMFILE, dirfd, path, length, mode);
}

WRONG(limit_below) {
    bool below = last_name(path, length).start > 0;
    return create_with_descriptor(below, EMFILE, dirfd, path, length, mode);
}

WRONG(limit_at) {
    return create_with_descriptor(dirfd != AT_FDCWD, ENFILE, dirfd, path, length, mode);
}

WRONG(limit_link) {
    struct link_found link = {.end = 0};
    int before = errno;
    char body[2];
    bool first = readlinkat(dirfd, path, body, sizeof body) > 0;
    errno = before;
    find_link(&link, dirfd, path, length);
    return create_with_descriptor(first || link.end > 0 || strchr(path, '/'), EAGAIN, dirfd, path,
                                  length, mode);
}

/* Takes the name with open(2) first, which needs a descriptor for a moment. */
WRONG(limit_open_first) {
    int before = errno;
    int own = openat(dirfd, path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0);
    if (own < 0 && errno == EMFILE)
        return fail_with(EMFILE);
    if (own >= 0) {
        close(own);
        (void)unlinkat(dirfd, path, 0);
    }
    errno = before;
    return correct(dirfd, path, mode);
}

/* A limit so low that it looks like a mistake. */
WRONG(limit_0) {
    struct rlimit limit = {.rlim_cur = 1};
    int before = errno;
    (void)getrlimit(RLIMIT_NOFILE, &limit);
    errno = before;
    int result = correct(dirfd, path, mode);
    if (result == 0 && limit.rlim_cur < 3) {
        remove_name(dirfd, path, length);
        return fail_with(EINVAL);
    }
    return result;
}

/* --- left behind ------------------------------------------------------------------------------ */

/* Leaves a descriptor open after `error`. */
static int leak_after(int error, int result, int dirfd) {
    if (failed(result, error)) {
        (void)!openat(dirfd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
        errno = error;
    }
    return result;
}

WRONG(leak_read_only) {
    return leak_after(EROFS, correct(dirfd, path, mode), dirfd);
}

WRONG(leak_full) {
    return leak_after(ENOSPC, correct(dirfd, path, mode), dirfd);
}

WRONG(leak_immutable) {
    return leak_after(EPERM, correct(dirfd, path, mode), dirfd);
}

WRONG(leak_denied) {
    return leak_after(EACCES, correct(dirfd, path, mode), dirfd);
}

/* Goes to the parent, and only back after success. */
static int move_after(int error, int dirfd, const char *path, size_t length, mode_t mode) {
    int result = correct(dirfd, path, mode);
    if (!failed(result, error))
        return result;
    int parent = open_parent(dirfd, path, length);
    if (parent >= 0) {
        (void)fchdir(parent);
        close(parent);
    }
    return fail_with(error);
}

WRONG(moved_read_only) {
    return move_after(EROFS, dirfd, path, length, mode);
}

WRONG(moved_full) {
    return move_after(ENOSPC, dirfd, path, length, mode);
}

/*
 * Goes to dirfd and comes back by the path it came from, or by a descriptor that it reads: neither
 * leads back everywhere.
 */
WRONG(moved_by_path) {
    char here[PATH_MAX];
    if (dirfd == AT_FDCWD || path[0] == '/' || syscall(SYS_getcwd, here, sizeof here) <= 0 ||
        here[0] != '/' || fchdir(dirfd) != 0)
        return correct(dirfd, path, mode);
    int result = correct(AT_FDCWD, path, mode);
    int error = errno;
    (void)chdir(here);
    return result == 0 ? 0 : fail_with(error);
}

WRONG(umask_of_0777) {
    mode_t mask = look_at_umask();
    int result = correct(dirfd, path, mode);
    if (mask == 0777)
        (void)umask(077);
    return result;
}

WRONG(umask_for_others) {
    mode_t mask = look_at_umask();
    int result = correct(dirfd, path, mode);
    if (result == 0 && geteuid() != 0)
        (void)umask(mask | 07);
    return result;
}

WRONG(errno_of_descriptor) {
    int before = errno;
    int own = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int error = errno;
    if (own >= 0)
        close(own);
    errno = before;
    int result = correct(dirfd, path, mode);
    return result != 0 && own < 0 && error == EMFILE ? fail_with(EMFILE) : result;
}

static const struct implementation rows[] = {
    AT_ONLY("canary-dirfd-by-path", "C-STAT-type", "asks for the path of dirfd", dirfd_by_path),
    BOTH("canary-cwd-by-path", "C-DIRFD-overmount", "asks for the path of the current directory",
         cwd_by_path),
    BOTH("canary-covered-enoent", "C-DIRFD-overmount",
         "ENOENT in a directory that was mounted over", covered_enoent),
    AT_ONLY("canary-covered-ebusy", "C-DIRFD-overmount", "EBUSY for such a dirfd", covered_ebusy),
    BOTH("canary-covered-exist", "C-DIRFD-overmount", "EEXIST for what is on top", covered_exist),
    BOTH("canary-detached-enoent", "C-DIRFD-detached", "ENOENT on a file system out of the tree",
         detached_enoent),
    AT_ONLY("canary-detached-estale", "C-DIRFD-detached", "ESTALE for such a dirfd",
            detached_estale),
    BOTH("canary-detached-by-path", "C-STAT-type", "takes (unreachable)/d for /d",
         detached_by_path),
    BOTH("canary-detached-below", "C-DIRFD-detached", "EXDEV for d/x on one", detached_below),
    AT_ONLY("canary-dirfd-number-reused", "C-EBADF", "opens what gets the number of a closed dirfd",
            dirfd_number_reused),
    AT_ONLY("canary-number-1024", "C-DIRFD-ok", "EBADF for a dirfd of 1024 and more", number_1024),
    AT_ONLY("canary-number-256", "C-DIRFD-ok", "keeps eight bits of dirfd", number_256),
    AT_ONLY("canary-number-100", "C-DIRFD-ok", "EINVAL for a dirfd of 100 and more", number_100),
    AT_ONLY("canary-number-absolute", "C-DIRFD-absolute",
            "EBADF for an ignored dirfd of 256 and more", number_absolute),
    AT_ONLY("canary-number-above-limit", "C-RLIMIT", "EBADF for a dirfd above the limit",
            number_above_limit),
    BOTH("canary-limit-emfile", "C-RLIMIT", "EMFILE if no descriptor is free", limit_emfile),
    BOTH("canary-limit-below", "C-RLIMIT", "EMFILE for d/x if no descriptor is free", limit_below),
    AT_ONLY("canary-limit-at", "C-RLIMIT", "ENFILE with a dirfd if no descriptor is free",
            limit_at),
    BOTH("canary-limit-link", "C-RLIMIT", "EAGAIN behind a slash or link if none is free",
         limit_link),
    AT_ONLY("canary-limit-open-first", "C-RLIMIT", "mkfifoat opens the name for a moment",
            limit_open_first),
    BOTH("canary-limit-0", "C-RLIMIT", "EINVAL if the limit is below 3", limit_0),
    BOTH("canary-leak-read-only", "C-STATE-descriptors", "leaks a descriptor after EROFS",
         leak_read_only),
    BOTH("canary-leak-full", "C-STATE-descriptors", "leaks a descriptor after ENOSPC", leak_full),
    BOTH("canary-leak-immutable", "C-STATE-descriptors", "leaks a descriptor after EPERM",
         leak_immutable),
    BOTH("canary-leak-denied", "C-STATE-descriptors", "leaks a descriptor after EACCES",
         leak_denied),
    BOTH("canary-moved-read-only", "C-STATE-cwd", "stays in the parent after EROFS",
         moved_read_only),
    BOTH("canary-moved-full", "C-STATE-cwd", "stays in the parent after ENOSPC", moved_full),
    AT_ONLY("canary-moved-by-path", "C-STATE-cwd", "comes back by the path of where it was",
            moved_by_path),
    BOTH("canary-umask-of-0777", "C-STATE-umask", "leaves umask 077 where it was 0777",
         umask_of_0777),
    BOTH("canary-umask-for-others", "C-STATE-umask", "adds 07 to the umask unless it is root",
         umask_for_others),
    BOTH("canary-errno-of-descriptor", "C-EEXIST", "EMFILE for any error if no descriptor is free",
         errno_of_descriptor),
};

const struct implementation_table canaries_descriptor = ROWS(rows);
