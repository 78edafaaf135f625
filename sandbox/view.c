#include "view.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/mount.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "reason.h"

#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif
enum { RECURSIVELY = 0x8000 /* AT_RECURSIVE */ };

/* What programs are made of. Those that the host does not have are left out. */
static const char *const always[] = {"/usr",   "/bin",    "/sbin", "/lib", "/lib32",
                                     "/lib64", "/libx32", "/etc",  "/opt"};
static const char *const devices[VIEW_DEVICES] = {"/dev/null", "/dev/zero", "/dev/full",
                                                  "/dev/random", "/dev/urandom"};

/* Where an agent may write what it likes; gone with the worker. */
static const char *const scratch[] = {"/run", "/tmp"};

static const char fix[] = "use Linux 5.12 or later, as root or with user namespaces";

/* --- choosing ------------------------------------------------------------------------------- */

static bool is_directory(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* True if `path` lies below, or is, a directory that was chosen. */
static bool covers(const struct view *view, const char *path) {
    for (unsigned i = 0; i < view->directory_count; i++) {
        const char *chosen = view->directories[i].path;
        size_t length = strlen(chosen);
        if (strncmp(chosen, path, length) == 0 && (path[length] == '/' || path[length] == '\0'))
            return true;
    }
    return false;
}

static bool add_name(struct view *view, const char *path) {
    char name[VIEW_NAME_SIZE];
    size_t length = strcspn(path + 1, "/");
    if (length >= sizeof(name) || view->name_count == VIEW_NAMES_MAX)
        return false;
    memcpy(name, path + 1, length);
    name[length] = '\0';
    if (!view_has(view, name))
        memcpy(view->names[view->name_count++], name, sizeof(name));
    return true;
}

static bool add_directory(struct view *view, const char *path) {
    if (covers(view, path) || !is_directory(path))
        return true;
    if (view->directory_count == VIEW_DIRECTORIES_MAX || strlen(path) >= VIEW_PATH_SIZE)
        return false;
    struct view_directory *directory = &view->directories[view->directory_count++];
    snprintf(directory->path, sizeof(directory->path), "%s", path);
    directory->tree = -1;
    return add_name(view, path);
}

/* The root itself cannot be shown, and what the sandbox has its own of is not. */
static bool is_special(const char *path) {
    static const char *const own[] = {"/dev", "/proc", "/sys", "/run"};
    bool special = path[0] == '\0' || strcmp(path, "/") == 0;
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        size_t length = strlen(own[i]);
        special |= strncmp(path, own[i], length) == 0 && (path[length] == '/' || !path[length]);
    }
    return special;
}

/* The directory of the file that a word names, in the place where it lies and where a link is. */
static bool add_file(struct view *view, const char *word) {
    char path[PATH_MAX];
    if (word[0] != '/' || !realpath(word, path))
        return true;
    for (int i = 0; i < 2; i++) {
        char *slash = is_directory(path) ? NULL : strrchr(path, '/');
        if (slash)
            *slash = '\0';
        if (!is_special(path) && !add_directory(view, path))
            return false;
        snprintf(path, sizeof(path), "%s", word);
    }
    return true;
}

int view_choose(struct view *view, const char *const *command, char *reason, size_t reason_size) {
    bool fits = true;
    *view = (struct view){.directory_count = 0};
    for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
        fits &= add_directory(view, always[i]);
    for (; *command; command++)
        fits &= add_file(view, *command);
    fits &= add_name(view, "/dev") && add_name(view, "/proc");
    for (size_t i = 0; i < sizeof(scratch) / sizeof(scratch[0]); i++)
        fits &= add_name(view, scratch[i]);
    if (!fits)
        return refuse(reason, reason_size, E2BIG, "the agent's command names too many files",
                      "put them into one directory");
    return 0;
}

/* --- mounting ------------------------------------------------------------------------------- */

static int clone_tree(const char *path, uint64_t flags) {
    const struct mount_attr attributes = {.attr_set = flags};
    int tree = (int)syscall(SYS_open_tree, AT_FDCWD, path,
                            OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | RECURSIVELY);
    if (tree < 0)
        return -errno;
    if (syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH | RECURSIVELY, &attributes,
                sizeof(attributes)) == 0)
        return tree;
    int error = -errno;
    close(tree);
    return error;
}

static int attach(int tree, const char *path) {
    return syscall(SYS_move_mount, tree, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH) ? -errno : 0;
}

/* A new tmpfs on `path`. */
static int mount_tmpfs(const char *path, const char *size, unsigned flags) {
    int context = (int)syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC);
    if (context < 0)
        return -errno;
    int mounted = -1;
    if (syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, "size", size, 0) == 0 &&
        syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, "mode", "1777", 0) == 0 &&
        syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
        mounted = (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, flags);
    int error = mounted < 0 ? -errno : attach(mounted, path);
    if (mounted >= 0)
        close(mounted);
    close(context);
    return error;
}

