#include "host.h"

#include "scenario_leaves.h"

const struct ability_info ability_infos[ABILITY_COUNT] = {
    [ABILITY_IDENTITIES] =
        {"identities",
         "an ordinary user has one id, in a user namespace too; run as root, with the "
         "capabilities to make namespaces"},
    [ABILITY_MOUNTS] = {"mounts",
                        "there are no namespaces, or the kernel has no mount_setattr(2); run as "
                        "root, or use Linux 5.12 or later"},
    [ABILITY_NOSYMFOLLOW] =
        {"nosymfollow",
         "there are no namespaces, or the kernel has no nosymfollow mounts; run as root, "
         "or use Linux 5.14 or later"},
    [ABILITY_IDMAP] = {"idmap", "a kernel before Linux 6.3, a user namespace or none has no "
                                "idmapped tmpfs; run as root on a newer one"},
    [ABILITY_ACLS] = {"acls",
                      "there are no namespaces, or the kernel's tmpfs has no ACLs; run as root, "
                      "or build it with TMPFS_POSIX_ACL"},
    [ABILITY_ATTRIBUTES] = {"attributes",
                            "inode flags of tmpfs need Linux 6.0 or later and CAP_LINUX_IMMUTABLE "
                            "outside of a user namespace; run as root"},
    [ABILITY_LANDLOCK] = {"landlock",
                          "the kernel has no Landlock, or the sandbox needs it for itself; "
                          "boot it with lsm=landlock,..., or run as root"},
    [ABILITY_DESCRIPTORS] = {"descriptors", "the agent does not open descriptors; let it greet "
                                            "with `open`"},
    [ABILITY_LIMITS] = {"limits",
                        "the agent, or its wrapper, may need descriptors of its own for a call; "
                        "let it greet with `limits` if not"},
    [ABILITY_POINTERS] = {"pointers", "the agent's language has no bad pointers"},
    [ABILITY_COUNTED] = {"counted", "a C string ends at its NUL; agents of languages with counted "
                                    "strings greet with `counted`"},
    [ABILITY_TEXT] = {"text",
                      "a C string is bytes already; agents of languages whose paths are text "
                      "greet with `text`"},
    [ABILITY_WIDE] = {"wide", "C's mode_t has 32 bits; agents of languages with greater integers "
                              "greet with `wide`"},
    [ABILITY_ROOT] = {"root",
                      "no root directory of the arena's own can be had, so paths that lead out "
                      "of it are left out; run as root, or allow user namespaces"},
    [ABILITY_CAPABILITIES] = {"capabilities",
                              "there are no namespaces to have them in; run as root, "
                              "or allow user namespaces"},
    [ABILITY_TMPFS] = {"tmpfs",
                       "the private directory is on another file system; let TMPDIR name a "
                       "directory of a tmpfs, or allow user namespaces"},
    [ABILITY_FILTER] = {"filter", "seccomp(2) is refused; use a kernel with CONFIG_SECCOMP_FILTER "
                                  "and a container profile that allows it"},
    [ABILITY_ACTORS] = {"actors",
                        "several threads act, and FIFOs are in use, only within namespaces, and on "
                        "implementations in this process"},
    [ABILITY_PIPES] = {"pipes",
                       "a FIFO has less than 64 KiB, or does not get them back: this user's "
                       "pipes have used up fs.pipe-user-pages-soft, or "
                       "fs.pipe-max-size is lower; raise it, see pipe(7)"},
    [ABILITY_GATE] = {"gate", "calls are stopped in the middle by syscall user dispatch, which "
                              "needs Linux 5.11 or later on x86-64"},
    [ABILITY_CIRCUMSTANCES] = {"circumstances", "calls are made in child processes and on small "
                                                "stacks on x86-64, aarch64 and riscv64, and where "
                                                "a container's profile allows clone(2)"},
};

const struct idmap_entry idmap_entries[IDMAP_COUNT] = {{0, 1000}, {1000, 0}};

bool ability_takes_actors(enum ability ability) {
    return ability == ABILITY_ACTORS || ability == ABILITY_PIPES || ability == ABILITY_GATE ||
           ability == ABILITY_CIRCUMSTANCES;
}

