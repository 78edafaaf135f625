/*
 * scenario_mutation.h - a scenario while it is mutated: choosing its steps and paths, and giving an
 * operand a new value. What mutations there are is in scenario_mutate.c.
 */
#ifndef FIFOFUZZ_SCENARIO_MUTATION_H
#define FIFOFUZZ_SCENARIO_MUTATION_H

#include "random.h"
#include "scenario.h"
#include "scenario_path.h"
#include "scenario_shape.h"

struct mutation {
    struct scenario *scenario;
    struct random *random;
    enum target_shape shape;
};

/* Index of a step: half of the time the last call. The scenario must have steps. */
uint32_t mutation_random_step(struct mutation *m);

/* Sets `path` to the bytes of `text`, one of the scenario's. */
void mutation_load(const struct mutation *m, struct path *path, struct text text);

/* Stores `path` in the scenario. */
struct text mutation_store(struct mutation *m, const struct path *path);

/* A path of some step of the scenario, or a short name; at times only a prefix of it. */
void mutation_random_path(struct mutation *m, struct path *path);

/* Makes a pointer to bytes without NUL a null pointer if there are no bytes. */
void mutation_repair_pointer(struct step *step);

/* Gives one operand a new valid value; fields of other operands stay as they are. */
void mutation_set_operand(struct mutation *m, struct step *step, enum operand operand);

#endif
