/*
 * honest.c - correct but unusual implementations: whoever accuses one of them is wrong.
 */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>

#include "canary.h"

/* Looks before it creates. */
static int stat_first_at(int dirfd, const char *path, mode_t mode) {
    struct stat status;
    int before = errno;
    (void)fstatat(dirfd, path, &status, AT_SYMLINK_NOFOLLOW);
    errno = before;
    return correct(dirfd, path, mode);
}

/* As musl: mknod(2) where the architecture has it. */
static int mknod_plain(const char *path, mode_t mode) {
#ifdef SYS_mknod
    return (int)syscall(SYS_mknod, path, mode | S_IFIFO, 0);
#else
    return correct(AT_FDCWD, path, mode);
#endif
}

/* As klibc and bionic: foreign type bits are dropped, always. */
static int masks_type_at(int dirfd, const char *path, mode_t mode) {
    return correct(dirfd, path, mode & ~(mode_t)S_IFMT);
}

/* Works on a copy, unless the path is no string or too long: then the kernel has to say so. */
static int copies_path_at(int dirfd, const char *path, mode_t mode) {
    char copy[PATH_MAX];
    struct extent extent = extent_of(path);
    if (!extent.terminated || extent.length >= sizeof copy)
        return correct(dirfd, path, mode);
    memcpy(copy, path, extent.length + 1);
    return correct(dirfd, copy, mode);
}

/* Creates the last component relative to its directory, if that can be opened. */
static int opens_parent_at(int dirfd, const char *path, mode_t mode) {
    struct extent extent = extent_of(path);
    if (!extent.terminated || extent.length == 0 || extent.length >= PATH_MAX)
        return correct(dirfd, path, mode);
    struct name name = last_name(path, extent.length);
    int parent = name.length > 0 && name.start > 0 ? open_parent(dirfd, path, extent.length) : -1;
    if (parent < 0)
        return correct(dirfd, path, mode);
    int before = errno;
    int result = correct(parent, path + name.start, mode);
    int error = result == 0 ? before : errno;
    close(parent);
    errno = error;
    return result;
}

static int retries_at(int dirfd, const char *path, mode_t mode) {
    int before = errno;
    for (;;) {
        int result = correct(dirfd, path, mode);
        if (!failed(result, EINTR))
            return result;
        errno = before;
    }
}

static int blocks_signals_at(int dirfd, const char *path, mode_t mode) {
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &old);
    int result = correct(dirfd, path, mode);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return result;
}

static int allocates_at(int dirfd, const char *path, mode_t mode) {
    int before = errno;
    struct extent extent = extent_of(path);
    char *copy = extent.terminated ? malloc(extent.length + 1) : NULL;
    if (copy)
        memcpy(copy, path, extent.length + 1);
    errno = before;
    int result = correct(dirfd, copy ? copy : path, mode);
    int error = errno;
    free(copy);
    errno = error;
    return result;
}

static int locks_at(int dirfd, const char *path, mode_t mode) {
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&mutex);
    int result = correct(dirfd, path, mode);
    pthread_mutex_unlock(&mutex);
    return result;
}

/* Learns the umask the only way there is and applies it itself. */
static int applies_umask_at(int dirfd, const char *path, mode_t mode) {
    mode_t mask = umask(0);
    int result = correct(dirfd, path, mode & ~(mask & 0777));
    (void)umask(mask);
    return result;
}

/* Uses a descriptor of its own for dirfd. */
static int duplicates_dirfd_at(int dirfd, const char *path, mode_t mode) {
    int before = errno;
    int own = dirfd == AT_FDCWD ? -1 : openat(dirfd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    errno = before;
    int result = correct(own >= 0 ? own : dirfd, path, mode);
    int error = errno;
    if (own >= 0)
        close(own);
    errno = error;
    return result;
}

/* Passes on both halves of a register's worth of mode: the kernel takes 16 bits. */
static int wide_mode_at(int dirfd, const char *path, mode_t mode) {
    return correct(dirfd, path, mode | 0xffff0000u);
}

/* Measures the path in user space, where a bad pointer is undefined behaviour (POSIX XSH 2.1.1). */
static int measures_path_at(int dirfd, const char *path, mode_t mode) {
    if (strlen(path) >= PATH_MAX && (mode & S_IFMT & ~(mode_t)S_IFIFO) == 0)
        return fail_with(ENAMETOOLONG);
    return correct(dirfd, path, mode);
}

#define PLAIN(function)                                                                            \
    static int function##_plain(const char *path, mode_t mode) {                                   \
        return function##_at(AT_FDCWD, path, mode);                                                \
    }
PLAIN(stat_first)
PLAIN(masks_type)
PLAIN(copies_path)
PLAIN(opens_parent)
PLAIN(retries)
PLAIN(blocks_signals)
PLAIN(allocates)
PLAIN(locks)
PLAIN(applies_umask)
PLAIN(duplicates_dirfd)
PLAIN(wide_mode)
PLAIN(measures_path)

static int at_fdcwd_plain(const char *path, mode_t mode) {
    return mkfifoat(AT_FDCWD, path, mode);
}

#define HONEST(name, summary, function)                                                            \
    { name, summary, NULL, function##_plain, function##_at }

static const struct implementation rows[] = {
    HONEST("honest-stat-first", "looks for the name before it creates it", stat_first),
    {"honest-mknod", "mkfifo over mknod(2), as musl", NULL, mknod_plain, raw_mkfifoat},
    HONEST("honest-masks-type", "drops foreign type bits, as klibc", masks_type),
    HONEST("honest-copies-path", "works on a copy of the path", copies_path),
    HONEST("honest-opens-parent", "creates relative to the name's directory", opens_parent),
    HONEST("honest-retries", "tries again after EINTR", retries),
    HONEST("honest-blocks-signals", "blocks all signals meanwhile", blocks_signals),
    HONEST("honest-allocates", "has its copy of the path on the heap", allocates),
    HONEST("honest-locks", "takes a mutex", locks),
    HONEST("honest-applies-umask", "sets umask 0 meanwhile and masks itself", applies_umask),
    HONEST("honest-duplicates-dirfd", "uses an O_PATH descriptor of its own", duplicates_dirfd),
    HONEST("honest-wide-mode", "sets the upper bits of mode", wide_mode),
    HONEST("honest-measures-path", "reads the path itself: bad pointers crash", measures_path),
    {"honest-at-fdcwd", "mkfifo is mkfifoat with AT_FDCWD", NULL, at_fdcwd_plain, mkfifoat},
};

const struct implementation_table honest_ones = ROWS(rows);
