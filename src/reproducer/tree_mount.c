static int run_note_tree(const struct order *order) {
    note_tree(order->path);
    return 0;
}

/* The file system on `path` is looked at in the end. */
static void harness_note_tree(int step, const char *path) {
    order_for(run_note_tree, path);
    carry_out(step, "to look at a mount");
}
