/*
 * canaries_state.c - wrong about the process: current directory, umask, descriptors, the path's
 * memory, coming back at all, staying in the file tree; and wrong now and then only.
 */
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "canary.h"

/* --- current directory, umask, descriptors ---------------------------------------------------- */

static int call_then_enter(bool on_success, int dirfd, const char *path, mode_t mode) {
    int result = correct(dirfd, path, mode);
    int error = errno;
    if ((result == 0) == on_success)
        (void)fchdir(dirfd);
    return result == 0 ? 0 : fail_with(error);
}

WRONG(cwd_is_dirfd) {
    return call_then_enter(true, dirfd, path, mode);
}

WRONG(cwd_is_dirfd_on_failure) {
    return call_then_enter(false, dirfd, path, mode);
}

WRONG(cwd_is_root) {
    int result = correct(dirfd, path, mode);
    return result == 0 && path[0] == '/' ? chdir("/") : result;
}

WRONG(umask_left_0) {
    int result = correct(dirfd, path, mode);
    if (result == 0)
        (void)umask(0);
    return result;
}

WRONG(umask_left_0_on_failure) {
    int result = correct(dirfd, path, mode);
    if (failed(result, ENOENT))
        (void)umask(0);
    return result;
}

WRONG(umask_left_077) {
    int result = correct(dirfd, path, mode);
    if (result == 0 && (mode & 077) == 0)
        (void)umask(077);
    return result;
}

WRONG(descriptor_leaked) {
    int result = correct(dirfd, path, mode);
    if (result == 0)
        (void)!open_parent(dirfd, path, length);
    return result;
}

WRONG(descriptor_leaked_on_failure) {
    int result = correct(dirfd, path, mode);
    if (result != 0)
        (void)!open_parent(dirfd, path, length);
    return result;
}

WRONG(dirfd_read) {
    char entries[1024];
    int result = correct(dirfd, path, mode);
    if (failed(result, EEXIST) && syscall(SYS_getdents64, dirfd, entries, sizeof entries) < 0)
        return fail_with(EEXIST);
    return result;
}

WRONG(dirfd_blocking) {
    int result = correct(dirfd, path, mode);
    int error = errno;
    int flags = fcntl(dirfd, F_GETFL);
    if (result != 0 && flags >= 0)
        (void)fcntl(dirfd, F_SETFL, flags & ~O_NONBLOCK);
    return result == 0 ? 0 : fail_with(error);
}

WRONG(dirfd_inherited) {
    int result = correct(dirfd, path, mode);
    int error = errno;
    if (result != 0)
        (void)fcntl(dirfd, F_SETFD, 0);
    return result == 0 ? 0 : fail_with(error);
}

WRONG(signals_left_blocked) {
    int result = correct(dirfd, path, mode);
    int error = errno;
    sigset_t all;
    sigfillset(&all);
    if (result != 0)
        (void)sigprocmask(SIG_SETMASK, &all, NULL);
    return result == 0 ? 0 : fail_with(error);
}

WRONG(descriptor_leaked_for_links) {
    int result = correct(dirfd, path, mode);
    if (failed(result, EEXIST) && type_of(dirfd, path, length) == S_IFLNK)
        (void)!open_parent(dirfd, path, length);
    return result;
}

/* With an absolute path only: else what is looked at through dirfd would tell first. */
WRONG(dirfd_closed) {
    int result = correct(dirfd, path, mode);
    if (result == 0 && dirfd > 2 && path[0] == '/')
        close(dirfd);
    return result;
}

WRONG(dirfd_closed_on_failure) {
    int result = correct(dirfd, path, mode);
    int error = errno;
    if (result != 0 && dirfd > 2 && path[0] == '/')
        close(dirfd);
    return result == 0 ? 0 : fail_with(error);
}

/* --- the path's memory ------------------------------------------------------------------------ */

