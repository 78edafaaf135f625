#include "canary_place.h"

#include <linux/capability.h>
#include <linux/posix_acl_xattr.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

static void look_at(struct place *place, int parent) {
    struct statvfs file_system;
    struct statx attributes;
    place->known = fstat(parent, &place->status) == 0 && fstatvfs(parent, &file_system) == 0 &&
                   statx(parent, "", AT_EMPTY_PATH, STATX_MNT_ID | STATX_BTIME, &attributes) == 0;
    if (!place->known) {
        *place = (struct place){0};
        return;
    }
    place->flags = file_system.f_flag;
    place->inodes = file_system.f_files;
    place->left = file_system.f_ffree;
    place->immutable = attributes.stx_attributes & STATX_ATTR_IMMUTABLE;
    place->append = attributes.stx_attributes & STATX_ATTR_APPEND;
    place->mount = attributes.stx_mnt_id;
    place->birth = attributes.stx_btime;
    place->mount_root = attributes.stx_attributes & STATX_ATTR_MOUNT_ROOT;
}

struct place place_of(int dirfd, const char *path, size_t length) {
    struct place place = {0};
    int before = errno;
    int parent = open_parent(dirfd, path, length);
    if (parent >= 0) {
        look_at(&place, parent);
        close(parent);
    }
    errno = before;
    return place;
}

/*
 * Asks for a device, for which Linux wants CAP_MKNOD only after it has asked all the others: EPERM
 * from a directory that is not immutable is no objection.
 */
int objection_of(int dirfd, const char *path, size_t length) {
    static const char probe[] = ".\1probe";
    int before = errno;
    int parent = open_parent(dirfd, path, length);
    int error = 0;
    if (parent < 0)
        return 0;
    if (mknodat(parent, probe, S_IFCHR, makedev(1, 3)) == 0)
        (void)unlinkat(parent, probe, 0);
    else
        error = errno;
    close(parent);
    if (error == EPERM && !place_of(dirfd, path, length).immutable)
        error = 0;
    errno = before;
    return error == EEXIST || error == ENOENT ? 0 : error;
}

bool is_plain_name(const char *path, size_t length) {
    struct name name = last_name(path, length);
    return name.length > 0 && !name.dots && !name.slash;
}

int refuse_if(bool condition, int error, int dirfd, const char *path, size_t length, mode_t mode) {
    return condition && would_create(dirfd, path, length) ? fail_with(error)
                                                          : correct(dirfd, path, mode);
}

bool is_member(gid_t gid) {
    gid_t groups[64];
    int before = errno;
    int count = getgroups(64, groups);
    bool found = getegid() == gid;
    for (int i = 0; i < count; i++)
        found |= groups[i] == gid;
    errno = before;
    return found;
}

bool has_capability(unsigned number) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct sets[2] = {{0}};
    int before = errno;
    bool known = syscall(SYS_capget, &header, sets) == 0;
    errno = before;
    return known && sets[number / 32].effective >> number % 32 & 1;
}

bool bits_permit(const struct stat *directory, uid_t uid, gid_t gid, unsigned mask) {
    unsigned shift = directory->st_uid == uid ? 6 : directory->st_gid == gid ? 3 : 0;
    return (directory->st_mode >> shift & mask) == mask;
}

/* Reads what is at `prefix`, if that is a link. */
static bool read_link(struct link_found *link, int dirfd, const char *prefix, size_t length) {
    struct statvfs file_system;
    if (fstatat(dirfd, prefix, &link->status, AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISLNK(link->status.st_mode))
        return false;
    int parent = open_parent(dirfd, prefix, length);
    ssize_t size = readlinkat(dirfd, prefix, link->body, sizeof link->body - 1);
    bool found = parent >= 0 && size > 0 && fstat(parent, &link->directory) == 0 &&
                 fstatvfs(parent, &file_system) == 0;
    if (parent >= 0)
        close(parent);
    link->body[found ? size : 0] = '\0';
    link->flags = found ? file_system.f_flag : 0;
    return found;
}

void find_link(struct link_found *link, int dirfd, const char *path, size_t length) {
    size_t last = last_name(path, length).start;
    size_t start = 0;
    char prefix[PATH_MAX];
    int before = errno;
    link->end = 0;
    for (size_t i = 1; i < last && link->end == 0; i++) {
        if (path[i - 1] == '/')
            start = i;
        if (path[i] != '/' || path[i - 1] == '/')
            continue;
        memcpy(prefix, path, i);
        prefix[i] = '\0';
        link->start = start;
        link->end = read_link(link, dirfd, prefix, i) ? i : 0;
    }
    errno = before;
}

int read_acl(struct acl_record records[ACL_RECORDS_MAX], int dirfd, const char *path, size_t length,
             const char *name) {
    struct {
        struct posix_acl_xattr_header header;
        struct posix_acl_xattr_entry entries[ACL_RECORDS_MAX];
    } value;
    char prefix[PATH_MAX];
    size_t end = last_name(path, length).start;
    memcpy(prefix, path, end);
    prefix[end] = '\0';
    int before = errno;
    int parent = openat(dirfd, end ? prefix : ".", O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC);
    ssize_t size = parent < 0 ? -1 : fgetxattr(parent, name, &value, sizeof value);
    if (parent >= 0)
        close(parent);
    errno = before;
    if (size < (ssize_t)sizeof value.header)
        return 0;
    int count = (int)(((size_t)size - sizeof value.header) / sizeof value.entries[0]);
    for (int i = 0; i < count; i++)
        records[i] = (struct acl_record){value.entries[i].e_tag, value.entries[i].e_perm,
                                         value.entries[i].e_id};
    return count;
}

int acl_permissions_of(const struct acl_record *records, int count, unsigned tag) {
    for (int i = 0; i < count; i++)
        if (records[i].tag == tag)
            return records[i].permissions;
    return -1;
}

mode_t look_at_umask(void) {
    mode_t mask = umask(0);
    (void)umask(mask);
    return mask;
}
