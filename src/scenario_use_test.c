/* What is generated of FIFOs in use: all kinds of steps, at all edges, by several actors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scenario_generate.h"
#include "scenario_use.h"

enum { SEED = 5, SCENARIOS = 20000, OFTEN = 50 };

static struct scenario scenario;

/* Makes the next scenario of `shape`. */
static void make(struct random *random, enum target_shape shape) {
    scenario_generate(&scenario, random, shape);
    assert_true(scenario_valid(&scenario));
    assert_true(scenario_fits(&scenario, shape));
}

static void every_kind_of_step_on_fifos_is_made(void **state) {
    (void)state;
    static const uint8_t kinds[] = {STEP_ACTOR,  STEP_OPEN,   STEP_READ,   STEP_WRITE, STEP_POLL,
                                    STEP_RESIZE, STEP_USE,    STEP_SIGNAL, STEP_CLOSE, STEP_DUP,
                                    STEP_LINK,   STEP_RENAME, STEP_BIND,   STEP_CHMOD, STEP_UNLINK};
    unsigned made[STEP_KIND_COUNT] = {0}, uses[USE_COUNT] = {0}, flags[STEP_FLAGS_MAX] = {0};
    struct random random;
    random_seed(&random, SEED);
    for (int i = 0; i < SCENARIOS; i++) {
        make(&random, SHAPE_RENDEZVOUS);
        for (uint32_t at = 0; at < scenario.step_count; at++) {
            const struct step *step = &scenario.steps[at];
            made[step->kind]++;
            uses[step->kind == STEP_USE ? step->pointer : 0]++;
            for (unsigned bit = 0; step->kind == STEP_OPEN && bit < STEP_FLAGS_MAX; bit++)
                flags[bit] += step->flags >> bit & 1;
        }
    }
    for (size_t i = 0; i < sizeof kinds; i++)
        assert_in_range(made[kinds[i]], OFTEN, UINT32_MAX);
    for (int use = 0; use < USE_COUNT; use++)
        assert_in_range(uses[use], OFTEN, UINT32_MAX);
    for (int bit = 0; bit < STEP_FLAGS_MAX; bit++)
        assert_in_range(flags[bit], OFTEN, UINT32_MAX);
}

static void sizes_lie_at_the_edges(void **state) {
    (void)state;
    static const uint32_t edges[] = {0, 1, 4095, 4096, 4097, 65534, 65535};
    unsigned found[sizeof edges / sizeof edges[0]] = {0};
    struct random random;
    random_seed(&random, SEED);
    for (int i = 0; i < SCENARIOS; i++) {
        const uint32_t size = use_random_size(&random);
        assert_in_range(size, 0, NUMBER_MAX);
        for (size_t edge = 0; edge < sizeof edges / sizeof edges[0]; edge++)
            found[edge] += size == edges[edge];
    }
    for (size_t edge = 0; edge < sizeof edges / sizeof edges[0]; edge++)
        assert_in_range(found[edge], OFTEN, SCENARIOS);
}

static void targets_of_overlapping_calls_use_fifos_at_times(void **state) {
    (void)state;
    static const enum target_shape shapes[] = {SHAPE_THREADS, SHAPE_INJECT};
    struct random random;
    random_seed(&random, SEED);
    for (size_t shape = 0; shape < sizeof shapes / sizeof shapes[0]; shape++) {
        unsigned used = 0;
        for (int i = 0; i < SCENARIOS / 10; i++) {
            make(&random, shapes[shape]);
            for (uint32_t at = 0; at < scenario.step_count; at++)
                used += scenario.steps[at].kind == STEP_READ;
        }
        assert_in_range(used, OFTEN, UINT32_MAX);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_step_on_fifos_is_made),
        cmocka_unit_test(sizes_lie_at_the_edges),
        cmocka_unit_test(targets_of_overlapping_calls_use_fifos_at_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
