#include <sys/resource.h>

static int limit_descriptors(unsigned count) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit))
        return -1;
    limit.rlim_cur = count;
    return setrlimit(RLIMIT_NOFILE, &limit);
}
