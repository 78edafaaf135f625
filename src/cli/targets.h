/*
 * targets.h - the fuzz targets, which come with fifofuzz as programs fuzz_NAME.
 */
#ifndef FIFOFUZZ_TARGETS_H
#define FIFOFUZZ_TARGETS_H

#include <stdbool.h>
#include <stddef.h>

#include "campaign.h"
#include "scenario_shape.h"

struct target {
    const char *name;
    const char *summary;
    bool examines;           /* it runs an implementation and takes part in a campaign */
    enum target_shape shape; /* if it does */
    const char *package;     /* Debian's, which its build needs besides clang; NULL: none */
};
extern const struct target targets[];
extern const size_t target_count;

/* The target called `name`, or NULL. */
const struct target *target_find(const char *name);

/*
 * Why a campaign on `target` cannot reach `clause`, in one sentence, or NULL if it can: by the
 * calls that the target makes and the implementation has, by traits, by what the host lacks.
 * Nothing of that is a fault, and nothing of it counts as held.
 */
const char *target_unreachable(const struct target *target, const struct campaign_facts *facts,
                               enum clause clause);

#endif
