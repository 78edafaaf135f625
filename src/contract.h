/*
 * contract.h - the oracle: which clauses of the documents apply to a call in a world, and which
 * outcomes they allow.
 *
 * clauses.def has one row per clause. contract_predict only looks; it never changes the world and
 * never sees what the implementation did. Three levels of strictness, each accepting what the
 * stricter one accepts:
 *
 *   linux       the one outcome that Linux gives on a known file system
 *   documented  any outcome that mkfifo(3), mknod(2), path_resolution(7) and umask(2) leave open:
 *               where several errors hold, any of them
 *   posix       any outcome that POSIX.1-2017 mkfifo() leaves open
 */
#ifndef FIFOFUZZ_CONTRACT_H
#define FIFOFUZZ_CONTRACT_H

#include <stdbool.h>
#include <stdint.h>

#include "world.h"

/* How strongly a document states a clause. */
enum strength {
    SILENT,      /* it does not say */
    UNSPECIFIED, /* it says that implementations differ, or that behaviour is undefined */
    MAY,         /* it permits */
    SHALL,       /* it demands */
};

enum clause {
#define CLAUSE(id, name, posix, documented, need, source, summary) CLAUSE_##id,
#include "clauses.def"
#undef CLAUSE
    CLAUSE_COUNT
};

/* One row of clauses.def. */
struct clause_info {
    const char *name;   /* "C-EEXIST-dangling" */
    uint8_t posix;      /* enum strength in POSIX.1-2017 */
    uint8_t documented; /* enum strength in the Linux manual pages; the linux level demands all */
    uint8_t need; /* enum ability without which it cannot be reached, ABILITY_COUNT for none */
    const char *source;  /* document and section */
    const char *summary; /* the clause in our words, one sentence */
};
extern const struct clause_info clause_infos[CLAUSE_COUNT];

/* The clause called `name`, or CLAUSE_COUNT. */
enum clause clause_find(const char *name);

enum level { LEVEL_LINUX, LEVEL_DOCUMENTED, LEVEL_POSIX, LEVEL_COUNT };

/* "linux", "documented", "posix". */
extern const char *const level_names[LEVEL_COUNT];

/* Is `clause`, which speaks of an effect, binding at `level`? */
static inline bool contract_binds(enum level level, enum clause clause) {
    const struct clause_info *info = &clause_infos[clause];
    return level == LEVEL_LINUX || info->posix == SHALL ||
           (level == LEVEL_DOCUMENTED && info->documented == SHALL);
}

/* Can `clause` be reached on `host`? */
static inline bool clause_is_reachable(enum clause clause, const struct host *host) {
    uint8_t need = clause_infos[clause].need;
    return need == ABILITY_COUNT || host->can[need];
}

/*
 * A sentence of the documents about mkfifo that no scenario here can reach (beyond.def): known, and
 * never counted as held.
 */
struct beyond_info {
    const char *name;
    const char *reason;
};
extern const struct beyond_info beyond_infos[];
extern const unsigned beyond_count;

/* A set of clauses. */
enum { CLAUSE_SET_WORDS = 3 };
struct clause_set {
    uint64_t bits[CLAUSE_SET_WORDS];
};
_Static_assert((int)CLAUSE_COUNT <= CLAUSE_SET_WORDS * 64, "struct clause_set holds them all");

static inline void clause_set_add(struct clause_set *set, enum clause clause) {
    set->bits[clause / 64] |= UINT64_C(1) << clause % 64;
}

static inline bool clause_set_has(const struct clause_set *set, enum clause clause) {
    return set->bits[clause / 64] >> clause % 64 & 1;
}

/* A set of errno values 0..191; 0 stands for success. */
struct errno_set {
    uint64_t bits[3];
};

static inline void errno_set_add(struct errno_set *set, int error) {
    set->bits[error / 64] |= UINT64_C(1) << error % 64;
}

/* Is any error in the set, besides success? */
static inline bool errno_set_fails(const struct errno_set *set) {
    return ((set->bits[0] & ~UINT64_C(1)) | set->bits[1] | set->bits[2]) != 0;
}

