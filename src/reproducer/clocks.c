#include <time.h>

static long long nanoseconds(struct timespec time) {
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static long long now(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return nanoseconds(time);
}

/* A time must lie between the beginning and the end of the call. */
static void compare_time(const char *what, long long begun, struct timespec time) {
    long long ended = now(CLOCK_REALTIME), stamp = nanoseconds(time);
    if (stamp < begun)
        compare(what, begun, stamp);
    else if (stamp > ended)
        compare(what, ended, stamp);
}