int view_clone(struct view *view, char *reason, size_t reason_size) {
    for (unsigned i = 0; i < view->directory_count; i++) {
        struct view_directory *directory = &view->directories[i];
        directory->tree =
            clone_tree(directory->path, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID);
        if (directory->tree < 0)
            return refuse(reason, reason_size, -directory->tree,
                          "the host's files cannot be shown read-only", fix);
    }
    for (unsigned i = 0; i < VIEW_DEVICES; i++)
        view->devices[i] = clone_tree(devices[i], MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
    return 0;
}

/* Makes the directories that lead to `path`, and it. */
static int make_path(const char *path) {
    char part[VIEW_PATH_SIZE];
    for (size_t i = 1; i <= strlen(path); i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        memcpy(part, path, i);
        part[i] = '\0';
        if (mkdir(part, 0755) && errno != EEXIST)
            return -errno;
    }
    return 0;
}

static bool is_shown_whole(const struct view *view, const char *path) {
    for (unsigned i = 0; i < view->directory_count; i++)
        if (strcmp(view->directories[i].path, path) == 0)
            return true;
    return false;
}

/*
 * Calls `action` for each name of the arena's root that is no directory of the host: a small file
 * system lies there, so that nothing an agent does to it lasts or shows in the arena.
 */
static int for_own_names(const struct view *view, int (*action)(const char *path)) {
    int error = 0;
    for (unsigned i = 0; i < view->name_count && !error; i++) {
        char path[VIEW_NAME_SIZE + 1];
        snprintf(path, sizeof(path), "/%s", view->names[i]);
        if (!is_shown_whole(view, path))
            error = action(path);
    }
    return error;
}

static bool is_scratch(const char *path) {
    bool found = false;
    for (size_t i = 0; i < sizeof(scratch) / sizeof(scratch[0]); i++)
        found |= strcmp(path, scratch[i]) == 0;
    return found;
}

static int mount_own(const char *path) {
    const bool device = strcmp(path, "/dev") == 0;
    int error = mkdir(path, 0755) ? -errno : 0;
    return error ? error
                 : mount_tmpfs(path, is_scratch(path) ? "16m" : "64k",
                               MOUNT_ATTR_NOSUID | (device ? 0 : MOUNT_ATTR_NODEV));
}

static int close_own(const char *path) {
    const struct mount_attr read_only = {.attr_set = MOUNT_ATTR_RDONLY};
    if (is_scratch(path))
        return 0;
    return syscall(SYS_mount_setattr, AT_FDCWD, path, 0, &read_only, sizeof(read_only)) ? -errno
                                                                                        : 0;
}

static int mount_directories(const struct view *view) {
    int error = 0;
    for (unsigned i = 0; i < view->directory_count && !error; i++) {
        error = make_path(view->directories[i].path);
        if (!error)
            error = attach(view->directories[i].tree, view->directories[i].path);
    }
    return error;
}

static int mount_devices(const struct view *view) {
    int error = 0;
    for (unsigned i = 0; i < VIEW_DEVICES && !error; i++) {
        if (view->devices[i] < 0)
            continue;
        int file = open(devices[i], O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666);
        error = file < 0 ? -errno : attach(view->devices[i], devices[i]);
        close(file);
    }
    return error;
}

static void close_trees(const struct view *view) {
    for (unsigned i = 0; i < view->directory_count; i++)
        close(view->directories[i].tree);
    for (unsigned i = 0; i < VIEW_DEVICES; i++)
        close(view->devices[i]);
}

int view_mount(const struct view *view, char *reason, size_t reason_size) {
    int error = for_own_names(view, mount_own);
    if (!error)
        error = mount_directories(view);
    if (!error)
        error = mount_devices(view);
    if (!error)
        error = for_own_names(view, close_own);
    close_trees(view);
    if (error)
        return refuse(reason, reason_size, -error,
                      "the host's files cannot be mounted in the arena", fix);
    return 0;
}

/* --- names ---------------------------------------------------------------------------------- */

static bool is_named(const struct view *view, const char *name, size_t length) {
    for (unsigned i = 0; i < view->name_count; i++)
        if (strncmp(view->names[i], name, length) == 0 && view->names[i][length] == '\0')
            return true;
    return false;
}

bool view_has(const struct view *view, const char *name) {
    size_t length = strlen(name);
    return length < VIEW_NAME_SIZE && is_named(view, name, length);
}

bool view_mentions(const struct view *view, const char *bytes, size_t length) {
    for (size_t at = 0; at < length;) {
        const char *slash = memchr(bytes + at, '/', length - at);
        size_t end = slash ? (size_t)(slash - bytes) : length;
        if (end - at < VIEW_NAME_SIZE && is_named(view, bytes + at, end - at))
            return true;
        at = end + 1;
    }
    return false;
}
