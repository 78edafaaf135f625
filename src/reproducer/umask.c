#include <sys/stat.h>

static mode_t umask_now(void) {
    mode_t mask = umask(0);
    umask(mask);
    return mask;
}
