#include <signal.h>

static sigset_t signals_before;

static void note_signals(void) {
    sigprocmask(SIG_SETMASK, NULL, &signals_before);
}

static void compare_signals(void) {
    sigset_t after;
    sigprocmask(SIG_SETMASK, NULL, &after);
    for (int i = 1; i < 32; i++)
        if (sigismember(&signals_before, i) != sigismember(&after, i)) {
            printf("step %d: signal %d of the mask\n", number, i);
            compare("whether it is blocked", sigismember(&signals_before, i),
                    sigismember(&after, i));
        }
}
