/*
 * campaign.h - one fuzzing campaign: a page of memory that several engine processes write their
 * figures into and the supervisor (`fifofuzz run`) reads.
 *
 * The page lives in a memfd that children inherit by number (--campaign=FD). Each child owns one
 * job in it and is its only writer, so the counters need no locked instruction; the supervisor may
 * read at any time and sees each single value whole. Nothing here makes a system call per scenario.
 *
 * The page also holds the input at hand, so that a child that is killed leaves its evidence.
 */
#ifndef FIFOFUZZ_CAMPAIGN_H
#define FIFOFUZZ_CAMPAIGN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "contract.h"
#include "examine.h"

enum {
    CAMPAIGN_JOBS_MAX = 64,
    CAMPAIGN_INPUT_MAX = 65536, /* bytes of an input that are kept; longer ones are cut */
    CAMPAIGN_CLOCK_PERIOD = 64, /* scenarios between two looks at the clock */
    CAMPAIGN_FINDINGS_MAX = 64, /* distinct findings of one job */
    CAMPAIGN_FATAL_MAX = 1024,  /* inputs that may end a process of one job */
};

/*
 * The lines between which a child prints the report of a finding whose folder cannot be written;
 * the signature follows the first.
 */
#define CAMPAIGN_UNSAVED     "fifofuzz: report of what is in no folder: "
#define CAMPAIGN_UNSAVED_END "fifofuzz: end of that report"

/* How far a job has come. Only CAMPAIGN_ENGINE and CAMPAIGN_RUNNING go on. */
enum campaign_state {
    CAMPAIGN_WAITING, /* the child has not spoken yet */
    CAMPAIGN_ENGINE,  /* it was started and may run scenarios: `tier` is valid */
    CAMPAIGN_RUNNING, /* its worker stands: `facts` and `traits_text` are valid */
    CAMPAIGN_FOUND,   /* it ended with a finding, the last of `findings` */
    CAMPAIGN_UNABLE,  /* the host cannot run it: `reason` says why and what to do */
    CAMPAIGN_REFUSED, /* the user's arguments are wrong: `reason` says why */
    CAMPAIGN_KILLED,  /* an engine that goes on has replaced it: `input` is what it was killed at */
};

/* What is known once a worker stands, and what clauses can be reached depends on. */
struct campaign_facts {
    bool entries[2]; /* by step kind: the implementation has that entry point */
    struct traits traits;
    struct host host;
};

/* One of a job's findings. */
struct campaign_finding {
    char key[FAULT_KEY_SIZE]; /* as the first run showed it: what is known is not examined again */
    char signature[SIGNATURE_SIZE];
    char folder[4096]; /* where it was written; "": it could not be, for `reason` */
    char reason[256];
    _Atomic uint64_t count; /* how often it was seen */
    uint64_t saved;         /* how often of these the folder's own count went up */
};

/* The figures of one child; it alone writes them. */
struct campaign_job {
    _Atomic uint32_t state; /* enum campaign_state; written after what it makes valid */
    _Atomic uint64_t scenarios, calls, undecided;
    _Atomic uint64_t reached[CLAUSE_COUNT];     /* how often each clause applied */
    _Atomic uint64_t left_open[CLAUSE_COUNT];   /* how often it was where a verdict was undecided */
    _Atomic uint32_t first_after[CLAUSE_COUNT]; /* milliseconds into the campaign, if reached */
    struct campaign_facts facts;
    char tier[64];
    char traits_text[EXAMINE_TRAITS_SIZE];
    char reason[1024];
    _Atomic uint32_t finding_count; /* of `findings` that are whole */
    struct campaign_finding findings[CAMPAIGN_FINDINGS_MAX];
    _Atomic uint64_t not_kept; /* violations that were not looked into, as `findings` was full */
    _Atomic uint32_t fatal_count;
    uint64_t fatal[CAMPAIGN_FATAL_MAX]; /* hashes of the inputs that ended a process */
    _Atomic bool reporting;             /* a finding is being made small and written */
    _Atomic bool examining;             /* `input` is being examined just now */
    _Atomic uint32_t input_size;
    uint8_t input[CAMPAIGN_INPUT_MAX];
};

struct campaign {
    uint64_t size;         /* of the whole mapping */
    uint64_t start_ns;     /* CLOCK_MONOTONIC at campaign_create */
    _Atomic bool stopping; /* set by the supervisor: what is being reported comes to its end */
    uint32_t job_count;
    struct campaign_job jobs[];
};

