/*
 * The three forms of a scenario are exact images of each other, whatever the input. Taken as text,
 * it is refused or survives printing; taken as bytes, it is a scenario that survives both forms.
 */
#include <string.h>

#include "check.h"
#include "scenario.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char printed[SCENARIO_PRINT_MAX];
static char printed_again[SCENARIO_PRINT_MAX];
static uint8_t encoded[SCENARIO_BYTES_MAX];
static uint8_t encoded_again[SCENARIO_BYTES_MAX];
static struct scenario first, second;
static struct expectations expected, expected_again;

/* Prints `first` with `expectations`, parses that into `second` and prints it once more. */
static void through_text(const struct expectations *expectations) {
    size_t length = scenario_print(&first, expectations, printed, sizeof printed);
    check(length < sizeof printed);
    struct text_error error;
    check(scenario_parse(&second, &expected_again, printed, length, &error) == 0);
    check(scenario_valid(&second));
    check(scenario_equal(&first, &second));
    for (uint32_t i = 0; expectations && i < first.step_count; i++)
        check(expectations->error[i] == expected_again.error[i]);
    size_t length_again =
        scenario_print(&second, &expected_again, printed_again, sizeof printed_again);
    check(length == length_again && memcmp(printed, printed_again, length) == 0);
}

/* Encodes `first`, decodes that into `second` and encodes it once more. */
static void through_bytes(void) {
    size_t length = scenario_encode(&first, encoded, sizeof encoded);
    check((length == 0) == (first.step_count == 0));
    scenario_decode(&second, encoded, length);
    check(scenario_valid(&second));
    check(scenario_equal(&first, &second));
    size_t length_again = scenario_encode(&second, encoded_again, sizeof encoded_again);
    check(length == length_again && memcmp(encoded, encoded_again, length) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct text_error error;
    if (scenario_parse(&first, &expected, (const char *)data, size, &error) == 0) {
        check(scenario_valid(&first));
        through_text(&expected);
        through_bytes();
    } else {
        check(scenario_valid(&first));
        check(error.line > 0 && error.column > 0 && error.message[0]);
    }
    scenario_decode(&first, data, size);
    check(scenario_valid(&first));
    through_bytes();
    through_text(NULL);
    /* Through both in a row: bytes -> scenario -> text -> scenario -> bytes. */
    size_t length = scenario_encode(&second, encoded_again, sizeof encoded_again);
    size_t length_first = scenario_encode(&first, encoded, sizeof encoded);
    check(length == length_first && memcmp(encoded, encoded_again, length) == 0);
    return 0;
}
