#include "tier.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "arena.h"
#include "check.h"
#include "child.h"
#include "directory.h"
#include "landlock.h"
#include "policy.h"
#include "reason.h"

static const struct {
    const char *name;
    bool namespaces, landlock;
} infos[TIER_COUNT] = {
    [TIER_ROOT] = {"namespaces (root)", true, false},
    [TIER_USER] = {"namespaces (user namespace)", true, false},
    [TIER_LANDLOCK] = {"landlock", false, true},
    [TIER_DIRECTORY] = {"directory", false, false},
};

/* What a trial in a child shows. */
struct trial {
    int error; /* 0 or -errno: why it does not stand, with the reason */
    bool root, landlock, filter;
    char reason[512];
};

static struct {
    bool known;
    enum tier tier;
    bool root, filter;
    char shortfall[sizeof((struct trial *)0)->reason];
    char name[64];
} found;

/* --- user namespaces ------------------------------------------------------------------------ */

static bool has_admin_capability(void) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct sets[2] = {{0}};
    return syscall(SYS_capget, &header, sets) == 0 && sets[0].effective & (1U << CAP_SYS_ADMIN);
}

static int write_proc(const char *path, const char *text) {
    int file = open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0)
        return -errno;
    int error = write(file, text, strlen(text)) < 0 ? -errno : 0;
    close(file);
    return error;
}

/* user_namespaces(7): setgroups must be denied before an ordinary user may write gid_map. */
static int map_ids(uid_t user, gid_t group) {
    char map[32];
    int error = write_proc("/proc/self/setgroups", "deny");
    snprintf(map, sizeof(map), "0 %u 1", user);
    if (!error)
        error = write_proc("/proc/self/uid_map", map);
    snprintf(map, sizeof(map), "0 %u 1", group);
    if (!error)
        error = write_proc("/proc/self/gid_map", map);
    return error;
}

static int enter_user_namespace(char *reason, size_t reason_size) {
    const uid_t user = geteuid();
    const gid_t group = getegid();
    if (unshare(CLONE_NEWUSER)) {
        if (errno == EINVAL)
            return refuse(reason, reason_size, errno, "a user namespace needs a single thread",
                          "call sandbox_prepare before any thread is started, or run as root");
        return refuse(reason, reason_size, errno, "the kernel refused a user namespace",
                      "set the sysctls user.max_user_namespaces and "
                      "kernel.unprivileged_userns_clone (Debian) to allow it and "
                      "kernel.apparmor_restrict_unprivileged_userns (Ubuntu) to 0, or run as root");
    }
    int error = map_ids(user, group);
    if (error)
        return refuse(reason, reason_size, -error, "the user namespace cannot map its ids",
                      "make /proc writable and allow capabilities in user namespaces (AppArmor), "
                      "or run as root");
    return 0;
}

/* --- trials, each in a child ---------------------------------------------------------------- */

static bool loads_filter(void) {
    const struct cookies cookies = {0};
    return policy_load(getpid(), getpid(), &cookies) == 0;
}

/* An arena that a FIFO can be made in: a tmpfs without an owner can be mounted, too. */
static void try_namespaces(struct trial *trial, bool privileged) {
    static struct arena arena;
    const size_t size = sizeof(trial->reason);
    int outside;
    trial->error = privileged ? 0 : enter_user_namespace(trial->reason, size);
    if (!trial->error && unshare(CLONE_FS | CLONE_FILES | CLONE_NEWNS))
        trial->error = refuse(trial->reason, size, errno, "the kernel refused a mount namespace",
                              "run as root, or allow user namespaces (user.max_mnt_namespaces, "
                              "container profile)");
    if (!trial->error)
        trial->error = arena_enter(&outside, trial->reason, size);
    if (!trial->error)
        trial->error = arena_prove(&arena, trial->reason, size);
    if (!trial->error)
        trial->filter = loads_filter();
}

