/*
 * scenario_zoo_touch.h - what happens around a call in a scenario that has subjects: who acts, and
 * what is taken from or given to the directory meant for the new name.
 */
#ifndef FIFOFUZZ_SCENARIO_ZOO_TOUCH_H
#define FIFOFUZZ_SCENARIO_ZOO_TOUCH_H

#include "scenario_zoo.h"

/* Lets others into the root and has the caller act from the beginning, where that is a subject. */
void zoo_begin(struct zoo *zoo);

/* Changes the rights of `member` or the mount it is on, as the zoo's subjects allow. */
void zoo_touch(struct zoo *zoo, uint32_t member);

/* Mostly undoes what the last call's zoo_touch_for_call has left, so that there can be another. */
void zoo_settle(struct zoo *zoo);

/* Adds what is to come right before a call whose parent is `member`. */
void zoo_touch_for_call(struct zoo *zoo, uint32_t member);

#endif
