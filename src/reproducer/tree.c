#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_open_tree
#define SYS_open_tree 428
#endif

/* The file systems as they are without what is mounted on them, the root directory's first. */
static int trees[16], tree_count;

static void note_tree(const char *path) {
    trees[tree_count] =
        (int)syscall(SYS_open_tree, AT_FDCWD, path, 1 /* OPEN_TREE_CLONE */ | O_CLOEXEC);
    if (trees[tree_count++] < 0)
        unable("open_tree");
}

/* A file's bytes or a link's body. */
static ssize_t read_content(int tree, const char *path, mode_t type, char *out, size_t size) {
    if (S_ISLNK(type))
        return readlinkat(tree, path, out, size);
    int file = openat(tree, path, O_RDONLY | O_NOFOLLOW);
    ssize_t length = file < 0 ? -1 : read(file, out, size);
    close(file);
    return length;
}

static int names_expected;

/* What must be at `path` in the end. */
static void there(int tree, const char *path, mode_t mode, unsigned uid, unsigned gid, int links,
                  int size, const char *content) {
    static char bytes[8192];
    struct stat node;
    int before = failures;
    names_expected += path[0] != '\0';
    if (fstatat(trees[tree], path, &node, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) {
        compare("the error of lstat", 0, errno);
    } else {
        compare("st_mode", mode, node.st_mode);
        compare("st_uid", uid, node.st_uid);
        compare("st_gid", gid, node.st_gid);
        compare("st_nlink", links, (long long)node.st_nlink);
        compare("st_size", size, node.st_size);
        if (failures == before && content &&
            (read_content(trees[tree], path, mode, bytes, sizeof bytes) !=
                 (ssize_t)strlen(content) ||
             memcmp(bytes, content, strlen(content)) != 0))
            compare("whether its content is the same", 1, 0);
    }
    if (failures != before)
        printf("  of \"%s\", file system %d\n", path, tree);
}

/* The names in a directory and below it; prints them if `show`. */
static int count_names(int directory, int show) {
    DIR *list = fdopendir(directory);
    int count = 0;
    if (!list)
        return 0;
    for (struct dirent *entry; (entry = readdir(list));) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (show)
            printf("  \"%s\" is there\n", entry->d_name);
        int inside = openat(directory, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
        count += 1 + (inside < 0 ? 0 : count_names(inside, show));
    }
    closedir(list);
    return count;
}

static int names_in_all(int show) {
    int count = 0;
    for (int i = 0; i < tree_count; i++)
        count += count_names(openat(trees[i], ".", O_RDONLY | O_DIRECTORY), show);
    return count;
}

static void nothing_else_there(void) {
    int before = failures;
    compare("how many names there are", names_expected, names_in_all(0));
    if (failures != before)
        names_in_all(1);
    fflush(stdout);
}
