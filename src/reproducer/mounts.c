#include <fcntl.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Numbers that older headers lack. */
#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif
enum {
    READ_ONLY = 0x1,
    NOSUID = 0x2,
    NODEV = 0x4,
    NOEXEC = 0x8,
    NOSYMFOLLOW = 0x200000,
    IDMAPPED = 0x100000,
};

static int roots[16] = {-1}; /* of the mounts, in the order in which they were made */
static int mount_count;

/* Gives a mount these flags, and takes the others away. */
static int set_flags(int mount, unsigned flags) {
    const uint64_t all = READ_ONLY | NOSUID | NODEV | NOEXEC | NOSYMFOLLOW;
    const uint64_t attributes[4] = {flags & all, all & ~(uint64_t)flags};
    return (int)syscall(SYS_mount_setattr, mount, "", AT_EMPTY_PATH, attributes, sizeof attributes);
}
