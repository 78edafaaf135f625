#include "engines.h"

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "crew.h"

enum {
    INPUT_MAX = 8192,    /* bytes of an input, as in fuzz_*.options */
    STUCK_SECONDS = 600, /* see both engines' flags */
};

/* --- what all have in common ------------------------------------------------------------------ */

/*
 * The processor for job number `job`: one after the other of those we may use, from ours on, so
 * that two campaigns do not share the first one while others idle. -1, the one that the scheduler
 * put it on, where there is a single job.
 */
static int processor(unsigned jobs, unsigned job) {
    cpu_set_t allowed;
    int start = sched_getcpu();
    if (jobs == 1 || start < 0 || sched_getaffinity(0, sizeof allowed, &allowed) != 0)
        return -1;
    unsigned wanted = job % (unsigned)CPU_COUNT(&allowed);
    for (unsigned i = 0; i < CPU_SETSIZE; i++) {
        unsigned cpu = ((unsigned)start + i) % CPU_SETSIZE;
        if (CPU_ISSET(cpu, &allowed) && wanted-- == 0)
            return (int)cpu;
    }
    return -1;
}

/* The harness's flags; engines ignore what begins with two dashes. */
static void add_harness_flags(struct command *command, const struct crew *crew,
                              const struct crew_plan *plan, unsigned job) {
    command_add(command, "--implementation=%s", plan->implementation);
    command_add(command, "--contract=%s", plan->contract);
    command_add(command, "--campaign=%d", crew->page);
    command_add(command, "--job=%u", job);
    command_add(command, "--program=%s", program_invocation_name);
    command_add(command, "--cpu=%d", processor(crew->count, job));
    command_add(command, "--minimize-time=%" PRIu64, plan->minimize_seconds);
    if (plan->keep_going)
        command_add(command, "--keep-going");
    if (plan->no_mutator)
        command_add(command, "--no-mutator");
    if (plan->findings)
        command_add(command, "--findings=%s", plan->findings);
}

/* The engine's: another one for each job and each of its processes, 1..2^31-1. */
static uint64_t seed_of(const struct crew *crew, const struct crew_plan *plan, unsigned job) {
    return 1 + (plan->seed - 1 + job + (uint64_t)CAMPAIGN_JOBS_MAX * crew->jobs[job].starts) %
                   INT32_MAX;
}

/* What is left of a limit; never 0, which would be none. */
static uint64_t rest(uint64_t limit, uint64_t used) {
    return limit > used ? limit - used : 1;
}

static uint64_t seconds_left(const struct crew *crew, const struct crew_plan *plan) {
    return rest(plan->seconds, campaign_elapsed(crew->campaign) / 1000);
}

static uint64_t runs_left(const struct crew *crew, const struct crew_plan *plan, unsigned job) {
    return rest(crew_share(plan, job), crew->campaign->jobs[job].scenarios);
}

static void add_engine_flags(struct command *command, const struct crew_plan *plan) {
    for (int i = 0; i < plan->engine_flag_count; i++)
        command_add(command, "%s", plan->engine_flags[i]);
}

/* A folder of that name in the campaign's own, in new memory. */
static char *make_private(const struct crew *crew, const char *name) {
    char *path = cli_join(crew->directory, name);
    if (mkdir(path, 0777) != 0 && errno != EEXIST)
        cli_fail(STATUS_UNABLE, "%s: %s", path, strerror(errno));
    return path;
}

/* The folder of the target's seeds in new memory, or NULL if there are none. */
static char *find_seeds(const struct crew_plan *plan) {
    if (plan->no_seeds)
        return NULL;
    char *seeds = cli_shipped("seeds");
    char *folder = cli_join(seeds, plan->target);
    free(seeds);
    if (cli_exists(folder))
        return folder;
    free(folder);
    return NULL;
}

/* --- libFuzzer -------------------------------------------------------------------------------- */

/*
 * Memory and time of one input are the sandbox's concern: -timeout is only for a sandbox that is
 * stuck itself, and long, since a hang is told by processor time, of which a busy machine gives
 * little; a finding is made small within it. -reload=0, or runs would depend on the clock.
 * -entropic=0: its bookkeeping of rare features takes a tenth of the time and finds no clause
 * sooner.
 */
static void add_libfuzzer_flags(struct command *command, const struct crew *crew,
                                const struct crew_plan *plan, unsigned job) {
    static const char *const fixed[] = {
        "-error_exitcode=1",    "-len_control=0", "-reload=0",
        "-rss_limit_mb=0",      "-verbosity=1",   "-detect_leaks=0",
        "-print_final_stats=0", "-entropic=0",
    };
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
        command_add(command, "%s", fixed[i]);
    command_add(command, "-max_len=%d", INPUT_MAX);
    command_add(command, "-timeout=%" PRIu64, STUCK_SECONDS + plan->minimize_seconds);
    command_add(command, "-seed=%" PRIu64, seed_of(crew, plan, job));
    command_add(command, "-artifact_prefix=%s/", crew->directory);
    if (plan->seconds)
        command_add(command, "-max_total_time=%" PRIu64, seconds_left(crew, plan));
    if (plan->runs)
        command_add(command, "-runs=%" PRIu64, runs_left(crew, plan, job));
}

