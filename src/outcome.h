/*
 * outcome.h - what the sandbox saw: facts only, no judgement. A leaf, shared by the side that
 * executes and the side that judges.
 */
#ifndef FIFOFUZZ_OUTCOME_H
#define FIFOFUZZ_OUTCOME_H

#include <stdbool.h>
#include <stdint.h>

#include "host.h"
#include "scenario.h"

enum {
    ERRNO_POISON = 7777,          /* errno before every call under test; no error has this number */
    ERRNO_UNKNOWN = 7778,         /* of an agent's call that failed: it does not know how */
    OBSERVED_DESCRIPTORS = 128,   /* descriptors 0..127 are looked at after a scenario */
    OBSERVED_NODES_MAX = 8192,    /* nodes of one arena that are listed; more is `overflow` */
    OBSERVED_BYTES_MAX = 1 << 20, /* their names, link bodies and file contents together */
    CONTENT_MAX = 8192, /* bytes of one file that are read; `size` tells if there are more */
    OBSERVED_TREES_MAX = 1 + MOUNTS_MAX, /* file systems of one scenario */
    OBSERVED_STACK_MAX = 32, /* innermost frames: behind a stack overflow there are thousands */
};

/* One node as stat(2) shows it. Times are nanoseconds since the epoch. */
struct node_facts {
    int32_t error; /* 0, or the errno of the stat: then everything else is 0 */
    uint32_t mode; /* st_mode with its type bits */
    uint32_t uid, gid;
    uint32_t nlink;
    uint64_t ino, dev, rdev;
    int64_t size, blocks;
    int64_t atime, mtime, ctime;
};

/* How a step came back. In this process steps only return. */
enum reply {
    REPLY_RETURNED,
    REPLY_RAISED, /* by an exception that carries no errno: `result` is -1, `error` 0 */
    REPLY_UNABLE, /* a call not made at all, for the agent cannot express its arguments, as
                     REPLY_RAISED; a preparation in which the agent could not follow the harness */
    REPLY_BUSY,   /* not made at all: the actor that was to make it waits in an earlier step */
};

/* What `ended` of a step says that was still waiting when the scenario was over. */
enum { ENDED_NEVER = INT32_MAX };

/*
 * What one step returned and left behind. Preparations fill only `result`, `error` and `ended`.
 * `ended` is the step's own index where it was over when the next one began. Otherwise its actor
 * waited, or was stopped, and `result` and `error` are what came of it during step `ended`; of one
 * that never came back they are 0. Of a read that returned bytes `digest` is payload_digest of
 * them.
 * `looked` says whether the sandbox looked at target and parent: it does for calls with a
 * POINTER_STRING path of fewer than 4096 bytes that were over when the next step began.
 */
struct outcome {
    int32_t result; /* as returned; of an open step the descriptor's number */
    int32_t
        error; /* errno as the step left it; calls start with ERRNO_POISON, preparations with 0 */
    uint8_t reply; /* enum reply */
    bool looked;
    uint8_t broken_pipes; /* SIGPIPEs that the step brought, at most 255 */
    uint32_t ended;
    uint64_t digest;
    struct node_facts target; /* lstat of the path itself after the call, when it returned 0 */
    struct node_facts parent_before; /* stat of the path less its last component, before the call */
    struct node_facts parent_after;  /* the same path after the call */
    int64_t clock_before;            /* CLOCK_REALTIME_COARSE before the call, ns */
    int64_t clock_after;             /* CLOCK_REALTIME after it, ns */
};

/* Is it a failure that does not say why, or a step that was not made? Only agents answer so. */
static inline bool outcome_is_silent(const struct outcome *outcome) {
    return outcome->reply != REPLY_RETURNED ||
           (outcome->result == -1 && outcome->error == ERRNO_UNKNOWN);
}

/* The outcome of step `index` in the form of struct expectations. */
static inline int outcome_told(const struct outcome *outcome, uint32_t index) {
    const int error = outcome->result < 0 ? outcome->error : 0;
    if (outcome->ended == index)
        return error;
    return EXPECT_WAITS + (outcome->ended == ENDED_NEVER ? EXPECT_NEVER : error);
}

