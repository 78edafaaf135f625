/*
 * scenario_edit.h - one small random change to a path, of the kinds that tell implementations
 * apart: slashes, dots, a component more, less, other, longer or shorter, a byte, a total length.
 */
#ifndef FIFOFUZZ_SCENARIO_EDIT_H
#define FIFOFUZZ_SCENARIO_EDIT_H

#include "random.h"
#include "scenario_path.h"

/*
 * Changes `path`. `other` is a path of the same scenario, from which components are borrowed; it
 * may be the same text. The result may be empty, and at times equals the old path.
 */
void path_edit(struct path *path, const struct path *other, struct random *random);

#endif
