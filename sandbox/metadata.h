/*
 * metadata.h - the steps that change what a directory is: owner, ACL, inode flags.
 *
 * Functions act for the calling thread, whose current directory is the arena's root, and return 0
 * or -errno, which is what the step returns.
 */
#ifndef FIFOFUZZ_METADATA_H
#define FIFOFUZZ_METADATA_H

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "host.h"
#include "scenario.h"

/* A directory of the arena that has been given flags, whatever its name is by now. */
union flagged {
    struct file_handle handle;
    char bytes[sizeof(struct file_handle) + MAX_HANDLE_SZ];
};

/* What one scenario has changed. */
struct metadata {
    bool owner_changed, acl_changed; /* of any node: the arena's root may be among them */
    unsigned flag_steps;             /* successful ones that set flags */
    unsigned flagged_count;
    union flagged flagged[ATTRIBUTES_MAX];
};

int metadata_chown(struct metadata *metadata, const struct step *step, const char *path);
int metadata_acl(struct metadata *metadata, const struct step *step, const char *path);

/* `arena` is the number of the arena's file system, where flags must be taken away in the end. */
int metadata_attribute(struct metadata *metadata, const struct step *step, const char *path,
                       dev_t arena);

/*
 * Takes all flags in the arena away and gives its root to root, without ACLs. The arena must be
 * writable. Returns 0 or -errno.
 */
int metadata_restore(struct metadata *metadata);

#endif
