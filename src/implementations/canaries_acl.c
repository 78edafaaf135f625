/*
 * canaries_acl.c - wrong about ACLs: the default one that a new FIFO inherits, and the access ACL
 * of the directory that it goes to.
 */
#include <linux/posix_acl.h>

#include "canary_place.h"

/* The default ACL of the parent, and what it makes of the group's bits. */
struct inherited {
    int count;
    struct acl_record records[ACL_RECORDS_MAX];
};

static struct inherited inherited_by(int dirfd, const char *path, size_t length) {
    struct inherited inherited;
    inherited.count = read_acl(inherited.records, dirfd, path, length, DEFAULT_ACL);
    return inherited;
}

static bool is_minimal(const struct inherited *inherited) {
    return inherited->count > 0 &&
           acl_permissions_of(inherited->records, inherited->count, ACL_MASK) < 0;
}

/* --- default ACLs ----------------------------------------------------------------------------- */

/* Learns the umask and applies it itself: twice is once too often where it does not count. */
WRONG(umask_by_hand) {
    mode_t mask = umask(0);
    int result = correct(dirfd, path, mode & ~mask);
    (void)umask(mask);
    return result;
}

WRONG(umask_twice) {
    bool inherits = inherited_by(dirfd, path, length).count > 0;
    return correct(dirfd, path, inherits ? mode & ~look_at_umask() : mode);
}

WRONG(umask_twice_minimal) {
    struct inherited inherited = inherited_by(dirfd, path, length);
    return correct(dirfd, path, is_minimal(&inherited) ? mode & ~look_at_umask() : mode);
}

WRONG(umask_twice_for_others) {
    bool inherits = inherited_by(dirfd, path, length).count > 0;
    return correct(dirfd, path, inherits ? mode & ~(look_at_umask() & 0007) : mode);
}

WRONG(umask_twice_077) {
    bool inherits = look_at_umask() == 077 && inherited_by(dirfd, path, length).count > 0;
    return correct(dirfd, path, inherits ? mode & ~(mode_t)077 : mode);
}

/* Changes the mode of what was made to `wanted`, and leaves errno and its name alone. */
static int create_and_change(mode_t wanted, int dirfd, const char *path, mode_t mode) {
    int result = correct(dirfd, path, mode);
    if (result == 0)
        (void)fchmodat(dirfd, path, wanted & 07777, 0);
    return result;
}

WRONG(acl_mode_set) {
    bool inherits = inherited_by(dirfd, path, length).count > 0;
    return inherits ? create_and_change(mode, dirfd, path, mode) : correct(dirfd, path, mode);
}

WRONG(acl_umask_set) {
    bool inherits = inherited_by(dirfd, path, length).count > 0;
    return inherits ? create_and_change(mode & ~look_at_umask(), dirfd, path, mode)
                    : correct(dirfd, path, mode);
}

/* Limits the group's bits by the owning group's entry, though there is a mask. */
WRONG(acl_owning_group) {
    struct inherited inherited = inherited_by(dirfd, path, length);
    int group = acl_permissions_of(inherited.records, inherited.count, ACL_GROUP_OBJ);
    bool masked = inherited.count > 0 && !is_minimal(&inherited);
    return correct(dirfd, path, masked ? mode & ~(mode_t)(~(unsigned)group << 3 & 070) : mode);
}

/* Gives others what the mask gives. */
WRONG(acl_mask_for_others) {
    struct inherited inherited = inherited_by(dirfd, path, length);
    int mask = acl_permissions_of(inherited.records, inherited.count, ACL_MASK);
    return correct(dirfd, path, mask >= 0 ? mode & ~(mode_t)(~(unsigned)mask & 07) : mode);
}

WRONG(acl_special_lost) {
    bool inherits = inherited_by(dirfd, path, length).count > 0;
    return correct(dirfd, path, inherits ? mode & ~(mode_t)07000 : mode);
}

WRONG(acl_refused) {
    struct inherited inherited = inherited_by(dirfd, path, length);
    bool named = inherited.count > 0 && !is_minimal(&inherited);
    return refuse_if(named, EOPNOTSUPP, dirfd, path, length, mode);
}

