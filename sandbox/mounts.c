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

int mounts_open(struct mounts *mounts, int namespace) {
    struct stat status;
    *mounts = (struct mounts){.namespace = namespace};
    mounts->root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (mounts->root < 0 || fstat(mounts->root, &status))
        return -errno;
    mounts->arena = status.st_dev;
    mounts->root_inode = status.st_ino;
    mounts->root_id = mount_of(mounts->root);
    return 0;
}

static int open_directory(const char *path) {
    int directory = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return directory < 0 ? -errno : directory;
}

/* A directory to mount on: any but the root of all that the worker sees. */
static int open_target(const struct mounts *mounts, const char *path) {
    struct stat status;
    int target = open_directory(path);
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

/* The root of the mount with that id, or -1. */
static int root_of(const struct mounts *mounts, int id) {
    if (id == mounts->root_id)
        return mounts->root;
    for (unsigned i = 0; i < mounts->count; i++)
        if (mounts->made[i].id == id)
            return mounts->made[i].file;
    return -1;
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

/*
 * Of what was detached before, and all below it, nothing is found mounted: EINVAL. Where an
 * idmapped mount's root lets nobody in, as its owner has no mapping, the mount is first moved onto
 * the root directory, which is its own "..", seen through what covers it.
 */
static void detach(const struct mounts *mounts, int file) {
    if (fchdir(file) == 0)
        syscall(SYS_umount2, ".", DETACH);
    else if (attach(file, mounts->root) == 0)
        syscall(SYS_umount2, "/..", DETACH);
    if (fchdir(mounts->root))
        return; /* cannot fail: its owner is root and the thread has every capability */
}

static int clone_of(int file) {
    int clone =
        (int)syscall(SYS_open_tree, file, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    return clone < 0 ? -errno : clone;
}

static int configure(int context, unsigned command, const char *key, const char *value) {
    return syscall(SYS_fsconfig, context, command, key, value, 0) ? -errno : 0;
}

/* --- mount ---------------------------------------------------------------------------------- */

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
static int make_tmpfs(const struct step *step) {
    int context = (int)syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC);
    if (context < 0)
        return -errno;
    int file = -1;
    int error = create(context, step->mode);
    if (!error) {
        file = (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, attributes_of(step->flags));
        error = file < 0 ? -errno : 0;
    }
    close(context);
    return error ? error : file;
}

/* Mounts a clone of `plain` with the map of ids, and `plain` no more. Returns the clone. */
static int attach_idmapped(const struct mounts *mounts, const struct step *step, int plain,
                           int target) {
    int error = attach(plain, target); /* before Linux 6.15 only what is attached can be cloned */
    if (error)
        return error;
    int clone = clone_of(plain);
    error = clone < 0 ? clone : set_flags(clone, step->flags);
    if (!error)
        error = set_idmap(mounts, clone);
    detach(mounts, plain);
    if (!error)
        error = attach(clone, target);
    if (error && clone >= 0)
        close(clone);
    return error ? error : clone;
}

static void note(struct mounts *mounts, int file, int plain) {
    mounts->made[mounts->count++] =
        (struct mount){.file = file, .plain = plain, .id = mount_of(file)};
}

static int mount_on(struct mounts *mounts, const struct step *step, int target) {
    int plain = make_tmpfs(step);
    if (plain < 0)
        return plain;
    int file = plain;
    int error = 0;
    if (step->flags & MOUNT_IDMAP)
        error = file = attach_idmapped(mounts, step, plain, target);
    else
        error = attach(plain, target);
    if (error < 0)
        close(plain);
    else
        note(mounts, file, plain);
    return error < 0 ? error : 0;
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

static int bind_on(struct mounts *mounts, const struct step *step, int directory, int target) {
    int clone = clone_of(directory);
    if (clone < 0)
        return clone;
    int error = set_flags(clone, step->flags);
    if (!error && step->flags & MOUNT_IDMAP)
        error = set_idmap(mounts, clone);
    if (!error)
        error = attach(clone, target);
    if (error)
        close(clone);
    else
        note(mounts, clone, -1);
    return error;
}

int mounts_bind(struct mounts *mounts, const struct step *step, const char *old, const char *new) {
    if (mounts->count == MOUNTS_MAX)
        return -ENOSPC;
    int directory = open_directory(old);
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
    int error = fstat(root, &status) ? -errno : reconfigure(root, step->flags & MOUNT_READ_ONLY);
    mounts->superblock_changed |= !error && status.st_dev == mounts->arena;
    return error;
}

int mounts_remount(struct mounts *mounts, const struct step *step, const char *path) {
    int directory = open_directory(path);
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

int mounts_umount(const struct mounts *mounts, const char *path) {
    int file = open(path, O_PATH | O_CLOEXEC);
    if (file < 0)
        return -errno;
    const int id = mount_of(file);
    close(file);
    if (id < 0)
        return id;
    if (id == mounts->root_id)
        return -EINVAL;
    return syscall(SYS_umount2, path, DETACH) ? -errno : 0;
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

void mounts_detach(const struct mounts *mounts) {
    for (unsigned i = mounts->count; i > 0; i--)
        detach(mounts, mounts->made[i - 1].file);
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
    }
}
