#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static int idmap_namespace; /* in which ids 0 and 1000 are exchanged */

static void write_idmap(pid_t owner, const char *name) {
    static const char map[] = "0 1000 1\n1000 0 1\n";
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)owner, name);
    int file = open(path, O_WRONLY);
    if (file < 0 || write(file, map, sizeof map - 1) < 0)
        unable("an idmapped mount; run it as root");
    close(file);
}

/* A process makes the namespace and waits until it is open here. */
static void open_idmap(void) {
    char path[64], byte = 0;
    int line[2];
    if (pipe(line))
        unable("pipe");
    pid_t owner = fork();
    if (owner == 0) {
        if (unshare(CLONE_NEWUSER) || write(line[1], &byte, 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    close(line[1]);
    if (read(line[0], &byte, 1) != 1)
        unable("a user namespace");
    close(line[0]);
    write_idmap(owner, "uid_map");
    write_idmap(owner, "gid_map");
    snprintf(path, sizeof path, "/proc/%d/ns/user", (int)owner);
    idmap_namespace = open(path, O_RDONLY);
    if (idmap_namespace < 0)
        unable(path);
    kill(owner, SIGKILL);
    waitpid(owner, NULL, 0);
}
