static void compare_cwd(const struct look *before) {
    struct look after = look_at(AT_FDCWD, "", AT_EMPTY_PATH);
    compare("the current directory's st_dev", (long long)before->facts.st_dev,
            (long long)after.facts.st_dev);
    compare("the current directory's st_ino", (long long)before->facts.st_ino,
            (long long)after.facts.st_ino);
}
