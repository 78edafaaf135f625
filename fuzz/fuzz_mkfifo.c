/* One call of mkfifo in any file tree. */
#include "harness.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

const enum target_shape harness_shape = SHAPE_MKFIFO;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    return harness_run(data, size);
}
