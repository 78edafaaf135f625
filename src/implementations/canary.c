#include "canary.h"

#include <linux/futex.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>

#include "canary_place.h"

enum { PAGE = 4096 };

int fail_with(int error) {
    errno = error;
    return -1;
}

bool failed(int result, int error) {
    return result == -1 && errno == error;
}

int with_good_arguments(canary_body *body, int dirfd, const char *path, mode_t mode) {
    int before = errno;
    struct extent extent = extent_of(path);
    mode_t type = mode & S_IFMT;
    bool good = extent.terminated && extent.length > 0 && extent.length < PATH_MAX &&
                (type == 0 || type == S_IFIFO);
    if (!good)
        return correct(dirfd, path, mode);
    int result = body(dirfd, path, extent.length, mode);
    if (result == 0)
        errno = before;
    return result;
}

/* --- the path as bytes ----------------------------------------------------------------------- */

/*
 * Whether the page at `address` can be read, without a fault if not: futex(2) reads the word that
 * it would wait for, and waits no time at all.
 */
static bool page_readable(uintptr_t address) {
    const struct timespec no_time = {0, 0};
    uintptr_t page = address & ~(uintptr_t)(PAGE - 1);
    int before = errno;
    long result = syscall(SYS_futex, page, FUTEX_WAIT_PRIVATE, 0, &no_time, NULL, 0);
    bool readable = result == 0 || errno != EFAULT;
    errno = before;
    return readable;
}

struct extent extent_of(const char *path) {
    struct extent extent = {0, false};
    for (;;) {
        uintptr_t address = (uintptr_t)path + extent.length;
        if (address == 0 || !page_readable(address))
            return extent;
        size_t in_page = PAGE - (address & (PAGE - 1));
        size_t text = strnlen(path + extent.length, in_page);
        extent.length += text;
        if (text < in_page) {
            extent.terminated = true;
            return extent;
        }
    }
}

struct name last_name(const char *path, size_t length) {
    size_t end = length;
    while (end > 0 && path[end - 1] == '/')
        end--;
    size_t start = end;
    while (start > 0 && path[start - 1] != '/')
        start--;
    struct name name = {.start = start, .length = end - start, .slash = end < length};
    name.dots = (name.length == 1 && path[start] == '.') ||
                (name.length == 2 && path[start] == '.' && path[start + 1] == '.');
    return name;
}

void copy_without_slashes(char out[PATH_MAX], const char *path, size_t length) {
    while (length > 1 && path[length - 1] == '/')
        length--;
    memcpy(out, path, length);
    out[length] = '\0';
}

/* --- the path as the kernel sees it ----------------------------------------------------------- */

/* fstatat(2) that gives back 0 or an errno and leaves errno itself alone. */
static int examine(int dirfd, const char *path, struct stat *status, int flags) {
    int before = errno;
    int error = fstatat(dirfd, path, status, flags) == 0 ? 0 : errno;
    errno = before;
    return error;
}

mode_t type_of(int dirfd, const char *path, size_t length) {
    char name[PATH_MAX];
    struct stat status;
    copy_without_slashes(name, path, length);
    return examine(dirfd, name, &status, AT_SYMLINK_NOFOLLOW) ? 0 : status.st_mode & S_IFMT;
}

int dangling(int dirfd, const char *path, size_t length) {
    char name[PATH_MAX];
    struct stat status;
    copy_without_slashes(name, path, length);
    return examine(dirfd, name, &status, 0);
}

enum start start_of(int dirfd, const char *path) {
    struct stat status;
    if (path[0] == '/')
        return START_ROOT;
    int error = examine(dirfd, "", &status, AT_EMPTY_PATH);
    if (error)
        return START_BAD;
    if (!S_ISDIR(status.st_mode))
        return START_FILE;
    if (examine(dirfd, ".", &status, 0))
        return START_UNSEARCHABLE;
    return status.st_nlink == 0 ? START_REMOVED : START_HERE;
}

struct obstacle obstacle_of(int dirfd, const char *path, size_t length) {
    struct obstacle obstacle = {0};
    enum start start = start_of(dirfd, path);
    if (start != START_ROOT && start != START_HERE)
        return obstacle;
    size_t last = last_name(path, length).start;
    char prefix[PATH_MAX];
    struct stat status;
    for (size_t i = 1; i < last; i++) {
        if (path[i - 1] == '/')
            obstacle.start = i;
        if (path[i] != '/' || path[i - 1] == '/')
            continue;
        memcpy(prefix, path, i + 1);
        prefix[i + 1] = '\0'; /* with its slash: it has to be a directory */
        obstacle.error = examine(dirfd, prefix, &status, 0);
        if (obstacle.error == 0)
            continue;
        prefix[i] = '\0';
        obstacle.end = i;
        obstacle.link =
            !examine(dirfd, prefix, &status, AT_SYMLINK_NOFOLLOW) && S_ISLNK(status.st_mode);
        return obstacle;
    }
    return (struct obstacle){0};
}