WRONG(path_slash_cut) {
    char *end = (char *)path + length - 1;
    if (*end != '/' || length == 1)
        return correct(dirfd, path, mode);
    char name[PATH_MAX];
    memcpy(name, path, length + 1);
    *end = '\0';
    return correct(dirfd, name, mode);
}

WRONG(path_slash_cut_and_restored) {
    char *end = (char *)path + length - 1;
    if (*end != '/' || length == 1)
        return correct(dirfd, path, mode);
    *(char volatile *)end = '\0';
    mode_t type = type_of(dirfd, path, length - 1);
    *(char volatile *)end = '/';
    return type == 0 ? correct(dirfd, path, mode) : fail_with(EEXIST);
}

WRONG(path_lower_case) {
    int result = correct(dirfd, path, mode);
    for (char *at = (char *)path; *at; at++)
        if (*at >= 'A' && *at <= 'Z')
            *at = (char)(*at - 'A' + 'a');
    return result;
}

WRONG(path_read_beyond) {
    (void)((const volatile char *)path)[length + 1];
    return correct(dirfd, path, mode);
}

/* Reads the path in words of eight bytes counted from its start. */
WRONG(path_read_in_words) {
    (void)((const volatile char *)path)[length | 7];
    return correct(dirfd, path, mode);
}

/* --- coming back ------------------------------------------------------------------------------ */

WRONG_RAW(empty_aborts) {
    struct extent extent = extent_of(path);
    if (extent.terminated && extent.length == 0)
        abort();
    return correct(dirfd, path, mode);
}

static size_t components(const char *path) {
    size_t count = 0;
    for (path += strspn(path, "/"); *path; path += strspn(path, "/")) {
        path += strcspn(path, "/");
        count++;
    }
    return count;
}

WRONG(components_64_crash) {
    if (components(path) >= 64)
        __builtin_trap();
    return correct(dirfd, path, mode);
}

WRONG(buffer_1024_overflows) {
    if (length >= 1024)
        __builtin_trap();
    return correct(dirfd, path, mode);
}

WRONG(dotdot_hangs) {
    for (volatile bool again = strstr(path, "../..") != NULL; again;)
        continue;
    return correct(dirfd, path, mode);
}

/* Waits for somebody to open the other end. */
WRONG(opens_and_waits) {
    int result = correct(dirfd, path, mode);
    if (result == 0 && (mode & 0777) == 0600)
        (void)!openat(dirfd, path, O_RDONLY | O_CLOEXEC);
    return result;
}

static size_t depth(const char *path, size_t count) {
    volatile char frame[1024];
    frame[0] = path[0];
    return path[0] == '.' || count == 0 ? depth(path, count + 1) + (size_t)frame[0] : count;
}

WRONG(recurses) {
    if (length > 1 && last_name(path, length).dots)
        (void)depth(path + last_name(path, length).start, 0);
    return correct(dirfd, path, mode);
}

WRONG(exits) {
    int result = correct(dirfd, path, mode);
    if (failed(result, ELOOP))
        exit(3);
    return result;
}

/* --- staying in the file tree ----------------------------------------------------------------- */

/* Not fork(3), which would take the allocator's locks along if the call never comes back. */
WRONG(forks) {
    int result = correct(dirfd, path, mode);
    if (result == 0 && path[0] == '-' && syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) == 0)
        _exit(0);
    return result;
}

WRONG(kills) {
    int result = correct(dirfd, path, mode);
    int error = errno;
    if (result != 0)
        (void)kill(1, 0);
    return result == 0 ? 0 : fail_with(error);
}

WRONG(executes) {
    int result = correct(dirfd, path, mode);
    if (result == 0 && strpbrk(path, "$`;|"))
        (void)execve("", (char *[]){NULL}, (char *[]){NULL});
    return result;
}

WRONG(connects) {
    int result = correct(dirfd, path, mode);
    int end = result == 0 ? socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0) : -1;
    if (end >= 0)
        close(end);
    return result;
}

