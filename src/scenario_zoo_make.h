/*
 * scenario_zoo_make.h - what the makers of members share; the zoo's own files use it.
 */
#ifndef FIFOFUZZ_SCENARIO_ZOO_MAKE_H
#define FIFOFUZZ_SCENARIO_ZOO_MAKE_H

#include "scenario_zoo.h"

/* Makes a member of one of `kinds` in directory `parent`; the root when the zoo is full. */
uint32_t zoo_make_in(struct zoo *zoo, uint64_t kinds, uint32_t parent);

/* Adds a chmod of `member` to the low 12 bits of `mode`. */
void zoo_chmod_to(struct zoo *zoo, uint32_t member, uint32_t mode);

/* Adds a mkdir of `member` that really has `mode`, whatever the umask. */
void zoo_mkdir(struct zoo *zoo, uint32_t member, uint32_t mode);

#endif
