#include <time.h>

/* Waits until the clock of file systems, which goes in steps of some ms, has moved on. */
static void wait_for_tick(void) {
    const struct timespec time = {.tv_nsec = 30000000};
    nanosleep(&time, NULL);
}
