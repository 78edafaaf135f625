/*
 * scenario_leaves.h - does a step's path stay in the directory that a scenario starts in, if that
 * is not its root? Told from the text alone, and wrong only on the careful side.
 */
#ifndef FIFOFUZZ_SCENARIO_LEAVES_H
#define FIFOFUZZ_SCENARIO_LEAVES_H

#include <stdbool.h>

#include "scenario.h"

/*
 * True if a path or link body of `step` is absolute, or may climb: it has a ".." that does not
 * stand behind a component of its own that is entered. A component counts as entered unless some
 * step of `scenario` may make a symbolic link of that name.
 */
bool scenario_leaves(const struct scenario *scenario, const struct step *step);

#endif
