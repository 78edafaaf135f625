/* FIFOs that are made and then used by several actors. */
#include "harness.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

const enum target_shape harness_shape = SHAPE_RENDEZVOUS;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    return harness_run(data, size);
}
