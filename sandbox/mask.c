#include "mask.h"

#include <errno.h>
#include <signal.h>

#include "registers.h"

long mask_change(uint64_t *mask, const ucontext_t *context) {
    const uint64_t unblockable = UINT64_C(1) << (SIGKILL - 1) | UINT64_C(1) << (SIGSTOP - 1);
    const uint64_t *set = (const uint64_t *)registers_argument(context, 1);
    uint64_t *old = (uint64_t *)registers_argument(context, 2); /* may be `set` */
    const uint64_t before = *mask, given = set ? *set & ~unblockable : 0;
    if (registers_argument(context, 3) != sizeof(*mask))
        return -EINVAL;
    if (set) {
        switch ((int)registers_argument(context, 0)) {
        case SIG_BLOCK:
            *mask |= given;
            break;
        case SIG_UNBLOCK:
            *mask &= ~given;
            break;
        case SIG_SETMASK:
            *mask = given;
            break;
        default:
            return -EINVAL;
        }
    }
    if (old)
        *old = before;
    return 0;
}
