/* Answers that only agents give, and what their traits change, on the observation of verdict_test.
 */
#include "grade.h"
#include "verdict_testing.h"

static void answer(uint32_t step, enum reply reply, int error) {
    seen.outcomes[step].result = -1;
    seen.outcomes[step].reply = (uint8_t)reply;
    seen.outcomes[step].error = error;
}

static void assert_judged(enum verdict_kind kind, enum clause clause, const char *described) {
    struct verdict verdict;
    char text[256];
    verdict_judge(&judge, &scenario, &seen, &verdict);
    assert_int_equal(verdict.kind, kind);
    if (kind != VERDICT_HELD)
        assert_string_equal(clause_infos[verdict.clause].name, clause_infos[clause].name);
    verdict_describe(&verdict, text, sizeof text);
    assert_string_equal(text, described ? described : text);
}

/* How bad what was judged is. */
static void assert_graded(enum grade grade) {
    struct verdict verdict;
    verdict_judge(&judge, &scenario, &seen, &verdict);
    assert_int_equal(grade_of(&verdict), grade);
}

static void a_failure_without_a_reason_is_judged_as_far_as_can_be(void **state) {
    (void)state;
    answer(STEP_OF_FAILURE, REPLY_RETURNED, ERRNO_UNKNOWN);
    assert_judged(VERDICT_UNDECIDED, CLAUSE_EEXIST, NULL);
    seen.umask = 0; /* what follows is judged all the same */
    assert_judged(VERDICT_VIOLATED, CLAUSE_STATE_UMASK, NULL);
    seen.umask = 027;
    seen.outcomes[STEP_OF_FAILURE].parent_after.mtime++;
    assert_judged(VERDICT_VIOLATED, CLAUSE_FAIL_NOEFFECT, NULL);
    answer(STEP_OF_SUCCESS, REPLY_RETURNED, ERRNO_UNKNOWN);
    assert_judged(VERDICT_VIOLATED, CLAUSE_SUCCESS, "the return value: expected 0, got -1");
}

static void an_exception_has_to_carry_an_errno(void **state) {
    (void)state;
    answer(STEP_OF_FAILURE, REPLY_RAISED, 0);
    assert_judged(VERDICT_VIOLATED, CLAUSE_EEXIST,
                  "the call: expected EEXIST, got an exception without errno");
    answer(STEP_OF_SUCCESS, REPLY_RAISED, 0);
    assert_judged(VERDICT_VIOLATED, CLAUSE_SUCCESS,
                  "the call: expected success, got an exception without errno");
}

static void an_exception_may_refuse_a_wide_mode(void **state) {
    (void)state;
    answer(STEP_OF_FAILURE, REPLY_RAISED, 0);
    scenario.steps[STEP_OF_FAILURE].mode = 0x10600;
    assert_judged(VERDICT_UNDECIDED, CLAUSE_EEXIST, NULL);
    contract.traits.of[STEP_MKFIFO].refuses_wide_mode = true;
    assert_judged(VERDICT_HELD, CLAUSE_COUNT, NULL);
    seen.outcomes[STEP_OF_FAILURE].parent_after.size++;
    assert_judged(VERDICT_VIOLATED, CLAUSE_FAIL_NOEFFECT, NULL);
}

static void a_call_that_was_not_made_leaves_all_as_it_was(void **state) {
    (void)state;
    answer(STEP_OF_FAILURE, REPLY_UNABLE, 0);
    assert_judged(VERDICT_UNDECIDED, CLAUSE_EEXIST, NULL);
    answer(STEP_OF_SUCCESS, REPLY_UNABLE, 0); /* but the node is in the tree */
    seen.outcomes[STEP_OF_SUCCESS].parent_after = seen.outcomes[STEP_OF_SUCCESS].parent_before;
    assert_judged(VERDICT_VIOLATED, CLAUSE_FAIL_NOEFFECT, NULL);
}

