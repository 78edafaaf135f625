#include "mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * sys/mount.h declares some of this from glibc 2.36 on and clashes with linux/mount.h there. What
 * headers before Linux 5.12 and 5.14 lack is named here.
 */
#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif
enum {
    DETACH = 2, /* MNT_DETACH */
    ATTRIBUTE_IDMAP = 0x00100000,
    ATTRIBUTE_NOSYMFOLLOW = 0x00200000,
};
struct attributes { /* struct mount_attr */
    uint64_t set, clear, propagation, user_namespace;
};

/* --- looking -------------------------------------------------------------------------------- */

/* The id of the mount that `file` lies on. Without room for a handle it is given all the same. */
static int mount_of(int file) {
    struct file_handle handle = {.handle_bytes = 0};
    int id;
    if (name_to_handle_at(file, "", &handle, &id, AT_EMPTY_PATH) && errno != EOVERFLOW)
        return -errno;
    return id;
}

/* Mount points for what is put away: a directory whose clones are the shelves. */
enum { SHELF_SIZE = 16 };
static const char shelf_pattern[] = "shelves", shelf_point[] = "shelf";

static int make_shelves(int outside) {
    if (mkdirat(outside, shelf_point, 0755) || mkdirat(outside, shelf_pattern, 0755))
        return -errno;
    for (unsigned i = 0; i < SHELF_SIZE; i++) {
        char name[32];
        snprintf(name, sizeof(name), "%s/%u", shelf_pattern, i);
        if (mkdirat(outside, name, 0755))
            return -errno;
    }
    return 0;
}

int mounts_open(struct mounts *mounts, int namespace, int outside) {
    struct stat status;
    *mounts = (struct mounts){.namespace = namespace, .outside = outside, .shelf = -1};
    mounts->root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (mounts->root < 0 || fstat(mounts->root, &status))
        return -errno;
    mounts->arena = status.st_dev;
    mounts->root_inode = status.st_ino;
    mounts->root_id = mount_of(mounts->root);
    return make_shelves(outside);
}

