/*
 * sarif_testing.h - what SARIF 2.1.0 demands of the parts that results_sarif.c writes; numbers are
 * sections of the standard.
 */
#ifndef FIFOFUZZ_SARIF_TESTING_H
#define FIFOFUZZ_SARIF_TESTING_H

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* A text that is there and not empty. */
static inline const char *sarif_text(const json_t *object, const char *key) {
    const char *text = json_string_value(json_object_get(object, key));
    if (!text || !*text)
        fail_msg("no \"%s\"", key);
    return text;
}

static inline const char *sarif_message(const json_t *object, const char *key) {
    return sarif_text(json_object_get(object, key), "text");
}

static inline void assert_sarif_rules(const json_t *driver) {
    const json_t *rules = json_object_get(driver, "rules");
    assert_in_range(json_array_size(rules), 2, 1000);
    for (size_t i = 0; i < json_array_size(rules); i++) {
        const json_t *rule = json_array_get(rules, i);
        sarif_text(rule, "id"); /* 3.49.3 */
        sarif_message(rule, "shortDescription");
        sarif_message(rule, "fullDescription");
        for (size_t j = 0; j < i; j++) /* 3.49.3: distinct within the array */
            assert_string_not_equal(sarif_text(rule, "id"),
                                    sarif_text(json_array_get(rules, j), "id"));
    }
}

static inline void assert_sarif_location(const json_t *location) {
    const json_t *place = json_object_get(location, "physicalLocation");
    const char *uri = sarif_text(json_object_get(place, "artifactLocation"), "uri");
    assert_null(strpbrk(uri, " <>\"\\^`{|}")); /* RFC 3986 */
    const json_t *region = json_object_get(place, "region");
    if (region) /* 3.30.5: from 1 */
        assert_true(json_integer_value(json_object_get(region, "startLine")) >= 1);
}

static inline void assert_sarif_result(const json_t *result, const json_t *rules) {
    sarif_message(result, "message"); /* 3.27.11 */
    const json_t *level = json_object_get(result, "level");
    assert_string_equal(json_string_value(level), "error");
    json_int_t index = json_integer_value(json_object_get(result, "ruleIndex"));
    assert_true(index >= 0 && index < (json_int_t)json_array_size(rules)); /* 3.27.6 */
    assert_string_equal(sarif_text(result, "ruleId"),
                        sarif_text(json_array_get(rules, (size_t)index), "id")); /* 3.27.5 */
    const json_t *locations = json_object_get(result, "locations");
    assert_true(json_is_array(locations));
    for (size_t i = 0; i < json_array_size(locations); i++)
        assert_sarif_location(json_array_get(locations, i));
    const char *key;
    json_t *value;
    json_object_foreach(json_object_get(result, "partialFingerprints"), key, value)
        assert_true(json_is_string(value)); /* 3.27.17 */
}

/* Fails the test unless `log` is as it should be. Returns its array of results. */
static inline const json_t *assert_sarif(const json_t *log) {
    assert_string_equal(sarif_text(log, "version"), "2.1.0"); /* 3.13.2 */
    assert_non_null(strstr(sarif_text(log, "$schema"), "sarif-schema-2.1.0.json"));
    const json_t *runs = json_object_get(log, "runs");
    assert_int_equal(json_array_size(runs), 1); /* 3.13.4 */
    const json_t *run = json_array_get(runs, 0);
    const json_t *driver = json_object_get(json_object_get(run, "tool"), "driver");
    assert_string_equal(sarif_text(driver, "name"), "fifofuzz"); /* 3.19.8 */
    sarif_text(driver, "version");
    assert_sarif_rules(driver);
    const json_t *invocations = json_object_get(run, "invocations");
    assert_int_equal(json_array_size(invocations), 1);
    const json_t *invocation = json_array_get(invocations, 0);
    assert_true(json_is_boolean(json_object_get(invocation, "executionSuccessful"))); /* 3.20.14 */
    assert_true(json_is_integer(json_object_get(invocation, "exitCode")));
    const json_t *results = json_object_get(run, "results");
    assert_true(json_is_array(results)); /* 3.14.23: there, if the tool ran */
    for (size_t i = 0; i < json_array_size(results); i++)
        assert_sarif_result(json_array_get(results, i), json_object_get(driver, "rules"));
    return results;
}

#endif
