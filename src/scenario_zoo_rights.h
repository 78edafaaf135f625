/*
 * scenario_zoo_rights.h - owners, ACLs and inode flags of the zoo's directories, and who acts.
 */
#ifndef FIFOFUZZ_SCENARIO_ZOO_RIGHTS_H
#define FIFOFUZZ_SCENARIO_ZOO_RIGHTS_H

#include "scenario_zoo.h"

/* Makes `member`, one of KINDS_RIGHTS. */
void rights_make(struct zoo *zoo, uint32_t member);

/* Adds a chown of `member` to an owner and a group that often are the caller's. */
void zoo_chown(struct zoo *zoo, uint32_t member);

/* Adds a chown of `member` to the caller. */
void zoo_chown_to_caller(struct zoo *zoo, uint32_t member);

/* Adds a random ACL of `member`; `flags` as of STEP_ACL. */
void zoo_acl(struct zoo *zoo, uint32_t member, uint32_t flags);

/* Adds a step that gives `member` exactly the inode flags `flags`. */
void zoo_attribute(struct zoo *zoo, uint32_t member, uint32_t flags);

/*
 * Changes owner, mode, ACL or inode flags of `member`, as the zoo's subjects allow; the mode is
 * always among them.
 */
void zoo_change_rights(struct zoo *zoo, uint32_t member);

/* Adds a step after which the zoo's caller acts, with some capabilities or none. */
void zoo_act(struct zoo *zoo);

/* Adds a step after which 0:0 acts without capabilities, as in the beginning. */
void zoo_act_as_first(struct zoo *zoo);

#endif
