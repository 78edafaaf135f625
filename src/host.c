#include "host.h"

const struct ability_info ability_infos[ABILITY_COUNT] = {
    [ABILITY_IDENTITIES] = {"identities",
                            "a user namespace of an ordinary user has one id; run as root"},
    [ABILITY_MOUNTS] = {"mounts", "the kernel has no mount_setattr(2); use Linux 5.12 or later"},
    [ABILITY_NOSYMFOLLOW] = {"nosymfollow",
                             "the kernel has no nosymfollow mounts; use Linux 5.14 or later"},
    [ABILITY_IDMAP] = {"idmap", "a kernel before Linux 6.3 or a user namespace has no idmapped "
                                "tmpfs; run as root on a newer one"},
    [ABILITY_ACLS] = {"acls", "the kernel's tmpfs has no ACLs; build it with TMPFS_POSIX_ACL"},
    [ABILITY_ATTRIBUTES] = {"attributes",
                            "inode flags of tmpfs need Linux 6.0 or later and CAP_LINUX_IMMUTABLE "
                            "outside of a user namespace; run as root"},
    [ABILITY_LANDLOCK] = {"landlock", "the kernel has no Landlock; boot it with lsm=landlock,..."},
};

const struct idmap_entry idmap_entries[IDMAP_COUNT] = {{0, 1000}, {1000, 0}};

static unsigned bit(enum ability ability) {
    return 1U << ability;
}

static bool is_plain(const struct identity *identity) {
    return identity->uid == 0 && identity->gid == 0 && identity->real_uid == 0 &&
           identity->real_gid == 0 && identity->group_count == 0;
}

static unsigned mount_needs(const struct step *step) {
    unsigned needs = bit(ABILITY_MOUNTS);
    if (step->flags & MOUNT_NOSYMFOLLOW)
        needs |= bit(ABILITY_NOSYMFOLLOW);
    if (step->kind != STEP_REMOUNT && step->flags & MOUNT_IDMAP)
        needs |= bit(ABILITY_IDMAP);
    return needs;
}

static unsigned acl_needs(const struct step *step) {
    bool named = acl_has(step->mode, ENTRY_USER) || acl_has(step->mode, ENTRY_GROUP);
    return bit(ABILITY_ACLS) | (named && !is_plain(&step->identity) ? bit(ABILITY_IDENTITIES) : 0);
}

unsigned host_needs(const struct step *step) {
    switch ((enum step_kind)step->kind) {
    case STEP_AS:
    case STEP_CHOWN:
        return is_plain(&step->identity) ? 0 : bit(ABILITY_IDENTITIES);
    case STEP_LANDLOCK:
        return bit(ABILITY_LANDLOCK);
    case STEP_ACL:
        return acl_needs(step);
    case STEP_ATTRIBUTE:
        return bit(ABILITY_ATTRIBUTES);
    case STEP_MOUNT:
    case STEP_BIND:
    case STEP_REMOUNT:
    case STEP_UMOUNT:
        return mount_needs(step);
    case STEP_MKFIFO:
    case STEP_MKFIFOAT:
    case STEP_MKDIR:
    case STEP_FILE:
    case STEP_SYMLINK:
    case STEP_LINK:
    case STEP_UNLINK:
    case STEP_RMDIR:
    case STEP_RENAME:
    case STEP_CHMOD:
    case STEP_UMASK:
    case STEP_CHDIR:
    case STEP_OPEN:
    case STEP_CLOSE:
    case STEP_DUP:
    case STEP_NOFILE:
    case STEP_KIND_COUNT:
        break;
    }
    return 0;
}

enum ability host_lacks(const struct host *host, const struct step *step) {
    unsigned needs = host_needs(step);
    for (int ability = 0; ability < ABILITY_COUNT; ability++)
        if (needs >> ability & 1 && !host->can[ability])
            return (enum ability)ability;
    return ABILITY_COUNT;
}
