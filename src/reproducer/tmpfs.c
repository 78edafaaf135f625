static int run_mount(const struct order *order) {
    char options[64];
    snprintf(options, sizeof options, "mode=0755,size=64m,nr_inodes=%u", order->numbers[0]);
    if (mount("tmpfs", order->path, "tmpfs", 0, options))
        return -1;
    int root = open(order->path, O_PATH | O_DIRECTORY);
    roots[mount_count++] = root;
    return root < 0 ? -1 : set_flags(root, order->numbers[1]);
}

/* A new tmpfs on `path`. */
static void harness_mount(int step, const char *path, unsigned inodes, unsigned flags) {
    struct order *order = order_for(run_mount, path);
    order->numbers[0] = inodes;
    order->numbers[1] = flags;
    carry_out(step, "a mount");
}
