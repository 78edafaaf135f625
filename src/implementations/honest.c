/*
 * honest.c - correct but unusual implementations: whoever accuses one of them is wrong.
 */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>

#include "canary_place.h"

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

/* Learns the umask, in the only way there is, and does nothing with it. */
static int reads_umask_at(int dirfd, const char *path, mode_t mode) {
    mode_t mask = umask(0);
    (void)umask(mask);
    return correct(dirfd, path, mode);
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

/* Puts back errno after success: closing and going back may have changed it. */
static int settle(int result, int error, int before) {
    errno = result == 0 ? before : error;
    return result;
}

/* Gives dirfd a second number for the time of the call. */
static int dups_dirfd_at(int dirfd, const char *path, mode_t mode) {
    int before = errno;
    int own = fcntl(dirfd, F_DUPFD_CLOEXEC, 0);
    errno = before;
    if (own < 0)
        return correct(dirfd, path, mode);
    int result = correct(own, path, mode);
    int error = errno;
    close(own);
    return settle(result, error, before);
}

/*
 * Goes to dirfd and comes back, whatever the result. Whoever may open "." may search it, so the way
 * back is open; without a free descriptor, or if dirfd may not be entered, the kernel has to say.
 */
static int changes_directory_at(int dirfd, const char *path, mode_t mode) {
    int before = errno;
    bool is_open = fcntl(dirfd, F_GETFD) >= 0; /* else `here` might get its number */
    int here = is_open ? open(".", O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
    bool there = here >= 0 && fchdir(dirfd) == 0;
    errno = before;
    int result = correct(there ? AT_FDCWD : dirfd, path, mode);
    int error = errno;
    if (there && fchdir(here) != 0)
        abort();
    if (here >= 0)
        close(here);
    return settle(result, error, before);
}

/* Enters component after component; at the first that is no directory the kernel gets it all. */
static int enter_all(int dirfd, const char *path, size_t end) {
    char component[NAME_MAX + 1];
    int at = openat(dirfd, path[0] == '/' ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    for (size_t i = 0, size; at >= 0 && i < end; i += size) {
        i += strspn(path + i, "/");
        size = strcspn(path + i, "/");
        if (i >= end)
            break;
        int next = -1;
        if (size <= NAME_MAX) {
            memcpy(component, path + i, size);
            component[size] = '\0';
            next = openat(at, component, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        }
        close(at);
        at = next;
    }
    return at;
}

static int walks_by_hand_at(int dirfd, const char *path, mode_t mode) {
    struct extent extent = extent_of(path);
    if (!extent.terminated || extent.length == 0 || extent.length >= PATH_MAX)
        return correct(dirfd, path, mode);
    struct name name = last_name(path, extent.length);
    int before = errno;
    int parent = name.length > 0 ? enter_all(dirfd, path, name.start) : -1;
    errno = before;
    if (parent < 0)
        return correct(dirfd, path, mode);
    int result = correct(parent, path + name.start, mode);
    int error = errno;
    close(parent);
    return settle(result, error, before);
}

/* Has the root as dirfd for absolute paths. */
static int opens_root_at(int dirfd, const char *path, mode_t mode) {
    struct extent extent = extent_of(path);
    size_t slashes = extent.terminated && extent.length < PATH_MAX ? strspn(path, "/") : 0;
    int before = errno;
    int root =
        slashes > 0 && slashes < extent.length ? open("/", O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
    errno = before;
    if (root < 0)
        return correct(dirfd, path, mode);
    int result = correct(root, path + slashes, mode);
    int error = errno;
    close(root);
    return settle(result, error, before);
}

/* "x" is "./x". */
static int prepends_dot_at(int dirfd, const char *path, mode_t mode) {
    char longer[PATH_MAX];
    struct extent extent = extent_of(path);
    if (!extent.terminated || extent.length == 0 || extent.length + 2 >= sizeof longer ||
        path[0] == '/')
        return correct(dirfd, path, mode);
    memcpy(longer, "./", 2);
    memcpy(longer + 2, path, extent.length);
    longer[2 + extent.length] = '\0';
    return correct(dirfd, longer, mode);
}

/* Asks all there is to ask about place and caller, and lets the kernel decide. */
static int asks_first_at(int dirfd, const char *path, mode_t mode) {
    struct extent extent = extent_of(path);
    if (extent.terminated && extent.length > 0 && extent.length < PATH_MAX) {
        struct place place = place_of(dirfd, path, extent.length);
        (void)objection_of(dirfd, path, extent.length);
        (void)is_member(place.status.st_gid);
        (void)would_create(dirfd, path, extent.length);
    }
    return correct(dirfd, path, mode);
}

/* Tries again what may be different the next time. */
static int tries_twice_at(int dirfd, const char *path, mode_t mode) {
    int before = errno;
    int result = correct(dirfd, path, mode);
    if (!failed(result, ENOSPC) && !failed(result, EROFS) && !failed(result, EACCES))
        return result;
    errno = before;
    return correct(dirfd, path, mode);
}

/* The C library's mknodat(3), which checks the device number and nothing else. */
static int library_mknod_at(int dirfd, const char *path, mode_t mode) {
    return mknodat(dirfd, path, mode | S_IFIFO, 0);
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
PLAIN(blocks_signals)
PLAIN(allocates)
PLAIN(locks)
PLAIN(reads_umask)
PLAIN(dups_dirfd)
PLAIN(changes_directory)
PLAIN(walks_by_hand)
PLAIN(opens_root)
PLAIN(prepends_dot)
PLAIN(asks_first)
PLAIN(tries_twice)
PLAIN(library_mknod)
PLAIN(duplicates_dirfd)
PLAIN(wide_mode)
PLAIN(measures_path)

static int at_fdcwd_plain(const char *path, mode_t mode) {
    return mkfifoat(AT_FDCWD, path, mode);
}

#define HONEST(name, summary, function)                                                            \
    { name, summary, NULL, function##_plain, function##_at, NULL }

static const struct implementation rows[] = {
    HONEST("honest-stat-first", "looks for the name before it creates it", stat_first),
    {"honest-mknod", "mkfifo over mknod(2), as musl", NULL, mknod_plain, raw_mkfifoat, NULL},
    HONEST("honest-masks-type", "drops foreign type bits, as klibc", masks_type),
    HONEST("honest-copies-path", "works on a copy of the path", copies_path),
    HONEST("honest-opens-parent", "creates relative to the name's directory", opens_parent),
    HONEST("honest-blocks-signals", "blocks all signals meanwhile", blocks_signals),
    HONEST("honest-allocates", "has its copy of the path on the heap", allocates),
    HONEST("honest-locks", "takes a mutex", locks),
    HONEST("honest-reads-umask", "sets umask 0 for a moment to know it", reads_umask),
    HONEST("honest-dups-dirfd", "gives dirfd a second number", dups_dirfd),
    HONEST("honest-changes-directory", "goes to dirfd and comes back", changes_directory),
    HONEST("honest-walks-by-hand", "opens one component after the other", walks_by_hand),
    HONEST("honest-opens-root", "makes absolute paths relative to the root", opens_root),
    HONEST("honest-prepends-dot", "says ./x for x", prepends_dot),
    HONEST("honest-asks-first", "asks about place and caller, and tries all the same", asks_first),
    HONEST("honest-tries-twice", "tries a second time after some errors", tries_twice),
    HONEST("honest-library-mknod", "mknodat(3) of the C library", library_mknod),
    HONEST("honest-duplicates-dirfd", "uses an O_PATH descriptor of its own", duplicates_dirfd),
    HONEST("honest-wide-mode", "sets the upper bits of mode", wide_mode),
    HONEST("honest-measures-path", "reads the path itself: bad pointers crash", measures_path),
    {"honest-at-fdcwd", "mkfifo is mkfifoat with AT_FDCWD", NULL, at_fdcwd_plain, mkfifoat, NULL},
};

const struct implementation_table honest_ones = ROWS(rows);
