#include "idmap.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host.h"

/* Lives in a new user namespace until the other end is closed. */
static _Noreturn void live_in_namespace(int line) {
    char byte = 0;
    if (unshare(CLONE_NEWUSER) || write(line, &byte, 1) != 1)
        _exit(1);
    while (read(line, &byte, 1) < 0 && errno == EINTR)
        ;
    _exit(0);
}

static int write_map(pid_t child, const char *name) {
    char path[64], map[128];
    size_t length = 0;
    for (int i = 0; i < IDMAP_COUNT; i++)
        length += (size_t)snprintf(map + length, sizeof(map) - length, "%d %d 1\n",
                                   idmap_entries[i].on_disk, idmap_entries[i].seen);
    snprintf(path, sizeof(path), "/proc/%d/%s", (int)child, name);
    int file = open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0)
        return -errno;
    int error = write(file, map, length) < 0 ? -errno : 0;
    close(file);
    return error;
}

static int open_namespace(pid_t child, int line) {
    char byte, path[64];
    ssize_t length;
    while ((length = read(line, &byte, 1)) < 0 && errno == EINTR)
        ;
    if (length != 1)
        return -EPERM;
    int error = write_map(child, "uid_map");
    if (!error)
        error = write_map(child, "gid_map");
    if (error)
        return error;
    snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)child);
    int space = open(path, O_RDONLY | O_CLOEXEC);
    return space < 0 ? -errno : space;
}

int idmap_open(void) {
    int line[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, line))
        return -errno;
    pid_t child = fork();
    if (child == 0) {
        close(line[0]);
        live_in_namespace(line[1]);
    }
    int space = child < 0 ? -errno : 0;
    close(line[1]);
    if (child > 0)
        space = open_namespace(child, line[0]);
    close(line[0]);
    while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
        ;
    return space;
}
