/*
 * canaries_identity.c - wrong about who acts: real and effective ids, groups, capabilities, classes
 * of permission bits, the group of what is made.
 */
#include <linux/capability.h>
#include <sys/fsuid.h>
#include <sys/syscall.h>

#include "canary_place.h"

/* --- asking first ----------------------------------------------------------------------------- */

/* access(2), which asks for the real ids. */
WRONG(access_first) {
    int before = errno;
    int parent = open_parent(dirfd, path, length);
    bool denied = parent >= 0 && faccessat(parent, ".", W_OK | X_OK, 0) != 0;
    if (parent >= 0)
        close(parent);
    errno = before;
    return refuse_if(denied, EACCES, dirfd, path, length, mode);
}

/* The same for the directories on the way only. */
WRONG(access_on_the_way) {
    char prefix[PATH_MAX];
    size_t end = last_name(path, length).start;
    int before = errno;
    memcpy(prefix, path, end);
    prefix[end] = '\0';
    bool denied = end > 0 && faccessat(dirfd, prefix, X_OK, 0) != 0;
    errno = before;
    return refuse_if(denied, EACCES, dirfd, path, length, mode);
}

WRONG(access_real_group) {
    struct place place = place_of(dirfd, path, length);
    bool by_group = place.status.st_uid != geteuid() && place.status.st_gid == getegid() &&
                    getgid() != getegid();
    return refuse_if(by_group, EACCES, dirfd, path, length, mode);
}

/* Looks at the right ids, but before the name: what exists is told too late. */
WRONG(access_effective_first) {
    int result = correct(dirfd, path, mode);
    bool plain = is_plain_name(path, length);
    return failed(result, EEXIST) && plain && objection_of(dirfd, path, length) == EACCES &&
                   geteuid() != 0
               ? fail_with(EACCES)
               : result;
}

/* Looks at the mode itself and forgets getgroups(2). */
WRONG(groups_forgotten) {
    struct place place = place_of(dirfd, path, length);
    bool denied = place.known && !bits_permit(&place.status, geteuid(), getegid(), W_OK | X_OK);
    bool member = place.status.st_gid != getegid() && is_member(place.status.st_gid);
    return refuse_if(denied && member, EACCES, dirfd, path, length, mode);
}

WRONG(only_first_group) {
    gid_t groups[64];
    int before = errno;
    struct place place = place_of(dirfd, path, length);
    int count = getgroups(64, groups);
    errno = before;
    bool later = place.known && !bits_permit(&place.status, geteuid(), getegid(), W_OK | X_OK) &&
                 count > 1 && groups[0] != place.status.st_gid && is_member(place.status.st_gid);
    return refuse_if(later, EACCES, dirfd, path, length, mode);
}

WRONG(only_owner) {
    struct place place = place_of(dirfd, path, length);
    bool other = place.known && geteuid() != 0 && place.status.st_uid != geteuid();
    return refuse_if(other, EACCES, dirfd, path, length, mode);
}

WRONG(only_others_bit) {
    struct place place = place_of(dirfd, path, length);
    bool group = place.known && place.status.st_uid != geteuid() &&
                 is_member(place.status.st_gid) && !(place.status.st_mode & S_IWOTH);
    return refuse_if(group, EACCES, dirfd, path, length, mode);
}

WRONG(sticky_owner) {
    struct place place = place_of(dirfd, path, length);
    bool others = place.status.st_mode & S_ISVTX && place.status.st_uid != geteuid();
    return refuse_if(others, EPERM, dirfd, path, length, mode);
}

WRONG(user_not_root) {
    bool user = geteuid() != 0 && getuid() == 0;
    int result = correct(dirfd, path, mode);
    return user && failed(result, EACCES) ? fail_with(EPERM) : result;
}

WRONG(root_eperm) {
    int result = correct(dirfd, path, mode);
    return failed(result, EACCES) && geteuid() == 0 && objection_of(dirfd, path, length) == EACCES
               ? fail_with(EPERM)
               : result;
}