/*
 * Makes a page for `job_count` (1..CAMPAIGN_JOBS_MAX) children. `*fd` is close-on-exec; whoever
 * starts a child clears that in the child. Returns 0 or -errno. Give back with campaign_close.
 */
int campaign_create(struct campaign **out, unsigned job_count, int *fd);

/* Maps the page behind `fd` in a child. Returns 0, or -EINVAL if that is no campaign's page. */
int campaign_join(struct campaign **out, int fd);

/* Unmaps the page; the descriptor is the caller's. NULL is allowed. */
void campaign_close(struct campaign *campaign);

/* Milliseconds since campaign_create. */
uint64_t campaign_elapsed(const struct campaign *campaign);

/* --- in a child ------------------------------------------------------------------------------- */

/* What a child holds beside the page. */
struct campaign_writer {
    struct campaign *campaign;
    struct campaign_job *job;
    uint32_t now; /* milliseconds into the campaign, as of the last look at the clock */
};

/* Starts to write job number `job`, which must exist. */
void campaign_writer_open(struct campaign_writer *writer, struct campaign *campaign, unsigned job);

/* An input is about to be examined. */
void campaign_begin(struct campaign_writer *writer, const uint8_t *input, size_t size);

/* A clause applied to a call; cheap, called several times per call under test. */
static inline void campaign_reach(struct campaign_writer *writer, enum clause clause) {
    struct campaign_job *job = writer->job;
    uint64_t before = atomic_load_explicit(&job->reached[clause], memory_order_relaxed);
    if (before == 0)
        atomic_store_explicit(&job->first_after[clause], writer->now, memory_order_relaxed);
    atomic_store_explicit(&job->reached[clause], before + 1, memory_order_relaxed);
}

/* The documents left open, at this clause, what was seen. */
static inline void campaign_leave_open(struct campaign_writer *writer, enum clause clause) {
    struct campaign_job *job = writer->job;
    uint64_t before = atomic_load_explicit(&job->left_open[clause], memory_order_relaxed);
    atomic_store_explicit(&job->left_open[clause], before + 1, memory_order_relaxed);
}

/* The input was examined; the arguments are the child's totals so far. */
void campaign_end(struct campaign_writer *writer, uint64_t scenarios, uint64_t calls,
                  uint64_t undecided);

/*
 * An input ends the process: its successor, which comes by the same seeds, leaves it alone. At most
 * CAMPAIGN_FATAL_MAX are remembered.
 */
void campaign_mark_fatal(struct campaign_writer *writer, const uint8_t *input, size_t size);

/* True if the input has ended a process of this job. */
bool campaign_is_fatal(const struct campaign_writer *writer, const uint8_t *input, size_t size);

/*
 * The next free row for a finding, to be filled and then published by campaign_publish; NULL when
 * there are as many as fit.
 */
struct campaign_finding *campaign_next_finding(struct campaign_writer *writer);
void campaign_publish(struct campaign_writer *writer);

/* True if both are one finding: signature and folder are the same, or one of them has no folder. */
bool campaign_same(const struct campaign_finding *a, const struct campaign_finding *b);

/* Moves the job to `state`, after its texts were filled in. */
void campaign_enter(struct campaign_writer *writer, enum campaign_state state);

/* --- in the supervisor ------------------------------------------------------------------------ */

/* The sums over all jobs. */
struct campaign_totals {
    uint64_t scenarios, calls, undecided, not_kept;
    uint64_t reached[CLAUSE_COUNT];
    uint64_t left_open[CLAUSE_COUNT];
    uint32_t first_after[CLAUSE_COUNT]; /* the earliest, in milliseconds; 0 if never reached */
    struct clause_set clauses;          /* those reached at least once */
};

void campaign_sum(const struct campaign *campaign, struct campaign_totals *totals);

/*
 * Copies out what all jobs have found, each finding once (campaign_same), with the counts added up
 * and with its folder if any job could write one; at most `capacity` rows. Texts are the
 * campaign's. Returns the number of rows.
 */
struct campaign_seen {
    const struct campaign_finding *finding;
    uint64_t count, saved; /* of all jobs that have found it */
};
unsigned campaign_findings(const struct campaign *campaign, struct campaign_seen *out,
                           unsigned capacity);

/* The state of job number `job`. */
enum campaign_state campaign_state(const struct campaign *campaign, unsigned job);

#endif
