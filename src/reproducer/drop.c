/* Root without any capability is a user like all others. */
static void drop_capabilities(void) {
    if (set_capabilities(0, 0))
        unable("capset");
}
