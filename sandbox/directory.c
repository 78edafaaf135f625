#include "directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <linux/magic.h>

#include "reason.h"

static const char prefix[] = "fifofuzz-arena.";

static struct {
    pid_t owner; /* the process that made it; 0: there is none */
    int lock;    /* the directory, open and locked */
    unsigned count;
    bool tmpfs;
    char path[DIRECTORY_PATH_SIZE - 16];
} directory;

/* --- removing ------------------------------------------------------------------------------- */

static bool is_dots(const char *name) {
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static bool is_removed(int parent, const char *name) {
    return unlinkat(parent, name, 0) == 0 || unlinkat(parent, name, AT_REMOVEDIR) == 0;
}

/* For reading its names: whoever made it may have taken the owner's permissions. */
static DIR *open_names(int parent, const char *name) {
    const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    int file = openat(parent, name, flags);
    if (file < 0 && errno == EACCES && fchmodat(parent, name, 0700, 0) == 0)
        file = openat(parent, name, flags);
    if (file < 0)
        return NULL;
    fchmod(file, 0700);
    DIR *names = fdopendir(file);
    if (!names)
        close(file);
    return names;
}

/* Brings what cannot be removed from `name` up to `base`; `serial` counts the names that are taken.
 */
static void lift(int base, const char *name, unsigned *serial) {
    DIR *names = open_names(base, name);
    if (!names)
        return;
    for (const struct dirent *entry; (entry = readdir(names));) {
        char other[32];
        if (is_dots(entry->d_name) || is_removed(dirfd(names), entry->d_name))
            continue;
        fchmodat(dirfd(names), entry->d_name, 0700, 0); /* its own ".." will change */
        snprintf(other, sizeof(other), "lifted.%u", *serial);
        *serial += renameat(dirfd(names), entry->d_name, base, other) == 0 || errno == ENOTEMPTY;
    }
    closedir(names);
}

/*
 * Empties a directory however deep it is: what is not empty below it comes up to it, until nothing
 * is left or nothing changes any more.
 */
static void empty(int base) {
    unsigned serial = 0, before;
    do {
        before = serial;
        DIR *names = open_names(base, ".");
        if (!names)
            return;
        for (const struct dirent *entry; (entry = readdir(names));) {
            if (is_dots(entry->d_name) || is_removed(base, entry->d_name))
                continue;
            lift(base, entry->d_name, &serial);
            (void)is_removed(base, entry->d_name);
        }
        closedir(names);
    } while (serial != before);
}

/* Removes `name` of `parent` unless somebody uses it, or it is somebody else's. */
static void remove_stale(int parent, const char *name) {
    struct stat status;
    int base = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (base < 0)
        return;
    if (fstat(base, &status) == 0 && status.st_uid == geteuid() &&
        flock(base, LOCK_EX | LOCK_NB) == 0) {
        empty(base);
        unlinkat(parent, name, AT_REMOVEDIR);
    }
    close(base);
}

static void sweep(const char *place) {
    DIR *names = opendir(place);
    if (!names)
        return;
    for (const struct dirent *entry; (entry = readdir(names));)
        if (strncmp(entry->d_name, prefix, strlen(prefix)) == 0)
            remove_stale(dirfd(names), entry->d_name);
    closedir(names);
}

/* --- making --------------------------------------------------------------------------------- */

enum { PLACES = 3 };

static void list_places(const char *places[PLACES]) {
    const char *own = getenv("TMPDIR");
    places[0] = own && own[0] == '/' ? own : "/dev/shm";
    places[1] = "/dev/shm";
    places[2] = "/tmp";
}

static const char long_link[] = "link";

/* Does it take what scenarios put into it: FIFOs, the longest names of any bytes, long links? */
static int prove(int base) {
    char name[256], body[4096];
    struct stat status;
    memset(name, 0xff, sizeof(name) - 1);
    memset(body, 'x', sizeof(body) - 1);
    name[sizeof(name) - 1] = body[sizeof(body) - 1] = '\0';
    if (mkfifoat(base, name, 0600) || fstatat(base, name, &status, 0) || unlinkat(base, name, 0) ||
        symlinkat(body, base, long_link) || unlinkat(base, long_link, 0))
        return -errno;
    return S_ISFIFO(status.st_mode) && status.st_uid == geteuid() ? 0 : -EPROTO;
}

/* Another process may take a fresh one for left behind as long as it is not locked. */
static int lock_new(const char *path) {
    struct stat status;
    int base = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (base < 0)
        return errno == ENOENT ? -EAGAIN : -errno;
    if (flock(base, LOCK_EX | LOCK_NB) == 0 && fstat(base, &status) == 0 && status.st_nlink > 0)
        return base;
    close(base);
    return -EAGAIN;
}

static int make_in(const char *place) {
    enum { TRIES = 10 };
    int base = -EAGAIN;
    for (int i = 0; i < TRIES && base == -EAGAIN; i++) {
        int length = snprintf(directory.path, sizeof(directory.path), "%s/%sXXXXXX", place, prefix);
        if (length >= (int)sizeof(directory.path))
            return -ENAMETOOLONG;
        base = mkdtemp(directory.path) ? lock_new(directory.path) : -errno;
    }
    if (base < 0)
        return base;
    int error = prove(base);
    if (!error) {
        directory.lock = base;
        return 0;
    }
    unlinkat(base, long_link, 0);
    rmdir(directory.path);
    close(base);
    return error;
}

static bool is_on_tmpfs(const char *place) {
    struct statfs status;
    return statfs(place, &status) == 0 && status.f_type == TMPFS_MAGIC;
}

int directory_open(char *reason, size_t reason_size) {
    static bool registered;
    const char *places[PLACES];
    int error = -ENOENT;
    list_places(places);
    directory.owner = 0;
    directory.count = 0;
    for (int i = 0; i < PLACES; i++)
        sweep(places[i]);
    for (int i = 0; i < 2 * PLACES; i++) {
        const char *place = places[i % PLACES];
        directory.tmpfs = is_on_tmpfs(place);
        if (directory.tmpfs != (i < PLACES))
            continue;
        error = make_in(place);
        if (!error)
            break;
    }
    if (error)
        return refuse(reason, reason_size, -error, "no private directory can be made",
                      "let TMPDIR name a directory that FIFOs can be made in");
    directory.owner = getpid();
    if (!registered)
        registered = atexit(directory_close) == 0;
    return 0;
}

int directory_add(char path[DIRECTORY_PATH_SIZE]) {
    snprintf(path, DIRECTORY_PATH_SIZE, "%s/%u", directory.path, directory.count++);
    return mkdir(path, 0755) || chmod(path, 0755) ? -errno : 0; /* whatever the umask is */
}

bool directory_is_tmpfs(void) {
    return directory.tmpfs;
}

void directory_close(void) {
    if (directory.owner != getpid())
        return;
    const char *places[PLACES];
    directory.owner = 0;
    empty(directory.lock);
    rmdir(directory.path);
    close(directory.lock);
    list_places(places);
    for (int i = 0; i < PLACES; i++)
        sweep(places[i]);
}
