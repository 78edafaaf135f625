/* One call of mkfifoat in any file tree, with any directory descriptor. */
#include "harness.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

const enum target_shape harness_shape = SHAPE_MKFIFOAT;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    return harness_run(data, size);
}
