static void compare_node_times(long long begun, int directory, const char *path) {
    struct look node = look_at(directory, path, AT_SYMLINK_NOFOLLOW);
    if (!succeeded || node.error)
        return;
    compare_time("st_mtim in ns", begun, node.facts.st_mtim);
    compare_time("st_ctim in ns", begun, node.facts.st_ctim);
    compare_time("st_atim in ns", begun, node.facts.st_atim);
    compare("st_mtim and st_atim", nanoseconds(node.facts.st_mtim),
            nanoseconds(node.facts.st_atim));
    compare("st_mtim and st_ctim", nanoseconds(node.facts.st_mtim),
            nanoseconds(node.facts.st_ctim));
}
