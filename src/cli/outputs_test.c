/* outputs_test.c - what `run` writes for machines, from figures that were never run. */
#include "outputs.h"

#include "figures_testing.h"
#include "finding_json.h"

static struct results results;

static void collect(int status) {
    const struct cli_subject subject = {plan.implementation, plan.contract, NULL};
    results_begin(&results, "run", &subject);
    outputs_collect(&results, &figures, status);
    results_end(&results, status);
}

/* The only result called `name`. */
static const struct result *named(const char *name) {
    const struct result *found_one = NULL;
    for (size_t i = 0; i < results.count; i++)
        if (strcmp(results.cases[i].name, name) == 0) {
            assert_null(found_one);
            found_one = &results.cases[i];
        }
    if (!found_one)
        fail_msg("no result is called %s", name);
    return found_one;
}

static void each_clause_is_a_case_and_each_finding_of_it(void **state) {
    (void)state;
    make_figures("sequence");
    add_findings();
    collect(STATUS_FINDING);
    assert_int_equal(results.count, CLAUSE_COUNT + 1 + 1 + beyond_count);
    assert_int_equal(results_in(&results, RESULT_PASSED), 2);
    assert_int_equal(results_in(&results, RESULT_FAILED), 3);
    assert_int_equal(results_in(&results, RESULT_ERROR), 0);
    assert_int_equal(named("C-RETURN")->state, RESULT_PASSED);
    const struct result *violated = named("C-SLASH-missing");
    assert_int_equal(violated->state, RESULT_FAILED);
    assert_string_equal(violated->rule, "C-SLASH-missing");
    assert_non_null(strstr(violated->message, "C-SLASH-missing is violated by step 2"));
    assert_non_null(strstr(violated->detail, "  > mkfifo \"p/\" 0644\n"));
    assert_non_null(strstr(violated->detail, "\\x1b \\xff"));
    assert_non_null(strstr(violated->file, "/scenario.scn"));
    assert_int_equal(violated->line, 3); /* below the signature */
    const struct result *unsaved = named("C-SLASH-missing.mkfifo.errno.0");
    assert_string_equal(unsaved->rule, "C-SLASH-missing");
    assert_string_equal(unsaved->message, "C-SLASH-missing.mkfifo.errno.0");
    assert_string_equal(unsaved->file, "");
    const struct result *ours = named(RULE_PREPARATION);
    assert_int_equal(ours->state, RESULT_FAILED);
    assert_string_equal(ours->signature, "C-RETURN.mkdir.preparation");
    results_free(&results);
    drop_figures();
}

static void what_was_not_tested_is_skipped_with_the_reason(void **state) {
    (void)state;
    make_figures("sequence");
    collect(STATUS_HELD);
    const struct result *missed = named("C-SLASH-missing");
    assert_int_equal(missed->state, RESULT_SKIPPED);
    assert_string_equal(missed->message, "not reached in this run");
    const struct result *lacking = named("C-LANDLOCK");
    assert_int_equal(lacking->state, RESULT_SKIPPED);
    assert_string_equal(lacking->message, ability_infos[ABILITY_LANDLOCK].lacking);
    const struct result *beyond = named(beyond_infos[0].name);
    assert_int_equal(beyond->state, RESULT_SKIPPED);
    assert_string_equal(beyond->message, beyond_infos[0].reason);
    results_free(&results);
    drop_figures();
}

static void an_end_that_says_nothing_is_an_error(void **state) {
    (void)state;
    make_figures("sequence");
    collect(STATUS_OURS);
    assert_int_equal(results_in(&results, RESULT_ERROR), 1);
    assert_int_equal(named("sequence")->state, RESULT_ERROR);
    results_free(&results);
    snprintf(writer.job->reason, sizeof writer.job->reason, "no namespaces");
    campaign_enter(&writer, CAMPAIGN_UNABLE);
    collect(STATUS_UNABLE);
    assert_string_equal(named("sequence")->message, "no namespaces");
    results_free(&results);
    drop_figures();
    make_figures("scenario_text"); /* speaks of no clause */
    collect(STATUS_HELD);
    assert_int_equal(results.count, 1);
    assert_int_equal(named("scenario_text")->state, RESULT_PASSED);
    results_free(&results);
    drop_figures();
}

static void json_has_each_finding_with_its_report(void **state) {
    (void)state;
    char *text = NULL;
    size_t size = 0;
    make_figures("sequence");
    add_findings();
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    assert_int_equal(figures_json(out, &figures, STATUS_FINDING), 0);
    assert_int_equal(fclose(out), 0);
    json_t *document = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    const json_t *findings = json_object_get(document, "findings");
    assert_int_equal(json_array_size(findings), 3);
    const json_t *whole = json_array_get(findings, 0);
    assert_int_equal(json_integer_value(json_object_get(whole, "count")), 3);
    assert_int_equal(json_integer_value(json_object_get(whole, "step")), 2);
    assert_string_equal(finding_text(whole, "folder"), saved_folder);
    const json_t *lost = json_array_get(findings, 1);
    assert_string_equal(finding_text(lost, "signature"), "C-SLASH-missing.mkfifo.errno.0");
    assert_string_equal(finding_text(lost, "folder"), "");
    json_decref(document);
    free(text);
    drop_figures();
}

/* Samples stay few, in order, and reach to the end, however long a campaign is. */
static void samples_span_the_campaign(void **state) {
    (void)state;
    make_figures("sequence");
    enum { LOOKS = 5000, APART = 200000000 };
    for (uint64_t i = 1; i <= LOOKS; i++) {
        writer.campaign->start_ns -= APART; /* as if time went by */
        campaign_end(&writer, i, 10 * i, 0);
        figures_take(&figures);
    }
    assert_in_range(figures.sample_count, FIGURES_SAMPLES / 2, FIGURES_SAMPLES);
    for (unsigned i = 1; i < figures.sample_count; i++) {
        const struct figures_sample *one = &figures.samples[i], *before = one - 1;
        assert_true(one->elapsed >= before->elapsed + figures.sample_period);
        assert_true(one->calls > before->calls);
    }
    assert_true(figures.samples[0].elapsed <= 2 * figures.sample_period);
    assert_true(figures.samples[figures.sample_count - 1].elapsed + 2 * figures.sample_period >
                figures.elapsed);
    drop_figures();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_clause_is_a_case_and_each_finding_of_it),
        cmocka_unit_test(what_was_not_tested_is_skipped_with_the_reason),
        cmocka_unit_test(an_end_that_says_nothing_is_an_error),
        cmocka_unit_test(json_has_each_finding_with_its_report),
        cmocka_unit_test(samples_span_the_campaign),
    };
    return cmocka_run_group_tests(tests, make_findings_directory, remove_findings_directory);
}
