/*
 * host.h - what this host can do, and the agent that is run on it: facts that the sandbox finds out
 * at start and the model is told. A leaf, shared by the side that executes and the side that
 * judges.
 *
 * A step that needs what the host lacks is left out of a scenario, and a clause that needs it is
 * unreachable here, with the reason; neither is ever counted as held.
 */
#ifndef FIFOFUZZ_HOST_H
#define FIFOFUZZ_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "scenario.h"

enum ability {
    ABILITY_IDENTITIES,    /* user and group ids other than 0, supplementary groups */
    ABILITY_MOUNTS,        /* mount, bind, remount, umount: fsopen(2), mount_setattr(2) */
    ABILITY_NOSYMFOLLOW,   /* MOUNT_ATTR_NOSYMFOLLOW, Linux 5.14 */
    ABILITY_IDMAP,         /* idmapped mounts of tmpfs, Linux 6.3 */
    ABILITY_ACLS,          /* POSIX ACLs on tmpfs */
    ABILITY_ATTRIBUTES,    /* immutable and append-only directories on tmpfs, CAP_LINUX_IMMUTABLE */
    ABILITY_LANDLOCK,      /* landlock(7) */
    ABILITY_DESCRIPTORS,   /* open, close, dup, and slots as dirfd: an agent may not do them */
    ABILITY_LIMITS,        /* nofile: an agent may need descriptors of its own */
    ABILITY_POINTERS,      /* paths that are no strings: most languages have none */
    ABILITY_COUNTED,       /* paths with a NUL byte: a C function cannot be given one */
    ABILITY_TEXT,          /* paths of characters, so also of some that no bytes stand for */
    ABILITY_WIDE,          /* modes of 64 bits: a C function's have 32 */
    ABILITY_ROOT,          /* a root directory of its own: absolute paths, .. at the top */
    ABILITY_CAPABILITIES,  /* the harness has them all, and a scenario some of them */
    ABILITY_TMPFS,         /* the arena is a tmpfs(5), whose directories have known sizes */
    ABILITY_FILTER,        /* seccomp(2): forbidden calls and changed signal masks are seen */
    ABILITY_ACTORS,        /* several threads, and FIFOs in use: in this process alone */
    ABILITY_PIPES,         /* FIFOs of 64 KiB, pipe(7) */
    ABILITY_GATE,          /* calls stop in the middle: prctl(2) PR_SET_SYSCALL_USER_DISPATCH */
    ABILITY_CIRCUMSTANCES, /* calls in child processes and on small stacks: clone(2) */
    ABILITY_COUNT
};

struct ability_info {
    const char *name;    /* "identities" */
    const char *lacking; /* why a host may lack it and what helps, one sentence */
};
extern const struct ability_info ability_infos[ABILITY_COUNT];

struct host {
    bool can[ABILITY_COUNT];
    bool protected_hardlinks; /* fs.protected_hardlinks, proc(5) */
    bool protected_symlinks;  /* fs.protected_symlinks */
    uint32_t nofile;          /* soft RLIMIT_NOFILE of a scenario's beginning */
};

/* True for ABILITY_ACTORS, and for those that are nothing without it. */
bool ability_takes_actors(enum ability ability);

/* The abilities that `step` needs whatever its paths are, as bits 1 << enum ability. */
unsigned host_needs(const struct step *step);

/*
 * The first ability that `step` of `scenario` needs and `host` lacks, or ABILITY_COUNT. Paths that
 * may lead out of the arena (scenario_leaves) need ABILITY_ROOT.
 */
enum ability host_lacks(const struct host *host, const struct scenario *scenario,
                        const struct step *step);

/*
 * An idmapped mount (MOUNT_IDMAP) shows id `on_disk` as `seen`, for users and groups alike; other
 * ids have no mapping there. mount_setattr(2), Linux Documentation/filesystems/idmappings.rst.
 */
enum { IDMAP_COUNT = 2 };
struct idmap_entry {
    uint16_t on_disk, seen;
};
extern const struct idmap_entry idmap_entries[IDMAP_COUNT];

enum {
    MOUNTS_MAX = 8,      /* mount and bind steps of one scenario that can succeed; then ENOSPC */
    ATTRIBUTES_MAX = 16, /* attribute steps with flags that can succeed; then ENOSPC */
    LANDLOCK_MAX = 16,   /* landlock steps that can succeed; then E2BIG, landlock(7) */
};

#endif
