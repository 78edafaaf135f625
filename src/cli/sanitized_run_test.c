/*
 * sanitized_run_test.c - a run that keeps going when a sanitizer ends its process again and again.
 * Only a build with a sanitizer can show that; the implementation is testing/overrun.c.
 */
#include "cli_testing.h"

#ifdef __has_feature
#define HAS_SANITIZER __has_feature(address_sanitizer)
#elif defined __SANITIZE_ADDRESS__
#define HAS_SANITIZER 1
#else
#define HAS_SANITIZER 0
#endif

static char object[PATH_MAX]; /* overrun.so, beside this test */

static int prepare_object(void **state) {
    ssize_t length = readlink("/proc/self/exe", object, sizeof object - 16);
    if (length < 0)
        return -1;
    object[length] = '\0';
    memcpy(strrchr(object, '/') + 1, "overrun.so", sizeof "overrun.so");
    return prepare(state);
}

/* Some of the seeds overrun, too, and all processes begin with them. */
static void a_run_comes_to_its_end_in_many_processes(void **state) {
    (void)state;
    need_sandbox();
    RUN("run", "mkfifo", "--implementation", object, "--runs", "400", "--seed", "1", "--keep-going",
        "--findings", "overrun");
    if (ran.status == 77)
        skip(); /* built without libFuzzer */
    assert_status(1);
    assert_contains(ran.err, "a sanitizer takes one report only: going on in a new process");
    assert_contains(ran.err, "\n  findings              1  C-RETURNS.mkfifo.ending.6-0\n");
    const char *scenarios = strstr(ran.err, "\n  scenarios");
    assert_non_null(scenarios);
    assert_in_range(strtoul(scenarios + strlen("\n  scenarios"), NULL, 10), 400, 999);
    assert_contains(ran.out, "heap-buffer-overflow");
    assert_contains(ran.out, "\nThe implementation's stack:\n");
    assert_contains(ran.out, "\n    #1 mkfifo"); /* above memset */
    assert_contains(ran.out, "\nConfirmed:             in 3 of 3 fresh processes\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_comes_to_its_end_in_many_processes),
    };
    if (!HAS_SANITIZER) {
        fputs("skipped: built without AddressSanitizer: scripts/build --sanitize\n", stderr);
        return 77;
    }
    return cmocka_run_group_tests(tests, prepare_object, clean_up);
}
