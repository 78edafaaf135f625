#include "mutator.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include <cmocka.h>

#include "harness.h"

const enum target_shape harness_shape = SHAPE_MKFIFOAT;

enum { CAPACITY = 8192, SEEDS = 20000 };

static unsigned byte_mutations;

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size) {
    (void)max_size;
    byte_mutations++;
    memset(data, 0, size);
    return size;
}

static uint8_t data[CAPACITY];
static struct scenario scenario;

/* Fills `data` with a scenario that fits, and returns its size. */
static size_t start(void) {
    static const char text[] = "mkdir \"d\" 0755\nd0 = open \"d\" path\nmkfifoat d0 \"p\" 0644\n";
    struct text_error error;
    assert_int_equal(scenario_parse(&scenario, NULL, text, sizeof text - 1, &error), 0);
    return scenario_encode(&scenario, data, sizeof data);
}

static void assert_fits(const uint8_t *bytes, size_t size, size_t max_size, unsigned seed) {
    if (size > max_size)
        fail_msg("seed %u: %zu bytes instead of at most %zu", seed, size, max_size);
    scenario_decode(&scenario, bytes, size);
    if (!scenario_fits(&scenario, harness_shape))
        fail_msg("seed %u: a scenario of another shape", seed);
}

static void mutants_fit_shape_and_space(void **state) {
    (void)state;
    for (unsigned seed = 0; seed < SEEDS; seed++) {
        size_t max_size = 16 + seed % 500;
        unsigned before = byte_mutations;
        size_t size = LLVMFuzzerCustomMutator(data, start(), max_size, seed);
        if (byte_mutations == before)
            assert_fits(data, size, max_size, seed);
    }
    assert_in_range(byte_mutations, 1, SEEDS / 10);
}

static void crossings_fit_shape_and_space(void **state) {
    (void)state;
    static uint8_t other[CAPACITY], out[CAPACITY];
    size_t other_size = LLVMFuzzerCustomMutator(other, 0, sizeof other, 1);
    size_t length = start();
    for (unsigned seed = 0; seed < SEEDS; seed++) {
        size_t room = 16 + seed % 500;
        size_t made = LLVMFuzzerCustomCrossOver(data, length, other, other_size, out, room, seed);
        assert_fits(out, made, room, seed);
    }
}

static void the_same_seed_gives_the_same_mutant(void **state) {
    (void)state;
    static uint8_t first[CAPACITY];
    unsigned different = 0;
    for (unsigned seed = 0; seed < 1000; seed++) {
        size_t first_size = LLVMFuzzerCustomMutator(data, start(), sizeof data, seed);
        memcpy(first, data, first_size);
        size_t size = LLVMFuzzerCustomMutator(data, start(), sizeof data, seed);
        assert_int_equal(size, first_size);
        assert_memory_equal(data, first, size);
        size = LLVMFuzzerCustomMutator(data, start(), sizeof data, seed + 1);
        different += size != first_size || memcmp(data, first, size) != 0;
    }
    assert_in_range(different, 900, 1000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mutants_fit_shape_and_space),
        cmocka_unit_test(crossings_fit_shape_and_space),
        cmocka_unit_test(the_same_seed_gives_the_same_mutant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
