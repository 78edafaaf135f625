#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fresh.h"
#include "probe.h"

static struct examiner examiner;
static struct scenario scenario;

/* Opens the examiner on a built-in implementation with a scenario of text. */
static void open_with(const char *name, const char *text) {
    char reason[256];
    struct text_error error;
    memset(&examiner, 0, sizeof examiner);
    if (examine_open(&examiner, implementation_find(name), -1, reason, sizeof reason) != 0)
        fail_msg("%s", reason);
    assert_int_equal(scenario_parse(&scenario, NULL, text, strlen(text), &error), 0);
}

static struct confirmation confirm(const char *name, const char *text) {
    struct confirmation confirmation;
    open_with(name, text);
    assert_int_equal(fresh_confirm(&examiner, &scenario, &confirmation), 0);
    examine_close(&examiner);
    return confirmation;
}

static void a_fault_of_the_scenario_alone_is_confirmed_as_it_is(void **state) {
    (void)state;
    struct confirmation confirmation = confirm("canary-returns-one", "mkfifo \"abc\" 0644\n");
    assert_int_equal(confirmation.violated, FRESH_TRIES);
    assert_int_equal(confirmation.added, 0);
    assert_int_equal(scenario.step_count, 1);
}

static void a_right_implementation_is_not_confirmed(void **state) {
    (void)state;
    struct confirmation confirmation = confirm("own", "mkfifo \"abc\" 0644\n");
    assert_int_equal(confirmation.violated, 0);
    assert_int_equal(confirmation.added, 0);
    assert_int_equal(scenario.step_count, 1);
}

static void a_counted_fault_gets_the_calls_before_it(void **state) {
    (void)state;
    struct confirmation confirmation = confirm("canary-fiftieth-call", "mkfifo \"abc\" 0644\n");
    assert_int_equal(confirmation.violated, FRESH_TRIES);
    assert_int_equal(confirmation.added, 49);
    assert_int_equal(scenario.step_count, 50);
}

static void an_alternating_fault_gets_its_own_call_again(void **state) {
    (void)state;
    struct confirmation confirmation =
        confirm("canary-type-masked-sometimes", "mkfifo \"abc\" 0100644\n");
    assert_int_equal(confirmation.violated, FRESH_TRIES);
    assert_true(confirmation.added > 0);
}

static void kill_itself(struct examiner *child, void *context) {
    (void)child;
    (void)context;
    raise(SIGKILL);
}

static void a_killed_process_is_told_from_one_that_ends(void **state) {
    (void)state;
    int signal = 0;
    open_with("own", "mkfifo \"abc\" 0644\n");
    assert_int_equal(fresh_run(&examiner, kill_itself, NULL, &signal), 0);
    assert_int_equal(signal, SIGKILL);
    struct fresh_result result;
    assert_int_equal(fresh_examine(&examiner, &scenario, 7, &result), 0);
    assert_int_equal(result.signal, 0);
    assert_int_equal(result.runs, 7);
    assert_false(fresh_is_violated(&result));
    examine_close(&examiner);
}

static void traits_are_found_and_leave_no_trace(void **state) {
    (void)state;
    static const struct {
        const char *name;
        bool masks_type_bits, reads_path;
    } rows[] = {
        {"own", false, false},
        {"libc", false, false},
        {"honest-masks-type", true, false},
        {"honest-measures-path", false, true},
    };
    for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
        struct traits traits;
        char reason[256];
        assert_int_equal(
            probe_traits(&traits, implementation_find(rows[row].name), -1, reason, sizeof reason),
            0);
        for (int entry = 0; entry < 2; entry++) {
            assert_int_equal(traits.of[entry].masks_type_bits, rows[row].masks_type_bits);
            assert_int_equal(traits.of[entry].reads_path, rows[row].reads_path);
        }
    }
    /* Wrong on every second call: had the probes been made here, the first call might be the one.
     */
    struct verdict verdict;
    open_with("canary-second-call", "mkfifo \"abc\" 0644\nunlink \"abc\"\nmkfifo \"abc\" 0644\n");
    examine_once(&examiner, &scenario, &verdict);
    examine_close(&examiner);
    assert_true(verdict_is_bad(&verdict));
    assert_int_equal(verdict.step, 2);
}

int main(void) {
    char reason[512];
    int error = sandbox_prepare(reason, sizeof reason);
    if (error || sandbox_shortfall()[0]) {
        printf("SKIP: %s\n", error ? reason : sandbox_shortfall());
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fault_of_the_scenario_alone_is_confirmed_as_it_is),
        cmocka_unit_test(a_right_implementation_is_not_confirmed),
        cmocka_unit_test(a_counted_fault_gets_the_calls_before_it),
        cmocka_unit_test(an_alternating_fault_gets_its_own_call_again),
        cmocka_unit_test(a_killed_process_is_told_from_one_that_ends),
        cmocka_unit_test(traits_are_found_and_leave_no_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