/* Enters `name` from *at, which is replaced. Returns 0 or an errno. */
static int enter(int *at, const char *name, int flags) {
    int next = openat(*at, name, O_PATH | O_DIRECTORY | O_CLOEXEC | flags);
    if (next < 0)
        return errno;
    close(*at);
    *at = next;
    return 0;
}

/* Takes the first component off *text. Returns its length, 0 at the end, -1 if it is too long. */
static int take_component(const char **text, char component[NAME_MAX + 1]) {
    *text += strspn(*text, "/");
    size_t length = strcspn(*text, "/");
    if (length > NAME_MAX)
        return -1;
    memcpy(component, *text, length);
    component[length] = '\0';
    *text += length;
    return (int)length;
}

/* Walks `text` from *at. Returns 0 or an errno. The bodies are on the heap: stacks are short. */
static int follow(int *at, const char *text, unsigned *links, unsigned limit) {
    char component[NAME_MAX + 1];
    int error = text[0] == '/' ? enter(at, "/", 0) : 0;
    while (error == 0) {
        int length = take_component(&text, component);
        if (length <= 0)
            return length == 0 ? 0 : ENAMETOOLONG;
        char *body = malloc(PATH_MAX);
        if (!body)
            return ENOMEM;
        ssize_t size = readlinkat(*at, component, body, PATH_MAX - 1);
        if (size < 0) {
            error = enter(at, component, O_NOFOLLOW);
        } else {
            body[size] = '\0';
            error = ++*links > limit ? ELOOP : follow(at, body, links, limit);
        }
        free(body);
    }
    return error;
}

struct walk walk_of(int dirfd, const char *path, size_t length, unsigned limit) {
    char prefix[PATH_MAX];
    size_t end = last_name(path, length).start;
    memcpy(prefix, path, end);
    prefix[end] = '\0';
    int before = errno;
    struct walk walk = {.parent = -1};
    walk.parent = openat(dirfd, path[0] == '/' ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    walk.error = walk.parent < 0 ? errno : follow(&walk.parent, prefix, &walk.links, limit);
    if (walk.error && walk.parent >= 0) {
        close(walk.parent);
        walk.parent = -1;
    }
    errno = before;
    return walk;
}

int open_parent(int dirfd, const char *path, size_t length) {
    char prefix[PATH_MAX];
    size_t end = last_name(path, length).start;
    memcpy(prefix, path, end);
    prefix[end] = '\0';
    int before = errno;
    int parent = openat(dirfd, end ? prefix : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    errno = before;
    return parent;
}

bool would_create(int dirfd, const char *path, size_t length) {
    struct name name = last_name(path, length);
    struct place place = place_of(dirfd, path, length);
    char plain[PATH_MAX];
    struct stat status;
    if (!place.known || place.status.st_nlink == 0 || name.slash || name.length == 0)
        return false;
    copy_without_slashes(plain, path, length);
    bool room = place.inodes == 0 || place.left > 0;
    return room && examine(dirfd, plain, &status, AT_SYMLINK_NOFOLLOW) == ENOENT &&
           objection_of(dirfd, path, length) == 0;
}

/* --- tampering -------------------------------------------------------------------------------- */

void create_beside(int dirfd, const char *path, size_t length, const char *name) {
    int before = errno;
    int parent = open_parent(dirfd, path, length);
    if (parent >= 0) {
        (void)correct(parent, name, 0600);
        close(parent);
    }
    errno = before;
}

void remove_name(int dirfd, const char *path, size_t length) {
    char name[PATH_MAX];
    int before = errno;
    copy_without_slashes(name, path, length);
    (void)unlinkat(dirfd, name, 0);
    errno = before;
}

void touch_parent(int dirfd, const char *path, size_t length, long seconds) {
    char prefix[PATH_MAX];
    const struct timespec times[2] = {{.tv_sec = seconds}, {.tv_sec = seconds}};
    size_t end = last_name(path, length).start;
    memcpy(prefix, path, end);
    prefix[end] = '\0';
    int before = errno;
    (void)utimensat(dirfd, end ? prefix : ".", times, 0);
    errno = before;
}

void touch_name(int dirfd, const char *path, size_t length, long atime, long mtime) {
    char name[PATH_MAX];
    const struct timespec times[2] = {{.tv_sec = atime}, {.tv_sec = mtime}};
    int before = errno;
    copy_without_slashes(name, path, length);
    (void)utimensat(dirfd, name, times, AT_SYMLINK_NOFOLLOW);
    errno = before;
}
