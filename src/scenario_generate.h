/*
 * scenario_generate.h - makes scenarios from nothing but random numbers.
 *
 * Built to make a wrong mkfifo show itself soon: most scenarios are short (a few preparations, one
 * to four calls), a few are long, and everything in them has a use for some call. What is drawn how
 * often is in the tables of scenario_operands.c, scenario_cast.c, scenario_zoo*.c and
 * scenario_call.c; the test counts that every feature still occurs.
 *
 * More than half of the scenarios need only names, modes, links and descriptors. The others have
 * subjects besides (scenario_zoo.h): identities, mounts, ACLs, inode flags, Landlock.
 */
#ifndef FIFOFUZZ_SCENARIO_GENERATE_H
#define FIFOFUZZ_SCENARIO_GENERATE_H

#include "random.h"
#include "scenario.h"
#include "scenario_shape.h"

/*
 * Replaces `out` with a random scenario that is valid and fits `shape`. The same state of `random`
 * gives the same scenario. Takes about as long as the steps it makes take to print.
 */
void scenario_generate(struct scenario *out, struct random *random, enum target_shape shape);

#endif
