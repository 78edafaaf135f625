#include "targets.h"

#include <string.h>

const struct target targets[] = {
    {"mkfifo", "one call of mkfifo in any file tree", true, SHAPE_MKFIFO},
    {"mkfifoat", "one call of mkfifoat in any file tree, any dirfd", true, SHAPE_MKFIFOAT},
    {"sequence", "any number of calls of both, preparations between them", true, SHAPE_SEQUENCE},
    {"scenario_text", "fifofuzz's own parser, printer, decoder and encoder", false, SHAPE_COUNT},
};
const size_t target_count = sizeof targets / sizeof targets[0];

const struct target *target_find(const char *name) {
    for (size_t i = 0; i < target_count; i++)
        if (strcmp(name, targets[i].name) == 0)
            return &targets[i];
    return NULL;
}

static void remove_all(struct clause_set *set, const enum clause *clauses, size_t count) {
    for (size_t i = 0; i < count; i++)
        set->bits[clauses[i] / 64] &= ~(UINT64_C(1) << clauses[i] % 64);
}

/* The traits that all entry points have which the target calls. */
static struct entry_traits common_traits(const struct target *target, const struct traits *traits) {
    const struct entry_traits *plain = &traits->of[STEP_MKFIFO];
    const struct entry_traits *at = &traits->of[STEP_MKFIFOAT];
    if (target->shape == SHAPE_MKFIFO)
        return *plain;
    if (target->shape == SHAPE_MKFIFOAT)
        return *at;
    return (struct entry_traits){plain->masks_type_bits && at->masks_type_bits,
                                 plain->reads_path && at->reads_path};
}

struct clause_set target_reachable(const struct target *target, const struct traits *traits) {
    static const enum clause dirfd[] = {
        CLAUSE_DIRFD_OK,    CLAUSE_DIRFD_OPATH,   CLAUSE_DIRFD_ABSOLUTE, CLAUSE_EBADF,
        CLAUSE_EBADF_ORDER, CLAUSE_ENOTDIR_DIRFD, CLAUSE_EACCES_DIRFD,
    };
    static const enum clause pointers[] = {CLAUSE_EFAULT, CLAUSE_EFAULT_UNTERMINATED};
    static const enum clause type_first[] = {CLAUSE_EINVAL_FIRST};
    const struct entry_traits common = common_traits(target, traits);
    struct clause_set set = {{0, 0}};
    for (int i = 0; i < CLAUSE_COUNT; i++)
        clause_set_add(&set, (enum clause)i);
    if (target->shape == SHAPE_MKFIFO)
        remove_all(&set, dirfd, sizeof dirfd / sizeof dirfd[0]);
    if (common.reads_path)
        remove_all(&set, pointers, sizeof pointers / sizeof pointers[0]);
    if (common.masks_type_bits)
        remove_all(&set, type_first, sizeof type_first / sizeof type_first[0]);
    return set;
}

struct clause_set target_constant(void) {
    static const enum clause constant[] = {
        CLAUSE_RETURN,       CLAUSE_ERRNO_SET,   CLAUSE_ERRNO_KEEP,        CLAUSE_RETURNS,
        CLAUSE_CONTAINED,    CLAUSE_PATH_CONST,  CLAUSE_PATH_READ,         CLAUSE_STAT_NLINK,
        CLAUSE_STAT_SIZE,    CLAUSE_STAT_BLOCKS, CLAUSE_STAT_RDEV,         CLAUSE_STAT_DEV,
        CLAUSE_NLINK_PARENT, CLAUSE_SIZE_PARENT, CLAUSE_FAIL_NOEFFECT,     CLAUSE_ARENA,
        CLAUSE_STATE_CWD,    CLAUSE_STATE_UMASK, CLAUSE_STATE_DESCRIPTORS, CLAUSE_STATE_SIGNALS,
        CLAUSE_TIME_EQUAL,
    };
    struct clause_set set = {{0, 0}};
    for (size_t i = 0; i < sizeof constant / sizeof constant[0]; i++)
        clause_set_add(&set, constant[i]);
    return set;
}
