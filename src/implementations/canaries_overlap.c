/*
 * canaries_overlap.c - right as long as one call is made after the other: wrong when several
 * threads call at once, or a signal handler does in the middle of a call.
 */
#include <linux/futex.h>
#include <stdatomic.h>
#include <sys/syscall.h>

#include "canary.h"

/* --- check, then act -------------------------------------------------------------------------- */

/* It has looked, so EEXIST cannot be. */
WRONG(existing_cannot_be) {
    if (type_of(dirfd, path, length))
        return fail_with(EEXIST);
    int result = correct(dirfd, path, mode);
    return failed(result, EEXIST) ? 0 : result;
}

/* What stands in the way was not there a moment ago, so it must be its own from a first attempt. */
WRONG(existing_is_removed) {
    if (type_of(dirfd, path, length))
        return fail_with(EEXIST);
    int result = correct(dirfd, path, mode);
    if (!failed(result, EEXIST))
        return result;
    remove_name(dirfd, path, length);
    return correct(dirfd, path, mode);
}

/* --- what threads share ----------------------------------------------------------------------- */

WRONG(shared_buffer) {
    static char buffer[PATH_MAX];
    memcpy(buffer, path, length + 1);
    return correct(dirfd, buffer, mode);
}

WRONG(shared_mode) {
    static volatile mode_t wanted;
    wanted = mode;
    struct name name = last_name(path, length);
    (void)type_of(dirfd, path, length);
    return correct(dirfd, path, name.dots ? mode : wanted);
}

WRONG(shared_result) {
    static volatile int result, error;
    result = correct(dirfd, path, mode);
    error = errno;
    (void)type_of(dirfd, path, length);
    return result == 0 ? 0 : fail_with(error);
}

/* The umask is the process's; for a moment, other threads have none. */
WRONG(umask_toggled) {
    const mode_t mask = umask(0);
    (void)type_of(dirfd, path, length);
    umask(mask);
    return correct(dirfd, path, mode);
}

/* And so is the current directory. */
WRONG(directory_borrowed) {
    if (path[0] == '/' || fcntl(dirfd, F_GETFD) < 0) /* else `here` may get its number */
        return correct(dirfd, path, mode);
    int here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (here < 0)
        return correct(dirfd, path, mode);
    int result = fchdir(dirfd) == 0 ? correct(AT_FDCWD, path, mode) : correct(dirfd, path, mode);
    int error = errno;
    (void)fchdir(here);
    close(here);
    return result == 0 ? 0 : fail_with(error);
}

/* --- locks ------------------------------------------------------------------------------------ */

/* A lock with a word for each canary; the gate and the parking signal are all that ends a wait. */
static void wait_while(const _Atomic int *word, int value) {
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}

static void wake_one(const _Atomic int *word) {
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void lock(_Atomic int *word) {
    while (atomic_exchange(word, 1))
        wait_while(word, 1);
}

/* Good for threads; a handler on the thread that holds the lock waits for itself. */
WRONG(locked) {
    static _Atomic int word;
    lock(&word);
    int result = correct(dirfd, path, mode);
    int error = errno;
    atomic_store(&word, 0);
    wake_one(&word);
    return result == 0 ? 0 : fail_with(error);
}

/* Whoever sleeps when the lock is given back sleeps on. */
WRONG(wakes_no_one) {
    static _Atomic int word;
    lock(&word);
    int result = correct(dirfd, path, mode);
    int error = errno;
    atomic_store(&word, 0);
    return result == 0 ? 0 : fail_with(error);
}

/* One call at a time, or none. */
WRONG(busy_refused) {
    static _Atomic int word;
    if (atomic_exchange(&word, 1))
        return fail_with(EAGAIN);
    int result = correct(dirfd, path, mode);
    int error = errno;
    atomic_store(&word, 0);
    return result == 0 ? 0 : fail_with(error);
}

/* --- between two instructions ------------------------------------------------------------------
 */

/* No system call lies between the two: only who is interrupted right there shows it. */
WRONG_RAW(shared_for_an_instant) {
    static volatile mode_t wanted;
    wanted = mode;
    return correct(dirfd, path, wanted);
}

static const struct implementation rows[] = {
    BOTH("canary-existing-cannot-be", "C-RACE-atomic",
         "looks first, and takes EEXIST from the kernel for its own success", existing_cannot_be),
    BOTH("canary-existing-is-removed", "C-RACE-atomic",
         "looks first, and then removes what is in the way", existing_is_removed),
    BOTH("canary-shared-buffer", "C-MT-SAFE", "copies the path into a static buffer",
         shared_buffer),
    BOTH("canary-shared-mode", "C-MT-SAFE", "keeps the mode in a static variable", shared_mode),
    BOTH("canary-shared-result", "C-MT-SAFE", "keeps result and errno in static variables",
         shared_result),
    BOTH("canary-umask-toggled", "C-MT-SAFE", "sets the umask to 0 and back", umask_toggled),
    AT_ONLY("canary-directory-borrowed", "C-MT-SAFE", "changes to dirfd and back",
            directory_borrowed),
    BOTH("canary-locked", "C-ASYNC-SAFE", "takes a lock that a signal handler waits for", locked),
    BOTH("canary-wakes-no-one", "C-MT-SAFE", "gives a lock back without waking who waits",
         wakes_no_one),
    BOTH("canary-busy-refused", "C-MT-SAFE", "EAGAIN while another call is under way",
         busy_refused),
    BOTH("canary-shared-for-an-instant", "C-MT-SAFE",
         "keeps the mode in a static variable for two instructions", shared_for_an_instant),
};

const struct implementation_table canaries_overlap = ROWS(rows);
