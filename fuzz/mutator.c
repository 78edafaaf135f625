#include "mutator.h"

#include <string.h>

#include "harness.h"
#include "random.h"
#include "scenario_generate.h"
#include "scenario_mutate.h"

enum {
    BYTES_ONE_IN = 64, /* leave it to the engine's byte mutator */
    FRESH_ONE_IN = 3,  /* forget the input and generate */
    CHANGES_MAX = 4,   /* small changes to one input */
};

static struct scenario first, second, mutant;

/*
 * Writes `scenario` to `out`, without as many of its last steps as it takes to fit. For the shapes
 * whose last step is the call, scenario_restrict then makes another one. Returns 0, the bytes of
 * the empty scenario, if not even that fits.
 */
static size_t write_fitting(struct scenario *scenario, uint8_t *out, size_t capacity) {
    scenario_restrict(scenario, harness_shape);
    size_t length = scenario_encode(scenario, out, capacity);
    for (uint32_t kept = scenario->step_count; length == 0 && kept > 0;) {
        kept /= 2;
        scenario_truncate(scenario, kept);
        scenario_restrict(scenario, harness_shape);
        length = scenario_encode(scenario, out, capacity);
    }
    return length;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed) {
    struct random random;
    random_seed(&random, seed);
    if (random_one_in(&random, BYTES_ONE_IN))
        return LLVMFuzzerMutate(data, size, max_size);
    if (random_one_in(&random, FRESH_ONE_IN)) {
        scenario_generate(&mutant, &random, harness_shape);
    } else {
        scenario_decode(&mutant, data, size);
        uint32_t changes = random_between(&random, 1, CHANGES_MAX);
        for (uint32_t i = 0; i < changes; i++)
            scenario_mutate(&mutant, &random, harness_shape);
    }
    return write_fitting(&mutant, data, max_size);
}

size_t LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1, const uint8_t *data2,
                                 size_t size2, uint8_t *out, size_t max_out_size,
                                 unsigned int seed) {
    struct random random;
    random_seed(&random, seed);
    scenario_decode(&first, data1, size1);
    scenario_decode(&second, data2, size2);
    scenario_cross(&mutant, &first, &second, &random, harness_shape);
    return write_fitting(&mutant, out, max_out_size);
}
