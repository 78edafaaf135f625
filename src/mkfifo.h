/*
 * mkfifo.h - mkfifo(3) and mkfifoat(3) straight on the mknodat(2) system call.
 *
 * The same two functions as in the C library's <sys/stat.h>; a program may include both headers.
 * Linked in from libmkfifo.a they take the place of the C library's; so they do from libmkfifo.so
 * when LD_PRELOAD names it. The library exports these two symbols and nothing else.
 *
 * Both create a FIFO with the permissions `mode & ~umask`. They return 0, or -1 with errno set;
 * after success errno is what it was before. They are thread-safe and async-signal-safe: no lock,
 * no allocation, no state, no descriptor, one system call. Everything but S_IFIFO is the kernel's
 * decision, and so are the errors: see mkfifo.3, which is installed as mkfifo(3fifofuzz), for
 * mkfifo(3) is the C library's.
 *
 * Follows: POSIX.1-2017 XSH mkfifo(), mkfifoat(); mkfifo(3), mknod(2), umask(2).
 */
#ifndef MKFIFO_H
#define MKFIFO_H

#include <sys/types.h>

/*
 * Creates a FIFO called `path`. Of `mode` the permission bits, set-user-ID, set-group-ID and sticky
 * are used; file type bits other than S_IFIFO are an error (EINVAL), bits above the 16th are
 * ignored. A symbolic link as the last component is not followed: the name exists (EEXIST).
 */
int mkfifo(const char *path, mode_t mode);

/*
 * The same, with a relative `path` taken from the directory that `dirfd` refers to, or from the
 * current one if it is AT_FDCWD. With an absolute `path` dirfd is ignored, open or not.
 */
int mkfifoat(int dirfd, const char *path, mode_t mode);

#endif