static int open_directory(int start, const char *path) {
    int directory = openat(start, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return directory < 0 ? -errno : directory;
}

/* A directory to mount on: any but the root of all that the worker sees. */
static int open_target(const struct mounts *mounts, const char *path) {
    struct stat status;
    int target = open_directory(AT_FDCWD, path);
    if (target < 0)
        return target;
    int error = fstat(target, &status) ? -errno : 0;
    if (!error && status.st_dev == mounts->arena && status.st_ino == mounts->root_inode &&
        mount_of(target) == mounts->root_id)
        error = -EBUSY;
    if (!error)
        return target;
    close(target);
    return error;
}

/* The mount with that id that was made here, or NULL. */
static const struct mount *made_as(const struct mounts *mounts, int id) {
    for (unsigned i = 0; i < mounts->count; i++)
        if (mounts->made[i].id == id)
            return &mounts->made[i];
    return NULL;
}

/* The root of the mount with that id, or -1. */
static int root_of(const struct mounts *mounts, int id) {
    const struct mount *mount = made_as(mounts, id);
    return id == mounts->root_id ? mounts->root : mount ? mount->file : -1;
}

/* --- the calls ------------------------------------------------------------------------------ */

enum {
    FLAGS_ALL = MOUNT_READ_ONLY | MOUNT_NOSYMFOLLOW | MOUNT_NODEV | MOUNT_NOEXEC | MOUNT_NOSUID,
    FLAGS_OF_ARENA = MOUNT_NODEV | MOUNT_NOEXEC | MOUNT_NOSUID,
};

static uint64_t attributes_of(unsigned flags) {
    uint64_t attributes = 0;
    attributes |= flags & MOUNT_READ_ONLY ? MOUNT_ATTR_RDONLY : 0;
    attributes |= flags & MOUNT_NOSYMFOLLOW ? ATTRIBUTE_NOSYMFOLLOW : 0;
    attributes |= flags & MOUNT_NODEV ? MOUNT_ATTR_NODEV : 0;
    attributes |= flags & MOUNT_NOEXEC ? MOUNT_ATTR_NOEXEC : 0;
    attributes |= flags & MOUNT_NOSUID ? MOUNT_ATTR_NOSUID : 0;
    return attributes;
}

static int set_attributes(int file, const struct attributes *attributes) {
    return syscall(SYS_mount_setattr, file, "", AT_EMPTY_PATH, attributes, sizeof(*attributes))
               ? -errno
               : 0;
}

/* Before Linux 5.14 there is no nosymfollow, and naming it, even to clear it, is EINVAL. */
static int set_flags(int file, unsigned flags) {
    const uint64_t set = attributes_of(flags), all = attributes_of(FLAGS_ALL);
    struct attributes attributes = {.set = set, .clear = all & ~set};
    int error = set_attributes(file, &attributes);
    if (error == -EINVAL && !(flags & MOUNT_NOSYMFOLLOW)) {
        attributes.clear &= ~(uint64_t)ATTRIBUTE_NOSYMFOLLOW;
        error = set_attributes(file, &attributes);
    }
    return error;
}

static int set_idmap(const struct mounts *mounts, int file) {
    if (mounts->namespace < 0)
        return -EPERM;
    const struct attributes attributes = {.set = ATTRIBUTE_IDMAP,
                                          .user_namespace = (uint64_t)mounts->namespace};
    return set_attributes(file, &attributes);
}

static int attach(int file, int target) {
    return syscall(SYS_move_mount, file, "", target, "",
                   MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH)
               ? -errno
               : 0;
}

static int clone_of(int file) {
    int clone =
        (int)syscall(SYS_open_tree, file, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    return clone < 0 ? -errno : clone;
}

/* Of what was detached before, and all below it, nothing is found mounted: EINVAL. */
static void detach(const struct mounts *mounts, int file) {
    if (fchdir(file) == 0)
        syscall(SYS_umount2, ".", DETACH);
    if (fchdir(mounts->root))
        return; /* cannot fail: its owner is root and the thread has every capability */
}

/* Detaches a mount on which nothing stands any more, with its base. */
static void take_away(const struct mounts *mounts, const struct mount *mount) {
    if (mount->base >= 0)
        detach(mounts, mount->base);
    detach(mounts, mount->base >= 0 ? mount->base : mount->file);
}

/* --- putting away --------------------------------------------------------------------------- */

/*
 * Unmounting waits until no processor looks at the mount any more, which takes longer than all that
 * a scenario does. Moving does not wait, so mounts are moved out of sight, onto a shelf, and the
 * shelf is unmounted with all of them when it is full.
 */
static void clear_shelf(struct mounts *mounts) {
    if (mounts->shelf < 0)
        return;
    if (fchdir(mounts->outside) == 0)
        syscall(SYS_umount2, shelf_point, DETACH);
    if (fchdir(mounts->root))
        return; /* cannot fail, see detach */
    close(mounts->shelf);
    mounts->shelf = -1;
    mounts->put_away = 0;
}

static int put_up_shelf(struct mounts *mounts) {
    int pattern = open_directory(mounts->outside, shelf_pattern);
    int point = open_directory(mounts->outside, shelf_point);
    int shelf = pattern < 0 ? pattern : clone_of(pattern);
    int error = point < 0 ? point : shelf < 0 ? shelf : attach(shelf, point);
    if (pattern >= 0)
        close(pattern);
    if (point >= 0)
        close(point);
    if (error && shelf >= 0)
        close(shelf);
    mounts->shelf = error ? -1 : shelf;
    return error;
}

/* Moves the mount with root `file`, and what stands on it, out of the arena. */
static int put_away(struct mounts *mounts, int file) {
    char name[16];
    if (mounts->put_away == SHELF_SIZE)
        clear_shelf(mounts);
    int error = mounts->shelf < 0 ? put_up_shelf(mounts) : 0;
    if (error)
        return error;
    snprintf(name, sizeof(name), "%u", mounts->put_away);
    int place = open_directory(mounts->shelf, name);
    if (place < 0)
        return place;
    error = attach(file, place);
    close(place);
    mounts->put_away += !error;
    return error;
}

/* --- mount ---------------------------------------------------------------------------------- */

static int configure(int context, unsigned command, const char *key, const char *value) {
    return syscall(SYS_fsconfig, context, command, key, value, 0) ? -errno : 0;
}

static int create(int context, uint32_t inodes) {
    char number[16];
    snprintf(number, sizeof(number), "%u", inodes);
    int error = configure(context, FSCONFIG_SET_STRING, "mode", "0755");
    if (!error)
        error = configure(context, FSCONFIG_SET_STRING, "size", "64m");
    if (!error)
        error = configure(context, FSCONFIG_SET_STRING, "nr_inodes", number);
    if (!error)
        error = configure(context, FSCONFIG_CMD_CREATE, NULL, NULL);
    return error;
}

/* A new tmpfs, mounted nowhere. */
static int make_tmpfs(uint32_t inodes, unsigned flags) {
    int context = (int)syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC);
    if (context < 0)
        return -errno;
    int file = -1;
    int error = create(context, inodes);
    if (!error) {
        file = (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, attributes_of(flags));
        error = file < 0 ? -errno : 0;
    }
    close(context);
    return error ? error : file;
}

/*
 * An idmapped mount stands on one without the map. Where nobody may enter it, because its root's
 * owner has no mapping, it is reached from below: umount(2) goes to the topmost mount of a place.
 */
static int attach_idmapped(const struct mounts *mounts, int clone, int base, int target) {
    int error = attach(base, target);
    if (error)
        return error;
    error = attach(clone, base);
    if (error)
        detach(mounts, base);
    return error;
}

static void note(struct mounts *mounts, int file, int plain, int base) {
    mounts->made[mounts->count++] =
        (struct mount){.file = file, .plain = plain, .base = base, .id = mount_of(file)};
}

/* A clone of what `plain` is the root of, with the map of ids; `plain` is mounted already. */
static int idmapped_clone(const struct mounts *mounts, const struct step *step, int plain) {
    int clone = clone_of(plain); /* before Linux 6.15 only what is mounted can be cloned */
    int error = clone < 0 ? clone : set_flags(clone, step->flags);
    if (!error)
        error = set_idmap(mounts, clone);
    if (!error)
        error = attach(clone, plain);
    if (error && clone >= 0)
        close(clone);
    return error ? error : clone;
}

static int mount_idmapped(struct mounts *mounts, const struct step *step, int plain, int target) {
    int error = attach(plain, target);
    if (error)
        return error;
    int clone = idmapped_clone(mounts, step, plain);
    if (clone < 0)
        detach(mounts, plain);
    else
        note(mounts, clone, plain, plain);
    return clone < 0 ? clone : 0;
}

static int mount_on(struct mounts *mounts, const struct step *step, int target) {
    int plain = make_tmpfs(step->mode, step->flags);
    if (plain < 0)
        return plain;
    int error;
    if (step->flags & MOUNT_IDMAP) {
        error = mount_idmapped(mounts, step, plain, target);
    } else {
        error = attach(plain, target);
        if (!error)
            note(mounts, plain, plain, -1);
    }
    if (error)
        close(plain);
    return error;
}

int mounts_mount(struct mounts *mounts, const struct step *step, const char *path) {
    if (mounts->count == MOUNTS_MAX)
        return -ENOSPC;
    int target = open_target(mounts, path);
    if (target < 0)
        return target;
    int error = mount_on(mounts, step, target);
    close(target);
    return error;
}

/* --- bind ----------------------------------------------------------------------------------- */

/* Mounts the clone where `target` is; with a map of ids, its own or inherited, on an empty tmpfs.
 */
static int attach_clone(struct mounts *mounts, int clone, int target, bool idmapped) {
    int base = -1;
    int error = 0;
    if (idmapped) {
        base = make_tmpfs(1, 0);
        error = base < 0 ? base : attach_idmapped(mounts, clone, base, target);
    } else {
        error = attach(clone, target);
    }
    if (!error)
        note(mounts, clone, -1, base);
    else if (base >= 0)
        close(base);
    return error;
}

static int bind_on(struct mounts *mounts, const struct step *step, int directory, int target) {
    const struct mount *from = made_as(mounts, mount_of(directory));
    bool inherited = from && from->base >= 0;
    int clone = clone_of(directory);
    if (clone < 0)
        return clone;
    int error = set_flags(clone, step->flags);
    if (!error && step->flags & MOUNT_IDMAP)
        error = set_idmap(mounts, clone);
    if (!error)
        error = attach_clone(mounts, clone, target, inherited || step->flags & MOUNT_IDMAP);
    if (error)
        close(clone);
    return error;
}

int mounts_bind(struct mounts *mounts, const struct step *step, const char *old, const char *new) {
    if (mounts->count == MOUNTS_MAX)
        return -ENOSPC;
    int directory = open_directory(AT_FDCWD, old);
    if (directory < 0)
        return directory;
    int target = open_target(mounts, new);
    int error = target < 0 ? target : bind_on(mounts, step, directory, target);
    if (target >= 0)
        close(target);
    close(directory);
    return error;
}

/* --- remount and umount --------------------------------------------------------------------- */

static int reconfigure(int file, bool read_only) {
    int context = (int)syscall(SYS_fspick, file, "", FSPICK_CLOEXEC | FSPICK_EMPTY_PATH);
    if (context < 0)
        return -errno;
    int error = configure(context, FSCONFIG_SET_FLAG, read_only ? "ro" : "rw", NULL);
    if (!error)
        error = configure(context, FSCONFIG_CMD_RECONFIGURE, NULL, NULL);
    close(context);
    return error;
}

static int remount_superblock(struct mounts *mounts, const struct step *step, int root) {
    struct stat status;
    clear_shelf(mounts); /* removed directories that are still mounted keep the arena writable */
    int error = fstat(root, &status) ? -errno : reconfigure(root, step->flags & MOUNT_READ_ONLY);
    mounts->superblock_changed |= !error && status.st_dev == mounts->arena;
    return error;
}

int mounts_remount(struct mounts *mounts, const struct step *step, const char *path) {
    int directory = open_directory(AT_FDCWD, path);
    if (directory < 0)
        return directory;
    const int root = root_of(mounts, mount_of(directory));
    close(directory);
    if (root < 0)
        return -EINVAL;
    if (step->flags & MOUNT_SUPERBLOCK)
        return remount_superblock(mounts, step, root);
    int error = set_flags(root, step->flags);
    mounts->flags_changed |= !error && root == mounts->root;
    return error;
}

static bool is_same(int a, int b) {
    struct stat first, second;
    return fstat(a, &first) == 0 && fstat(b, &second) == 0 && first.st_dev == second.st_dev &&
           first.st_ino == second.st_ino;
}

int mounts_umount(const struct mounts *mounts, const char *path) {
    int file = open(path, O_PATH | O_CLOEXEC);
    if (file < 0)
        return -errno;
    const int id = mount_of(file);
    const struct mount *mount = made_as(mounts, id);
    const bool is_root = mount && is_same(file, mount->file);
    close(file);
    if (id < 0)
        return id;
    if (!is_root)
        return -EINVAL;
    take_away(mounts, mount);
    return 0;
}

/* --- clean-up ------------------------------------------------------------------------------- */

int mounts_restore(struct mounts *mounts) {
    int error = mounts->superblock_changed ? reconfigure(mounts->root, false) : 0;
    if (!error && mounts->flags_changed)
        error = set_flags(mounts->root, FLAGS_OF_ARENA);
    mounts->superblock_changed = false;
    mounts->flags_changed = false;
    return error;
}

void mounts_detach(struct mounts *mounts) {
    for (unsigned i = mounts->count; i > 0; i--) {
        const struct mount *mount = &mounts->made[i - 1];
        int error = put_away(mounts, mount->file);
        if (!error && mount->base >= 0)
            error = put_away(mounts, mount->base);
        /* What was detached by a step cannot be moved, nor what shows a removed directory. */
        if (error)
            take_away(mounts, mount);
    }
}

int mounts_record(const struct mounts *mounts, struct record *record, char *listing) {
    int error = 0;
    for (unsigned i = 0; !error && i < mounts->count; i++)
        if (mounts->made[i].plain >= 0)
            error = record_tree(record, mounts->made[i].plain, listing);
    return error;
}

void mounts_forget(struct mounts *mounts) {
    for (; mounts->count > 0; mounts->count--) {
        const struct mount *mount = &mounts->made[mounts->count - 1];
        close(mount->file);
        if (mount->plain >= 0 && mount->plain != mount->file)
            close(mount->plain);
        if (mount->base >= 0 && mount->base != mount->plain)
            close(mount->base);
    }
}
