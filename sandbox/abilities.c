#include "abilities.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "capacity.h"
#include "check.h"
#include "directory.h"
#include "gate.h"
#include "landlock.h"
#include "still.h"
#include "tier.h"
#include "within.h"

/* Adds a step of `kind` whose path is the directory that each scenario starts with. */
static struct step *add(struct scenario *scenario, enum step_kind kind) {
    static const char name[] = "directory";
    struct step *step = scenario_add(scenario, kind);
    check(step != NULL);
    step->path = scenario_store(scenario, name, strlen(name));
    return step;
}

static void add_flags(struct scenario *scenario, enum step_kind kind, unsigned flags) {
    add(scenario, kind)->flags = (uint8_t)flags;
}

/* --- one scenario for each ability ---------------------------------------------------------- */

static void try_identities(struct scenario *scenario) {
    const struct identity other = {1000, 1001, 1002, 1003, 2, {1004, 1005}};
    const struct identity owner = {.uid = 1000, .gid = 1001};
    add(scenario, STEP_CHOWN)->identity = owner;
    struct step *step = scenario_add(scenario, STEP_AS);
    step->identity = other;
    step->flags = CAPABILITY_OVERRIDE | CAPABILITY_READ_SEARCH | CAPABILITY_FSETID;
    add(scenario, STEP_CHMOD)->mode = 0700;
    scenario_add(scenario, STEP_AS);
}

static void try_mounts(struct scenario *scenario) {
    add(scenario, STEP_MOUNT)->mode = 16;
    struct step *step = add(scenario, STEP_BIND);
    step->other = step->path;
    step->flags = MOUNT_READ_ONLY;
    add(scenario, STEP_REMOUNT);
    add_flags(scenario, STEP_REMOUNT, MOUNT_SUPERBLOCK | MOUNT_READ_ONLY);
    add(scenario, STEP_UMOUNT);
    add(scenario, STEP_UMOUNT);
}

static void try_nosymfollow(struct scenario *scenario) {
    add_flags(scenario, STEP_MOUNT, MOUNT_NOSYMFOLLOW);
    add_flags(scenario, STEP_REMOUNT, MOUNT_NOSYMFOLLOW);
}

static void try_idmap(struct scenario *scenario) {
    add_flags(scenario, STEP_MOUNT, MOUNT_IDMAP);
}

static void try_acls(struct scenario *scenario) {
    uint32_t entries = 0;
    for (int entry = 0; entry < ENTRY_COUNT; entry++)
        entries = acl_with(entries, (enum acl_entry)entry, 7);
    add(scenario, STEP_ACL)->mode = entries;
    struct step *step = add(scenario, STEP_ACL);
    step->mode = entries;
    step->flags = ACL_DEFAULT;
}

static void try_attributes(struct scenario *scenario) {
    add_flags(scenario, STEP_ATTRIBUTE, ATTRIBUTE_IMMUTABLE | ATTRIBUTE_APPEND);
}

/* --- trying --------------------------------------------------------------------------------- */

typedef void trial(struct scenario *scenario);
static trial *const trials[ABILITY_COUNT] = {
    [ABILITY_IDENTITIES] = try_identities,
    [ABILITY_MOUNTS] = try_mounts,
    [ABILITY_NOSYMFOLLOW] = try_nosymfollow,
    [ABILITY_IDMAP] = try_idmap,
    [ABILITY_ACLS] = try_acls,
    [ABILITY_ATTRIBUTES] = try_attributes,
};

static bool succeeds(struct sandbox *sandbox, trial *make) {
    static struct scenario scenario;
    const struct implementation none = {.name = "none"};
    scenario_clear(&scenario);
    add(&scenario, STEP_MKDIR)->mode = 0755;
    make(&scenario);
    const struct observation *seen = sandbox_run(sandbox, &scenario, &none, SANDBOX_OBSERVED);
    bool all = seen->ending == ENDING_DONE;
    for (uint32_t i = 0; i < seen->outcome_count; i++)
        all &= seen->outcomes[i].result == 0;
    return all;
}

/* A sysctl that is not there is off. */
static bool is_set(const char *path) {
    char digit = '0';
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return false;
    const bool set = read(file, &digit, 1) == 1 && digit != '0';
    close(file);
    return set;
}

/* Without namespaces there is nobody who could do it; one of sixteen Landlock domains is taken. */
static void find_by_trials(struct host *host, struct sandbox *sandbox) {
    for (int ability = 0; ability < ABILITY_COUNT; ability++)
        if (trials[ability])
            host->can[ability] = succeeds(sandbox, trials[ability]);
    host->can[ABILITY_LANDLOCK] = landlock_available();
    host->can[ABILITY_CAPABILITIES] = true;
}

void abilities_find(struct host *host, struct sandbox *sandbox) {
    if (tier_has_namespaces())
        find_by_trials(host, sandbox);
    host->can[ABILITY_ROOT] = tier_has_root();
    host->can[ABILITY_TMPFS] = tier_has_namespaces() || directory_is_tmpfs();
    host->can[ABILITY_FILTER] = tier_has_filter();
    host->can[ABILITY_ACTORS] = tier_has_namespaces() && still_available();
    host->can[ABILITY_PIPES] = host->can[ABILITY_ACTORS] && capacity_is_usual();
    host->can[ABILITY_GATE] = host->can[ABILITY_ACTORS] && gate_available();
    host->can[ABILITY_CIRCUMSTANCES] = host->can[ABILITY_ACTORS] && within_available();
    host->can[ABILITY_DESCRIPTORS] = host->can[ABILITY_LIMITS] = host->can[ABILITY_POINTERS] = true;
    host->protected_hardlinks = is_set("/proc/sys/fs/protected_hardlinks");
    host->protected_symlinks = is_set("/proc/sys/fs/protected_symlinks");
}

/*
 * A Landlock domain is each process's own; nothing brings it over. A limit of descriptors the
 * keeper can set, but a wrapper may need some for itself.
 */
void abilities_limit(struct host *host, const struct guest *guest) {
    const struct greeting *greeting = &guest->channel.greeting;
    host->can[ABILITY_IDENTITIES] &= !guest->keeper.plain;
    host->can[ABILITY_LANDLOCK] = false;
    for (int ability = 0; ability < ABILITY_COUNT; ability++)
        host->can[ability] &= !ability_takes_actors((enum ability)ability);
    host->can[ABILITY_LIMITS] = greeting->limits && !guest->wrapped && !guest->keeper.plain;
    host->can[ABILITY_DESCRIPTORS] = greeting->open;
    host->can[ABILITY_POINTERS] = greeting->pointers;
    host->can[ABILITY_COUNTED] = greeting->counted;
    host->can[ABILITY_TEXT] = greeting->text;
    host->can[ABILITY_WIDE] = greeting->wide;
}
