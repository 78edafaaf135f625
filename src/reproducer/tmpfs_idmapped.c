/* Lays the same file system on `path` once more, with ids 0 and 1000 exchanged. */
static int run_exchange(const struct order *order) {
    int clone = clone_of(order->path);
    roots[mount_count - 1] = clone;
    return clone < 0 || set_flags(clone, order->numbers[0]) || set_idmap(clone) ||
                   attach(clone, order->path)
               ? -1
               : 0;
}

static void harness_exchange_ids(int step, const char *path, unsigned flags) {
    order_for(run_exchange, path)->numbers[0] = flags;
    carry_out(step, "an idmapped mount");
}
