/*
 * worker_test.c - how a worker ends: its task and the thread that it works in the place of.
 */
#include "testing.h"

#include <pthread.h>
#include <sched.h>

static pthread_key_t key;

static void fill_stack(void *argument) {
    volatile char frame[1 << 14];
    (void)argument;
    for (size_t i = 0; i < sizeof(frame); i++)
        frame[i] = (char)0xa5;
}

static int end_thread(const char *path, mode_t mode) {
    (void)mode;
    pthread_setspecific(key, path);
    pthread_exit(NULL);
}

static void *end_thread_here(void *argument) {
    (void)argument;
    pthread_exit(NULL);
}

/* The C library loads libgcc_s at the first pthread_exit(3), and the arena has none. */
static void have_the_unwinder_loaded(void) {
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, end_thread_here, NULL), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
}

/* /proc/self/task has a folder, and so a link, for each. */
static nlink_t count_threads(void) {
    struct stat tasks;
    assert_int_equal(stat("/proc/self/task", &tasks), 0);
    return tasks.st_nlink;
}

/* It goes back to the first frame of the thread that the worker's task stands in for. */
static void pthread_exit_is_forbidden_and_leaves_no_thread(void **state) {
    enum { REPETITIONS = 100 };
    (void)state;
    have_the_unwinder_loaded();
    assert_int_equal(pthread_key_create(&key, fill_stack), 0);
    reopen();
    const nlink_t before = count_threads();
    for (int i = 0; i < REPETITIONS; i++) {
        const struct observation *seen = run_function(end_thread);
        assert_int_equal(seen->ending, ENDING_FORBIDDEN);
        assert_int_equal(seen->detail, SYS_exit);
        assert_world_is_fresh();
    }
    while (count_threads() > before)
        sched_yield(); /* pthread_join(3) returns a moment before the thread has left the process */
    pthread_key_delete(key);
}

static volatile sig_atomic_t signal_noted;
static void note_signal(int number) {
    signal_noted = number;
}

/* As a debugger or an engine sees it, which stops at signals. */
static void a_worker_ends_without_a_signal(void **state) {
    (void)state;
    reopen();
    signal(SIGSYS, note_signal);
    signal_noted = 0;
    sandbox_close(sandbox);
    sandbox = NULL;
    assert_int_equal(signal_noted, 0);
    reopen();
}

int main(void) {
    open_or_skip();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pthread_exit_is_forbidden_and_leaves_no_thread),
        cmocka_unit_test(a_worker_ends_without_a_signal),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    sandbox_close(sandbox);
    return failed;
}
