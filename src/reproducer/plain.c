#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The scenario's root directory, which belongs to an ordinary user: permissions mean nothing to
   root. */
static void enter(const char *directory) {
    const int nobody = 65534;
    if (chmod(directory, 0755) || chdir(directory))
        unable(directory);
    if (geteuid() == 0 &&
        (chown(".", nobody, nobody) || setgroups(0, NULL) || setgid(nobody) || setuid(nobody)))
        unable("to become another user than root");
    umask(022);
}

/* Removes all that is in `directory`, and closes it. */
static void empty(int directory) {
    DIR *list = fdopendir(directory);
    if (!list)
        return;
    fchmod(directory, 0700);
    for (struct dirent *entry; (entry = readdir(list));) {
        const char *name = entry->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || unlinkat(directory, name, 0) == 0)
            continue;
        fchmodat(directory, name, 0700, 0);
        int inside = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
        if (inside >= 0)
            empty(inside);
        unlinkat(directory, name, AT_REMOVEDIR);
    }
    closedir(list);
}

static void clean(const char *directory) {
    int top = open(directory, O_RDONLY | O_DIRECTORY);
    if (top >= 0)
        empty(top);
    rmdir(directory);
}
