#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <unistd.h>

enum {
    DAC_OVERRIDE = 1 << CAP_DAC_OVERRIDE,
    DAC_READ_SEARCH = 1 << CAP_DAC_READ_SEARCH,
    FSETID = 1 << CAP_FSETID,
    SETIDS = 1 << CAP_SETUID | 1 << CAP_SETGID,
    TO_KEEP = DAC_OVERRIDE | DAC_READ_SEARCH | FSETID | SETIDS,
};

/* Keeps, without using them, the capabilities that later steps take up. */
static void keep_capabilities(void) {
    if (prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0) || set_capabilities(TO_KEEP, 0))
        unable("capset");
}

#define GROUPS(...)                                                                                \
    (const gid_t[]) {                                                                              \
        __VA_ARGS__                                                                                \
    }

/* Who acts from now on: effective ids, real ids, supplementary groups, capabilities(7). */
static int act_as(uid_t uid, gid_t gid, uid_t real_uid, gid_t real_gid, const gid_t *groups,
                  size_t group_count, unsigned capabilities) {
    if (set_capabilities(TO_KEEP, SETIDS))
        return -1;
    if (setgroups(group_count, groups) && (group_count || errno != EPERM))
        return -1;
    if (setresgid(real_gid, gid, gid) || setresuid(real_uid, uid, uid))
        return -1;
    return set_capabilities(TO_KEEP, capabilities);
}