static inline bool errno_set_has(const struct errno_set *set, int error) {
    return error >= 0 && error < 192 && (set->bits[error / 64] >> error % 64 & 1);
}

/*
 * What an implementation may legitimately do either way. Found out once by probing (probe.h), then
 * held against it: both ways are right, changing between them is not.
 */
struct entry_traits {
    bool masks_type_bits; /* foreign file type bits in mode are dropped instead of EINVAL */
    bool reads_path; /* it reads the path in user space: bad pointers are undefined behaviour */

    /* Of agents only: a C function hands its mode to the kernel, which has a way of its own. */
    bool drops_special_bits; /* S_ISUID, S_ISGID and S_ISVTX in mode have no effect */
    bool refuses_wide_mode;  /* modes that do not fit its type raise an exception without errno */
    uint8_t mode_way;        /* enum mode_way */
    bool changes_errno;      /* errno after success is not what it was before */
    bool acts_as_real;    /* it gives up effective ids for the real ones, as setuid programs do */
    uint8_t beyond_way;   /* enum wide_way: of modes that 32 bits cannot hold, signed or not */
    uint8_t negative_way; /* enum wide_way: of negative modes that an int can hold */
};

/* What becomes of a language's integer that is no value of mode_t. */
enum wide_way {
    WIDE_NEVER,   /* it cannot be asked for such a mode */
    WIDE_CUT,     /* its low 32 bits are the mode */
    WIDE_REFUSED, /* no call is made */
};

/*
 * How the permissions come about of modes other than 0666. mkfifo(1) -m sets "the specified mode
 * value": POSIX does not say how.
 */
enum mode_way {
    MODE_CREATES,       /* as by mkfifo(2): the umask or a default ACL limits them */
    MODE_IGNORES_UMASK, /* created with umask 0: a default ACL limits them */
    MODE_CHANGES,       /* set with chmod(2) afterwards: nothing limits them */
    MODE_WAY_COUNT
};
enum { MODE_DEFAULT = 0666 }; /* the mode of mkfifo(1) without -m, where the umask counts */

struct traits {
    struct entry_traits of[2]; /* by step kind: STEP_MKFIFO, STEP_MKFIFOAT */
};

/* What a prediction rests on, besides the world. */
struct contract {
    enum level level;
    struct traits traits;
    struct host host; /* what worlds are to be reset with */
};

/* What is to be expected of one call. */
struct prediction {
    int error;                 /* what Linux gives: 0 or the errno */
    enum clause decisive;      /* the clause that says so */
    struct clause_set clauses; /* all that apply */
    bool undefined;            /* the level leaves the outcome open: nothing is a violation */
    bool phantom; /* the kernel's success is made up: nothing is made, whatever is answered */
    bool refused; /* no system call has such arguments: any failure at all is what is due */
    struct errno_set allowed; /* at contract->level; with LEVEL_LINUX just `error` */
    struct birth birth;       /* the node if the call succeeds */
    bool changed;             /* chmod(2) follows its creation and may set st_ctime anew */
    uint16_t uid, gid;        /* its owner and group as stat(2) shows them */
    bool walked;              /* `walk` is valid: the path was resolved */
    struct walk walk;         /* for world_create, and for reports */
};

/*
 * Predicts `step`, a call under test, in `world`. `prediction->allowed` is never empty unless
 * `undefined`. Takes well under a microsecond for ordinary paths at LEVEL_LINUX.
 */
void contract_predict(const struct contract *contract, const struct world *world,
                      const struct step *step, struct prediction *prediction);

/*
 * Fills `expectations` with what Linux gives for every step of `scenario`, preparations included,
 * from the oracle alone. EXPECT_NOTHING where that error has no name, of arguments that C has not,
 * for which no error is settled, of a step that is left out, and from the first call on that is to
 * stop: whether it does, the implementation decides. `world` is scratch, zeroed before its first
 * use.
 */
void contract_expect(const struct contract *contract, struct world *world,
                     const struct scenario *scenario, struct expectations *expectations);

#endif
