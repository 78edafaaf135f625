#include <linux/capability.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* capset(2): what the process may take up, and what counts now. */
static int set_capabilities(uint32_t permitted, uint32_t effective) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    const struct __user_cap_data_struct sets[2] = {
        {.effective = effective, .permitted = permitted}};
    return (int)syscall(SYS_capset, &header, sets);
}