WRONG(denied_group_eperm) {
    int result = correct(dirfd, path, mode);
    struct place place = place_of(dirfd, path, length);
    bool group = place.known && place.status.st_uid != geteuid() && is_member(place.status.st_gid);
    return failed(result, EACCES) && group && objection_of(dirfd, path, length) == EACCES
               ? fail_with(EPERM)
               : result;
}

/* --- capabilities ----------------------------------------------------------------------------- */

static bool bits_deny(const struct place *place, unsigned mask) {
    gid_t group = is_member(place->status.st_gid) ? place->status.st_gid : getegid();
    return place->known && !bits_permit(&place->status, geteuid(), group, mask);
}

WRONG(override_forgotten) {
    struct place place = place_of(dirfd, path, length);
    struct acl_record records[ACL_RECORDS_MAX];
    bool denied = bits_deny(&place, W_OK) && bits_permit(&place.status, geteuid(), getegid(), X_OK);
    bool acl = denied && read_acl(records, dirfd, path, length, ACCESS_ACL) > 0;
    return refuse_if(denied && !acl, EACCES, dirfd, path, length, mode);
}

WRONG(override_needs_root) {
    struct place place = place_of(dirfd, path, length);
    bool denied = geteuid() != 0 && bits_deny(&place, W_OK | X_OK);
    return refuse_if(denied && (place.status.st_mode & 0077) == 0, EACCES, dirfd, path, length,
                     mode);
}

WRONG(override_mode_0) {
    struct place place = place_of(dirfd, path, length);
    return refuse_if(place.known && (place.status.st_mode & 0777) == 0, EACCES, dirfd, path, length,
                     mode);
}

WRONG(search_capability_forgotten) {
    int result = correct(dirfd, path, mode);
    struct place place = place_of(dirfd, path, length);
    bool denied = has_capability(CAP_DAC_READ_SEARCH) && !has_capability(CAP_DAC_OVERRIDE) &&
                  failed(result, EEXIST) && is_plain_name(path, length) && bits_deny(&place, X_OK);
    return denied ? fail_with(EACCES) : result;
}

WRONG(search_capability_eperm) {
    int result = correct(dirfd, path, mode);
    bool capable = has_capability(CAP_DAC_READ_SEARCH) && !has_capability(CAP_DAC_OVERRIDE);
    return capable && failed(result, EACCES) ? fail_with(EPERM) : result;
}

WRONG(search_capability_silent) {
    int result = correct(dirfd, path, mode);
    struct place place = place_of(dirfd, path, length);
    bool writable = has_capability(CAP_DAC_READ_SEARCH) && !bits_deny(&place, W_OK);
    return failed(result, EACCES) && place.known && writable ? 0 : result;
}

/* CAP_DAC_READ_SEARCH is no reason to walk through a directory that may not be searched. */
WRONG(search_capability_on_the_way) {
    char up[PATH_MAX];
    size_t end = last_name(path, length).start;
    bool capable = has_capability(CAP_DAC_READ_SEARCH) && !has_capability(CAP_DAC_OVERRIDE);
    if (!capable || end == 0)
        return correct(dirfd, path, mode);
    memcpy(up, path, end);
    up[end] = '\0';
    struct place above = place_of(dirfd, up, end);
    return refuse_if(bits_deny(&above, X_OK), EACCES, dirfd, path, length, mode);
}

WRONG(capable_dots) {
    int result = correct(dirfd, path, mode);
    bool dots = last_name(path, length).dots && has_capability(CAP_DAC_OVERRIDE);
    return failed(result, EEXIST) && dots ? fail_with(EPERM) : result;
}

WRONG(fsetid_refused) {
    bool fsetid = has_capability(CAP_FSETID) && mode & S_ISGID;
    return refuse_if(fsetid, EPERM, dirfd, path, length, mode);
}

/* --- who it belongs to ------------------------------------------------------------------------ */

