#include "metadata.h"

#include <errno.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

static int open_directory(const char *path) {
    int directory = open(path, O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC);
    return directory < 0 ? -errno : directory;
}

int metadata_chown(struct metadata *metadata, const struct step *step, const char *path) {
    if (fchownat(AT_FDCWD, path, step->identity.uid, step->identity.gid, 0))
        return -errno;
    metadata->owner_changed = true;
    return 0;
}

/* --- ACLs ----------------------------------------------------------------------------------- */

/* As linux/posix_acl_xattr.h has it, which not every installation of headers comes with. */
enum { ACL_VERSION = 2 };
static const uint16_t acl_tags[ENTRY_COUNT] = {
    [ENTRY_OWNER] = 0x01, [ENTRY_USER] = 0x02, [ENTRY_OWNING_GROUP] = 0x04,
    [ENTRY_GROUP] = 0x08, [ENTRY_MASK] = 0x10, [ENTRY_OTHER] = 0x20,
};

static const char *acl_name(bool of_new_nodes) {
    return of_new_nodes ? "system.posix_acl_default" : "system.posix_acl_access";
}

static unsigned char *put(unsigned char *to, uint32_t value, unsigned bytes) {
    for (unsigned i = 0; i < bytes; i++)
        *to++ = (unsigned char)(value >> 8 * i);
    return to;
}

/* Writes the little-endian attribute, 4 bytes and 8 for each entry, and returns its end. */
static unsigned char *put_acl(unsigned char *to, const struct step *step) {
    to = put(to, ACL_VERSION, 4);
    for (int entry = 0; entry < ENTRY_COUNT; entry++) {
        uint32_t id = UINT32_MAX;
        if (!acl_has(step->mode, (enum acl_entry)entry))
            continue;
        if (entry == ENTRY_USER)
            id = step->identity.uid;
        if (entry == ENTRY_GROUP)
            id = step->identity.gid;
        to = put(to, acl_tags[entry], 2);
        to = put(to, acl_permissions(step->mode, (enum acl_entry)entry), 2);
        to = put(to, id, 4);
    }
    return to;
}

int metadata_acl(struct metadata *metadata, const struct step *step, const char *path) {
    unsigned char acl[4 + 8 * ENTRY_COUNT];
    const size_t size = (size_t)(put_acl(acl, step) - acl);
    int directory = open_directory(path);
    if (directory < 0)
        return directory;
    int error =
        fsetxattr(directory, acl_name(step->flags & ACL_DEFAULT), acl, size, 0) ? -errno : 0;
    close(directory);
    metadata->acl_changed |= !error;
    return error;
}

/* --- inode flags ---------------------------------------------------------------------------- */

static int set_flags(int directory, unsigned wanted) {
    int flags;
    if (ioctl(directory, FS_IOC_GETFLAGS, &flags))
        return -errno;
    flags &= ~(FS_IMMUTABLE_FL | FS_APPEND_FL);
    flags |= wanted & ATTRIBUTE_IMMUTABLE ? FS_IMMUTABLE_FL : 0;
    flags |= wanted & ATTRIBUTE_APPEND ? FS_APPEND_FL : 0;
    return ioctl(directory, FS_IOC_SETFLAGS, &flags) ? -errno : 0;
}

/* Notes how to find the directory again, before its flags can keep anyone from removing it. */
static int note(struct metadata *metadata, int directory) {
    union flagged *flagged = &metadata->flagged[metadata->flagged_count];
    int mount;
    flagged->handle.handle_bytes = MAX_HANDLE_SZ;
    if (name_to_handle_at(directory, "", &flagged->handle, &mount, AT_EMPTY_PATH))
        return -errno;
    metadata->flagged_count++;
    return 0;
}

static int give_flags(struct metadata *metadata, unsigned wanted, int directory, dev_t arena) {
    struct stat status;
    if (fstat(directory, &status))
        return -errno;
    const unsigned count = metadata->flagged_count;
    int error = status.st_dev == arena ? note(metadata, directory) : 0;
    if (!error)
        error = set_flags(directory, wanted);
    if (error)
        metadata->flagged_count = count;
    else
        metadata->flag_steps++;
    return error;
}

int metadata_attribute(struct metadata *metadata, const struct step *step, const char *path,
                       dev_t arena) {
    if (step->flags && metadata->flag_steps == ATTRIBUTES_MAX)
        return -ENOSPC;
    int directory = open_directory(path);
    if (directory < 0)
        return directory;
    int error =
        step->flags ? give_flags(metadata, step->flags, directory, arena) : set_flags(directory, 0);
    close(directory);
    return error;
}

/* By its handle, as no path may lead there through a mount that lets it be changed. */
static int take_flags(union flagged *flagged) {
    int directory =
        open_by_handle_at(AT_FDCWD, &flagged->handle, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0)
        return errno == ESTALE ? 0 : -errno; /* ESTALE: removed after its flags were taken away */
    int error = set_flags(directory, 0);
    close(directory);
    return error;
}

/* --- clean-up ------------------------------------------------------------------------------- */

static int restore_root(const struct metadata *metadata) {
    struct stat status;
    if (metadata->owner_changed &&
        (stat("/", &status) || ((status.st_uid != 0 || status.st_gid != 0) && chown("/", 0, 0))))
        return -errno;
    for (int i = 0; i < 2 && metadata->acl_changed; i++)
        if (removexattr("/", acl_name(i)) && errno != ENODATA)
            return -errno;
    return 0;
}

int metadata_restore(struct metadata *metadata) {
    int error = 0;
    for (unsigned i = 0; !error && i < metadata->flagged_count; i++)
        error = take_flags(&metadata->flagged[i]);
    if (!error)
        error = restore_root(metadata);
    metadata->owner_changed = false;
    metadata->acl_changed = false;
    metadata->flag_steps = 0;
    metadata->flagged_count = 0;
    return error;
}