/* What lies about a call: its path by lstat, the current directory and the root. */
struct surroundings {
    struct node_facts target, cwd, root;
};

/*
 * A wider look around a call, taken for one call in four: six more system calls. Which calls those
 * are depends on the step alone, so a scenario that is cut short shows the same.
 */
struct wide_look {
    bool taken;
    struct surroundings before, after;
};

/* How the run of a scenario ended. All but ENDING_DONE stop at `step` and cost the worker. */
enum ending {
    ENDING_DONE,       /* every step was executed */
    ENDING_CRASHED,    /* a signal: `detail` is its number, `address` the faulting address if any */
    ENDING_OVERFLOWED, /* a SIGSEGV at the guard page of the worker's stack */
    ENDING_HUNG,       /* no return in time: `detail` is 1 if it was running, 0 if it was blocked */
    ENDING_FORBIDDEN,  /* a system call that the policy does not allow: `detail` is its number */
    ENDING_EXITED,     /* exit() was called and ran the process's exit handlers */
    ENDING_SANITIZER,  /* a sanitizer reported an error; its text is on the worker's stderr */
    ENDING_GARBLED,    /* an agent's reply was not of the protocol; it is on the worker's stderr */
    ENDING_COUNT
};

/* A node found in the arena after the scenario. Offsets are into observation.bytes. */
struct observed_node {
    uint32_t parent; /* index of its directory; a root is its own parent and has no name */
    uint32_t name, name_length;
    uint32_t content, content_length; /* symlink body or file content, at most CONTENT_MAX */
    struct node_facts facts;
};

/* A descriptor slot after the scenario; all but `number` is valid only if it is open. */
struct observed_slot {
    int32_t number;          /* the number the slot holds; -1 if it never held one */
    struct node_facts facts; /* fstat of that number */
    int64_t offset;          /* lseek(2), -1 where there is none */
    int32_t flags;           /* fcntl(2) F_GETFL */
    bool close_on_exec;      /* fcntl(2) F_GETFD */
};

/* Everything that one run of a scenario showed. */
struct observation {
    uint8_t ending;         /* enum ending */
    uint32_t step;          /* unless ENDING_DONE: index of the step during which it ended */
    int32_t detail;         /* see enum ending */
    uint64_t address;       /* ENDING_CRASHED: si_addr */
    bool path_written;      /* ENDING_CRASHED: the fault was a write to the path argument */
    bool path_overread;     /* ENDING_CRASHED: the fault was a read behind the path's NUL */
    uint32_t outcome_count; /* valid rows of outcomes: all steps, or `step` of them */
    struct outcome outcomes[SCENARIO_STEPS_MAX];
    struct wide_look wide_looks[SCENARIO_STEPS_MAX]; /* as many; `taken` is set for calls only */

    /*
     * Where the code under test was when it ended, innermost frame first, and of ENDING_FORBIDDEN
     * at the first such call. Each address lies within the instruction that was executing.
     */
    uint32_t stack_count; /* 0 after ENDING_DONE, and where the stack could not be walked */
    uint64_t stack[OBSERVED_STACK_MAX];

    /* The rest is valid only after ENDING_DONE. */
    bool overflow;       /* more nodes or bytes than fit: the list is cut */
    uint32_t node_count; /* parents come before their children */
    struct observed_node nodes[OBSERVED_NODES_MAX];
    uint32_t
        tree_count; /* the arena's tree and one for each tmpfs that was mounted, in that order */
    uint32_t trees[OBSERVED_TREES_MAX]; /* index of each one's root; the arena's is node 0 */
    uint32_t bytes_used;
    char bytes[OBSERVED_BYTES_MAX];
    uint32_t umask;
    bool signals_changed;   /* the signal mask is not what it was before the first step */
    struct node_facts cwd;  /* stat of the current directory itself, searchable or not */
    struct node_facts root; /* stat of "/" as the worker sees it */
    bool open[OBSERVED_DESCRIPTORS];
    bool standard_replaced;   /* descriptor 0, 1 or 2 is open on something else */
    int32_t descriptor_count; /* all that are open, whatever their number; -1 before Linux 6.2 */
    struct observed_slot slots[SCENARIO_SLOTS];
};

#endif
