/*
 * crew.h - the engine processes of one campaign: started, watched and ended.
 *
 * Each runs the fuzz target that came with fifofuzz and writes its figures into the campaign's
 * page. They die with us, whatever happens to us.
 */
#ifndef FIFOFUZZ_CREW_H
#define FIFOFUZZ_CREW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "campaign.h"
#include "engines.h"
#include "janitor.h"

/* Seeds of a campaign are 1 to this; each of its processes takes another one from there on. */
enum { CREW_SEED_MAX = 2147483647 - CAMPAIGN_JOBS_MAX };

/* A random seed, never 0, which libFuzzer takes for "choose one". */
uint64_t crew_choose_seed(void);

/* What to run. All texts belong to the caller. */
struct crew_plan {
    const struct engine *engine;
    const char *target; /* of targets.h */
    const char *implementation, *contract;
    const char *findings; /* NULL: findings are not kept */
    const char *corpus;   /* NULL: a private one, gone afterwards */
    uint64_t jobs, seed;
    uint64_t seconds, runs; /* of each child and of all together; 0: no limit */
    uint64_t minimize_seconds;
    bool keep_going;
    bool no_mutator, no_seeds; /* the engine's mutation of bytes alone; from nothing */
    char **engine_flags;       /* further arguments of the engine */
    int engine_flag_count;
};

struct crew_job {
    pid_t pid;       /* 0 once it has ended */
    int status;      /* as waitpid gives it */
    unsigned starts; /* processes that it has had */
    char *log;       /* file with what it printed */
};

struct crew {
    struct campaign *campaign;
    int page; /* descriptor of the campaign */
    unsigned count;
    char *directory;        /* private corpora, logs and artifacts */
    struct janitor janitor; /* of the directory */
    struct crew_job jobs[CAMPAIGN_JOBS_MAX];
};

/*
 * Starts the children. Call with SIGCHLD blocked if it is waited for. Exits with a message if the
 * target's binary is missing or nothing can be started.
 */
void crew_start(struct crew *crew, const struct crew_plan *plan);

/* What job number `job` is to do of the plan's runs; 0 if they have no limit. */
uint64_t crew_share(const struct crew_plan *plan, unsigned job);

/* True if there is anything left of the time and of the runs of job number `job`. */
bool crew_has_budget(const struct crew *crew, const struct crew_plan *plan, unsigned job);

/*
 * Starts job number `job`, whose process has ended, anew: for what is left of time and runs, and
 * with another seed, as the same one would lead to the same end.
 */
void crew_restart(struct crew *crew, const struct crew_plan *plan, unsigned job);

/* Notes which children have ended, without waiting. Returns how many are left. */
unsigned crew_reap(struct crew *crew);

/* Ends all children that are left, SIGTERM first, and waits for them. */
void crew_stop(struct crew *crew);

/* Prints the last lines of a child's log to stderr. */
void crew_print_log(const struct crew *crew, unsigned job);

/*
 * Prints the report of a finding that a child could not write to a folder to stdout, from the log
 * of the first job that has one.
 */
void crew_print_report(const struct crew *crew, const char *signature);

/* Gives everything back; the files too, unless `keep`. The children must have ended. */
void crew_close(struct crew *crew, bool keep);

#endif
