#include "janitor.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

static int remove_one(const char *path, const struct stat *facts, int type, struct FTW *at) {
    (void)facts;
    (void)type;
    (void)at;
    remove(path);
    return 0;
}

static void remove_tree(const char *directory) {
    enum { DESCRIPTORS = 16 };
    nftw(directory, remove_one, DESCRIPTORS, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

/* In the child. A terminal's signals are meant for the others. */
static _Noreturn void wait_and_clean(int pipe, const char *directory) {
    static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE};
    for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
        signal(ignored[i], SIG_IGN);
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) /* who reads them waits for their end */
        close(fd);
    char keep;
    ssize_t told;
    do
        told = read(pipe, &keep, 1);
    while (told < 0 && errno == EINTR);
    if (told == 0)
        remove_tree(directory);
    _exit(0);
}

int janitor_start(struct janitor *janitor, const char *directory) {
    int ends[2];
    *janitor = (struct janitor){.pipe = -1};
    if (pipe2(ends, O_CLOEXEC) != 0)
        return -errno;
    pid_t child = fork();
    if (child == 0) {
        close(ends[1]);
        wait_and_clean(ends[0], directory);
    }
    int error = child < 0 ? -errno : 0;
    close(ends[0]);
    if (error)
        close(ends[1]);
    else
        *janitor = (struct janitor){child, ends[1]};
    return error;
}

void janitor_end(struct janitor *janitor, bool keep) {
    if (janitor->pipe < 0)
        return;
    if (keep)
        check(write(janitor->pipe, "k", 1) == 1);
    close(janitor->pipe);
    while (waitpid(janitor->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    janitor->pipe = -1;
}