/* Gives the new FIFO to `group`, if the caller may, with the mode that it had. */
static int create_for(gid_t group, int dirfd, const char *path, mode_t mode) {
    struct stat status;
    int result = correct(dirfd, path, mode);
    if (result == 0 && fstatat(dirfd, path, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
        status.st_gid != group && fchownat(dirfd, path, (uid_t)-1, group, 0) == 0)
        (void)fchmodat(dirfd, path, status.st_mode & 07777, 0);
    return result;
}

/* None of the three is right; that is the point. Under a set-group-ID parent they are. */
static int create_in_plain(gid_t group, int dirfd, const char *path, size_t length, mode_t mode) {
    struct place place = place_of(dirfd, path, length);
    return place.known && !(place.status.st_mode & S_ISGID) ? create_for(group, dirfd, path, mode)
                                                            : correct(dirfd, path, mode);
}

WRONG(group_real) {
    return create_in_plain(getgid(), dirfd, path, length, mode);
}

WRONG(group_supplementary) {
    gid_t groups[64];
    int before = errno;
    int count = getgroups(64, groups);
    errno = before;
    return create_in_plain(count > 0 ? groups[0] : getegid(), dirfd, path, length, mode);
}

/* For a caller who is not who he is, and with a dirfd. */
WRONG(group_of_real_root) {
    bool root = getuid() == 0 && geteuid() != 0;
    return root ? create_in_plain(getgid(), dirfd, path, length, mode) : correct(dirfd, path, mode);
}

WRONG(group_supplementary_of_others) {
    gid_t groups[64];
    int before = errno;
    int count = getuid() != geteuid() ? getgroups(64, groups) : 0;
    errno = before;
    return create_in_plain(count > 0 ? groups[count - 1] : getegid(), dirfd, path, length, mode);
}

/* As BSD does. */
WRONG(group_of_parent) {
    gid_t group = place_of(dirfd, path, length).status.st_gid;
    return create_in_plain(group, dirfd, path, length, mode);
}

WRONG(group_of_suid_parent) {
    struct place place = place_of(dirfd, path, length);
    return place.status.st_mode & S_ISUID
               ? create_in_plain(place.status.st_gid, dirfd, path, length, mode)
               : correct(dirfd, path, mode);
}

WRONG(group_effective_always) {
    bool setgid = place_of(dirfd, path, length).status.st_mode & S_ISGID;
    return setgid ? create_for(getegid(), dirfd, path, mode) : correct(dirfd, path, mode);
}

WRONG(group_effective_for_owner) {
    struct place place = place_of(dirfd, path, length);
    bool own = place.status.st_mode & S_ISGID && place.status.st_uid == geteuid();
    return own ? create_for(getegid(), dirfd, path, mode) : correct(dirfd, path, mode);
}

/* Drops what it believes to have by set-user-ID. */
WRONG(drops_privilege) {
    if (getuid() == geteuid() && getgid() == getegid())
        return correct(dirfd, path, mode);
    int user = setfsuid(getuid());
    int group = setfsgid(getgid());
    int result = correct(dirfd, path, mode);
    int error = errno;
    setfsuid((uid_t)user);
    setfsgid((gid_t)group);
    return result == 0 ? 0 : fail_with(error);
}

WRONG(takes_capabilities) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct sets[2];
    int result = correct(dirfd, path, mode);
    if (!failed(result, EACCES) || syscall(SYS_capget, &header, sets) != 0)
        return result;
    sets[0].effective = sets[0].permitted;
    (void)syscall(SYS_capset, &header, sets);
    return correct(dirfd, path, mode);
}

