/*
 * mkfifo_test.c - libmkfifo against the kernel, as root of an empty file system that nobody else
 * sees, and without capabilities, so that modes decide.
 */
#include "mkfifo.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "private_testing.h"

enum { POISON = 7777 };

static const char *volatile no_path; /* null, without the compiler seeing it */

/* --- what a call gave ---------------------------------------------------------------------- */

static void expect_success(int result) {
    int error = errno;
    assert_int_equal(result, 0);
    assert_int_equal(error, POISON);
    errno = POISON;
}

static void expect_failure(int error, int result) {
    int got = errno;
    assert_int_equal(result, -1);
    assert_int_equal(got, error);
    errno = POISON;
}

static void expect_fifo(const char *path, mode_t mode) {
    struct stat status;
    assert_int_equal(lstat(path, &status), 0);
    assert_int_equal(status.st_mode, S_IFIFO | mode);
    assert_int_equal(unlink(path), 0);
}

static int poison(void **state) {
    (void)state;
    errno = POISON;
    return 0;
}

static char *path_of(char *out, char byte, size_t length) {
    memset(out, byte, length);
    out[length] = '\0';
    return out;
}

/* --- tests ------------------------------------------------------------------------------------ */

/* Linked before the C library, ours are taken: both addresses are in this program. */
static void the_functions_are_ours(void **state) {
    (void)state;
    static const char in_this_program;
    int (*const function)(const char *, mode_t) = mkfifo;
    int (*const function_at)(int, const char *, mode_t) = mkfifoat;
    void *address, *address_at;
    Dl_info program, symbol, symbol_at;
    memcpy(&address, &function, sizeof address);
    memcpy(&address_at, &function_at, sizeof address_at);
    assert_true(dladdr(&in_this_program, &program) != 0);
    assert_true(dladdr(address, &symbol) != 0);
    assert_true(dladdr(address_at, &symbol_at) != 0);
    assert_ptr_equal(symbol.dli_fbase, program.dli_fbase);
    assert_ptr_equal(symbol_at.dli_fbase, program.dli_fbase);
}

static void success_makes_a_fifo_and_keeps_errno(void **state) {
    (void)state;
    expect_success(mkfifo("fifo", 0644));
    expect_fifo("fifo", 0644);
    expect_success(mkfifoat(AT_FDCWD, "fifo", 0600));
    expect_fifo("fifo", 0600);
}

static void the_umask_applies_to_permissions_only(void **state) {
    (void)state;
    mode_t before = umask(027);
    expect_success(mkfifo("fifo", 07777));
    expect_fifo("fifo", 07750);
    (void)umask(before);
}

static void type_bits_other_than_s_ififo_are_einval(void **state) {
    (void)state;
    for (mode_t type = 0; type <= S_IFMT; type += 0010000) {
        if (type == 0 || type == S_IFIFO) {
            expect_success(mkfifo("fifo", type | 0644));
            expect_fifo("fifo", 0644);
        } else {
            expect_failure(EINVAL, mkfifo("fifo", type | 0644));
        }
    }
}

static void bits_above_the_sixteenth_are_ignored(void **state) {
    (void)state;
    expect_success(mkfifo("fifo", 0x10000 | 0600));
    expect_fifo("fifo", 0600);
    expect_success(mkfifoat(AT_FDCWD, "fifo", 0xffff0000 | 0640));
    expect_fifo("fifo", 0640);
}

static void a_name_that_exists_is_eexist(void **state) {
    (void)state;
    assert_int_equal(symlink("nowhere", "link"), 0);
    expect_failure(EEXIST, mkfifo(".", 0644));
    expect_failure(EEXIST, mkfifo("/", 0644));
    expect_failure(EEXIST, mkfifo("link", 0644));
    expect_failure(EEXIST, mkfifo("link/", 0644));
    expect_failure(ENOENT, mkfifo("link/x", 0644));
    struct stat status;
    assert_int_equal(lstat("nowhere", &status), -1);
    assert_int_equal(unlink("link"), 0);
}

static void a_bad_path_is_told_as_the_kernel_tells_it(void **state) {
    (void)state;
    char path[PATH_MAX + 1];
    assert_int_equal(symlink("loop", "loop"), 0);
    expect_failure(ENOENT, mkfifo("", 0644));
    expect_failure(ENOENT, mkfifo("missing/fifo", 0644));
    expect_failure(ENOENT, mkfifo("missing/", 0644));
    expect_failure(ELOOP, mkfifo("loop/fifo", 0644));
    expect_failure(ENAMETOOLONG, mkfifo(path_of(path, 'x', NAME_MAX + 1), 0644));
    expect_failure(ENAMETOOLONG, mkfifo(path_of(path, '/', PATH_MAX), 0644));
    expect_failure(EEXIST, mkfifo(path_of(path, '/', PATH_MAX - 1), 0644));
    expect_success(mkfifo(path_of(path, 'x', NAME_MAX), 0644));
    expect_fifo(path, 0644);
    assert_int_equal(unlink("loop"), 0);
}

