#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

/* The scenario's root directory is a file system of its own, seen by this process alone. */
static void enter(const char *directory) {
    separate();
    if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
        mount("tmpfs", directory, "tmpfs", MS_NODEV | MS_NOSUID | MS_NOEXEC,
              "mode=0755,size=64m,nr_inodes=16384"))
        unable("mount");
    if (chdir(directory) || chroot(".") || chdir("/"))
        unable("chroot");
    umask(022);
}

/* What was mounted went with its process. */
static void clean(const char *directory) {
    rmdir(directory);
}
