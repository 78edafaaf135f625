static int run_bind_idmapped(const struct order *order) {
    int clone = clone_of(order->path);
    roots[mount_count++] = clone;
    return clone < 0 || set_flags(clone, order->numbers[0]) || set_idmap(clone) ||
                   attach(clone, order->other)
               ? -1
               : 0;
}

/* Shows directory `old` on `new`, with ids 0 and 1000 exchanged. */
static void harness_bind_idmapped(int step, const char *old, const char *new, unsigned flags) {
    struct order *order = order_for(run_bind_idmapped, old);
    strncpy(order->other, new, sizeof order->other - 1);
    order->numbers[0] = flags;
    carry_out(step, "an idmapped bind mount");
}