static void a_bad_pointer_is_efault(void **state) {
    (void)state;
    char *page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(page != MAP_FAILED);
    errno = POISON;
    expect_failure(EFAULT, mkfifo(no_path, 0644));
    expect_failure(EFAULT, mkfifo(page, 0644));
    expect_failure(EFAULT, mkfifoat(-1, page, 0644));
    munmap(page, 4096);
}

static void dirfd_is_where_a_relative_path_starts(void **state) {
    (void)state;
    assert_int_equal(mkdir("directory", 0755), 0);
    int directory = open("directory", O_RDONLY | O_DIRECTORY);
    int path_only = open("directory", O_PATH);
    assert_true(directory >= 0 && path_only >= 0);
    expect_success(mkfifoat(directory, "fifo", 0644));
    expect_fifo("directory/fifo", 0644);
    expect_success(mkfifoat(path_only, "fifo", 0644));
    expect_fifo("directory/fifo", 0644);
    close(path_only);
    close(directory);
    assert_int_equal(rmdir("directory"), 0);
}

static void a_dirfd_that_will_not_do_is_told(void **state) {
    (void)state;
    int file = open("file", O_RDWR | O_CREAT, 0600);
    assert_true(file >= 0);
    expect_failure(ENOTDIR, mkfifoat(file, "fifo", 0644));
    expect_failure(ENOTDIR, mkfifo("file/fifo", 0644));
    close(file);
    expect_failure(EBADF, mkfifoat(file, "fifo", 0644));
    expect_failure(EBADF, mkfifoat(-1, "fifo", 0644));
    expect_failure(EBADF, mkfifoat(INT_MIN, "fifo", 0644));
    expect_failure(EBADF, mkfifoat(INT_MAX, "fifo", 0644));
    assert_int_equal(unlink("file"), 0);
}

static void dirfd_is_ignored_with_an_absolute_path(void **state) {
    (void)state;
    expect_success(mkfifoat(-1, "/fifo", 0644));
    expect_fifo("/fifo", 0644);
}

static void permission_that_is_missing_is_eacces(void **state) {
    (void)state;
    assert_int_equal(mkdir("directory", 0500), 0);
    expect_failure(EACCES, mkfifo("directory/fifo", 0644));
    assert_int_equal(chmod("directory", 0600), 0);
    expect_failure(EACCES, mkfifo("directory/fifo", 0644));
    assert_int_equal(rmdir("directory"), 0);
}

/* --- set-up ----------------------------------------------------------------------------------- */

static bool enter_without_capabilities(void) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[2] = {{0}};
    return enter_empty_file_system() && chroot(".") == 0 && syscall(SYS_capset, &header, none) == 0;
}

int main(void) {
    if (!enter_without_capabilities())
        return skip_for_want_of_a_file_system();
    (void)umask(0);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_functions_are_ours),
        cmocka_unit_test_setup(success_makes_a_fifo_and_keeps_errno, poison),
        cmocka_unit_test_setup(the_umask_applies_to_permissions_only, poison),
        cmocka_unit_test_setup(type_bits_other_than_s_ififo_are_einval, poison),
        cmocka_unit_test_setup(bits_above_the_sixteenth_are_ignored, poison),
        cmocka_unit_test_setup(a_name_that_exists_is_eexist, poison),
        cmocka_unit_test_setup(a_bad_path_is_told_as_the_kernel_tells_it, poison),
        cmocka_unit_test_setup(a_bad_pointer_is_efault, poison),
        cmocka_unit_test_setup(dirfd_is_where_a_relative_path_starts, poison),
        cmocka_unit_test_setup(a_dirfd_that_will_not_do_is_told, poison),
        cmocka_unit_test_setup(dirfd_is_ignored_with_an_absolute_path, poison),
        cmocka_unit_test_setup(permission_that_is_missing_is_eacces, poison),
    };
    int failures = cmocka_run_group_tests(tests, NULL, NULL);
    (void)fflush(NULL);
    _exit(failures ? 1 : 0); /* without exit handlers: a leak checker wants /proc, left outside */
}
