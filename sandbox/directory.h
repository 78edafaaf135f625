/*
 * directory.h - a private directory of the host, for arenas where nothing can be mounted.
 *
 * It lies in TMPDIR, /dev/shm or /tmp, preferably on a tmpfs, and holds a directory for each worker
 * in turn. As long as it is in use its process holds a lock on it; what is found without one was
 * left behind by a process that was killed, and is removed whenever one is opened or closed.
 */
#ifndef FIFOFUZZ_DIRECTORY_H
#define FIFOFUZZ_DIRECTORY_H

#include <stdbool.h>
#include <stddef.h>

enum { DIRECTORY_PATH_SIZE = 512 };

/*
 * Makes it; a process has one at a time, a forked child may make its own. Returns 0, or -errno with
 * `reason` filled.
 */
int directory_open(char *reason, size_t reason_size);

/* Makes an empty directory for one more worker and puts its path into `path`. 0 or -errno. */
int directory_add(char path[DIRECTORY_PATH_SIZE]);

/* True if it lies on a tmpfs, whose directories have known sizes. */
bool directory_is_tmpfs(void);

/*
 * Removes it with all that is in it, if this process has made it. Also for a process that is about
 * to end without closing its sandbox. Allowed without directory_open.
 */
void directory_close(void);

#endif
