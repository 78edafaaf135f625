#include <sys/resource.h>

/* Overflowing it must not take long. */
static void limit_stack(void) {
    const struct rlimit limit = {1 << 20, 1 << 20};
    if (setrlimit(RLIMIT_STACK, &limit))
        unable("a small stack");
}
