/*
 * os.mkfifo and the module of src/python, called by the same scenarios with the same arguments of
 * any kind: both must keep the contract, and they must not differ in anything else that Python
 * shows of them.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "interpreter.h"
#include "mutator.h"
#include "pair.h"
#include "plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

const enum target_shape harness_shape = SHAPE_SEQUENCE;

/* --- start and end ---------------------------------------------------------------------------- */

static void print_calls(void) {
    fprintf(stderr, "fifofuzz: %" PRIu64 " calls of os.mkfifo, %" PRIu64 " of the module\n",
            interpreter_calls(SIDE_REFERENCE), interpreter_calls(SIDE_MODULE));
}

static int start(char *reason, size_t reason_size) {
    int error = interpreter_start(NULL, reason, reason_size);
    return error || atexit(print_calls) == 0 ? error : -ENOMEM;
}

static const struct harness_own own = {&interpreter_pair[SIDE_MODULE], start};

/* --- one input -------------------------------------------------------------------------------- */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char reason[] = "its scenario does not hold the lists of arguments";
    static char report[PAIR_REPORT_SIZE];
    struct plan plan;
    struct verdict verdict;
    const struct scenario *scenario;
    size_t scenario_size = plan_split(&plan, data, size);
    struct examiner *examiner = harness_begin(&own, data, size, scenario_size, &scenario);
    if (!examiner)
        return 0;
    const char *signature = pair_examine(examiner, scenario, &plan, &verdict, report);
    if (signature)
        harness_found(data, size, signature, reason, report);
    examiner->calls = interpreter_calls(SIDE_MODULE);
    harness_end(&verdict);
    return 0;
}

/* --- mutation --------------------------------------------------------------------------------- */

enum { SCENARIO_ONE_IN = 2, FRESH_PLAN_ONE_IN = 3, PLAN_CHANGES_MAX = 4 };

static void change_plan(struct plan *plan, struct random *random) {
    if (random_one_in(random, FRESH_PLAN_ONE_IN)) {
        plan_generate(plan, random);
        return;
    }
    uint32_t changes = random_between(random, 1, PLAN_CHANGES_MAX);
    for (uint32_t i = 0; i < changes; i++)
        plan_mutate(plan, random);
}

/* Room for the scenario, so that the plan fits behind it. */
static size_t room(size_t max_size) {
    return max_size / 2 > PLAN_BYTES_MAX ? max_size - PLAN_BYTES_MAX : max_size / 2;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed) {
    struct random random;
    struct plan plan;
    random_seed(&random, seed);
    size = plan_split(&plan, data, size);
    bool scenario_too = random_one_in(&random, SCENARIO_ONE_IN) || size > room(max_size);
    if (scenario_too)
        size = mutator_mutate(data, size < room(max_size) ? size : room(max_size), room(max_size),
                              &random);
    if (!scenario_too || random_one_in(&random, 2))
        change_plan(&plan, &random);
    return size + plan_write(&plan, data + size, max_size - size);
}

size_t LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1, const uint8_t *data2,
                                 size_t size2, uint8_t *out, size_t max_out_size,
                                 unsigned int seed) {
    struct random random;
    struct plan plans[2];
    random_seed(&random, seed);
    size1 = plan_split(&plans[0], data1, size1);
    size2 = plan_split(&plans[1], data2, size2);
    size_t size = mutator_cross(data1, size1, data2, size2, out, room(max_out_size), &random);
    return size + plan_write(&plans[random_below(&random, 2)], out + size, max_out_size - size);
}
