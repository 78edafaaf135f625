static int run_bind(const struct order *order) {
    int clone = clone_of(order->path);
    roots[mount_count++] = clone;
    return clone < 0 || set_flags(clone, order->numbers[0]) || attach(clone, order->other) ? -1 : 0;
}

/* Shows directory `old` on `new`, too. */
static void harness_bind(int step, const char *old, const char *new, unsigned flags) {
    struct order *order = order_for(run_bind, old);
    strncpy(order->other, new, sizeof order->other - 1);
    order->numbers[0] = flags;
    carry_out(step, "a bind mount");
}
