/*
 * targets.h - the fuzz targets, which lie beside fifofuzz as fuzz_NAME.
 */
#ifndef FIFOFUZZ_TARGETS_H
#define FIFOFUZZ_TARGETS_H

#include <stdbool.h>
#include <stddef.h>

#include "contract.h"
#include "scenario_shape.h"

struct target {
    const char *name;
    const char *summary;
    bool examines;           /* it runs an implementation and takes part in a campaign */
    enum target_shape shape; /* if it does */
};
extern const struct target targets[];
extern const size_t target_count;

/* The target called `name`, or NULL. */
const struct target *target_find(const char *name);

/*
 * The clauses that a target can reach with an implementation of these traits. Those about dirfd
 * need mkfifoat, those about bad pointers one that lets the kernel read the path.
 */
struct clause_set target_reachable(const struct target *target, const struct traits *traits);

/* The clauses that are held against every call, so that any campaign with a call reaches them. */
struct clause_set target_constant(void);

#endif
