/* grade_test.c - what is grave, broken or a matter of parity. */
#include "grade.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static enum grade graded(enum clause clause, enum aspect aspect, int64_t got) {
    const struct verdict verdict = {
        .kind = VERDICT_VIOLATED, .clause = (uint8_t)clause, .aspect = (uint8_t)aspect, .got = got};
    return grade_of(&verdict);
}

static void harm_is_grave_whatever_the_documents_say(void **state) {
    (void)state;
    static const struct {
        enum clause clause;
        enum aspect aspect;
    } rows[] = {
        {CLAUSE_ARENA, ASPECT_ARENA_CONTENT},
        {CLAUSE_ARENA, ASPECT_ARENA_MISSING},
        {CLAUSE_ARENA, ASPECT_ARENA_EXTRA},
        {CLAUSE_ARENA, ASPECT_ARENA_NODE},
        {CLAUSE_FAIL_NOEFFECT, ASPECT_PARENT_ERROR},
        {CLAUSE_ARENA, ASPECT_PLACE_CHANGED},
        {CLAUSE_STATE_CWD, ASPECT_CWD},
        {CLAUSE_STATE_UMASK, ASPECT_UMASK},
        {CLAUSE_STATE_SIGNALS, ASPECT_SIGNALS},
        {CLAUSE_STATE_DESCRIPTORS, ASPECT_DESCRIPTOR},
        {CLAUSE_STAT_TYPE, ASPECT_TYPE},
        {CLAUSE_STAT_TYPE, ASPECT_NODE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(graded(rows[i].clause, rows[i].aspect, 1), GRADE_GRAVE);
}

static void an_end_that_no_caller_expects_is_grave(void **state) {
    (void)state;
    for (int ending = ENDING_CRASHED; ending < ENDING_GARBLED; ending++)
        assert_int_equal(graded(CLAUSE_RETURNS, ASPECT_ENDING, ending), GRADE_GRAVE);
    assert_int_equal(graded(CLAUSE_RETURNS, ASPECT_ENDING, ENDING_GARBLED), GRADE_BROKEN);
}

static void a_wrong_error_goes_by_what_the_documents_say(void **state) {
    (void)state;
    assert_int_equal(graded(CLAUSE_EEXIST, ASPECT_ERRNO, EACCES), GRADE_BROKEN);
    assert_int_equal(graded(CLAUSE_EFAULT, ASPECT_ERRNO, ENOENT), GRADE_BROKEN);
    assert_int_equal(graded(CLAUSE_ENOSPC_ORDER, ASPECT_ERRNO, ENOSPC), GRADE_PARITY);
    assert_int_equal(graded(CLAUSE_ERRNO_SET, ASPECT_ERRNO, 0), GRADE_BROKEN);
    assert_int_equal(graded(CLAUSE_MODE_UMASK, ASPECT_MODE, 0777), GRADE_BROKEN);
    assert_int_equal(graded(CLAUSE_MODE_SPECIAL, ASPECT_MODE, 0777), GRADE_PARITY);
    assert_int_equal(graded(CLAUSE_ERRNO_KEEP, ASPECT_ERRNO_KEPT, 0), GRADE_PARITY);
    assert_int_equal(graded(CLAUSE_TIME_EQUAL, ASPECT_TIMES, 1), GRADE_PARITY);
}

static void success_instead_of_an_error_is_grave_where_the_error_protects(void **state) {
    (void)state;
    assert_int_equal(graded(CLAUSE_EEXIST_DANGLING, ASPECT_ERRNO, 0), GRADE_GRAVE);
    assert_int_equal(graded(CLAUSE_SLASH_MISSING, ASPECT_ERRNO, 0), GRADE_GRAVE);
    assert_int_equal(graded(CLAUSE_ENAMETOOLONG_PATH, ASPECT_ERRNO, 0), GRADE_GRAVE);
    assert_int_equal(graded(CLAUSE_NUL, ASPECT_RESULT, 0), GRADE_GRAVE);
    assert_int_equal(graded(CLAUSE_RETURN, ASPECT_RESULT, 5), GRADE_BROKEN);
    assert_int_equal(graded(CLAUSE_MODE_TYPE, ASPECT_ERRNO, 0), GRADE_BROKEN);
    assert_int_equal(graded(CLAUSE_ELOOP_ORDER, ASPECT_ERRNO, 0), GRADE_PARITY);
}

static void what_is_no_violation_has_no_grade(void **state) {
    (void)state;
    const struct verdict disagreed = {.kind = VERDICT_DISAGREED, .aspect = ASPECT_PREPARATION};
    const struct verdict held = {.kind = VERDICT_HELD};
    assert_int_equal(grade_of(&disagreed), GRADE_NONE);
    assert_int_equal(grade_of(&held), GRADE_NONE);
}

static void grades_are_found_by_name(void **state) {
    (void)state;
    for (int grade = 0; grade < GRADE_COUNT; grade++)
        assert_int_equal(grade_find(grade_infos[grade].name), grade);
    assert_int_equal(grade_find(""), GRADE_NONE);
    assert_int_equal(grade_find("dreadful"), GRADE_NONE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(harm_is_grave_whatever_the_documents_say),
        cmocka_unit_test(an_end_that_no_caller_expects_is_grave),
        cmocka_unit_test(a_wrong_error_goes_by_what_the_documents_say),
        cmocka_unit_test(success_instead_of_an_error_is_grave_where_the_error_protects),
        cmocka_unit_test(what_is_no_violation_has_no_grade),
        cmocka_unit_test(grades_are_found_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
