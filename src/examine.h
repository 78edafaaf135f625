/*
 * examine.h - the whole path for one scenario: run in the sandbox, judge, and if something is wrong
 * find out which step did it, whose fault it is and whether it can be repeated. What the command
 * line and the fuzz targets share.
 */
#ifndef FIFOFUZZ_EXAMINE_H
#define FIFOFUZZ_EXAMINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "contract.h"
#include "implementations/implementation.h"
#include "minimize.h"
#include "sandbox.h"
#include "verdict.h"

/* Whom a finding accuses. */
enum fault {
    FAULT_IMPLEMENTATION, /* the bare system call does it right */
    FAULT_PLATFORM,       /* the bare system call does the same: kernel, file system or our model */
    FAULT_OURS,           /* a preparation disagreed with the world, whatever was under test */
};

enum {
    EXAMINE_REPLAYS = 10,
    EXAMINE_ODDS = 1000,  /* replays of what some replays did not show */
    FAULT_KEY_SIZE = 128, /* of a verdict_signature, its NUL included */
    SIGNATURE_SIZE = 224, /* of a finding's; fits a file name with something to spare */
};

/* A violation, crash or hang, with all that a report needs. */
struct finding {
    struct verdict verdict;
    enum fault fault;
    unsigned replays,
        repeated;             /* it was replayed so often, and showed the same signature so often */
    char key[FAULT_KEY_SIZE]; /* verdict_signature: clause, step kind, aspect, what was got */
    char signature[SIGNATURE_SIZE]; /* the key and, once it was minimized, the world feature: the
                                       kinds of preparations that it needs; a file name */
    struct scenario scenario;       /* cut behind the step at fault, and minimized */
    struct scenario original;       /* as it was found, cut behind the step at fault */
    struct minimize_effort effort;  /* no tries: it was not minimized */
    size_t stderr_length;
    char stderr_text[4096]; /* what the implementation printed in the run */
    char stack_text[4096];  /* where it was when it did not return (symbols.h), or "" */
};

/* Everything a series of examinations needs. One per process; large, so keep it static. */
struct examiner {
    struct sandbox *sandbox;
    const struct implementation *implementation;
    struct contract contract; /* level chosen by the user, traits by examine_prepare */
    bool prepared;            /* the traits of `implementation` are known */
    struct judge judge;
    struct world world;
    uint64_t scenarios, calls, undecided; /* examined so far, replays not counted */
};

/*
 * Finds out the implementation's traits, in a child process. examine_open does it, too; a process
 * that will have had other threads by then does it before they start, as what they hold at the time
 * (an allocator's lock) a child would never get. Returns 0 or -errno with `reason`.
 */
int examine_prepare(struct examiner *examiner, const struct implementation *implementation, int cpu,
                    char *reason, size_t reason_size);

/*
 * Opens the sandbox, finds out the implementation's traits unless that is done and fills
 * `examiner`, whose `contract.level`, `judge.reach` and `judge.reach_context` the caller has set.
 * `cpu` is sandbox_open's. Returns 0 or -errno with `reason`.
 */
int examine_open(struct examiner *examiner, const struct implementation *implementation, int cpu,
                 char *reason, size_t reason_size);

void examine_close(struct examiner *examiner);

/*
 * Takes out the steps whose entry point the implementation lacks, bad pointers if it reads paths
 * itself, and what the host cannot do. True if something was taken out.
 */
bool examine_adapt(const struct examiner *examiner, struct scenario *scenario);

/* As examine_once. Returns true if it held or is undecided. */
bool examine_holds(struct examiner *examiner, const struct scenario *scenario,
                   struct verdict *verdict);

/*
 * Fills `finding` for a `scenario` and `verdict` of examine_holds: attribution by running the
 * scenario cut short after each step, replays, and the same with the bare system call.
 */
void examine_investigate(struct examiner *examiner, const struct scenario *scenario,
                         const struct verdict *verdict, struct finding *finding);

/* Both in one: returns true if it held or is undecided, else fills `finding`. */
bool examine(struct examiner *examiner, const struct scenario *scenario, struct finding *finding);

/*
 * Minimizes the finding's scenario: the same key stays, and the same one is accused. A finding that
 * does not show in every replay stays as it is, for no answer could be trusted.
 */
void examine_minimize(struct examiner *examiner, struct finding *finding,
                      const struct minimize_budget *budget);

/*
 * Runs and judges `scenario` (adapted): `verdict` says what went wrong, as far as one run shows. A
 * run that shows what Linux may do by chance, while others mount file systems, does not count:
 * `judge.again` is called and the scenario run again, until chance is out of the question, or the
 * verdict is undecided, with a `chance`. So it is at once where FIFOs that hold less than they did
 * at start may be what went wrong. The observation is the last run's and holds until the next.
 */
const struct observation *examine_once(struct examiner *examiner, const struct scenario *scenario,
                                       struct verdict *verdict);

/*
 * Fills `finding` with what the last run (of examine_once) showed, `verdict` being its verdict: the
 * scenario cut behind the step at fault, what the implementation printed, its stack. Nothing is run
 * again, so replays are 0 and whose fault it is stays open.
 */
void examine_describe(const struct examiner *examiner, const struct scenario *scenario,
                      const struct verdict *verdict, struct finding *finding);

/*
 * What the implementation does of that which the documents leave open, found out at start: a line
 * for each entry point, then one for each other difference from the system call. It is for the head
 * of a run and of reports, and no such difference is a violation. Like snprintf;
 * EXAMINE_TRAITS_SIZE bytes are enough.
 */
enum { EXAMINE_TRAITS_SIZE = 1024 };
size_t examine_traits(const struct examiner *examiner, char *out, size_t capacity);

#endif
