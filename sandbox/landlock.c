#include "landlock.h"

#include <fcntl.h>

/* landlock(7), Linux 5.13: all architectures share the numbers, and older headers lack them. */
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule       445
#define SYS_landlock_restrict_self  446
#endif
enum { RULESET_VERSION = 1, RULE_PATH_BENEATH = 1, MAKE_FIFO = 1 << 10 };

struct ruleset {
    uint64_t handled;
};

struct rule {
    uint64_t allowed;
    int32_t parent;
} __attribute__((packed));

bool landlock_available(void) {
    return syscall(SYS_landlock_create_ruleset, NULL, 0, RULESET_VERSION) > 0;
}

static int allow_beneath(const struct cookies *cookies, int ruleset, const char *path) {
    int parent = open(path, O_PATH | O_CLOEXEC);
    if (parent < 0)
        return -errno;
    const struct rule rule = {.allowed = MAKE_FIFO, .parent = parent};
    long result = cookies_call(cookies, SYS_landlock_add_rule, (uintptr_t)ruleset,
                               RULE_PATH_BENEATH, (uintptr_t)&rule, 0);
    int error = result ? -errno : 0;
    close(parent);
    return error;
}

int landlock_confine(const struct cookies *cookies, const char *path) {
    const struct ruleset attributes = {.handled = MAKE_FIFO};
    int ruleset = (int)cookies_call(cookies, SYS_landlock_create_ruleset, (uintptr_t)&attributes,
                                    sizeof(attributes), 0, 0);
    if (ruleset < 0)
        return -errno;
    int error = path[0] ? allow_beneath(cookies, ruleset, path) : 0;
    if (!error && cookies_call(cookies, SYS_landlock_restrict_self, (uintptr_t)ruleset, 0, 0, 0))
        error = -errno;
    close(ruleset);
    return error;
}