static void a_preparation_without_the_agent_ends_the_judgement(void **state) {
    (void)state;
    answer(STEP_OF_OPEN, REPLY_UNABLE, 0);
    seen.outcomes[STEP_OF_SUCCESS].target.mode = S_IFREG | 0644;
    seen.umask = 0;
    seen.node_count--;
    assert_judged(VERDICT_UNDECIDED, CLAUSE_ARENA, NULL);
    seen.outcomes[STEP_OF_OPEN].result = 3; /* what the harness has opened */
    assert_judged(VERDICT_UNDECIDED, CLAUSE_ARENA, NULL);
    seen.outcomes[STEP_OF_OPEN].reply = REPLY_RETURNED;
    assert_judged(VERDICT_VIOLATED, CLAUSE_STAT_TYPE, NULL);
}

static void what_comes_before_such_a_preparation_is_judged(void **state) {
    (void)state;
    static const char text[] = "mkfifo \"a\" 0644\nchdir \".\"\n";
    struct text_error error;
    assert_int_equal(scenario_parse(&scenario, NULL, text, sizeof text - 1, &error), 0);
    seen.outcome_count = scenario.step_count;
    memset(seen.outcomes, 0, sizeof seen.outcomes);
    answer(1, REPLY_UNABLE, 0);
    answer(0, REPLY_RETURNED, ENOSYS);
    assert_judged(VERDICT_VIOLATED, CLAUSE_SUCCESS, NULL);
    seen.outcomes[0] = (struct outcome){.error = ERRNO_POISON};
    assert_judged(VERDICT_UNDECIDED, CLAUSE_ARENA, NULL);
}

static void assert_refused_in_any_way(enum pointer pointer, enum clause clause) {
    scenario.steps[STEP_OF_FAILURE].pointer = (uint8_t)pointer;
    seen.outcomes[STEP_OF_FAILURE].looked = false;
    for (int level = 0; level < LEVEL_COUNT; level++) {
        contract.level = (enum level)level;
        answer(STEP_OF_FAILURE, REPLY_RAISED, 0);
        assert_judged(VERDICT_HELD, CLAUSE_COUNT, NULL);
        answer(STEP_OF_FAILURE, REPLY_RETURNED, ERRNO_UNKNOWN);
        assert_judged(VERDICT_HELD, CLAUSE_COUNT, NULL);
        answer(STEP_OF_FAILURE, REPLY_RETURNED, EILSEQ);
        assert_judged(VERDICT_HELD, CLAUSE_COUNT, NULL);
        answer(STEP_OF_FAILURE, REPLY_UNABLE, 0);
        assert_judged(VERDICT_UNDECIDED, clause, NULL);
        seen.outcomes[STEP_OF_FAILURE] = (struct outcome){.error = ERRNO_POISON};
        assert_judged(VERDICT_VIOLATED, clause, "the return value: expected -1, got 0");
        assert_graded(GRADE_GRAVE);
    }
    seen.ending = ENDING_CRASHED;
    seen.step = seen.outcome_count = STEP_OF_FAILURE;
    assert_judged(VERDICT_VIOLATED, CLAUSE_RETURNS, NULL);
}

static void a_path_with_a_nul_is_refused_in_any_way(void **state) {
    (void)state;
    assert_refused_in_any_way(POINTER_COUNTED, CLAUSE_NUL);
}

static void a_text_without_bytes_is_refused_in_any_way(void **state) {
    (void)state;
    assert_refused_in_any_way(POINTER_UNENCODABLE, CLAUSE_TEXT);
}

/* Whatever its mode is besides: success would make a FIFO of another name. */
static void foreign_type_bits_do_not_excuse_another_name(void **state) {
    (void)state;
    scenario.steps[STEP_OF_FAILURE].pointer = POINTER_COUNTED;
    step_set_whole_mode(&scenario.steps[STEP_OF_FAILURE], (INT64_C(1) << 40) + 0100644);
    contract.traits.of[STEP_MKFIFO].beyond_way = WIDE_REFUSED;
    seen.outcomes[STEP_OF_FAILURE] = (struct outcome){.error = ERRNO_POISON};
    assert_judged(VERDICT_VIOLATED, CLAUSE_NUL, NULL);
    assert_graded(GRADE_GRAVE);
}

/* --- modes that are no mode_t ----------------------------------------------------------------- */