static void try_without(struct trial *trial) {
    trial->error = directory_open(trial->reason, sizeof(trial->reason));
    directory_close();
    trial->root = chroot("/") == 0;
    trial->landlock = landlock_enclose("/") == 0;
    trial->filter = loads_filter();
}

enum trial_kind { PRIVILEGED, UNPRIVILEGED, WITHOUT_NAMESPACES };

/* Under the filter the child can end its only thread, but not call exit_group(2). */
static void run_trial(void *answer, void *context) {
    const enum trial_kind kind = *(const enum trial_kind *)context;
    if (kind == WITHOUT_NAMESPACES)
        try_without(answer);
    else
        try_namespaces(answer, kind == PRIVILEGED);
    for (;;)
        syscall(SYS_exit, 0);
}

static struct trial try(enum trial_kind kind) {
    struct trial trial = {.error = 0};
    if (child_ask(&trial, sizeof(trial), run_trial, &kind) != 0)
        trial = (struct trial){.error = -ENOMEM,
                               .reason = "no child process can be started: free memory"};
    return trial;
}

/* --- the tier ------------------------------------------------------------------------------- */

static void settle(enum tier tier, const struct trial *trial) {
    found.known = true;
    found.tier = tier;
    found.root = infos[tier].namespaces || trial->root;
    found.filter = trial->filter;
    snprintf(found.name, sizeof(found.name), "%s%s%s", infos[tier].name,
             trial->root ? " (own root)" : "", trial->filter ? "" : ", without seccomp");
}

/* The child shows that it can be done, but only the process itself, whether it has one thread. */
static bool settle_with_namespaces(void) {
    const bool privileged = has_admin_capability();
    struct trial trial = try(privileged ? PRIVILEGED : UNPRIVILEGED);
    if (!trial.error && !privileged)
        trial.error = enter_user_namespace(trial.reason, sizeof(trial.reason));
    if (trial.error) {
        memcpy(found.shortfall, trial.reason, sizeof(found.shortfall));
        return false;
    }
    settle(privileged ? TIER_ROOT : TIER_USER, &trial);
    return true;
}

int tier_find(char *reason, size_t reason_size) {
    if (found.known || settle_with_namespaces())
        return 0;
    const struct trial trial = try(WITHOUT_NAMESPACES);
    if (trial.error)
        snprintf(reason, reason_size, "%s", trial.reason);
    else
        settle(trial.landlock ? TIER_LANDLOCK : TIER_DIRECTORY, &trial);
    return trial.error;
}

enum tier tier_found(void) {
    check(found.known);
    return found.tier;
}

bool tier_has_namespaces(void) {
    return infos[tier_found()].namespaces;
}

bool tier_has_root(void) {
    return found.root;
}

bool tier_has_filter(void) {
    return found.filter;
}

const char *tier_name(void) {
    return found.name;
}

const char *tier_shortfall(void) {
    return found.shortfall;
}

/* --- who may be run ------------------------------------------------------------------------- */

static bool is_ours(const struct implementation *implementation) {
    static const char *const names[] = {"own", "libc", "raw"};
    for (size_t i = 0; implementation && i < sizeof(names) / sizeof(names[0]); i++)
        if (implementation == implementation_find(names[i]))
            return true;
    return false;
}

int tier_admits(const struct implementation *implementation, char *reason, size_t reason_size) {
    const bool filtered = tier_has_filter(), landlock = infos[found.tier].landlock;
    if (is_ours(implementation) || (tier_has_namespaces() && filtered))
        return 0;
    const bool agent = implementation && implementation->agent;
    const bool loaded = implementation && !agent && !implementation->breaks &&
                        implementation != implementation_find(implementation->name);
    if (!agent && landlock && filtered && (loaded || found.root))
        return 0;
    snprintf(
        reason, reason_size,
        "%s is not run in the tier \"%s\", which cannot hold it; `fifofuzz doctor` names the fix",
        implementation ? implementation->name : "code that is not ours", found.name);
    return -EPERM;
}
