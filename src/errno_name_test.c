#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "errno_name.h"

static void names_are_those_of_errno_h(void **state) {
    (void)state;
    assert_string_equal(errno_name(0), "0");
    assert_string_equal(errno_name(EEXIST), "EEXIST");
    assert_string_equal(errno_name(ENAMETOOLONG), "ENAMETOOLONG");
    assert_string_equal(errno_name(EAGAIN), "EAGAIN");
    assert_string_equal(errno_name(EOPNOTSUPP), "EOPNOTSUPP");
    assert_string_equal(errno_name(EDEADLK), "EDEADLK");
}

static void every_number_up_to_133_has_a_name_that_leads_back(void **state) {
    (void)state;
    for (int error = 1; error <= 133; error++) {
        const char *name = errno_name(error);
        if (error == 41 ||
            error == 58) { /* EWOULDBLOCK and EDEADLOCK have no number of their own */
            assert_memory_equal(name, "errno ", 6);
        } else {
            assert_int_equal(name[0], 'E');
            assert_int_equal(errno_value(name, strlen(name)), error);
        }
    }
}

static void unknown_numbers_are_shown_as_numbers(void **state) {
    (void)state;
    assert_string_equal(errno_name(524), "errno 524");
    assert_string_equal(errno_name(-1), "errno -1");
    assert_string_equal(errno_name(INT32_MIN), "errno -2147483648");
}

static void second_names_have_a_value(void **state) {
    (void)state;
    assert_int_equal(errno_value("EWOULDBLOCK", 11), EAGAIN);
    assert_int_equal(errno_value("ENOTSUP", 7), EOPNOTSUPP);
    assert_int_equal(errno_value("EDEADLOCK", 9), EDEADLK);
}

static void only_whole_names_have_a_value(void **state) {
    (void)state;
    assert_int_equal(errno_value("0", 1), 0);
    assert_int_equal(errno_value("EEXIST; more", 6), EEXIST);
    assert_int_equal(errno_value("EEXIST", 5), -1);
    assert_int_equal(errno_value("EEXISTS", 7), -1);
    assert_int_equal(errno_value("eexist", 6), -1);
    assert_int_equal(errno_value("errno 5", 7), -1);
    assert_int_equal(errno_value("00", 2), -1);
    assert_int_equal(errno_value("", 0), -1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_those_of_errno_h),
        cmocka_unit_test(every_number_up_to_133_has_a_name_that_leads_back),
        cmocka_unit_test(unknown_numbers_are_shown_as_numbers),
        cmocka_unit_test(second_names_have_a_value),
        cmocka_unit_test(only_whole_names_have_a_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
