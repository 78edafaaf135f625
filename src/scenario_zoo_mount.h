/*
 * scenario_zoo_mount.h - mounts in the zoo: file systems that are full, read-only, mapped, bound.
 */
#ifndef FIFOFUZZ_SCENARIO_ZOO_MOUNT_H
#define FIFOFUZZ_SCENARIO_ZOO_MOUNT_H

#include "scenario_zoo.h"

/* Makes `member`, one of KINDS_MOUNT. */
void mount_make(struct zoo *zoo, uint32_t member);

/* Adds a step that gives the mount on which `member` lies other flags, read-only first of all. */
void zoo_remount(struct zoo *zoo, uint32_t member);

/* Adds a step that takes away what the last zoo_remount has set, if that is still in force. */
void zoo_settle_mount(struct zoo *zoo);

/* Adds a step that mounts something over `member`; who is in it already does not see that. */
void zoo_cover(struct zoo *zoo, uint32_t member);

/* Adds a step that detaches the mount whose root is `member`. */
void zoo_detach(struct zoo *zoo, uint32_t member);

#endif