enum { BEYOND, NEGATIVE, WIDE_KINDS };
static const int64_t wide_modes[WIDE_KINDS] = {INT64_C(1) << 32, INT32_MIN};

/* Gives the call at `step` the wide mode of `kind` with its own low bits, and that way alone. */
static void widen(uint32_t step, int kind, enum wide_way way) {
    struct step *call = &scenario.steps[step];
    struct entry_traits *traits = &contract.traits.of[call->kind];
    step_set_whole_mode(call, wide_modes[kind] + (call->mode & 07777));
    traits->beyond_way = traits->negative_way =
        (uint8_t)(way == WIDE_CUT ? WIDE_REFUSED : WIDE_CUT);
    *(kind == BEYOND ? &traits->beyond_way : &traits->negative_way) = (uint8_t)way;
}

static void a_wide_mode_that_is_refused_is_so_always(void **state) {
    for (int kind = 0; kind < WIDE_KINDS; kind++) {
        observe_everything(state);
        widen(STEP_OF_FAILURE, kind, WIDE_REFUSED);
        answer(STEP_OF_FAILURE, REPLY_RAISED, 0);
        assert_judged(VERDICT_HELD, CLAUSE_COUNT, NULL);
        answer(STEP_OF_FAILURE, REPLY_RETURNED, ERANGE);
        assert_judged(VERDICT_HELD, CLAUSE_COUNT, NULL);
        seen.outcomes[STEP_OF_FAILURE].parent_after.size++;
        assert_judged(VERDICT_VIOLATED, CLAUSE_FAIL_NOEFFECT, NULL);
        observe_everything(state);
        widen(STEP_OF_SUCCESS, kind, WIDE_REFUSED);
        assert_judged(VERDICT_VIOLATED, CLAUSE_MODE_WIDE, "the return value: expected -1, got 0");
        assert_graded(GRADE_PARITY);
    }
}

static void a_wide_mode_that_is_cut_is_so_always(void **state) {
    for (int kind = 0; kind < WIDE_KINDS; kind++) {
        observe_everything(state);
        widen(STEP_OF_FAILURE, kind, WIDE_CUT);
        widen(STEP_OF_SUCCESS, kind, WIDE_CUT);
        assert_judged(VERDICT_HELD, CLAUSE_COUNT, NULL);
        seen.outcomes[STEP_OF_SUCCESS].target.mode ^= 0100;
        assert_judged(VERDICT_VIOLATED, CLAUSE_MODE_WIDE, NULL);
        observe_everything(state);
        widen(STEP_OF_SUCCESS, kind, WIDE_CUT);
        answer(STEP_OF_SUCCESS, REPLY_RAISED, 0);
        assert_judged(VERDICT_VIOLATED, CLAUSE_MODE_WIDE, NULL);
        answer(STEP_OF_SUCCESS, REPLY_RETURNED, EINVAL);
        assert_judged(VERDICT_VIOLATED, CLAUSE_MODE_WIDE, NULL);
        observe_everything(state);
        widen(STEP_OF_FAILURE, kind, WIDE_CUT);
        answer(STEP_OF_FAILURE, REPLY_RETURNED, EINVAL); /* instead of EEXIST */
        assert_judged(VERDICT_VIOLATED, CLAUSE_MODE_WIDE, NULL);
        answer(STEP_OF_FAILURE, REPLY_RETURNED, EACCES);
        assert_judged(VERDICT_VIOLATED, CLAUSE_EEXIST, NULL);
    }
}

/* Which error comes of a mode that was misread depends on the place. */
static void a_mode_that_was_misread_is_one_fault(void **state) {
    (void)state;
    static const int errors[] = {EACCES, ENOENT};
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        struct verdict verdict;
        char signature[128];
        widen(STEP_OF_SUCCESS, BEYOND, WIDE_CUT);
        answer(STEP_OF_SUCCESS, REPLY_RETURNED, errors[i]);
        verdict_judge(&judge, &scenario, &seen, &verdict);
        verdict_signature(&verdict, &scenario, signature, sizeof signature);
        assert_string_equal(signature, "C-MODE-wide.mkfifo.errno");
    }
}

