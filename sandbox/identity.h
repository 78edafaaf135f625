/*
 * identity.h - who the calling thread acts as: user, groups and capabilities, changed by raw system
 * calls. The C library's setuid(3) family would change every thread of the process.
 */
#ifndef FIFOFUZZ_IDENTITY_H
#define FIFOFUZZ_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>

#include "cookies.h"
#include "scenario.h"

/* Who the thread is at the moment: at first root without effective capabilities. */
struct identity_now {
    struct identity identity;
    uint32_t effective; /* capabilities, as bits 1 << CAP_... */
    uint32_t permitted; /* those that can be made effective */
};

/*
 * Takes all capabilities from the calling thread, out of every set, for good. Returns 0 or -errno.
 */
int identity_drop_capabilities(void);

/*
 * Makes the calling thread uid 0 and gid 0 without supplementary groups (which an ordinary user's
 * namespace cannot leave). Returns 0 or -errno.
 */
int identity_become_root(void);

/*
 * Leaves the calling thread, which is root, the capabilities that identity_assume and
 * identity_rule need, none of them effective, and lets no change of a user id change that any
 * more. Fills `now`. Returns 0 or -errno.
 */
int identity_prepare(struct identity_now *now);

/*
 * Takes from the calling thread all capabilities that it has, and notes that it stays who it is:
 * scenarios take it for root. Fills `now`. Returns 0 or -errno.
 */
int identity_give_up(struct identity_now *now);

/*
 * Acts as `wanted` with the capabilities `flags` (CAPABILITY_OVERRIDE...) from now on. Makes no
 * call for what is so already. Returns 0 or -errno.
 */
int identity_assume(struct identity_now *now, const struct cookies *cookies,
                    const struct identity *wanted, unsigned flags);

/* Acts as `wanted` does. Returns 0 or -errno. */
int identity_match(struct identity_now *now, const struct cookies *cookies,
                   const struct identity_now *wanted);

/* True if both are the same users and groups. */
bool identity_equal(const struct identity *a, const struct identity *b);

/* True if the thread acts as root without groups, whatever its capabilities. */
bool identity_is_root(const struct identity_now *now);

/*
 * Acts as root who may change and remove what others own, as far as that is permitted: for steps of
 * the harness and for the clean-up. Returns 0 or -errno.
 */
int identity_rule(struct identity_now *now, const struct cookies *cookies);

/* Behind identity_rule: as root with the capabilities `effective` again. Returns 0 or -errno. */
int identity_restore(struct identity_now *now, const struct cookies *cookies, uint32_t effective);

/* Acts as a scenario starts. Returns 0 or -errno. */
int identity_rest(struct identity_now *now, const struct cookies *cookies);

#endif
