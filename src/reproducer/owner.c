static int run_chown(const struct order *order) {
    return chown(order->path, order->numbers[0], order->numbers[1]);
}

static void harness_chown(int step, const char *path, uid_t uid, gid_t gid) {
    struct order *order = order_for(run_chown, path);
    order->numbers[0] = uid;
    order->numbers[1] = gid;
    carry_out(step, "chown");
}
