#include "targets.h"

#include <string.h>

#include "check.h"

const struct target targets[] = {
    {"all", "sequences mostly, and each eighth scenario one of rendezvous, threads or inject", true,
     SHAPE_ALL, NULL},
    {"mkfifo", "one call of mkfifo in any file tree", true, SHAPE_MKFIFO, NULL},
    {"mkfifoat", "one call of mkfifoat in any file tree, any dirfd", true, SHAPE_MKFIFOAT, NULL},
    {"sequence", "any number of calls of both, preparations between them", true, SHAPE_SEQUENCE,
     NULL},
    {"rendezvous",
     "FIFOs that are made and then opened, filled, read and waited at by several actors", true,
     SHAPE_RENDEZVOUS, NULL},
    {"threads", "calls of several threads, and of signal handlers, that overlap", true,
     SHAPE_THREADS, NULL},
    {"inject", "the same, and a kernel that answers with any error", true, SHAPE_INJECT, NULL},
    {"python", "os.mkfifo and the Python module, by arguments of any kind", true, SHAPE_SEQUENCE,
     "python3-dev"},
    {"scenario_text", "fifofuzz's own parser, printer, decoder and encoder", false, SHAPE_COUNT,
     NULL},
};
const size_t target_count = sizeof targets / sizeof targets[0];

const struct target *target_find(const char *name) {
    for (size_t i = 0; i < target_count; i++)
        if (strcmp(name, targets[i].name) == 0)
            return &targets[i];
    return NULL;
}

/* --- what a target reaches -------------------------------------------------------------------- */

/* What a clause may ask of target and implementation, and what is said where they lack it. */
enum need {
    NEED_CALL,
    NEED_DIRFD,
    NEED_POINTER,
    NEED_TYPE,
    NEED_SPECIAL,
    NEED_CREATED,
    NEED_FIFO,
    NEED_USE,
    NEED_OVERLAP,
    NEED_INJECTION,
    NEED_ALONE,
    NEED_COUNT
};
static const char *const lacking[NEED_COUNT] = {
    [NEED_CALL] = "the implementation has no entry point that the target calls",
    [NEED_DIRFD] = "mkfifoat is not called",
    [NEED_POINTER] = "the implementation reads paths itself, so bad pointers are left out",
    [NEED_TYPE] = "the implementation masks foreign file type bits",
    [NEED_SPECIAL] = "the implementation drops the special bits of mode",
    [NEED_CREATED] = "the implementation sets special bits with chmod(2), which knows no umask",
    [NEED_FIFO] = "a single call finds no other call's FIFO",
    [NEED_USE] = "the target does not use the FIFOs that are made",
    [NEED_OVERLAP] = "the target's calls do not overlap",
    [NEED_ALONE] = "a Landlock domain is one thread's, and the target has several",
    [NEED_INJECTION] = "the target has the kernel answer all calls",
};

static enum need need_of(enum clause clause) {
    static const struct {
        uint8_t clause, need;
    } needs[] = {
        {CLAUSE_DIRFD_OK, NEED_DIRFD},           {CLAUSE_DIRFD_OPATH, NEED_DIRFD},
        {CLAUSE_DIRFD_ABSOLUTE, NEED_DIRFD},     {CLAUSE_EBADF, NEED_DIRFD},
        {CLAUSE_EBADF_ORDER, NEED_DIRFD},        {CLAUSE_ENOTDIR_DIRFD, NEED_DIRFD},
        {CLAUSE_EACCES_DIRFD, NEED_DIRFD},       {CLAUSE_EFAULT, NEED_POINTER},
        {CLAUSE_EINVAL_FIRST, NEED_TYPE},        {CLAUSE_EFAULT_UNTERMINATED, NEED_POINTER},
        {CLAUSE_PROT_FIFOS, NEED_FIFO},          {CLAUSE_MODE_SPECIAL, NEED_SPECIAL},
        {CLAUSE_SETGID_STRIP, NEED_SPECIAL},     {CLAUSE_SETGID_BEFORE_UMASK, NEED_CREATED},
        {CLAUSE_MT_SAFE, NEED_OVERLAP},          {CLAUSE_ASYNC_SAFE, NEED_OVERLAP},
        {CLAUSE_RACE_ATOMIC, NEED_OVERLAP},      {CLAUSE_RACE_RMDIR, NEED_OVERLAP},
        {CLAUSE_SECCOMP_INJECT, NEED_INJECTION}, {CLAUSE_LANDLOCK, NEED_ALONE},
        {CLAUSE_LANDLOCK_ORDER, NEED_ALONE},
    };
    for (size_t i = 0; i < sizeof needs / sizeof needs[0]; i++)
        if (needs[i].clause == clause)
            return (enum need)needs[i].need;
    return ability_takes_actors(clause_infos[clause].need) ? NEED_USE : NEED_CALL;
}

/* Whether calls of `kind` are made: the target has them, and so has the implementation. */
static bool is_made(const struct target *target, const struct campaign_facts *facts,
                    enum step_kind kind) {
    bool wanted = shape_has_calls(target->shape) ||
                  (target->shape == SHAPE_MKFIFOAT) == (kind == STEP_MKFIFOAT);
    return wanted && facts->entries[kind];
}

static bool creates_special(const struct entry_traits *traits) {
    return !traits->drops_special_bits && traits->mode_way != MODE_CHANGES;
}

static bool is_met(const struct target *target, const struct campaign_facts *facts,
                   enum need need) {
    const bool made[2] = {is_made(target, facts, STEP_MKFIFO),
                          is_made(target, facts, STEP_MKFIFOAT)};
    const struct entry_traits *of = facts->traits.of;
    switch (need) {
    case NEED_DIRFD:
        return made[STEP_MKFIFOAT];
    case NEED_POINTER:
        return (made[0] && !of[0].reads_path) || (made[1] && !of[1].reads_path);
    case NEED_TYPE:
        return (made[0] && !of[0].masks_type_bits) || (made[1] && !of[1].masks_type_bits);
    case NEED_SPECIAL:
        return (made[0] && !of[0].drops_special_bits) || (made[1] && !of[1].drops_special_bits);
    case NEED_CREATED:
        return (made[0] && creates_special(&of[0])) || (made[1] && creates_special(&of[1]));
    case NEED_FIFO:
        return shape_has_calls(target->shape);
    case NEED_USE:
        return shape_takes(target->shape, STEP_READ);
    case NEED_OVERLAP:
        return shape_takes(target->shape, STEP_PAUSE);
    case NEED_INJECTION:
        return shape_takes(target->shape, STEP_INJECT);
    case NEED_ALONE:
        return target->shape == SHAPE_ALL || !shape_takes(target->shape, STEP_ACTOR);
    case NEED_CALL:
    case NEED_COUNT:
        break;
    }
    return made[0] || made[1];
}

const char *target_unreachable(const struct target *target, const struct campaign_facts *facts,
                               enum clause clause) {
    if (!is_met(target, facts, NEED_CALL))
        return lacking[NEED_CALL];
    enum need need = need_of(clause);
    check(need < NEED_COUNT);
    if (!is_met(target, facts, need))
        return lacking[need];
    if (!clause_is_reachable(clause, &facts->host))
        return ability_infos[clause_infos[clause].need].lacking;
    return NULL;
}
