#include "scenario_history.h"

#include "random.h"
#include "scenario_generate.h"
#include "scenario_mutate.h"

/* Takes up to four bytes, little endian. */
static uint64_t take_seed(const uint8_t **at, const uint8_t *end) {
    uint64_t seed = 0;
    for (int shift = 0; shift < 32 && *at < end; shift += 8)
        seed |= (uint64_t) * (*at)++ << shift;
    return seed;
}

void scenario_relive(struct scenario *out, const uint8_t *data, size_t size) {
    const uint8_t *at = data, *end = size > 0 ? data + size : data; /* data may be NULL then */
    struct random random;
    random_seed(&random, take_seed(&at, end));
    scenario_generate(out, &random, SHAPE_SEQUENCE);
    for (int changes = 0; at < end && changes < HISTORY_CHANGES_MAX; changes++) {
        random_seed(&random, take_seed(&at, end));
        scenario_mutate(out, &random, SHAPE_SEQUENCE);
    }
}
