/* What a run says of an implementation's traits: every difference once, with who permits it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "examine.h"
#include "implementations/implementation.h"

static struct examiner examiner;
static struct implementation implementation;

static int begin(void **state) {
    (void)state;
    static const char *const command[] = {"/agent", NULL};
    static const struct agent agent = {.command = command};
    const struct implementation *own = implementation_find("own");
    memset(&examiner, 0, sizeof examiner);
    implementation = (struct implementation){
        .name = "agent", .mkfifo = own->mkfifo, .mkfifoat = own->mkfifoat, .agent = &agent};
    examiner.implementation = &implementation;
    return 0;
}

static void assert_said(const char *expected) {
    char text[EXAMINE_TRAITS_SIZE];
    assert_int_equal(examine_traits(&examiner, text, sizeof text), strlen(expected));
    assert_string_equal(text, expected);
}

static void in_this_process_two_lines_say_all(void **state) {
    (void)state;
    implementation.agent = NULL;
    examiner.contract.host.can[ABILITY_POINTERS] = true;
    examiner.contract.traits.of[STEP_MKFIFOAT] =
        (struct entry_traits){.masks_type_bits = true, .reads_path = true};
    assert_said(
        "mkfifo: foreign type bits give EINVAL, bad pointers reach the kernel\n"
        "mkfifoat: foreign type bits are masked, bad pointers are read in user space (left out)");
}

static void a_difference_of_both_entry_points_is_said_once(void **state) {
    (void)state;
    examiner.contract.traits.of[STEP_MKFIFO] =
        (struct entry_traits){.drops_special_bits = true, .mode_way = MODE_CHANGES};
    examiner.contract.traits.of[STEP_MKFIFOAT] =
        (struct entry_traits){.drops_special_bits = true, .refuses_wide_mode = true};
    assert_said(
        "mkfifo: foreign type bits are refused, bad pointers cannot be passed\n"
        "mkfifoat: foreign type bits are refused, bad pointers cannot be passed\n"
        "mkfifo, mkfifoat: special bits of mode are dropped (POSIX leaves that open)\n"
        "mkfifoat: modes too wide for their type raise exceptions (POSIX leaves that open)\n"
        "mkfifo: modes other than 0666 are set with chmod(2) (as mkfifo(1) -m may)");
}

static void what_becomes_of_wide_modes_is_said_either_way(void **state) {
    (void)state;
    implementation.mkfifoat = NULL;
    examiner.contract.traits.of[STEP_MKFIFO] =
        (struct entry_traits){.beyond_way = WIDE_REFUSED, .negative_way = WIDE_CUT};
    assert_said("mkfifo: foreign type bits are refused, bad pointers cannot be passed\n"
                "mkfifoat is missing\n"
                "mkfifo: modes beyond 32 bits are refused (no document says)\n"
                "mkfifo: negative modes are cut to their low bits (no document says)");
    examiner.contract.traits.of[STEP_MKFIFO] =
        (struct entry_traits){.beyond_way = WIDE_CUT, .negative_way = WIDE_REFUSED};
    assert_said("mkfifo: foreign type bits are refused, bad pointers cannot be passed\n"
                "mkfifoat is missing\n"
                "mkfifo: modes beyond 32 bits are cut to their low bits (no document says)\n"
                "mkfifo: negative modes are refused (no document says)");
}

static void nothing_is_said_of_a_missing_entry_point(void **state) {
    (void)state;
    implementation.mkfifoat = NULL;
    examiner.contract.traits.of[STEP_MKFIFOAT].drops_special_bits = true;
    examiner.contract.traits.of[STEP_MKFIFO].mode_way = MODE_IGNORES_UMASK;
    assert_said("mkfifo: foreign type bits are refused, bad pointers cannot be passed\n"
                "mkfifoat is missing\n"
                "mkfifo: modes other than 0666 are created with umask 0 (as mkfifo(1) -m may)");
}

static void the_longest_fits_the_stated_size(void **state) {
    (void)state;
    char text[2 * EXAMINE_TRAITS_SIZE];
    for (int kind = 0; kind < 2; kind++)
        examiner.contract.traits.of[kind] =
            (struct entry_traits){.drops_special_bits = true,
                                  .refuses_wide_mode = true,
                                  .changes_errno = true,
                                  .acts_as_real = true,
                                  .beyond_way = kind == 0 ? WIDE_REFUSED : WIDE_CUT,
                                  .negative_way = kind == 0 ? WIDE_REFUSED : WIDE_CUT,
                                  .mode_way = MODE_CHANGES};
    examiner.contract.traits.of[STEP_MKFIFO].mode_way = MODE_IGNORES_UMASK;
    assert_in_range(examine_traits(&examiner, text, sizeof text), 1, EXAMINE_TRAITS_SIZE - 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(in_this_process_two_lines_say_all, begin),
        cmocka_unit_test_setup(a_difference_of_both_entry_points_is_said_once, begin),
        cmocka_unit_test_setup(what_becomes_of_wide_modes_is_said_either_way, begin),
        cmocka_unit_test_setup(nothing_is_said_of_a_missing_entry_point, begin),
        cmocka_unit_test_setup(the_longest_fits_the_stated_size, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