WRONG(unshares) {
    int result = correct(dirfd, path, mode);
    return result == 0 && dirfd != AT_FDCWD ? (void)unshare(0), 0 : result;
}

WRONG(leaves_root) {
    int result = correct(dirfd, path, mode);
    return result == 0 && strstr(path, "..") ? (void)chroot(""), 0 : result;
}

/* --- now and then ----------------------------------------------------------------------------- */

WRONG(second_call) {
    static unsigned calls;
    return ++calls % 2 == 0 && would_create(dirfd, path, length) ? fail_with(EEXIST)
                                                                 : correct(dirfd, path, mode);
}

WRONG(fiftieth_call) {
    static unsigned calls;
    return ++calls % 50 == 0 && would_create(dirfd, path, length) ? fail_with(EEXIST)
                                                                  : correct(dirfd, path, mode);
}

/* Remembers the last path it created and does not look again. */
WRONG(remembered) {
    static char last[PATH_MAX];
    if (would_create(dirfd, path, length) && strcmp(path, last) == 0)
        return fail_with(EEXIST);
    int result = correct(dirfd, path, mode);
    if (result == 0)
        memcpy(last, path, length + 1);
    return result;
}

/* Uses the umask of the first call for ever. */
WRONG(umask_remembered) {
    static mode_t first = (mode_t)-1;
    mode_t mask = umask(0);
    if (first == (mode_t)-1)
        first = mask;
    (void)umask(first);
    int result = correct(dirfd, path, mode);
    (void)umask(mask);
    return result;
}

WRONG(buffer_256) {
    char buffer[257];
    if (length < sizeof buffer || !would_create(dirfd, path, length))
        return correct(dirfd, path, mode);
    memcpy(buffer, path, sizeof buffer - 1);
    buffer[sizeof buffer - 1] = '\0';
    int result = correct(dirfd, buffer, mode);
    return result == 0 ? 0 : fail_with(ENOENT);
}

WRONG(two_slashes) {
    bool network = strncmp(path, "//", 2) == 0 && path[2] != '/' && length > 2;
    return network && would_create(dirfd, path, length) ? fail_with(ENOENT)
                                                        : correct(dirfd, path, mode);
}

WRONG(slashes_inside) {
    bool doubled = strstr(path + 1, "//") != NULL;
    return doubled && would_create(dirfd, path, length) ? fail_with(ENOENT)
                                                        : correct(dirfd, path, mode);
}

WRONG(one_letter) {
    bool one = last_name(path, length).length == 1;
    return one && would_create(dirfd, path, length) ? fail_with(EINVAL)
                                                    : correct(dirfd, path, mode);
}