/* Ids are 0 in steps that have none. */
static bool is_plain(const struct identity *identity) {
    return identity->uid == 0 && identity->gid == 0 && identity->real_uid == 0 &&
           identity->real_gid == 0 && identity->group_count == 0;
}

static unsigned pointer_needs(const struct step *step) {
    if (pointer_is_bad(step))
        return 1U << ABILITY_POINTERS;
    return step->pointer == POINTER_COUNTED       ? 1U << ABILITY_COUNTED
           : step->pointer == POINTER_UNENCODABLE ? 1U << ABILITY_TEXT
                                                  : 0;
}

/* A mask is only believed, and without a filter nobody is told that it has changed. */
static unsigned within_needs(const struct step *step) {
    if (step->kind != STEP_WITHIN)
        return 0;
    return (step->flags & ~WITHIN_BLOCKED ? 1U << ABILITY_CIRCUMSTANCES : 0) |
           (step->flags & WITHIN_BLOCKED ? 1U << ABILITY_FILTER : 0);
}

/* Does what the step shows depend on how much a FIFO holds? */
static bool needs_room(const struct step *step) {
    return step->kind == STEP_WRITE || step->kind == STEP_POLL || step->kind == STEP_RESIZE ||
           (step->kind == STEP_USE && step->pointer == USE_CAPACITY);
}

unsigned host_needs(const struct step *step) {
    static const uint32_t always[STEP_KIND_COUNT] = {
        [STEP_LANDLOCK] = 1 << ABILITY_LANDLOCK,    [STEP_ACL] = 1 << ABILITY_ACLS,
        [STEP_ATTRIBUTE] = 1 << ABILITY_ATTRIBUTES, [STEP_MOUNT] = 1 << ABILITY_MOUNTS,
        [STEP_BIND] = 1 << ABILITY_MOUNTS,          [STEP_REMOUNT] = 1 << ABILITY_MOUNTS,
        [STEP_UMOUNT] = 1 << ABILITY_MOUNTS,        [STEP_NOFILE] = 1 << ABILITY_LIMITS,
        [STEP_OPEN] = 1 << ABILITY_DESCRIPTORS,     [STEP_CLOSE] = 1 << ABILITY_DESCRIPTORS,
        [STEP_DUP] = 1 << ABILITY_DESCRIPTORS,      [STEP_CHOWN] = 1 << ABILITY_CAPABILITIES,
    };
    unsigned needs = always[step->kind];
    if (step_is_call(step) && step->dirfd.kind == DIRFD_SLOT)
        needs |= 1U << ABILITY_DESCRIPTORS;
    needs |= pointer_needs(step);
    if (step->high != 0)
        needs |= 1U << ABILITY_WIDE;
    if (step_is_staged(step))
        needs |= 1U << ABILITY_ACTORS;
    if (needs_room(step))
        needs |= 1U << ABILITY_PIPES;
    if (step->kind == STEP_PAUSE || step->kind == STEP_RESUME || step->kind == STEP_INJECT)
        needs |= 1U << ABILITY_GATE;
    needs |= within_needs(step);
    if (!is_plain(&step->identity))
        needs |= 1U << ABILITY_IDENTITIES;
    if (step->kind == STEP_AS && step->flags)
        needs |= 1U << ABILITY_CAPABILITIES;
    if (!(needs & 1U << ABILITY_MOUNTS))
        return needs;
    if (step->flags & MOUNT_NOSYMFOLLOW)
        needs |= 1U << ABILITY_NOSYMFOLLOW;
    if (step->kind != STEP_REMOUNT && step->flags & MOUNT_IDMAP)
        needs |= 1U << ABILITY_IDMAP;
    return needs;
}

enum ability host_lacks(const struct host *host, const struct scenario *scenario,
                        const struct step *step) {
    unsigned needs = host_needs(step);
    if (!host->can[ABILITY_ROOT] && scenario_leaves(scenario, step))
        needs |= 1U << ABILITY_ROOT;
    for (int ability = 0; ability < ABILITY_COUNT; ability++)
        if (needs >> ability & 1 && !host->can[ability])
            return (enum ability)ability;
    return ABILITY_COUNT;
}
