/*
 * verdict.h - holds an observation against the contract, step by step, and the arena against the
 * world at the end.
 */
#ifndef FIFOFUZZ_VERDICT_H
#define FIFOFUZZ_VERDICT_H

#include <stddef.h>
#include <stdint.h>

#include "contract.h"
#include "outcome.h"
#include "world.h"

enum verdict_kind {
    VERDICT_HELD,
    VERDICT_VIOLATED,  /* `clause` was broken at `step` */
    VERDICT_UNDECIDED, /* the documents leave open what was seen, or an agent's answer does not tell
                          it, or the kernel may have done it by chance; `clause` and `step` say
                          where, last if more than once */
    VERDICT_DISAGREED, /* a preparation went otherwise than the world says: our bug, or the
                          consequence of something the implementation did unseen */
};

/* What was compared, so that a report can print expected and got in the right form. */
enum aspect {
    ASPECT_RESULT,     /* return value */
    ASPECT_ERRNO,      /* the errno of a failure; 0 stands for success */
    ASPECT_REPLY,      /* of an agent: expected as of ASPECT_ERRNO, got enum reply */
    ASPECT_ERRNO_KEPT, /* errno after success */
    ASPECT_NODE,       /* the new node is not there: expected 0, got the errno of lstat */
    ASPECT_TYPE,       /* st_mode & S_IFMT */
    ASPECT_MODE,       /* st_mode & 07777 */
    ASPECT_OWNER,
    ASPECT_GROUP,
    ASPECT_INODE, /* 1: st_ino is not 0 */
    ASPECT_LINKS,
    ASPECT_SIZE,
    ASPECT_RDEV,
    ASPECT_BLOCKS,
    ASPECT_DEVICE,
    ASPECT_TIMES,        /* of the new node: outside the bounds, or unequal */
    ASPECT_PARENT_TIMES, /* of the parent after success */
    ASPECT_PARENT_LINKS,
    ASPECT_PARENT_SIZE,
    ASPECT_PARENT_CHANGED, /* a failing call changed the parent's times, links or size */
    ASPECT_PLACE_CHANGED,  /* the existing node, cwd or root changed; `name` says which */
    ASPECT_PARENT_ERROR,   /* the parent was there before a failing call, or after it, only */
    ASPECT_ARENA_EXTRA,    /* a node that nothing made; `name` is its path */
    ASPECT_ARENA_MISSING,  /* a node is gone; `name` is its name */
    ASPECT_ARENA_NODE,     /* type, mode, owner, links or size of another node changed */
    ASPECT_ARENA_CONTENT,  /* a file's bytes or a link's body changed */
    ASPECT_CWD,
    ASPECT_UMASK,
    ASPECT_DESCRIPTOR,       /* `expected` and `got`: 1 open, 0 closed; `number` says which */
    ASPECT_STANDARD,         /* one of the descriptors 0, 1 and 2 is another; 1 if so */
    ASPECT_DESCRIPTOR_COUNT, /* of open descriptors, when one has a number beyond those looked at */
    ASPECT_DESCRIPTOR_STATE, /* offset, O_NONBLOCK or FD_CLOEXEC of descriptor `number` */
    ASPECT_SIGNALS,          /* the signal mask; 1 changed */
    ASPECT_ENDING,           /* the call did not come back; `got` is the enum ending */
    ASPECT_PREPARATION,      /* a preparation's errno */
    ASPECT_WAITING,          /* of a step on a FIFO: 1 if it waits, 0 if it is over */
    ASPECT_USE,              /* what it returned: a count, or -errno */
    ASPECT_BROKEN_PIPES,     /* how many SIGPIPEs it brought */
    ASPECT_BYTES,            /* what it read, by its digest (payload.h) */
    ASPECT_COUNT
};

/* What others do on the same machine, so that nothing can be said of a run (examine_once). */
enum verdict_chance {
    CHANCE_NONE,
    CHANCE_LINKS, /* they mount file systems, and Linux gives ELOOP by chance */
    CHANCE_PIPES, /* they use up what the user's pipes may hold, so that a FIFO holds less */
};

struct verdict {
    uint8_t kind;     /* enum verdict_kind */
    uint8_t clause;   /* enum clause; meaningless when held or disagreed */
    uint8_t aspect;   /* enum aspect; meaningless when held */
    bool late;        /* found after the step that did it, which some earlier call may be */
    uint8_t chance;   /* enum verdict_chance: undecided, since the host is disturbed */
    uint32_t step;    /* the step at fault */
    int64_t expected; /* what was demanded; of ASPECT_ERRNO what Linux gives, see allowed */
    int64_t got;
    uint16_t links; /* symlinks that the path of the step may lead through */
    int32_t number; /* ASPECT_DESCRIPTOR: which; ASPECT_ENDING: signal, system call, ... */
    struct errno_set allowed; /* ASPECT_ERRNO and ASPECT_REPLY: all that the level accepts */
    char name[256];           /* path of the node it is about, escaped for print, or "" */
};

