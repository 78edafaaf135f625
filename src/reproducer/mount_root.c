/* The root directory is the first mount. */
static void note_root(void) {
    roots[0] = open("/", O_PATH | O_DIRECTORY);
    mount_count = 1;
}