static void no_document_binds_wide_modes(void **state) {
    (void)state;
    widen(STEP_OF_SUCCESS, BEYOND, WIDE_REFUSED);
    for (int level = LEVEL_DOCUMENTED; level < LEVEL_COUNT; level++) {
        contract.level = (enum level)level;
        assert_judged(VERDICT_UNDECIDED, CLAUSE_MODE_WIDE, NULL);
    }
}

static void the_end_of_an_agent_is_named(void **state) {
    (void)state;
    seen.step = seen.outcome_count = STEP_OF_FAILURE;
    seen.ending = ENDING_GARBLED;
    assert_judged(VERDICT_VIOLATED, CLAUSE_RETURNS,
                  "the call: expected returned, got answered what is no reply");
    seen.ending = ENDING_EXITED;
    assert_judged(VERDICT_VIOLATED, CLAUSE_RETURNS, NULL);
}

static void chmod_may_come_after_the_other_times(void **state) {
    (void)state;
    seen.outcomes[STEP_OF_SUCCESS].target.ctime = 1600;
    assert_judged(VERDICT_VIOLATED, CLAUSE_TIME_EQUAL, NULL);
    contract.traits.of[STEP_MKFIFO].mode_way = MODE_CHANGES;
    scenario.steps[STEP_OF_SUCCESS].mode = 04640;
    assert_judged(VERDICT_HELD, CLAUSE_COUNT, NULL);
    seen.outcomes[STEP_OF_SUCCESS].target.ctime = 2001;
    assert_judged(VERDICT_VIOLATED, CLAUSE_TIME_NEW, NULL);
}

static void silent_answers_reach_nothing(void **state) {
    (void)state;
    struct verdict verdict;
    bool reached[CLAUSE_COUNT] = {false};
    struct judge telling = judge;
    telling.reach = count_reached;
    telling.reach_context = reached;
    answer(STEP_OF_FAILURE, REPLY_UNABLE, 0);
    verdict_judge(&telling, &scenario, &seen, &verdict);
    assert_true(reached[CLAUSE_MODE_SPECIAL]);
    assert_false(reached[CLAUSE_EEXIST]);
    scenario.steps[STEP_OF_FAILURE].pointer = POINTER_COUNTED;
    verdict_judge(&telling, &scenario, &seen, &verdict);
    assert_false(reached[CLAUSE_NUL]);
    answer(STEP_OF_FAILURE, REPLY_RAISED, 0);
    verdict_judge(&telling, &scenario, &seen, &verdict);
    assert_true(reached[CLAUSE_NUL]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_failure_without_a_reason_is_judged_as_far_as_can_be,
                               observe_everything),
        cmocka_unit_test_setup(an_exception_has_to_carry_an_errno, observe_everything),
        cmocka_unit_test_setup(an_exception_may_refuse_a_wide_mode, observe_everything),
        cmocka_unit_test_setup(a_call_that_was_not_made_leaves_all_as_it_was, observe_everything),
        cmocka_unit_test_setup(a_preparation_without_the_agent_ends_the_judgement,
                               observe_everything),
        cmocka_unit_test_setup(what_comes_before_such_a_preparation_is_judged, observe_everything),
        cmocka_unit_test_setup(a_path_with_a_nul_is_refused_in_any_way, observe_everything),
        cmocka_unit_test_setup(a_text_without_bytes_is_refused_in_any_way, observe_everything),
        cmocka_unit_test_setup(foreign_type_bits_do_not_excuse_another_name, observe_everything),
        cmocka_unit_test_setup(a_wide_mode_that_is_refused_is_so_always, observe_everything),
        cmocka_unit_test_setup(a_wide_mode_that_is_cut_is_so_always, observe_everything),
        cmocka_unit_test_setup(a_mode_that_was_misread_is_one_fault, observe_everything),
        cmocka_unit_test_setup(no_document_binds_wide_modes, observe_everything),
        cmocka_unit_test_setup(the_end_of_an_agent_is_named, observe_everything),
        cmocka_unit_test_setup(chmod_may_come_after_the_other_times, observe_everything),
        cmocka_unit_test_setup(silent_answers_reach_nothing, observe_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
