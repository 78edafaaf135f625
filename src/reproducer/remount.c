static int run_remount(const struct order *order) {
    return set_flags(roots[order->numbers[0]], order->numbers[1]);
}

/* Other flags for mount `which`; 0 is the root directory's. */
static void harness_remount(int step, unsigned which, unsigned flags) {
    struct order *order = order_for(run_remount, "");
    order->numbers[0] = which;
    order->numbers[1] = flags;
    carry_out(step, "a remount");
}
