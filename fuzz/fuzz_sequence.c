/* Any number of calls of both kinds, preparations between them. */
#include "harness.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

const enum target_shape harness_shape = SHAPE_SEQUENCE;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    return harness_run(data, size);
}
