#include "watch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "facts.h"

const struct timespec watch_slice = {.tv_nsec = 100000000};

enum {
    ASLEEP_LOOKS_MAX = 20, /* two seconds of slices */
    SLEPT_LOOKS_MAX = 100,
};
static const int64_t running_max = 2000000000;
/* What a sleeper may use between two looks: one that wakes up, finds nothing and sleeps again. */
static const int64_t dozing_max = 10000000;

void watch_begin(struct watch *watch) {
    watch->looks = 0;
    watch->asleep = 0;
}

void watch_open(struct watch *watch, const char *path) {
    watch->stat_file = open(path, O_RDONLY | O_CLOEXEC);
}

void watch_close(const struct watch *watch) {
    if (watch->stat_file >= 0)
        close(watch->stat_file);
}

/*
 * The state letter behind the parenthesised name, which may itself hold parentheses: proc(5). 'X'
 * for what is no longer there.
 */
static char state_of(int stat_file) {
    char text[512];
    ssize_t length = pread(stat_file, text, sizeof(text) - 1, 0);
    if (length < 0)
        return errno == ESRCH ? 'X' : '?';
    text[length] = '\0';
    const char *name_end = strrchr(text, ')');
    return name_end && name_end[1] == ' ' ? name_end[2] : '?';
}

int64_t watch_used(const struct watch *watch) {
    struct timespec time = {0};
    clock_gettime(watch->clock, &time);
    return facts_time(time);
}

enum watch_verdict watch_look(struct watch *watch, uint64_t progress) {
    char state = state_of(watch->stat_file);
    if (state == 'X')
        return WATCH_GONE;
    const struct watch_sight sight = {.used = watch_used(watch),
                                      .asleep = state == 'S' || state == 'D'};
    return watch_judge(watch, progress, &sight);
}

enum watch_verdict watch_judge(struct watch *watch, uint64_t progress,
                               const struct watch_sight *sight) {
    bool first = watch->looks++ == 0;
    if (first || progress != watch->progress) {
        watch->progress = progress;
        watch->since = sight->used;
        watch->asleep = watch->slept = 0;
    } else if (sight->asleep && sight->used - watch->last <= dozing_max) {
        watch->asleep = sight->stirred ? 0 : watch->asleep + 1;
        watch->slept++;
    } else {
        watch->asleep = 0;
    }
    watch->last = sight->used;
    if (sight->used - watch->since >= running_max)
        return WATCH_RUNNING;
    return watch->asleep >= ASLEEP_LOOKS_MAX || watch->slept >= SLEPT_LOOKS_MAX ? WATCH_BLOCKED
                                                                                : WATCH_ALIVE;
}
