/*
 * scenario_cast.h - random users and groups: who acts, who owns, whom an ACL names.
 *
 * All ids come from a handful, so that owner, group, supplementary group and named entry are often
 * the same: only then does it show which class of permission bits an implementation looks at.
 */
#ifndef FIFOFUZZ_SCENARIO_CAST_H
#define FIFOFUZZ_SCENARIO_CAST_H

#include "random.h"
#include "scenario.h"

/* An id of the handful: 0 and 1000, which an idmapped mount knows, and some that it does not. */
uint16_t id_random(struct random *random);

/* Any id, mostly of the handful, at times at a limit. */
uint16_t id_random_any(struct random *random);

/*
 * Someone who acts: effective ids, up to IDENTITY_GROUPS supplementary groups, real ids that are
 * the effective ones half of the time.
 */
void identity_random(struct identity *identity, struct random *random);

/* Capabilities of `as`: none more often than not. */
uint8_t capabilities_random(struct random *random);

/* Sets uid and gid alone: an owner and a group that often are those of `caller`. */
void owner_random(struct identity *owner, const struct identity *caller, struct random *random);

/*
 * The ENTRIES of a valid ACL; whom the named ones are for goes to `named`, all else of it is 0.
 * A third of them are minimal; names are often those of `caller`.
 */
uint32_t acl_random(struct identity *named, const struct identity *caller, struct random *random);

#endif