WRONG(acl_mode_0) {
    bool inherits = (mode & 0777) == 0 && inherited_by(dirfd, path, length).count > 0;
    return inherits ? correct(dirfd, path, mode | 0600) : correct(dirfd, path, mode);
}

WRONG(acl_setgid_parent) {
    bool both = place_of(dirfd, path, length).status.st_mode & S_ISGID &&
                inherited_by(dirfd, path, length).count > 0;
    return correct(dirfd, path, both ? mode & ~look_at_umask() : mode);
}

/* --- access ACLs ------------------------------------------------------------------------------ */

/* The access ACL of the parent, if it is one with named entries, and its status. */
struct guarded {
    int count;
    struct acl_record records[ACL_RECORDS_MAX];
    struct stat status;
};

static struct guarded guard_of(int dirfd, const char *path, size_t length) {
    struct guarded guarded;
    guarded.count = read_acl(guarded.records, dirfd, path, length, ACCESS_ACL);
    guarded.status = place_of(dirfd, path, length).status;
    return guarded;
}

/* The permissions of the first entry with `tag` and `id`, or -1. */
static int named(const struct guarded *guarded, unsigned tag, uint32_t id) {
    for (int i = 0; i < guarded->count; i++)
        if (guarded->records[i].tag == tag && guarded->records[i].id == id)
            return guarded->records[i].permissions;
    return -1;
}

static bool lacks(int permissions, int mask) {
    return permissions >= 0 && (permissions & mask) != mask;
}

WRONG(guard_bits_only) {
    struct guarded guarded = guard_of(dirfd, path, length);
    bool denied =
        guarded.count > 0 && !bits_permit(&guarded.status, geteuid(), getegid(), W_OK | X_OK);
    return refuse_if(denied, EACCES, dirfd, path, length, mode);
}

/* The owning group's entry, where the mode has the mask. */
WRONG(guard_owning_group_only) {
    struct guarded guarded = guard_of(dirfd, path, length);
    bool others = guarded.count > 0 && geteuid() != guarded.status.st_uid;
    int group = acl_permissions_of(guarded.records, guarded.count, ACL_GROUP_OBJ);
    return refuse_if(others && lacks(group, W_OK), EACCES, dirfd, path, length, mode);
}

WRONG(guard_mask_for_others) {
    struct guarded guarded = guard_of(dirfd, path, length);
    int mask = acl_permissions_of(guarded.records, guarded.count, ACL_MASK);
    return refuse_if(lacks(mask, W_OK | X_OK), EACCES, dirfd, path, length, mode);
}

WRONG(guard_mask_for_owner) {
    struct guarded guarded = guard_of(dirfd, path, length);
    int mask = acl_permissions_of(guarded.records, guarded.count, ACL_MASK);
    bool owner = guarded.count > 0 && geteuid() == guarded.status.st_uid;
    return refuse_if(owner && lacks(mask, W_OK), EACCES, dirfd, path, length, mode);
}

/* Stops at the first entry of a group of the caller. */
WRONG(guard_first_group) {
    struct guarded guarded = guard_of(dirfd, path, length);
    bool group = guarded.count > 0 && geteuid() != guarded.status.st_uid &&
                 is_member(guarded.status.st_gid) && named(&guarded, ACL_USER, geteuid()) < 0;
    int first = acl_permissions_of(guarded.records, guarded.count, ACL_GROUP_OBJ);
    return refuse_if(group && lacks(first, W_OK | X_OK), EACCES, dirfd, path, length, mode);
}

WRONG(guard_real_user) {
    struct guarded guarded = guard_of(dirfd, path, length);
    bool by_name = named(&guarded, ACL_USER, geteuid()) >= 0 &&
                   geteuid() != guarded.status.st_uid && named(&guarded, ACL_USER, getuid()) < 0;
    return refuse_if(by_name, EACCES, dirfd, path, length, mode);
}

/* The owner who is named as well gets the lesser entry. */
WRONG(guard_named_owner) {
    struct guarded guarded = guard_of(dirfd, path, length);
    bool owner = geteuid() == guarded.status.st_uid;
    bool less = owner && lacks(named(&guarded, ACL_USER, geteuid()), W_OK | X_OK);
    return refuse_if(less, EACCES, dirfd, path, length, mode);
}

