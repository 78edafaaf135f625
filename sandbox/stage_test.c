/* Several actors: who waits, who is woken, who is stopped, and what is noted of that. */
#include "testing.h"

static void opens_wait_for_each_other(void **state) {
    (void)state;
    const struct observation *seen = run("mkfifo \"f\" 0644        # 0\n"
                                         "actor 1\n"
                                         "d0 = open \"f\" wait    # waits 0\n"
                                         "actor 2\n"
                                         "d1 = open \"f\" write wait # 0\n"
                                         "write d1 5             # 0\n"
                                         "read d0 9              # 0\n");
    assert_int_equal(seen->outcomes[2].ended, 4);
    assert_int_equal(seen->outcomes[2].result, 3);
    assert_int_equal(seen->outcomes[4].result, 4);
    assert_int_equal(seen->outcomes[5].result, 5);
    assert_int_equal(seen->outcomes[6].result, 5);
    assert_true(seen->outcomes[6].digest != 0);
}

static void what_waits_for_ever_is_interrupted_at_the_end(void **state) {
    (void)state;
    run("mkfifo \"f\" 0644        # 0\n"
        "actor 3\n"
        "d0 = open \"f\" write wait # waits\n"
        "mkfifo \"g\" 0644\n" /* is left out: the actor waits */
        "actor 0\n"
        "mkfifo \"g\" 0644        # 0\n");
}

static void a_signal_interrupts_or_restarts(void **state) {
    (void)state;
    run("mkfifo \"f\" 0644        # 0\n"
        "actor 1\n"
        "d0 = open \"f\" wait    # waits EINTR\n"
        "signal 1 restart\n"
        "signal 1\n"
        "actor 2\n"
        "d0 = open \"f\" wait    # waits\n"
        "signal 2 restart\n");
}

static void readers_wait_and_writers_break(void **state) {
    (void)state;
    const struct observation *seen = run("mkfifo \"f\" 0644       # 0\n"
                                         "d0 = open \"f\" both wait # 0\n"
                                         "actor 1\n"
                                         "read d0 10            # waits 0\n"
                                         "actor 0\n"
                                         "write d0 3            # 0\n"
                                         "d1 = open \"f\"\n"
                                         "d2 = open \"f\" write   # 0\n"
                                         "close d0\n"
                                         "close d1\n"
                                         "write d2 1            # EPIPE\n");
    assert_int_equal(seen->outcomes[3].result, 3);
    assert_int_equal(seen->outcomes[10].broken_pipes, 1);
}

static void what_a_close_wakes_is_over_with_it(void **state) {
    (void)state;
    const struct observation *seen = run("mkfifo \"f\" 0644       # 0\n"
                                         "d0 = open \"f\" both wait # 0\n"
                                         "d1 = open \"f\" wait   # 0\n"
                                         "actor 1\n"
                                         "read d1 10            # waits 0\n"
                                         "actor 0\n"
                                         "close d0              # 0\n"
                                         "d1 = open \"f\" both   # 0\n");
    assert_int_equal(seen->outcomes[4].ended, 6);
}

static void opens_that_come_back_for_one_slot_leave_the_last(void **state) {
    (void)state;
    const struct observation *seen = run("mkfifo \"f\" 0644       # 0\n"
                                         "d0 = open \"f\" wait   # waits 0\n"
                                         "actor 2\n"
                                         "d0 = open \"f\" wait   # waits 0\n"
                                         "actor 1\n"
                                         "d0 = open \"f\"        # 0\n"
                                         "d1 = open \"f\" write  # 0\n");
    assert_int_equal(seen->slots[0].number, 4);
    assert_false(seen->open[3]);
    assert_true(seen->open[4]);
}

static void the_harness_s_own_pipe_is_no_fifo_of_the_scenario_s(void **state) {
    (void)state;
    run("d0 = dup 2 7\n"
        "write d0 1  # EOPNOTSUPP\n"
        "use d0 pending # EOPNOTSUPP\n");
}

static void calls_stop_and_go_on(void **state) {
    (void)state;
    need(ABILITY_GATE);
    reopen();
    const struct observation *seen = run("pause 1\n"
                                         "mkfifo \"f\" 0644 # waits EEXIST\n"
                                         "mkfifo \"f\" 0600 # 0\n"
                                         "actor 1\n"
                                         "mkfifo \"f\" 0600 # EEXIST\n"
                                         "actor 0\n"
                                         "resume\n");
    assert_int_equal(seen->outcomes[1].ended, 6);
    assert_false(seen->outcomes[1].looked);
}

static void calls_stop_at_every_instruction(void **state) {
    (void)state;
    need(ABILITY_GATE);
    reopen();
    unsigned stopped = 0;
    for (unsigned at = 1; at < 60; at++) {
        char text[200];
        snprintf(text, sizeof text,
                 "pause %u instruction\nmkfifo \"f\" 0644\nactor 1\nunlink \"f\"\nmkfifo \"g\" 0\n",
                 at);
        const struct observation *seen = run(text);
        assert_int_equal(seen->outcomes[1].result, 0);
        stopped += seen->outcomes[1].ended != 1;
    }
    assert_true(stopped > 10);
}

static void the_kernel_s_answer_is_replaced(void **state) {
    (void)state;
    need(ABILITY_GATE);
    reopen();
    run("inject EIO\n"
        "mkfifo \"f\" 0644 # EIO\n"
        "mkfifo \"f\" 0644 # 0\n"
        "inject 0 once\n"
        "mkfifo \"g\" 0644 # 0\n"
        "unlink \"g\" # ENOENT\n");
}

int main(void) {
    open_or_skip();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_wait_for_each_other),
        cmocka_unit_test(what_waits_for_ever_is_interrupted_at_the_end),
        cmocka_unit_test(a_signal_interrupts_or_restarts),
        cmocka_unit_test(readers_wait_and_writers_break),
        cmocka_unit_test(what_a_close_wakes_is_over_with_it),
        cmocka_unit_test(opens_that_come_back_for_one_slot_leave_the_last),
        cmocka_unit_test(the_harness_s_own_pipe_is_no_fifo_of_the_scenario_s),
        cmocka_unit_test(calls_stop_and_go_on),
        cmocka_unit_test(calls_stop_at_every_instruction),
        cmocka_unit_test(the_kernel_s_answer_is_replaced),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    sandbox_close(sandbox);
    return failed;
}
