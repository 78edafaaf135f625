#include "grade.h"

#include <string.h>

const struct grade_info grade_infos[GRADE_COUNT] = {
    [GRADE_NONE] = {"none", "a step disagreed with the model, which breaks no clause"},
    [GRADE_PARITY] = {"parity", "it differs from Linux where no document demands anything"},
    [GRADE_BROKEN] = {"broken", "a document demands otherwise"},
    [GRADE_GRAVE] = {"grave",
                     "data, the caller or another node suffer, or the wrong thing is made"},
};

/* What decides, by what was compared. */
enum rule {
    RULE_STRENGTH, /* the documents' words */
    RULE_GRAVE,    /* whatever they say */
    RULE_ERRNO,    /* grave if the call claims success where it must fail */
    RULE_ENDING,   /* by the ending */
};

static const uint8_t rules[ASPECT_COUNT] = {
    [ASPECT_RESULT] = RULE_ERRNO, /* 0 is a success where a failure was due */
    [ASPECT_ERRNO] = RULE_ERRNO,
    [ASPECT_REPLY] = RULE_STRENGTH, /* a failure that does not say which */
    [ASPECT_ERRNO_KEPT] = RULE_STRENGTH,
    [ASPECT_NODE] = RULE_GRAVE, /* a success that made nothing */
    [ASPECT_TYPE] = RULE_GRAVE,
    [ASPECT_MODE] = RULE_STRENGTH,
    [ASPECT_OWNER] = RULE_STRENGTH,
    [ASPECT_GROUP] = RULE_STRENGTH,
    [ASPECT_INODE] = RULE_STRENGTH,
    [ASPECT_LINKS] = RULE_STRENGTH,
    [ASPECT_SIZE] = RULE_STRENGTH,
    [ASPECT_RDEV] = RULE_STRENGTH,
    [ASPECT_BLOCKS] = RULE_STRENGTH,
    [ASPECT_DEVICE] = RULE_GRAVE, /* it is elsewhere */
    [ASPECT_TIMES] = RULE_STRENGTH,
    [ASPECT_PARENT_TIMES] = RULE_STRENGTH,
    [ASPECT_PARENT_LINKS] = RULE_STRENGTH,
    [ASPECT_PARENT_SIZE] = RULE_STRENGTH,
    [ASPECT_PARENT_CHANGED] = RULE_STRENGTH, /* a name that came and went: nothing is lost */
    [ASPECT_PLACE_CHANGED] = RULE_GRAVE,
    [ASPECT_PARENT_ERROR] = RULE_GRAVE, /* a directory was made or is gone */
    [ASPECT_ARENA_EXTRA] = RULE_GRAVE,
    [ASPECT_ARENA_MISSING] = RULE_GRAVE,
    [ASPECT_ARENA_NODE] = RULE_GRAVE,
    [ASPECT_ARENA_CONTENT] = RULE_GRAVE,
    [ASPECT_CWD] = RULE_GRAVE,
    [ASPECT_UMASK] = RULE_GRAVE,
    [ASPECT_DESCRIPTOR] = RULE_GRAVE,
    [ASPECT_STANDARD] = RULE_GRAVE,
    [ASPECT_DESCRIPTOR_COUNT] = RULE_GRAVE,
    [ASPECT_DESCRIPTOR_STATE] = RULE_GRAVE,
    [ASPECT_SIGNALS] = RULE_GRAVE,
    [ASPECT_ENDING] = RULE_ENDING,
    [ASPECT_PREPARATION] = RULE_STRENGTH,
    [ASPECT_WAITING] = RULE_STRENGTH,
    [ASPECT_USE] = RULE_STRENGTH,
    [ASPECT_BROKEN_PIPES] = RULE_STRENGTH,
    [ASPECT_BYTES] = RULE_GRAVE, /* data */
};

/*
 * Clauses whose error protects nothing: a call that succeeds all the same may well have made the
 * FIFO that it was asked for, as one that masks the mode or follows the links itself.
 */
static bool protects_nothing(enum clause clause) {
    static const enum clause harmless[] = {
        CLAUSE_MODE_TYPE, CLAUSE_MODE_HIGHBITS, CLAUSE_EINVAL_FIRST, CLAUSE_MODE_WIDE,
        CLAUSE_ELOOP_40,  CLAUSE_ELOOP_ORDER,   CLAUSE_NOSYMFOLLOW,
    };
    for (size_t i = 0; i < sizeof harmless / sizeof harmless[0]; i++)
        if (harmless[i] == clause)
            return true;
    return false;
}

static enum grade by_strength(enum clause clause) {
    const struct clause_info *info = &clause_infos[clause];
    return info->posix == SHALL || info->documented == SHALL ? GRADE_BROKEN : GRADE_PARITY;
}

/* An errno of 0 stands for success, unless the complaint is that a failure left it at that. */
static enum grade by_errno(enum clause clause, int64_t got) {
    bool claims_success = got == 0 && clause != CLAUSE_ERRNO_SET;
    return claims_success && !protects_nothing(clause) ? GRADE_GRAVE : by_strength(clause);
}

/* An agent that answers nonsense has done no harm that shows; of all others the caller suffers. */
static enum grade by_ending(enum ending ending) {
    return ending == ENDING_GARBLED ? GRADE_BROKEN : GRADE_GRAVE;
}

enum grade grade_of(const struct verdict *verdict) {
    const enum clause clause = (enum clause)verdict->clause;
    if (verdict->kind != VERDICT_VIOLATED)
        return GRADE_NONE;
    switch ((enum rule)rules[verdict->aspect]) {
    case RULE_GRAVE:
        return GRADE_GRAVE;
    case RULE_ERRNO:
        return by_errno(clause, verdict->got);
    case RULE_ENDING:
        return by_ending((enum ending)verdict->got);
    case RULE_STRENGTH:
        break;
    }
    return by_strength(clause);
}

enum grade grade_find(const char *name) {
    for (int grade = GRADE_COUNT - 1; grade > GRADE_NONE; grade--)
        if (strcmp(name, grade_infos[grade].name) == 0)
            return (enum grade)grade;
    return GRADE_NONE;
}
