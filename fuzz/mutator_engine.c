/* What engines call by name, where inputs are scenarios and nothing else. */
#include "mutator.h"

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed) {
    struct random random;
    random_seed(&random, seed);
    return mutator_mutate(data, size, max_size, &random);
}

size_t LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1, const uint8_t *data2,
                                 size_t size2, uint8_t *out, size_t max_out_size,
                                 unsigned int seed) {
    struct random random;
    random_seed(&random, seed);
    return mutator_cross(data1, size1, data2, size2, out, max_out_size, &random);
}
