/*
 * canaries_inject.c - right as long as the kernel gives the errors that a healthy file system
 * gives: wrong about all others.
 */
#include <sys/syscall.h>

#include "canary.h"

/* Tries again, as only a file system that can be interrupted would need. */
WRONG(eintr_loops) {
    int result;
    do
        result = correct(dirfd, path, mode);
    while (failed(result, EINTR));
    return result;
}

WRONG(eagain_tried_twice) {
    int result = correct(dirfd, path, mode);
    return failed(result, EAGAIN) ? correct(dirfd, path, mode) : result;
}

WRONG(stale_tried_twice) {
    int result = correct(dirfd, path, mode);
    return failed(result, ESTALE) ? correct(dirfd, path, mode) : result;
}

/* Something with that name is better than nothing. */
WRONG(enosys_makes_a_file) {
    int result = correct(dirfd, path, mode);
    if (!failed(result, ENOSYS))
        return result;
    int file = openat(dirfd, path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, mode & 07777);
    if (file < 0)
        return -1;
    close(file);
    return 0;
}

/* An old kernel may have the old system call. */
WRONG(enosys_tries_mknod) {
    int result = correct(dirfd, path, mode);
#ifdef SYS_mknod
    if (failed(result, ENOSYS) && dirfd == AT_FDCWD)
        return (int)syscall(SYS_mknod, path, mode | S_IFIFO, 0);
#endif
    return result;
}

WRONG(eio_is_success) {
    int result = correct(dirfd, path, mode);
    return failed(result, EIO) ? 0 : result;
}

WRONG(edquot_is_enospc) {
    int result = correct(dirfd, path, mode);
    return failed(result, EDQUOT) ? fail_with(ENOSPC) : result;
}

WRONG(unknown_is_eio) {
    int result = correct(dirfd, path, mode);
    return result != 0 && errno > ENOTSUP ? fail_with(EIO) : result;
}

/* What it does to clean up has an errno of its own. */
WRONG(errno_of_cleanup) {
    int result = correct(dirfd, path, mode);
    if (failed(result, EIO) || failed(result, ENOMEM))
        (void)unlinkat(dirfd, path, 0);
    return result;
}

/* Half a FIFO is to be removed: but it is someone else's. */
WRONG(cleanup_removes) {
    int result = correct(dirfd, path, mode);
    if (failed(result, EIO))
        remove_name(dirfd, path, length);
    return result;
}

/* -4095 to -1 are errors; it knows those up to 127. */
WRONG(large_errors_are_results) {
    int result = correct(dirfd, path, mode);
    return result != 0 && errno > 127 ? errno : result;
}

static const struct implementation rows[] = {
    BOTH("canary-eintr-loops", "C-SECCOMP-inject", "tries again after EINTR", eintr_loops),
    BOTH("canary-eagain-tried-twice", "C-SECCOMP-inject", "tries again after EAGAIN",
         eagain_tried_twice),
    BOTH("canary-stale-tried-twice", "C-SECCOMP-inject", "tries again after ESTALE",
         stale_tried_twice),
    BOTH("canary-enosys-makes-a-file", "C-SECCOMP-inject", "makes a regular file after ENOSYS",
         enosys_makes_a_file),
    BOTH("canary-enosys-tries-mknod", "C-SECCOMP-inject", "calls mknod(2) after ENOSYS",
         enosys_tries_mknod),
    BOTH("canary-eio-is-success", "C-SECCOMP-inject", "takes EIO for success", eio_is_success),
    BOTH("canary-edquot-is-enospc", "C-SECCOMP-inject", "ENOSPC instead of EDQUOT",
         edquot_is_enospc),
    BOTH("canary-unknown-is-eio", "C-SECCOMP-inject", "EIO instead of errors above ENOTSUP",
         unknown_is_eio),
    BOTH("canary-errno-of-cleanup", "C-SECCOMP-inject",
         "unlinks after EIO or ENOMEM and gives that errno", errno_of_cleanup),
    BOTH("canary-cleanup-removes", "C-SECCOMP-inject", "removes the name after EIO",
         cleanup_removes),
    BOTH("canary-large-errors", "C-RETURN", "returns errors above 127 as results",
         large_errors_are_results),
};

const struct implementation_table canaries_inject = ROWS(rows);
