/* package_test.c - the packages behind a name. */
#include "package.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "report.h"

static void assert_package(const char *name, const char *wanted) {
    char *package = package_of(name);
    assert_string_equal(package, wanted);
    free(package);
}

static void a_name_leads_to_its_packages(void **state) {
    (void)state;
    assert_package("libc", "libc6");
    assert_package("musl", "musl-tools");
    assert_package("qemu-aarch64", "qemu-user gcc-aarch64-linux-gnu");
    assert_package("own", "");
    assert_package("./mine.so", "");
}

static void what_an_agent_is_under_comes_first(void **state) {
    (void)state;
    assert_package("musl under fakeroot --", "fakeroot musl-tools");
    assert_package("musl under proot under fakeroot --", "proot fakeroot musl-tools");
}

static void what_is_of_no_package_has_a_version_or_none(void **state) {
    (void)state;
    char *version = package_version("own");
    assert_string_equal(version, report_version());
    free(version);
    version = package_version("./mine.so");
    assert_string_equal(version, "");
    free(version);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_leads_to_its_packages),
        cmocka_unit_test(what_an_agent_is_under_comes_first),
        cmocka_unit_test(what_is_of_no_package_has_a_version_or_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
