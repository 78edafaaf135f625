#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/*
 * Some steps take root's privileges, which the caller of the functions under test may not have:
 * a second process, the harness, does them. Both share this page.
 */
struct order {
    int (*run)(const struct order *order);
    unsigned numbers[20];
    char path[4352], other[4352];
};
static struct {
    volatile int waiting; /* the harness has an order to carry out */
    int error;
    struct order order;
} * shared;

static void pause_shortly(void) {
    const struct timespec time = {.tv_nsec = 20000};
    nanosleep(&time, NULL);
}

/* Ends as the caller did. */
static void end_like(int status) {
    if (WIFSIGNALED(status)) {
        signal(WTERMSIG(status), SIG_DFL);
        kill(getpid(), WTERMSIG(status));
    }
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : NOT_AS_EXPECTED);
}

/* Forks; only the caller returns. `inspect` looks at what it has left behind. */
static void start_harness(void (*begin_harness)(void), void (*inspect)(void)) {
    int status;
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        unable("shared memory");
    pid_t caller = fork();
    if (caller == 0)
        return;
    if (begin_harness)
        begin_harness();
    while (waitpid(caller, &status, WNOHANG) == 0) {
        if (!shared->waiting) {
            pause_shortly();
            continue;
        }
        __sync_synchronize();
        shared->error = shared->order.run(&shared->order) ? errno : 0;
        __sync_synchronize();
        shared->waiting = 0;
    }
    if (inspect && WIFEXITED(status) && WEXITSTATUS(status) != UNABLE)
        inspect();
    if (failures && WIFEXITED(status) && WEXITSTATUS(status) == AS_EXPECTED)
        _exit(NOT_AS_EXPECTED);
    end_like(status);
}
