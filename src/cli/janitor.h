/*
 * janitor.h - a process that removes a directory when the one that started it is gone, however that
 * ended: SIGKILL leaves no other way.
 */
#ifndef FIFOFUZZ_JANITOR_H
#define FIFOFUZZ_JANITOR_H

#include <stdbool.h>
#include <sys/types.h>

struct janitor {
    pid_t pid;
    int pipe; /* when its last holder is gone, the janitor sets to work: processes that may still
                 write to the directory inherit it */
};

/*
 * Starts a janitor for `directory`. Call it before there are threads. Returns 0 or -errno; what
 * cannot be started is no harm but after SIGKILL.
 */
int janitor_start(struct janitor *janitor, const char *directory);

/* Removes the directory with all that is in it, unless `keep`, and ends the janitor. */
void janitor_end(struct janitor *janitor, bool keep);

#endif
