#include "landlock.h"

#include <fcntl.h>
#include <sys/prctl.h>

/* landlock(7), Linux 5.13: all architectures share the numbers, and older headers lack them. */
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule       445
#define SYS_landlock_restrict_self  446
#endif
enum { RULESET_VERSION = 1, RULE_PATH_BENEATH = 1, MAKE_FIFO = 1 << 10 };

/* Rights: EXECUTE, WRITE_FILE, READ_FILE, READ_DIR, then what changes directories, and later ones.
 */
enum {
    READING = 1 << 0 | 1 << 2 | 1 << 3,
    OF_VERSION_2 = (1 << 14) - 1, /* REFER is the last */
    OF_VERSION_3 = (1 << 15) - 1, /* TRUNCATE */
    OF_VERSION_5 = (1 << 16) - 1, /* IOCTL_DEV */
};

struct ruleset {
    uint64_t handled;
};

struct rule {
    uint64_t allowed;
    int32_t parent;
} __attribute__((packed));

static long version(void) {
    return syscall(SYS_landlock_create_ruleset, NULL, 0, RULESET_VERSION);
}

bool landlock_available(void) {
    return version() > 0;
}

static int allow_beneath(const struct cookies *cookies, int ruleset, uint64_t allowed,
                         const char *path) {
    int parent = open(path, O_PATH | O_CLOEXEC);
    if (parent < 0)
        return -errno;
    const struct rule rule = {.allowed = allowed, .parent = parent};
    long result = cookies_call(cookies, SYS_landlock_add_rule, (uintptr_t)ruleset,
                               RULE_PATH_BENEATH, (uintptr_t)&rule, 0);
    int error = result ? -errno : 0;
    close(parent);
    return error;
}

/* A new domain in which the rights `handled` exist beneath `path` only; nowhere if it is empty. */
static int restrict_to(const struct cookies *cookies, uint64_t handled, const char *path) {
    const struct ruleset attributes = {.handled = handled};
    int ruleset = (int)cookies_call(cookies, SYS_landlock_create_ruleset, (uintptr_t)&attributes,
                                    sizeof(attributes), 0, 0);
    if (ruleset < 0)
        return -errno;
    int error = path[0] ? allow_beneath(cookies, ruleset, handled, path) : 0;
    if (!error && cookies_call(cookies, SYS_landlock_restrict_self, (uintptr_t)ruleset, 0, 0, 0))
        error = -errno;
    close(ruleset);
    return error;
}

int landlock_confine(const struct cookies *cookies, const char *path) {
    return restrict_to(cookies, MAKE_FIFO, path);
}

int landlock_enclose(const char *path) {
    const struct cookies no_filter_yet = {0};
    const long known = version();
    const uint64_t rights = known >= 5 ? OF_VERSION_5 : known >= 3 ? OF_VERSION_3 : OF_VERSION_2;
    if (known < 2)
        return -ENOSYS;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        return -errno;
    return restrict_to(&no_filter_yet, path ? rights : rights & ~(uint64_t)READING,
                       path ? path : "");
}
