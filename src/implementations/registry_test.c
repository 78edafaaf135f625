#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "implementations/implementation.h"

static bool starts_with(const char *text, const char *start) {
    return strncmp(text, start, strlen(start)) == 0;
}

static void the_built_in_ones_come_first(void **state) {
    (void)state;
    size_t count;
    const struct implementation *const *list = implementation_list(&count);
    assert_true(count > 3);
    assert_string_equal(list[0]->name, "own");
    assert_string_equal(list[1]->name, "libc");
    assert_string_equal(list[2]->name, "raw");
}

static void the_list_never_changes(void **state) {
    (void)state;
    size_t first, second;
    assert_ptr_equal(implementation_list(&first), implementation_list(&second));
    assert_int_equal(first, second);
}

static void every_row_is_complete(void **state) {
    (void)state;
    size_t count;
    const struct implementation *const *list = implementation_list(&count);
    for (size_t i = 0; i < count; i++) {
        assert_true(list[i]->name && list[i]->name[0]);
        assert_true(list[i]->summary && list[i]->summary[0]);
        assert_non_null(list[i]->mkfifo);
        assert_non_null(list[i]->mkfifoat);
    }
}

/* A second row of the same name would never be found. */
static void every_name_finds_its_row(void **state) {
    (void)state;
    size_t count;
    const struct implementation *const *list = implementation_list(&count);
    for (size_t i = 0; i < count; i++)
        assert_ptr_equal(implementation_find(list[i]->name), list[i]);
}

static void an_unknown_name_finds_nothing(void **state) {
    (void)state;
    assert_null(implementation_find(""));
    assert_null(implementation_find("canary"));
    assert_null(implementation_find("./own"));
}

static void only_canaries_name_a_clause(void **state) {
    (void)state;
    size_t count;
    const struct implementation *const *list = implementation_list(&count);
    for (size_t i = 0; i < count; i++) {
        bool canary = starts_with(list[i]->name, "canary-");
        assert_int_equal(canary, list[i]->breaks != NULL);
        assert_true(!canary || starts_with(list[i]->breaks, "C-"));
        assert_true(i < 3 || canary || starts_with(list[i]->name, "honest-"));
    }
}

/* A canary or a name that was written but is missing in a table would test nothing. */
static void canaries_are_many(void **state) {
    (void)state;
    size_t count, canaries = 0, honest = 0;
    const struct implementation *const *list = implementation_list(&count);
    for (size_t i = 0; i < count; i++) {
        canaries += list[i]->breaks != NULL;
        honest += starts_with(list[i]->name, "honest-");
    }
    assert_true(canaries >= 450);
    assert_true(honest >= 20);
}

static void own_is_not_the_c_librarys(void **state) {
    (void)state;
    const struct implementation *own = implementation_find("own");
    const struct implementation *libc = implementation_find("libc");
    assert_true(libc->mkfifo == mkfifo);
    assert_true(libc->mkfifoat == mkfifoat);
    assert_true(own->mkfifo != libc->mkfifo);
    assert_true(own->mkfifoat != libc->mkfifoat);
}

/* --- shared objects -------------------------------------------------------------------------- */

static void a_missing_object_is_enoent_with_a_reason(void **state) {
    (void)state;
    struct implementation loaded;
    char reason[256] = "";
    assert_int_equal(implementation_load(&loaded, "/nonexistent/mkfifo.so", reason, sizeof reason),
                     -ENOENT);
    assert_non_null(strstr(reason, "/nonexistent/mkfifo.so"));
}

static void a_name_without_slash_is_a_file_and_not_searched_for(void **state) {
    (void)state;
    struct implementation loaded;
    char reason[256] = "";
    assert_int_equal(implementation_load(&loaded, "libm.so.6", reason, sizeof reason), -ENOENT);
}

/* The file of the shared object that holds `function`. */
static const char *object_of(void (*function)(void)) {
    void *address;
    Dl_info info;
    memcpy(&address, &function, sizeof address);
    assert_true(dladdr(address, &info) != 0);
    return info.dli_fname;
}

/* cmocka depends on the C library, whose mkfifo must not count as cmocka's own. */
static void an_object_without_the_symbols_is_enosys(void **state) {
    (void)state;
    struct implementation loaded;
    char reason[256] = "";
    const char *path = object_of((void (*)(void))_assert_true);
    assert_int_equal(implementation_load(&loaded, path, reason, sizeof reason), -ENOSYS);
    assert_non_null(strstr(reason, "neither mkfifo nor mkfifoat"));
}

static void an_object_with_the_symbols_is_filled_in(void **state) {
    (void)state;
    struct implementation loaded;
    char reason[256] = "";
    const char *path = object_of((void (*)(void))mkfifo);
    assert_int_equal(implementation_load(&loaded, path, reason, sizeof reason), 0);
    assert_string_equal(loaded.name, path);
    assert_null(loaded.breaks);
    assert_true(loaded.mkfifo == mkfifo);
    assert_true(loaded.mkfifoat == mkfifoat);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_built_in_ones_come_first),
        cmocka_unit_test(the_list_never_changes),
        cmocka_unit_test(every_row_is_complete),
        cmocka_unit_test(every_name_finds_its_row),
        cmocka_unit_test(an_unknown_name_finds_nothing),
        cmocka_unit_test(only_canaries_name_a_clause),
        cmocka_unit_test(canaries_are_many),
        cmocka_unit_test(own_is_not_the_c_librarys),
        cmocka_unit_test(a_missing_object_is_enoent_with_a_reason),
        cmocka_unit_test(a_name_without_slash_is_a_file_and_not_searched_for),
        cmocka_unit_test(an_object_without_the_symbols_is_enosys),
        cmocka_unit_test(an_object_with_the_symbols_is_filled_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
