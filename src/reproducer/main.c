#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t interrupted;

static void interrupt(int signal) {
    interrupted = signal;
}

/* Waits some seconds for the process and all it has started, and ends them. */
static int wait_for(pid_t child, int *status) {
    const struct timespec slice = {.tv_nsec = 2000000};
    int ended = 0;
    for (int i = 0; i < 10000 && ended == 0 && !interrupted; i++) {
        ended = waitpid(child, status, WNOHANG) == child;
        if (!ended)
            nanosleep(&slice, NULL);
    }
    kill(-child, SIGKILL);
    if (!ended)
        waitpid(child, status, 0);
    return ended;
}

static int tell(int ended, int status) {
    if (interrupted)
        return 128 + interrupted;
    if (!ended)
        puts("\nhung: it did not come back within 20 seconds   WRONG");
    else if (WIFSIGNALED(status))
        printf("\ncrashed by signal %d%s   WRONG\n", WTERMSIG(status),
               WTERMSIG(status) == SIGSEGV   ? " (SIGSEGV)"
               : WTERMSIG(status) == SIGABRT ? " (SIGABRT)"
               : WTERMSIG(status) == SIGSYS  ? " (SIGSYS: a forbidden system call)"
                                             : "");
    else if (WEXITSTATUS(status) == UNABLE)
        return UNABLE;
    else if (WEXITSTATUS(status) == AS_EXPECTED)
        return puts("as expected"), 0;
    else if (WEXITSTATUS(status) != NOT_AS_EXPECTED)
        printf("\nthe process was ended, with status %d   WRONG\n", WEXITSTATUS(status));
    return 1;
}

int main(void) {
    char directory[4096];
    const char *place = getenv("TMPDIR");
    int status = 0;
    snprintf(directory, sizeof directory, "%s/mkfifo-XXXXXX", place && *place ? place : "/tmp");
    if (!mkdtemp(directory)) {
        perror(directory);
        return UNABLE;
    }
    pid_t child = fork();
    if (child == 0) {
        setpgid(0, 0);
        start(directory);
        scenario();
        _exit(failures ? NOT_AS_EXPECTED : AS_EXPECTED);
    }
    setpgid(child, child);
    signal(SIGINT, interrupt);
    signal(SIGTERM, interrupt);
    int ended = child > 0 && wait_for(child, &status);
    clean(directory);
    if (child < 0)
        perror("fork");
    return child < 0 ? UNABLE : tell(ended, status);
}
