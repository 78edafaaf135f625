static long long nanoseconds(struct timespec time) {
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

/* Nothing about a place may have changed. */
static void compare_looks(const char *what, const struct look *before, const struct look *after) {
    const struct stat *old = &before->facts, *new = &after->facts;
    printf("step %d: looking at %s\n", number, what);
    compare("the error of stat", before->error, after->error);
    compare("st_ino", (long long)old->st_ino, (long long)new->st_ino);
    compare("st_mode", old->st_mode, new->st_mode);
    compare("st_nlink", (long long)old->st_nlink, (long long)new->st_nlink);
    compare("st_size", old->st_size, new->st_size);
    compare("st_mtim in ns", nanoseconds(old->st_mtim), nanoseconds(new->st_mtim));
    compare("st_ctim in ns", nanoseconds(old->st_ctim), nanoseconds(new->st_ctim));
}
