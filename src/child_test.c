#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <unistd.h>

#include "child.h"

struct answer {
    pid_t process;
    int before, after;
};

static void say_who(void *answer, void *context) {
    struct answer *told = answer;
    told->process = getpid();
    told->after = told->before + *(int *)context;
}

static void be_killed(void *answer, void *context) {
    say_who(answer, context);
    raise(SIGKILL);
    ((struct answer *)answer)->after = 0;
}

static void another_process_answers(void **state) {
    (void)state;
    struct answer answer = {.before = 40};
    int more = 2;
    assert_int_equal(child_ask(&answer, sizeof answer, say_who, &more), 0);
    assert_int_not_equal(answer.process, getpid());
    assert_int_equal(answer.after, 42);
}

static void a_killed_one_has_told_what_it_could(void **state) {
    (void)state;
    struct answer answer = {.before = 1};
    int more = 1;
    assert_int_equal(child_ask(&answer, sizeof answer, be_killed, &more), 0);
    assert_int_equal(answer.after, 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_process_answers),
        cmocka_unit_test(a_killed_one_has_told_what_it_could),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