/* True if something went otherwise than it may: the verdict needs a report. */
static inline bool verdict_is_bad(const struct verdict *verdict) {
    return verdict->kind == VERDICT_VIOLATED || verdict->kind == VERDICT_DISAGREED;
}

/*
 * True if a bad verdict may be the kernel's chance. Linux counts links across a retry: a lock-free
 * walk that a concurrent mount(2) anywhere in the system disturbs is done again without setting the
 * count back (fs/namei.c filename_parentat, nd->total_link_count), so from 21 links on, ELOOP may
 * come without reason.
 */
bool verdict_is_doubtful(const struct verdict *verdict);

/*
 * What a run reached, for the search and for the summary: called for every clause that applied to a
 * call that was judged. `feature` is a small number (below VERDICT_FEATURES): the clause itself; of
 * the deciding clause also its combinations with step kind and environment, mount and identity.
 * NULL for no one interested.
 */
enum { VERDICT_FEATURES = 24 * 1024 };
typedef void verdict_reach(void *context, enum clause clause, unsigned feature);

/* One step, as it was judged: for a trace. Holds during the call. */
struct judged {
    uint32_t index;                      /* of the step */
    const struct outcome *outcome;       /* NULL: the run ended during this step */
    const struct prediction *prediction; /* of a call under test; NULL for a preparation */
    int expected; /* of a preparation: the errno that the world gives, 0 for success */
    const struct verdict
        *verdict; /* held, or undecided, or what ends the judgement with this step */
};
typedef void verdict_again(void *context);
typedef void verdict_listener(void *context, const struct judged *judged);

struct judge {
    const struct contract *contract;
    verdict_reach *reach;
    verdict_again *again; /* what was reached so far is of a run that does not count; or NULL */
    void *reach_context;
    verdict_listener *listen; /* called for each step that is judged, in their order; or NULL */
    void *listen_context;
    struct world *world; /* scratch; zeroed by the owner before the first use, then kept */
};

/*
 * Judges `observation` of `scenario` and stops at the first violation. The order: each step in
 * turn (result, errno, node, parent), then the arena, cwd, umask, descriptors.
 *
 * An agent's failure without an errno is judged by what can be known: whether a failure was due at
 * all, and whether it left everything as it was. Judging goes on behind it, and if nothing else is
 * wrong, the verdict is undecided. What such a call was to show does not count as reached.
 *
 * A preparation in which the agent could not follow (REPLY_UNABLE) ends the judgement, undecided in
 * CLAUSE_ARENA: from there on the scenario is another one.
 *
 * Where calls overlapped the run holds if some order explains it in which they may have taken
 * effect (orders.h). If none does, the violation is what shows in the order that explains most,
 * first of all in one that chance may have kept from holding, and its clause C-MT-SAFE,
 * C-RACE-atomic or C-ASYNC-SAFE.
 */
void verdict_judge(const struct judge *judge, const struct scenario *scenario,
                   const struct observation *observation, struct verdict *verdict);

/*
 * Why an undecided verdict is none, as a clause of a sentence: "the documents leave C-EFAULT open".
 * Returns as snprintf does; EXCUSE_SIZE bytes are enough.
 */
enum { EXCUSE_SIZE = 128 };
size_t verdict_excuse(const struct verdict *verdict, char *out, size_t capacity);

/* What happened, as a verb phrase: "crashed", "called exit()". Constant text. */
const char *verdict_ending_name(enum ending ending);

/* What a silent answer of an agent (outcome.h) is, as a noun phrase. Constant text. */
const char *verdict_silence_name(enum reply reply);

/*
 * The two values in the form that suits their aspect ("EEXIST", "0644", "a regular file"), into two
 * buffers of `capacity` bytes each; `expected` lists all that the level allows.
 */
void verdict_values(const struct verdict *verdict, char *expected, char *got, size_t capacity);

/*
 * "C-EEXIST-dangling.mkfifo.errno.0": clause, step kind, aspect and, where it does not vary from
 * run to run, what was got. Equal for two findings that are the same fault; fit for a file name.
 */
void verdict_signature(const struct verdict *verdict, const struct scenario *scenario, char *out,
                       size_t capacity);

/*
 * Reads a signature of `scenario` back, as far as it says what was found: clause, aspect, ending
 * and the last call of its kind as the step at fault; what was expected and got is left 0. Returns
 * false if it is none, or the scenario has no such step.
 */
bool verdict_read_signature(struct verdict *verdict, const struct scenario *scenario,
                            const char *signature);

/* "the call: expected EEXIST, got success": what failed, on one line. Returns as snprintf does. */
size_t verdict_describe(const struct verdict *verdict, char *out, size_t capacity);

#endif