WRONG(guard_empty_mask) {
    struct guarded guarded = guard_of(dirfd, path, length);
    bool empty = acl_permissions_of(guarded.records, guarded.count, ACL_MASK) == 0;
    bool by_name = empty && named(&guarded, ACL_USER, geteuid()) >= 0;
    return refuse_if(by_name, EACCES, dirfd, path, length, mode);
}

WRONG(guard_eperm) {
    int result = correct(dirfd, path, mode);
    bool guarded = guard_of(dirfd, path, length).count > 0;
    return failed(result, EACCES) && guarded ? fail_with(EPERM) : result;
}

WRONG(guard_named_group) {
    struct guarded guarded = guard_of(dirfd, path, length);
    bool group = guarded.count > 0 && geteuid() != guarded.status.st_uid &&
                 named(&guarded, ACL_USER, geteuid()) < 0 && !is_member(guarded.status.st_gid);
    int others = acl_permissions_of(guarded.records, guarded.count, ACL_OTHER);
    return refuse_if(group && lacks(others, W_OK), EACCES, dirfd, path, length, mode);
}

static const struct implementation rows[] = {
    BOTH("canary-acl-umask-by-hand", "C-ACL-default", "sets umask 0 meanwhile and masks itself",
         umask_by_hand),
    BOTH("canary-acl-umask-twice", "C-ACL-default", "masks the mode itself", umask_twice),
    BOTH("canary-acl-umask-twice-minimal", "C-ACL-default",
         "masks the mode itself where the default ACL has no names", umask_twice_minimal),
    BOTH("canary-acl-umask-twice-for-others", "C-ACL-default", "masks the others' bits itself",
         umask_twice_for_others),
    BOTH("canary-acl-umask-twice-077", "C-ACL-default", "masks the mode itself if the umask is 077",
         umask_twice_077),
    BOTH("canary-acl-mode-set", "C-ACL-default", "sets the mode with chmod(2)", acl_mode_set),
    BOTH("canary-acl-umask-set", "C-ACL-default", "sets the masked mode with chmod(2)",
         acl_umask_set),
    BOTH("canary-acl-owning-group", "C-ACL-default", "limits the group's bits by the owning group",
         acl_owning_group),
    BOTH("canary-acl-mask-for-others", "C-ACL-default", "limits the others' bits by the mask",
         acl_mask_for_others),
    BOTH("canary-acl-special-lost", "C-MODE-special", "drops suid, sgid, sticky with a default ACL",
         acl_special_lost),
    BOTH("canary-acl-refused", "C-SUCCESS", "EOPNOTSUPP with a default ACL that has names",
         acl_refused),
    BOTH("canary-acl-mode-0", "C-ACL-default", "mode 0 is 0600 with a default ACL", acl_mode_0),
    BOTH("canary-acl-setgid-parent", "C-ACL-default",
         "masks the mode if the parent is set-group-ID too", acl_setgid_parent),
    BOTH("canary-guard-bits-only", "C-ACL-access", "looks at the mode alone", guard_bits_only),
    BOTH("canary-guard-owning-group-only", "C-ACL-access", "wants the owning group to be permitted",
         guard_owning_group_only),
    BOTH("canary-guard-mask-for-others", "C-ACL-access", "limits everybody by the mask",
         guard_mask_for_others),
    BOTH("canary-guard-mask-for-owner", "C-ACL-access", "limits the owner by the mask",
         guard_mask_for_owner),
    BOTH("canary-guard-first-group", "C-ACL-access", "stops at the first of the caller's groups",
         guard_first_group),
    BOTH("canary-guard-real-user", "C-FSUID", "looks for the real user's name", guard_real_user),
    BOTH("canary-guard-named-owner", "C-ACL-access", "limits the owner by a named entry",
         guard_named_owner),
    BOTH("canary-guard-empty-mask", "C-ACL-access", "EACCES for a name if the mask is empty",
         guard_empty_mask),
    BOTH("canary-guard-eperm", "C-ACL-access", "EPERM where an ACL denies", guard_eperm),
    BOTH("canary-guard-named-group", "C-ACL-access", "takes a named group for others",
         guard_named_group),
};

const struct implementation_table canaries_acl = ROWS(rows);
