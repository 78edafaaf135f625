#include "identity.h"

#include <linux/capability.h>
#include <linux/securebits.h>
#include <string.h>
#include <sys/prctl.h>

static uint32_t bit(unsigned capability) {
    return UINT32_C(1) << capability;
}

/* --- capabilities --------------------------------------------------------------------------- */

typedef struct __user_cap_header_struct header_struct;
typedef struct __user_cap_data_struct data_struct; /* two of them make a set of 64 */

static int empty_bounding_set(void) {
    for (unsigned long i = 0; prctl(PR_CAPBSET_READ, i, 0, 0, 0) >= 0; i++)
        if (prctl(PR_CAPBSET_DROP, i, 0, 0, 0))
            return -errno;
    return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) ? -errno : 0;
}

/* Keeps those of `*permitted` that the thread has, and tells which. */
static int limit(uint32_t *permitted) {
    header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    data_struct sets[2] = {{0}};
    int error = empty_bounding_set();
    if (error)
        return error;
    if (syscall(SYS_capget, &header, sets))
        return -errno;
    *permitted &= sets[0].permitted;
    const data_struct limited[2] = {{.permitted = *permitted}};
    return syscall(SYS_capset, &header, limited) ? -errno : 0;
}

int identity_drop_capabilities(void) {
    uint32_t none = 0;
    return limit(&none);
}

int identity_prepare(struct identity_now *now) {
    const unsigned long bits = SECBIT_NO_SETUID_FIXUP | SECBIT_NO_SETUID_FIXUP_LOCKED;
    *now = (struct identity_now){.permitted = bit(CAP_SETUID) | bit(CAP_SETGID) |
                                              bit(CAP_DAC_OVERRIDE) | bit(CAP_DAC_READ_SEARCH) |
                                              bit(CAP_FSETID) | bit(CAP_FOWNER) | bit(CAP_CHOWN)};
    if (prctl(PR_SET_SECUREBITS, bits, 0, 0, 0))
        return -errno;
    return limit(&now->permitted);
}

/* Without CAP_SETPCAP the bounding set stays as it is; no_new_privs, or the filter, forbids its
 * use. */
int identity_give_up(struct identity_now *now) {
    header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    const data_struct none[2] = {{0}};
    *now = (struct identity_now){.effective = 0};
    int error = empty_bounding_set();
    if (error && error != -EPERM)
        return error;
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || syscall(SYS_capset, &header, none) ? -errno
                                                                                        : 0;
}

static int set_effective(struct identity_now *now, const struct cookies *cookies,
                         uint32_t effective) {
    if (now->effective == effective)
        return 0;
    header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    const data_struct sets[2] = {{.effective = effective, .permitted = now->permitted}};
    if (cookies_call(cookies, SYS_capset, (uintptr_t)&header, (uintptr_t)sets, 0, 0))
        return -errno;
    now->effective = effective;
    return 0;
}

/* --- ids ------------------------------------------------------------------------------------ */

int identity_become_root(void) {
    if (syscall(SYS_setgroups, 0, NULL) && errno != EPERM) /* denied in a user namespace */
        return -errno;
    return syscall(SYS_setresgid, 0, 0, 0) || syscall(SYS_setresuid, 0, 0, 0) ? -errno : 0;
}

static bool same_groups(const struct identity *a, const struct identity *b) {
    return a->group_count == b->group_count &&
           memcmp(a->groups, b->groups, a->group_count * sizeof(a->groups[0])) == 0;
}

static bool same_group(const struct identity *a, const struct identity *b) {
    return a->gid == b->gid && a->real_gid == b->real_gid;
}

static bool same_user(const struct identity *a, const struct identity *b) {
    return a->uid == b->uid && a->real_uid == b->real_uid;
}

static int set_groups(const struct cookies *cookies, const struct identity *wanted) {
    uint32_t groups[IDENTITY_GROUPS];
    for (unsigned i = 0; i < wanted->group_count; i++)
        groups[i] = wanted->groups[i];
    return (int)cookies_call(cookies, SYS_setgroups, wanted->group_count, (uintptr_t)groups, 0, 0);
}

/* setresuid(2) makes the id of the file system the effective one. */
static int set_ids(struct identity_now *now, const struct cookies *cookies,
                   const struct identity *wanted) {
    const struct identity *old = &now->identity;
    if (!same_groups(old, wanted) && set_groups(cookies, wanted))
        return -errno;
    if (!same_group(old, wanted) &&
        cookies_call(cookies, SYS_setresgid, wanted->real_gid, wanted->gid, wanted->gid, 0))
        return -errno;
    if (!same_user(old, wanted) &&
        cookies_call(cookies, SYS_setresuid, wanted->real_uid, wanted->uid, wanted->uid, 0))
        return -errno;
    now->identity = *wanted;
    return 0;
}

static int become(struct identity_now *now, const struct cookies *cookies,
                  const struct identity *wanted, uint32_t effective) {
    const struct identity *old = &now->identity;
    if (same_groups(old, wanted) && same_group(old, wanted) && same_user(old, wanted))
        return set_effective(now, cookies, effective);
    int error = set_effective(now, cookies, effective | bit(CAP_SETUID) | bit(CAP_SETGID));
    if (!error)
        error = set_ids(now, cookies, wanted);
    const int second = set_effective(now, cookies, effective);
    return error ? error : second;
}

int identity_assume(struct identity_now *now, const struct cookies *cookies,
                    const struct identity *wanted, unsigned flags) {
    uint32_t effective = 0;
    effective |= flags & CAPABILITY_OVERRIDE ? bit(CAP_DAC_OVERRIDE) : 0;
    effective |= flags & CAPABILITY_READ_SEARCH ? bit(CAP_DAC_READ_SEARCH) : 0;
    effective |= flags & CAPABILITY_FSETID ? bit(CAP_FSETID) : 0;
    return become(now, cookies, wanted, effective);
}

static const struct identity root;

bool identity_equal(const struct identity *a, const struct identity *b) {
    return same_groups(a, b) && same_group(a, b) && same_user(a, b);
}

bool identity_is_root(const struct identity_now *now) {
    return identity_equal(&now->identity, &root);
}

int identity_rule(struct identity_now *now, const struct cookies *cookies) {
    const uint32_t ruling = bit(CAP_DAC_OVERRIDE) | bit(CAP_DAC_READ_SEARCH) | bit(CAP_FOWNER) |
                            bit(CAP_FSETID) | bit(CAP_CHOWN);
    return become(now, cookies, &root, ruling & now->permitted);
}

int identity_restore(struct identity_now *now, const struct cookies *cookies, uint32_t effective) {
    return set_effective(now, cookies, effective);
}

int identity_rest(struct identity_now *now, const struct cookies *cookies) {
    return become(now, cookies, &root, 0);
}

int identity_match(struct identity_now *now, const struct cookies *cookies,
                   const struct identity_now *wanted) {
    return become(now, cookies, &wanted->identity, wanted->effective);
}
