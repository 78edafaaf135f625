#include <fcntl.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule       445
#define SYS_landlock_restrict_self  446
#endif

/* From now on FIFOs can be made beneath `path` only, with "" nowhere: landlock(7). */
static int confine(const char *path) {
    const uint64_t make_fifo = 1 << 10;
    const int ruleset = (int)syscall(SYS_landlock_create_ruleset, &make_fifo, sizeof make_fifo, 0);
    struct {
        uint64_t allowed;
        int32_t beneath;
    } __attribute__((packed)) rule = {make_fifo, -1};
    int result = ruleset < 0 ? -1 : prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (result == 0 && path[0]) {
        rule.beneath = open(path, O_PATH);
        result = rule.beneath < 0
                     ? -1
                     : (int)syscall(SYS_landlock_add_rule, ruleset, 1 /* path beneath */, &rule, 0);
    }
    if (result == 0)
        result = (int)syscall(SYS_landlock_restrict_self, ruleset, 0);
    int error = errno;
    close(rule.beneath);
    close(ruleset);
    errno = error;
    return result;
}
