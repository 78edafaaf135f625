/* The directory that received a name: its times are new, one entry of tmpfs takes 20 bytes. */
static void compare_parent(long long begun, const struct look *before, int start,
                           const char *parent, int directory, const char *path) {
    struct look after = look_at(start, parent, AT_EMPTY_PATH);
    struct look node = look_at(directory, path, AT_SYMLINK_NOFOLLOW);
    if (!succeeded || before->error || after.error || node.error)
        return;
    compare("the new node's st_dev", (long long)before->facts.st_dev, (long long)node.facts.st_dev);
    compare_time("the parent's st_mtim in ns", begun, after.facts.st_mtim);
    compare_time("the parent's st_ctim in ns", begun, after.facts.st_ctim);
    compare("the parent's st_mtim and st_ctim", nanoseconds(after.facts.st_mtim),
            nanoseconds(after.facts.st_ctim));
    compare("the parent's st_nlink", (long long)before->facts.st_nlink,
            (long long)after.facts.st_nlink);
    compare("the parent's st_size", before->facts.st_size + 20, after.facts.st_size);
}