static const struct implementation rows[] = {
    BOTH("canary-access-first", "C-FSUID", "asks access(2), which looks at the real ids",
         access_first),
    BOTH("canary-access-on-the-way", "C-FSUID", "asks access(2) for the way only",
         access_on_the_way),
    BOTH("canary-access-real-group", "C-FSUID", "EACCES where only the effective group helps",
         access_real_group),
    BOTH("canary-access-effective-first", "C-ORDER-exist-write",
         "EACCES for a name that exists in another's directory", access_effective_first),
    BOTH("canary-groups-forgotten", "C-SUCCESS", "looks at the mode, not at getgroups(2)",
         groups_forgotten),
    BOTH("canary-only-first-group", "C-SUCCESS", "looks at the first supplementary group only",
         only_first_group),
    BOTH("canary-only-owner", "C-SUCCESS", "creates in the caller's own directories only",
         only_owner),
    BOTH("canary-only-others-bit", "C-SUCCESS", "takes the group for others", only_others_bit),
    BOTH("canary-sticky-owner", "C-EACCES-sticky", "EPERM in another's sticky directory",
         sticky_owner),
    BOTH("canary-user-not-root", "C-FSUID", "EPERM for EACCES if the real user is root",
         user_not_root),
    BOTH("canary-root-eperm", "C-EACCES-write", "EPERM for EACCES if the user is root", root_eperm),
    BOTH("canary-denied-group-eperm", "C-EACCES-class", "EPERM for EACCES by the group's bits",
         denied_group_eperm),
    BOTH("canary-override-forgotten", "C-CAP-override", "EACCES where only the bits deny writing",
         override_forgotten),
    BOTH("canary-override-needs-root", "C-CAP-override", "the capability is root's alone",
         override_needs_root),
    BOTH("canary-override-mode-0", "C-CAP-override", "EACCES in a directory of mode 0",
         override_mode_0),
    BOTH("canary-search-capability-forgotten", "C-ORDER-exist-write",
         "EACCES for a name that exists where only the bits deny search",
         search_capability_forgotten),
    BOTH("canary-search-capability-eperm", "C-CAP-readsearch",
         "EPERM for EACCES with CAP_DAC_READ_SEARCH", search_capability_eperm),
    BOTH("canary-search-capability-silent", "C-CAP-readsearch",
         "0 where write permission without search permission is not enough",
         search_capability_silent),
    BOTH("canary-search-capability-on-the-way", "C-CAP-readsearch",
         "EACCES below a directory that the bits deny", search_capability_on_the_way),
    BOTH("canary-capable-dots", "C-EEXIST-dot", "EPERM for \".\" with CAP_DAC_OVERRIDE",
         capable_dots),
    BOTH("canary-fsetid-refused", "C-SUCCESS", "EPERM for S_ISGID with CAP_FSETID", fsetid_refused),
    BOTH("canary-group-real", "C-OWNER-euid", "gives it to the real group", group_real),
    AT_ONLY("canary-group-of-real-root", "C-OWNER-euid",
            "gives it to the group of a real user root", group_of_real_root),
    BOTH("canary-group-supplementary-of-others", "C-OWNER-euid",
         "gives it to a supplementary group if the real user is another",
         group_supplementary_of_others),
    BOTH("canary-group-supplementary", "C-OWNER-fsuid", "gives it to a supplementary group",
         group_supplementary),
    BOTH("canary-group-of-parent", "C-OWNER-fsuid", "gives it to the parent's group, as BSD",
         group_of_parent),
    BOTH("canary-group-of-suid-parent", "C-OWNER-fsuid",
         "gives it to the group of a set-user-ID parent", group_of_suid_parent),
    BOTH("canary-group-effective-always", "C-SETGID-rule",
         "gives it to the effective group under a set-group-ID parent", group_effective_always),
    BOTH("canary-group-effective-for-owner", "C-SETGID-rule",
         "the same in the caller's own directories", group_effective_for_owner),
    BOTH("canary-drops-privilege", "C-CONTAINED", "acts with the real ids", drops_privilege),
    BOTH("canary-takes-capabilities", "C-CONTAINED", "calls capset after EACCES",
         takes_capabilities),
};

const struct implementation_table canaries_identity = ROWS(rows);
