#ifndef SYS_fspick
#define SYS_fsconfig 431
#define SYS_fspick   433
#endif

static int run_superblock(const struct order *order) {
    enum { EMPTY_PATH = 8, SET_FLAG = 0, RECONFIGURE = 7 };
    int context = (int)syscall(SYS_fspick, roots[order->numbers[0]], "", EMPTY_PATH);
    int result = context < 0 || syscall(SYS_fsconfig, context, SET_FLAG, order->other, NULL, 0) ||
                         syscall(SYS_fsconfig, context, RECONFIGURE, NULL, NULL, 0)
                     ? -1
                     : 0;
    int error = errno;
    close(context);
    errno = error;
    return result;
}

/* Makes the file system behind mount `which` "ro" or "rw". */
static void harness_superblock(int step, unsigned which, const char *flag) {
    struct order *order = order_for(run_superblock, "");
    order->numbers[0] = which;
    strncpy(order->other, flag, sizeof order->other - 1);
    carry_out(step, "a read-only file system");
}
