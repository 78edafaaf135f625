#include "capacity.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "check.h"
#include "payload.h"

/* Either of them lifts the limits, which are read from the effective set. */
static const uint32_t lifting = UINT32_C(1) << CAP_SYS_ADMIN | UINT32_C(1) << CAP_SYS_RESOURCE;

static bool is_usual(int end) {
    const int smaller = PIPE_SIZE / 2;
    return fcntl(end, F_GETPIPE_SZ) == PIPE_SIZE && fcntl(end, F_SETPIPE_SZ, smaller) == smaller &&
           fcntl(end, F_SETPIPE_SZ, PIPE_SIZE) == PIPE_SIZE;
}

static bool new_pipe_is_usual(void) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC))
        return false;
    const bool usual = is_usual(ends[0]);
    close(ends[0]);
    close(ends[1]);
    return usual;
}

bool capacity_is_usual(void) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct sets[2] = {{0}}; /* two of them make a set of 64 */
    check(syscall(SYS_capget, &header, sets) == 0);
    struct __user_cap_data_struct limited[2] = {sets[0], sets[1]};
    limited[0].effective &= ~lifting;
    check(syscall(SYS_capset, &header, limited) == 0);
    const bool usual = new_pipe_is_usual();
    check(syscall(SYS_capset, &header, sets) == 0);
    return usual;
}
