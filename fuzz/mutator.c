#include "mutator.h"

#include <string.h>

#include "harness.h"
#include "scenario_generate.h"
#include "scenario_mutate.h"

enum {
    BYTES_ONE_IN = 64, /* leave it to the engine's byte mutator */
    FRESH_ONE_IN = 3,  /* forget the input and generate */
    CHANGES_MAX = 4,   /* small changes to one input */
    WALK_MAX = 16384,  /* components that the calls of one input may walk through links */
    LEAD_MAX = 8,      /* preparations of one input beyond two a call */
};

bool mutator_off;

static struct scenario first, second, mutant;

/* Components of a text; "." counts only if `all`. */
static uint32_t count_components(const struct scenario *scenario, struct text text, bool all) {
    const char *bytes = scenario_text(scenario, text);
    uint32_t count = 0;
    for (uint32_t start = 0, i = 0; i <= text.length; i++) {
        if (i < text.length && bytes[i] != '/')
            continue;
        bool is_dot = i == start + 1 && bytes[start] == '.';
        count += i > start && (all || !is_dot);
        start = i + 1;
    }
    return count;
}

/*
 * Links with bodies of thousands of components, walked dozens of times, find nothing that shorter
 * ones do not, and one such scenario takes the time of a hundred others.
 */
static bool is_heavy(const struct scenario *scenario) {
    uint64_t names = 0;
    uint64_t longest = 0;
    for (uint32_t i = 0; i < scenario->step_count; i++) {
        const struct step *step = &scenario->steps[i];
        names += count_components(scenario, step->path, false);
        if (step->kind != STEP_SYMLINK)
            continue;
        uint64_t body = count_components(scenario, step->other, true);
        longest = body > longest ? body : longest;
    }
    return names * longest > WALK_MAX;
}

/*
 * What an engine keeps grows, and so does what it mutates: each preparation more is new to it in
 * something. Most of its time would go into preparations, which find nothing by themselves.
 */
static bool is_long(const struct scenario *scenario) {
    uint32_t calls = scenario_calls(scenario);
    return scenario->step_count - calls > LEAD_MAX + 2 * calls;
}

/*
 * Writes `scenario`, made one of `shape`, to `out`, without as many of its last steps as it takes
 * to fit. For the shapes whose last step is the call, scenario_restrict then makes another one.
 * Returns 0, the bytes of the empty scenario, if not even that fits.
 */
static size_t write_fitting(struct scenario *scenario, enum target_shape shape, uint8_t *out,
                            size_t capacity) {
    scenario_restrict(scenario, shape);
    size_t length = scenario_encode(scenario, out, capacity);
    for (uint32_t kept = scenario->step_count; length == 0 && kept > 0;) {
        kept /= 2;
        scenario_truncate(scenario, kept);
        scenario_restrict(scenario, shape);
        length = scenario_encode(scenario, out, capacity);
    }
    return length;
}

size_t mutator_mutate(uint8_t *data, size_t size, size_t max_size, struct random *random) {
    if (mutator_off || random_one_in(random, BYTES_ONE_IN))
        return LLVMFuzzerMutate(data, size, max_size);
    const enum target_shape shape = shape_draw(harness_shape, random);
    if (random_one_in(random, FRESH_ONE_IN)) {
        scenario_generate(&mutant, random, shape);
    } else {
        scenario_decode(&mutant, data, size);
        uint32_t changes = random_between(random, 1, CHANGES_MAX);
        for (uint32_t i = 0; i < changes; i++)
            scenario_mutate(&mutant, random, shape);
    }
    if (is_heavy(&mutant) || is_long(&mutant))
        scenario_generate(&mutant, random, shape);
    return write_fitting(&mutant, shape, data, max_size);
}

size_t mutator_cross(const uint8_t *data1, size_t size1, const uint8_t *data2, size_t size2,
                     uint8_t *out, size_t max_out_size, struct random *random) {
    if (mutator_off) {
        size_t size = size1 < max_out_size ? size1 : max_out_size;
        memcpy(out, data1, size);
        return LLVMFuzzerMutate(out, size, max_out_size); /* which has a cross-over of its own */
    }
    const enum target_shape shape = shape_draw(harness_shape, random);
    scenario_decode(&first, data1, size1);
    scenario_decode(&second, data2, size2);
    scenario_cross(&mutant, &first, &second, random, shape);
    if (is_heavy(&mutant) || is_long(&mutant))
        scenario_generate(&mutant, random, shape);
    return write_fitting(&mutant, shape, out, max_out_size);
}
