#include <sys/mount.h>

static int run_umount(const struct order *order) {
    return umount2(order->path, MNT_DETACH);
}

static void harness_umount(int step, const char *path) {
    order_for(run_umount, path);
    carry_out(step, "umount");
}
