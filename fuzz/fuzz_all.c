/* What the other targets have: sequences of calls, and at times overlapping ones. */
#include "harness.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

const enum target_shape harness_shape = SHAPE_ALL;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    return harness_run(data, size);
}
