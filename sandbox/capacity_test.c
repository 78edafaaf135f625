/*
 * capacity_test.c - that a user has used up what pipes may hold is noticed. Tried as a user of its
 * own, whose pipes are nobody else's.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "capacity.h"
#include "payload.h"

enum { UID_OF_ITS_OWN = 54321, PIPES_MAX = 400, EXIT_UNLIMITED = 77 };
enum { USUAL_AT_FIRST = 1, USUAL_WHEN_USED_UP = 2, USUAL_AFTERWARDS = 4 };

/* Pipes of 1 MiB until a new one is small; the last two ends are its. */
static int use_up(int ends[][2]) {
    for (int count = 0; count < PIPES_MAX; count++) {
        if (pipe(ends[count]))
            return -1;
        if (fcntl(ends[count][0], F_GETPIPE_SZ) < PIPE_SIZE)
            return count;
        (void)fcntl(ends[count][0], F_SETPIPE_SZ, PIPE_SIZE_MAX);
    }
    return -1;
}

static int try_as_another(void) {
    int ends[PIPES_MAX][2];
    if (setuid(UID_OF_ITS_OWN))
        return EXIT_UNLIMITED;
    int seen = capacity_is_usual() ? USUAL_AT_FIRST : 0;
    const int last = use_up(ends);
    if (last < 0)
        return EXIT_UNLIMITED;
    seen |= capacity_is_usual() ? USUAL_WHEN_USED_UP : 0;
    for (int i = 0; i <= last; i++) {
        close(ends[i][0]);
        close(ends[i][1]);
    }
    return seen | (capacity_is_usual() ? USUAL_AFTERWARDS : 0);
}

static void small_pipes_are_noticed(void **state) {
    (void)state;
    int status;
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(try_as_another());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == EXIT_UNLIMITED)
        skip(); /* not root, or no limit that is soon reached */
    assert_int_equal(WEXITSTATUS(status), USUAL_AT_FIRST | USUAL_AFTERWARDS);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_pipes_are_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