/* The corpora: the first is written to, the seeds are only read. */
static void add_corpora(struct command *command, const struct crew *crew,
                        const struct crew_plan *plan, unsigned job) {
    char name[32];
    snprintf(name, sizeof name, "corpus-%u", job);
    char *own = plan->corpus ? NULL : make_private(crew, name);
    command_add_path(command, own ? own : plan->corpus);
    free(own);
    char *seeds = find_seeds(plan);
    if (seeds)
        command_add_path(command, seeds);
    free(seeds);
}

static void libfuzzer(struct command *out, const struct crew *crew, const struct crew_plan *plan,
                      unsigned job, const char *binary) {
    command_add(out, "%s", binary);
    add_harness_flags(out, crew, plan, job);
    add_libfuzzer_flags(out, crew, plan, job);
    add_engine_flags(out, plan);
    add_corpora(out, crew, plan, job);
}

/* --- AFL++ ------------------------------------------------------------------------------------ */

char *engine_output(const char *corpus) {
    char *path;
    if (asprintf(&path, "%s.afl", corpus) < 0)
        cli_fail(STATUS_OURS, "out of memory");
    return path;
}

/* AFL++ starts from files: from a scenario without steps where there are no seeds. */
static char *make_seed(const struct crew *crew) {
    char *folder = make_private(crew, "empty");
    char *path = cli_join(folder, "scenario");
    FILE *out = fopen(path, "we");
    if (!out || fputc('\0', out) == EOF || fclose(out) != 0)
        cli_fail(STATUS_UNABLE, "%s: %s", path, strerror(errno));
    free(path);
    return folder;
}

/* The first job is the main one, which alone reads corpora of others. */
static void add_afl_folders(struct command *command, const struct crew *crew,
                            const struct crew_plan *plan, unsigned job) {
    char *seeds = find_seeds(plan);
    char *in = seeds ? seeds : make_seed(crew);
    char *out = plan->corpus ? engine_output(plan->corpus) : make_private(crew, "afl");
    command_add(command, "-i");
    command_add_path(command, in);
    command_add(command, "-o");
    command_add_path(command, out);
    command_add(command, job == 0 ? "-M" : "-S");
    command_add(command, "job%u", job);
    if (job == 0 && plan->corpus) {
        command_add(command, "-F");
        command_add_path(command, plan->corpus);
    }
    free(in);
    free(out);
}

/*
 * As with libFuzzer, time and memory of one input are not the engine's to judge. Scenarios that
 * lose bytes are other scenarios, so trimming is left out.
 */
static void add_afl_flags(struct command *command, const struct crew *crew,
                          const struct crew_plan *plan, unsigned job) {
    command_add(command, "-t");
    command_add(command, "%" PRIu64, (STUCK_SECONDS + plan->minimize_seconds) * 1000);
    command_add(command, "-m");
    command_add(command, "none");
    command_add(command, "-G");
    command_add(command, "%d", INPUT_MAX);
    command_add(command, "-s");
    command_add(command, "%" PRIu64, seed_of(crew, plan, job));
    if (plan->seconds) {
        command_add(command, "-V");
        command_add(command, "%" PRIu64, seconds_left(crew, plan));
    }
    if (plan->runs) {
        command_add(command, "-E");
        command_add(command, "%" PRIu64, runs_left(crew, plan, job));
    }
}

/* The terminal, the machine's settings and processors are our business or the user's. */
static void set_afl_variables(struct command *command, const char *mutator) {
    static const char *const fixed[] = {
        "AFL_NO_UI=1",        "AFL_NO_AFFINITY=1",
        "AFL_SKIP_CPUFREQ=1", "AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1",
        "AFL_AUTORESUME=1",   "AFL_DISABLE_TRIM=1",
        "AFL_DEBUG_CHILD=1",
    };
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
        command_set(command, "%s", fixed[i]);
    if (mutator)
        command_set(command, "AFL_CUSTOM_MUTATOR_LIBRARY=%s", mutator);
}

/* The library of our mutator for the target `binary` in new memory, or NULL if it has none. */
static char *find_mutator(const struct crew_plan *plan, const char *binary) {
    char *path;
    if (asprintf(&path, "%s_mutator.so", binary) < 0)
        cli_fail(STATUS_OURS, "out of memory");
    if (!plan->no_mutator && cli_exists(path))
        return path;
    free(path);
    return NULL;
}

static void afl(struct command *out, const struct crew *crew, const struct crew_plan *plan,
                unsigned job, const char *binary) {
    command_add(out, "%s", plan->engine->program);
    add_afl_flags(out, crew, plan, job);
    add_afl_folders(out, crew, plan, job);
    add_engine_flags(out, plan);
    command_add(out, "--");
    command_add(out, "%s", binary);
    add_harness_flags(out, crew, plan, job);
    char *mutator = find_mutator(plan, binary);
    set_afl_variables(out, mutator);
    free(mutator);
}

/* --- the table -------------------------------------------------------------------------------- */

const struct engine engines[] = {
    {
        .name = "libfuzzer",
        .summary = "clang's own, one process for each job",
        .folder = ".",
        .build = "scripts/build, with clang",
        .command = libfuzzer,
    },
    {
        .name = "afl",
        .summary = "AFL++, in persistent mode: a main job and secondary ones",
        .folder = "afl",
        .build = "scripts/build --afl",
        .program = "afl-fuzz",
        .package = "afl++",
        .goes_on = true,
        .command = afl,
    },
};
const size_t engine_count = sizeof engines / sizeof engines[0];

const struct engine *engine_find(const char *name) {
    for (size_t i = 0; i < engine_count; i++)
        if (strcmp(engines[i].name, name) == 0)
            return &engines[i];
    return NULL;
}