static const struct implementation rows[] = {
    AT_ONLY("canary-cwd-is-dirfd", "C-STATE-cwd", "stays in dirfd", cwd_is_dirfd),
    AT_ONLY("canary-cwd-is-dirfd-on-failure", "C-STATE-cwd", "stays in dirfd after a failure",
            cwd_is_dirfd_on_failure),
    BOTH("canary-cwd-is-root", "C-STATE-cwd", "changes to / for an absolute path", cwd_is_root),
    BOTH("canary-umask-left-0", "C-STATE-umask", "leaves umask 0", umask_left_0),
    BOTH("canary-umask-left-0-on-failure", "C-STATE-umask", "leaves umask 0 after ENOENT",
         umask_left_0_on_failure),
    BOTH("canary-umask-left-077", "C-STATE-umask", "leaves umask 077 for a private FIFO",
         umask_left_077),
    BOTH("canary-descriptor-leaked", "C-STATE-descriptors", "leaks a descriptor",
         descriptor_leaked),
    BOTH("canary-descriptor-leaked-on-failure", "C-STATE-descriptors",
         "leaks a descriptor when it fails", descriptor_leaked_on_failure),
    BOTH("canary-descriptor-leaked-for-links", "C-STATE-descriptors",
         "leaks a descriptor when it meets a link", descriptor_leaked_for_links),
    AT_ONLY("canary-dirfd-read", "C-STATE-descriptors",
            "reads the directory through dirfd after EEXIST", dirfd_read),
    AT_ONLY("canary-dirfd-blocking", "C-STATE-descriptors",
            "clears O_NONBLOCK of dirfd when it fails", dirfd_blocking),
    AT_ONLY("canary-dirfd-inherited", "C-STATE-descriptors",
            "clears close-on-exec of dirfd when it fails", dirfd_inherited),
    BOTH("canary-signals-left-blocked", "C-STATE-signals",
         "leaves all signals blocked when it fails", signals_left_blocked),
    AT_ONLY("canary-dirfd-closed", "C-STATE-descriptors", "closes an ignored dirfd", dirfd_closed),
    AT_ONLY("canary-dirfd-closed-on-failure", "C-STATE-descriptors",
            "closes an ignored dirfd when it fails", dirfd_closed_on_failure),
    BOTH("canary-path-slash-cut", "C-PATH-const", "cuts the trailing slash in place",
         path_slash_cut),
    BOTH("canary-path-slash-cut-and-restored", "C-PATH-const",
         "cuts the trailing slash in place and puts it back", path_slash_cut_and_restored),
    BOTH("canary-path-lower-case", "C-PATH-const", "makes the path lower case in place",
         path_lower_case),
    BOTH("canary-path-read-beyond", "C-PATH-read", "reads a byte behind the NUL", path_read_beyond),
    BOTH("canary-path-read-in-words", "C-PATH-read", "reads the path eight bytes at a time",
         path_read_in_words),
    BOTH("canary-empty-aborts", "C-RETURNS", "aborts for \"\"", empty_aborts),
    BOTH("canary-components-64-crash", "C-RETURNS", "crashes for 64 components",
         components_64_crash),
    BOTH("canary-buffer-1024-overflows", "C-RETURNS", "crashes for 1024 bytes",
         buffer_1024_overflows),
    BOTH("canary-dotdot-hangs", "C-RETURNS", "loops for ever on ../..", dotdot_hangs),
    BOTH("canary-opens-and-waits", "C-RETURNS", "waits for a writer if mode is 0600",
         opens_and_waits),
    BOTH("canary-recurses", "C-RETURNS", "overflows the stack for a path that ends in dots",
         recurses),
    BOTH("canary-exits", "C-RETURNS", "calls exit after ELOOP", exits),
    BOTH("canary-forks", "C-CONTAINED", "forks for a leading dash", forks),
    BOTH("canary-kills", "C-CONTAINED", "sends a signal when it fails", kills),
    BOTH("canary-executes", "C-CONTAINED", "executes for a shell's characters", executes),
    BOTH("canary-connects", "C-CONTAINED", "opens a socket", connects),
    AT_ONLY("canary-unshares", "C-CONTAINED", "calls unshare with a dirfd", unshares),
    BOTH("canary-leaves-root", "C-CONTAINED", "calls chroot for a path with \"..\"", leaves_root),
    BOTH("canary-second-call", "C-SUCCESS", "EEXIST on every second call", second_call),
    BOTH("canary-fiftieth-call", "C-SUCCESS", "EEXIST on every 50th call", fiftieth_call),
    BOTH("canary-remembered", "C-SUCCESS", "EEXIST for the path it created last, gone or not",
         remembered),
    BOTH("canary-umask-remembered", "C-MODE-umask", "uses the first call's umask for ever",
         umask_remembered),
    BOTH("canary-buffer-256", "C-SUCCESS", "cuts a path of more than 256 bytes", buffer_256),
    BOTH("canary-two-slashes", "C-SUCCESS", "ENOENT for //name", two_slashes),
    BOTH("canary-slashes-inside", "C-SUCCESS", "ENOENT for d//name", slashes_inside),
    BOTH("canary-one-letter", "C-SUCCESS", "EINVAL for a name of one letter", one_letter),
};

const struct implementation_table canaries_state = ROWS(rows);
