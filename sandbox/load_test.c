/*
 * load_test.c - sandbox_load with an implementation_load of the test's own, which does what a
 * shared object's constructor could. It takes the place of the one in src/implementations.
 */
#include "testing.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>

static char host_file[] = "/tmp/fifofuzz-load-XXXXXX";
static volatile int zero;
static int loads; /* in this process, so not those in a child */

static bool others_have_ended;

/* In the place of the C library's: as if each thread had ended before another one looks at it. */
int pthread_getcpuclockid(pthread_t thread, clockid_t *clock) {
    if (others_have_ended && !pthread_equal(thread, pthread_self()))
        return ESRCH;
    int (*real)(pthread_t, clockid_t *);
    void *address = dlsym(RTLD_NEXT, "pthread_getcpuclockid");
    assert_non_null(address);
    memcpy(&real, &address, sizeof(real));
    return real(thread, clock);
}

/* What tries to change the host's files must get EROFS; returns the errno. */
static int write_to_host(void) {
    errno = 0;
    if (open(host_file, O_WRONLY) >= 0 || errno != EROFS)
        return errno;
    if (chmod(host_file, 0777) == 0 || errno != EROFS)
        return errno;
    if (mkdir("/tmp/fifofuzz-load-directory", 0755) == 0 || errno != EROFS)
        return errno;
    return EROFS;
}

int implementation_load(struct implementation *out, const char *path, char *reason,
                        size_t reason_size) {
    loads++;
    if (strcmp(path, "crash") == 0)
        raise(SIGSEGV);
    if (strcmp(path, "hang") == 0)
        for (;;)
            pause();
    while (strcmp(path, "spin") == 0 && !zero)
        ;
    if (strcmp(path, "exit") == 0)
        _exit(0);
    if (strcmp(path, "missing") == 0) {
        snprintf(reason, reason_size, "there is no such object");
        return -ENOENT;
    }
    if (strcmp(path, "write") == 0 && write_to_host() != EROFS)
        return -EPROTO;
    *out = plain;
    return 0;
}

static int load(const char *path, char *reason, size_t reason_size) {
    struct implementation out = {0};
    int error = sandbox_load(&out, path, reason, reason_size);
    if (!error)
        assert_ptr_equal(out.mkfifo, plain.mkfifo);
    return error;
}

static void a_good_object_is_loaded(void **state) {
    (void)state;
    char reason[256];
    loads = 0;
    assert_int_equal(load("good", reason, sizeof(reason)), 0);
    assert_int_equal(loads, 1);
}

static void a_loader_may_end_before_it_is_watched(void **state) {
    (void)state;
    char reason[256];
    others_have_ended = true;
    assert_int_equal(load("good", reason, sizeof(reason)), 0);
    others_have_ended = false;
}

static void a_constructor_cannot_write_to_the_host(void **state) {
    (void)state;
    char reason[256] = "";
    assert_int_equal(load("write", reason, sizeof(reason)), 0);
    assert_int_equal(access(host_file, W_OK), 0); /* the caller can still */
}

static void a_failure_keeps_its_reason(void **state) {
    (void)state;
    char reason[256];
    assert_int_equal(load("missing", reason, sizeof(reason)), -ENOENT);
    assert_string_equal(reason, "there is no such object");
}

/* None of them gets as far as this process. */
static void bad_constructors_are_told(void **state) {
    (void)state;
    char reason[256];
    loads = 0;
    assert_int_equal(load("crash", reason, sizeof(reason)), -EFAULT);
    assert_non_null(strstr(reason, "crash"));
    assert_int_equal(load("exit", reason, sizeof(reason)), -EFAULT);
    assert_int_equal(load("hang", reason, sizeof(reason)), -ETIME);
    assert_int_equal(load("spin", reason, sizeof(reason)), -ETIME);
    assert_int_equal(loads, 0);
}

static void the_sandbox_opens_after_loads(void **state) {
    (void)state;
    reopen();
    assert_world_is_fresh();
}

int main(void) {
    open_or_skip();
    int file = mkstemp(host_file);
    if (file < 0)
        return EXIT_FAILURE;
    close(file);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_object_is_loaded),
        cmocka_unit_test(a_loader_may_end_before_it_is_watched),
        cmocka_unit_test(a_constructor_cannot_write_to_the_host),
        cmocka_unit_test(a_failure_keeps_its_reason),
        cmocka_unit_test(bad_constructors_are_told),
        cmocka_unit_test(the_sandbox_opens_after_loads),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(host_file);
    sandbox_close(sandbox);
    return failed;
}
