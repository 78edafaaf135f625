/* run: fuzzes with an engine in child processes and says what came of it. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"
#include "confirm.h"
#include "corpus.h"
#include "figures.h"
#include "findings.h"
#include "killed.h"
#include "outputs.h"
#include "report.h"
#include "subject.h"

enum {
    PATIENCE = 600,          /* seconds that the engine gets beyond --time */
    OVERDUE = -1,            /* where others are signals */
    ENGINE_INTERRUPTED = 72, /* libFuzzer's status after SIGTERM or SIGINT */
};

static struct crew crew;
static struct figures figures;
static bool evidence; /* the crew's directory holds what is nowhere else */

/* --- before anything starts ------------------------------------------------------------------- */

/* The same path, so that no command takes it for an option. */
static const char *not_an_option(const char *path) {
    static char *longer;
    if (path[0] != '-')
        return path;
    free(longer);
    return longer = cli_join(".", path);
}

/* AFL++'s own folder is beside the corpus and called after it. */
static const char *without_slash(const char *path) {
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        length--;
    char *shorter = strndup(path, length);
    if (!shorter)
        cli_fail(STATUS_OURS, "out of memory");
    return shorter;
}

/* Why `path` is no folder that can be written, or 0. */
static int folder_error(const char *path) {
    struct stat facts;
    if (stat(path, &facts) != 0)
        return errno;
    if (!S_ISDIR(facts.st_mode))
        return ENOTDIR;
    return access(path, W_OK | X_OK) == 0 ? 0 : errno;
}

/* Makes `path` with its parents and proves that `what` can be written there. */
static void need_folder(const char *path, const char *what) {
    char *prefix = strdup(path);
    for (char *at = prefix; at && (at = strchr(at + 1, '/'));) {
        *at = '\0';
        mkdir(prefix, 0777);
        *at = '/';
    }
    free(prefix);
    int error = mkdir(path, 0777) != 0 && errno != EEXIST ? errno : folder_error(path);
    if (error)
        cli_fail(STATUS_USAGE, "%s cannot be written to %s: %s", what, path, strerror(error));
}

/* Mistakes that show without a sandbox. */
static void need_subject(const struct crew_plan *plan) {
    char reason[512];
    enum level level;
    if (subject_level(&level, plan->contract, reason, sizeof reason) != 0)
        cli_fail(STATUS_USAGE, "%s", reason);
}

/* --- the campaign ----------------------------------------------------------------------------- */

/* SIGCHLD, SIGINT and SIGTERM are taken one at a time by wait_a_moment. */
static sigset_t watched_signals(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    return set;
}

/* Waits until something happens, at most a fifth of a second. Returns SIGINT, SIGTERM or 0. */
static int wait_a_moment(void) {
    const struct timespec moment = {0, 200000000};
    sigset_t set = watched_signals();
    int signal = sigtimedwait(&set, NULL, &moment);
    return signal == SIGINT || signal == SIGTERM ? signal : 0;
}

static void print_first_line(const struct crew_plan *plan) {
    fprintf(stderr,
            "seed=%" PRIu64 " version=%s implementation=%s contract=%s tier=%s target=%s "
            "jobs=%" PRIu64 "\n",
            plan->seed, report_version(), plan->implementation, plan->contract, figures.tier,
            plan->target, plan->jobs);
}

/* True once job 0 has told its tier, or will not. */
static bool started(const struct target *target) {
    return !target->examines || campaign_state(crew.campaign, 0) != CAMPAIGN_WAITING ||
           crew.jobs[0].pid == 0;
}

/* True if job `job` has come to something that ends the campaign. */
static bool is_over(unsigned job) {
    enum campaign_state state = campaign_state(crew.campaign, job);
    return state == CAMPAIGN_FOUND || state == CAMPAIGN_UNABLE || state == CAMPAIGN_REFUSED ||
           state == CAMPAIGN_KILLED || (crew.jobs[job].pid == 0 && crew.jobs[job].status != 0);
}

/* True if nothing more is to come of it: an engine that does not go on writes its input down. */
static bool is_done(const struct crew_plan *plan, unsigned job) {
    return crew.jobs[job].pid == 0 || (plan->engine->goes_on && !plan->keep_going) ||
           campaign_state(crew.campaign, job) == CAMPAIGN_KILLED;
}

/* A process that ended with a finding, which only a sanitizer makes it do, gets a successor. */
static bool is_to_go_on(const struct crew_plan *plan, unsigned job) {
    return plan->keep_going && crew.jobs[job].pid == 0 &&
           campaign_state(crew.campaign, job) == CAMPAIGN_FOUND &&
           crew.campaign->jobs[job].fatal_count < CAMPAIGN_FATAL_MAX &&
           crew_has_budget(&crew, plan, job);
}

static void go_on(const struct crew_plan *plan, unsigned job) {
    if (crew.jobs[job].starts == 1)
        fputs("fifofuzz: a sanitizer takes one report only: going on in a new process each time\n",
              stderr);
    crew_restart(&crew, plan, job);
}

/* True if the engine has had its time and plenty more, so that it will not end by itself. */
static bool is_overdue(const struct crew_plan *plan) {
    return plan->seconds && campaign_elapsed(crew.campaign) > (plan->seconds + PATIENCE) * 1000;
}

/*
 * Watches until all jobs are done, one ends the campaign, a signal does or the time is long up.
 * Returns that signal, OVERDUE or 0.
 */
static int watch(const struct crew_plan *plan, const struct target *target) {
    bool announced = false;
    for (;;) {
        int signal = wait_a_moment();
        unsigned left = crew_reap(&crew);
        if (!announced && started(target)) {
            figures.tier = target->examines ? crew.campaign->jobs[0].tier : "none";
            if (figures.tier[0])
                print_first_line(plan);
            announced = true;
        }
        if (announced)
            figures_show(&figures);
        if (signal)
            return signal;
        for (unsigned job = 0; job < crew.count; job++) {
            if (is_to_go_on(plan, job)) {
                go_on(plan, job);
                left++;
            } else if (is_over(job) && is_done(plan, job)) {
                return 0;
            }
        }
        if (left == 0)
            return 0;
        if (is_overdue(plan))
            return OVERDUE;
    }
}

/* --- the end ---------------------------------------------------------------------------------- */

static void print_file(const char *folder, const char *name) {
    char *path = cli_join(folder, name);
    size_t size;
    char *text = cli_read(path, &size);
    fwrite(text, 1, size, stdout);
    free(text);
    free(path);
}

/* What could not be written to a folder is told from the job's log. */
static void print_unsaved(const struct figures_finding *finding) {
    evidence = true;
    fprintf(stderr, "fifofuzz: the finding cannot be written: %s; log and input are kept in %s\n",
            finding->reason, crew.directory);
    crew_print_report(&crew, finding->signature);
}

/* One finding is told in full, of several the place of each report. */
static void print_finding(const struct figures_finding *finding) {
    if (!finding->folder[0])
        print_unsaved(finding);
    else if (!cli_exists(finding->folder))
        fprintf(stderr, "fifofuzz: %s: somebody has removed it\n", finding->folder);
    else if (figures.finding_count == 1)
        print_file(finding->folder, "report.txt");
    else
        printf("%s/report.txt\n", finding->folder);
}

/* Occurrences that were only counted. */
static void count_rest(const struct figures_finding *finding) {
    int error = cli_exists(finding->folder) && finding->count > finding->saved
                    ? findings_count(finding->folder, finding->count - finding->saved)
                    : 0;
    if (error)
        fprintf(stderr, "fifofuzz: %s: %s\n", finding->folder, strerror(-error));
}

static int end_with_findings(const struct crew_plan *plan) {
    figures_summarize(&figures);
    fputc('\n', stderr);
    fflush(stderr);
    confirm_findings(plan, figures.findings, figures.finding_count);
    for (unsigned i = 0; i < figures.finding_count; i++) {
        count_rest(&figures.findings[i]);
        print_finding(&figures.findings[i]);
    }
    return STATUS_FINDING;
}

static int end_with_failure(const struct crew_plan *plan, unsigned job) {
    int status = crew.jobs[job].status;
    evidence = true;
    crew_print_log(&crew, job);
    fprintf(stderr,
            "fifofuzz: the fuzz target ended by itself (%s %d): a failure of fifofuzz%s\n"
            "fifofuzz: its log, corpus and the input at hand are kept in %s\n",
            WIFSIGNALED(status) ? "signal" : "status",
            WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status),
            plan->engine_flag_count ? ", or of the flags after --" : "", crew.directory);
    return STATUS_OURS;
}

/* Nobody knows by what signal: the engine does not tell. */
static int end_with_lost(void) {
    evidence = true;
    fprintf(stderr,
            "fifofuzz: a process of the job ended while it examined an input that does not end a "
            "fresh one\n"
            "fifofuzz: its log and corpus are kept in %s\n",
            crew.directory);
    return STATUS_OURS;
}

/* The log is no help: whoever killed the job did not ask it. */
static int end_with_killed(int signal) {
    evidence = true;
    fprintf(stderr,
            "fifofuzz: the job was killed from outside (signal %d%s)\n"
            "fifofuzz: its log and corpus are kept in %s\n",
            signal, signal == SIGKILL ? ", out of memory?" : "", crew.directory);
    return STATUS_OURS;
}

static bool was_killed(unsigned job) {
    enum campaign_state state = campaign_state(crew.campaign, job);
    return state == CAMPAIGN_KILLED || (state == CAMPAIGN_RUNNING && crew.jobs[job].pid == 0 &&
                                        WIFSIGNALED(crew.jobs[job].status));
}

/* A killed job is a finding only if the implementation did it: then it is saved as one. */
static void take_killed(const struct crew_plan *plan, const struct target *target, unsigned job) {
    struct campaign_job *one = &crew.campaign->jobs[job];
    int signal = one->state == CAMPAIGN_KILLED ? 0 : WTERMSIG(crew.jobs[job].status);
    if (one->examining && !killed_by_itself(signal))
        signal = killed_again(one, plan, target);
    if (!one->examining || !signal)
        return;
    killed_save(one, plan, target, signal);
    if (plan->keep_going)
        fputs("fifofuzz: the process was killed, so the run ends here\n", stderr);
}

static int end_of_job(const struct crew_plan *plan, unsigned job) {
    const struct campaign_job *one = &crew.campaign->jobs[job];
    switch (campaign_state(crew.campaign, job)) {
    case CAMPAIGN_UNABLE:
        fprintf(stderr, "fifofuzz: this host cannot run implementations: %s\n", one->reason);
        return STATUS_UNABLE;
    case CAMPAIGN_REFUSED:
        fprintf(stderr, "fifofuzz: %s\n", one->reason);
        return STATUS_USAGE;
    case CAMPAIGN_KILLED:
        return end_with_lost();
    case CAMPAIGN_FOUND:
    case CAMPAIGN_WAITING:
    case CAMPAIGN_ENGINE:
    case CAMPAIGN_RUNNING:
        break;
    }
    int status = crew.jobs[job].status;
    if (WIFEXITED(status) && WEXITSTATUS(status) == ENGINE_INTERRUPTED)
        return end_with_killed(SIGTERM);
    if (WIFSIGNALED(status) && !killed_by_itself(WTERMSIG(status)))
        return end_with_killed(WTERMSIG(status));
    return end_with_failure(plan, job);
}

/* What a job reports of itself comes first, but findings decide. */
static int conclude(const struct crew_plan *plan, const struct target *target, uint64_t stopped) {
    for (unsigned job = 0; job < crew.count; job++)
        if (!(stopped >> job & 1) && was_killed(job))
            take_killed(plan, target, job);
    figures_take(&figures);
    int status = STATUS_HELD;
    for (unsigned job = 0; job < crew.count && status == STATUS_HELD; job++)
        if (!(stopped >> job & 1) && is_over(job) &&
            campaign_state(crew.campaign, job) != CAMPAIGN_FOUND)
            status = end_of_job(plan, job);
    if (figures.finding_count)
        return end_with_findings(plan);
    if (status == STATUS_HELD)
        figures_summarize(&figures);
    return status;
}

/* The jobs that are still at work, as bits: their end is our doing. */
static uint64_t jobs_at_work(void) {
    uint64_t set = 0;
    for (unsigned job = 0; job < crew.count; job++)
        set |= (uint64_t)(crew.jobs[job].pid != 0 && !is_over(job)) << job;
    return set;
}

static int end_of_overdue(void) {
    evidence = true;
    fprintf(stderr,
            "fifofuzz: the fuzz target did not end: a failure of fifofuzz\n"
            "fifofuzz: logs and corpora are kept in %s\n",
            crew.directory);
    return STATUS_OURS;
}

/* What AFL++ found goes to the corpus, where every engine looks; a killed run's comes later. */
static void gather(const struct crew_plan *plan) {
    if (!plan->corpus)
        return;
    char *output = engine_output(plan->corpus);
    corpus_gather(plan->corpus, output);
    free(output);
}

static int campaign(const struct crew_plan *plan, const struct target *target,
                    const struct outputs *outputs) {
    gather(plan);
    sigset_t set = watched_signals();
    sigprocmask(SIG_BLOCK, &set, NULL);
    crew_start(&crew, plan);
    figures = (struct figures){
        .plan = plan, .target = target, .campaign = crew.campaign, .tier = "unknown"};
    int signal = watch(plan, target);
    uint64_t stopped = signal > 0 ? UINT64_MAX : jobs_at_work();
    crew_stop(&crew);
    gather(plan);
    int status = conclude(plan, target, stopped);
    if (status == STATUS_HELD && signal == OVERDUE)
        status = end_of_overdue();
    else if (status == STATUS_HELD && signal)
        status = 128 + signal;
    status = outputs_write(outputs, &figures, status);
    crew_close(&crew, evidence);
    return status;
}

/* --- the verb --------------------------------------------------------------------------------- */

/* Cuts off what stands behind "--", the engine's flags. Returns the arguments in front. */
static int split_engine_flags(int argc, char **argv, struct crew_plan *plan) {
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--") == 0) {
            plan->engine_flags = argv + i + 1;
            plan->engine_flag_count = argc - i - 1;
            argv[i] = NULL;
            return i;
        }
    return argc;
}

static int run_run(int argc, char **argv) {
    struct crew_plan plan = {
        .target = "all", .findings = "findings", .jobs = 1, .minimize_seconds = 10};
    struct cli_subject subject = CLI_SUBJECT_DEFAULT;
    struct outputs outputs = {.html = NULL};
    const char *engine = engines[0].name;
    const struct cli_option options[] = {
        CLI_SUBJECT_OPTIONS(subject),
        {"engine", 'e', OPTION_TEXT, &engine, 0, 0},
        {"time", 't', OPTION_NUMBER, &plan.seconds, 1, 1000000000},
        {"runs", 0, OPTION_NUMBER, &plan.runs, 1, 1000000000000},
        {"seed", 's', OPTION_NUMBER, &plan.seed, 1, CREW_SEED_MAX},
        {"jobs", 'j', OPTION_NUMBER, &plan.jobs, 1, CAMPAIGN_JOBS_MAX},
        {"findings", 0, OPTION_TEXT, &plan.findings, 0, 0},
        {"corpus", 0, OPTION_TEXT, &plan.corpus, 0, 0},
        {"keep-going", 'k', OPTION_FLAG, &plan.keep_going, 0, 0},
        {"no-mutator", 0, OPTION_FLAG, &plan.no_mutator, 0, 0},
        {"no-seeds", 0, OPTION_FLAG, &plan.no_seeds, 0, 0},
        {"minimize-time", 0, OPTION_NUMBER, &plan.minimize_seconds, 0, 1000000},
        OUTPUT_OPTIONS(outputs),
    };
    argc = split_engine_flags(argc, argv, &plan);
    int first = cli_options(&verb_run, argc, argv, options, sizeof options / sizeof options[0]);
    cli_put_under(&subject);
    if (argc - first > 1)
        cli_misuse(&verb_run, "expected at most one TARGET");
    if (first < argc)
        plan.target = argv[first];
    const struct target *target = target_find(plan.target);
    if (!target)
        cli_misuse(&verb_run, "unknown target \"%s\"", plan.target);
    plan.engine = engine_find(engine);
    if (!plan.engine)
        cli_misuse(&verb_run, "unknown engine \"%s\"", engine);
    plan.implementation = subject.implementation;
    plan.contract = subject.contract;
    if (plan.runs && plan.runs < plan.jobs)
        plan.jobs = plan.runs;
    need_subject(&plan);
    plan.findings = not_an_option(plan.findings);
    need_folder(plan.findings, "findings");
    if (plan.corpus) {
        plan.corpus = without_slash(plan.corpus);
        need_folder(plan.corpus, "a corpus");
    }
    outputs_need(&outputs);
    if (plan.seed == 0)
        plan.seed = crew_choose_seed();
    return campaign(&plan, target, &outputs);
}

const struct verb verb_run = {
    .name = "run",
    .arguments =
        "[TARGET] [--implementation X] [--time S] [--runs N] [--seed N] [--jobs N]\n"
        "                    [--contract LEVEL] [--findings DIR] [--corpus DIR] [--json FILE]\n"
        "                    [--keep-going] [--minimize-time S] [--junit FILE] [--sarif FILE]\n"
        "                    [--html FILE] [--engine ENGINE] [--no-mutator] [--no-seeds]\n"
        "                    [-- ENGINE FLAG...]",
    .summary = "Fuzzes an implementation until a limit, a finding or Ctrl-C.",
    .help =
        "TARGET is all (default), mkfifo, mkfifoat, sequence, rendezvous, threads, inject, python\n"
        "or scenario_text, and is run in a program fuzz_TARGET that comes with "
        "it.\n\n" CLI_SUBJECT_HELP
        "  -e, --engine ENGINE     libfuzzer (default), or afl: AFL++, with job 0 as its main one\n"
        "  -t, --time S            stop after S seconds\n"
        "      --runs N            stop after N scenarios, all jobs together\n"
        "  -s, --seed N            repeat a run; default random, printed in the first line\n"
        "  -j, --jobs N            processes, each on a processor of its own; default 1\n"
        "      --findings DIR      where findings are left; default ./findings\n"
        "      --corpus DIR        keep the engine's corpus there and start from it; AFL++ keeps\n"
        "                          more of its own in DIR.afl, and goes on from there\n"
        "      --no-mutator        leave mutation to the engine, which knows bytes alone\n"
        "      --no-seeds          start from nothing, or from the corpus alone\n"
        "  -k, --keep-going        collect distinct findings until the limit\n"
        "      --minimize-time S   time for making one finding's scenario small; default 10,\n"
        "                          0 leaves it as it was found\n" OUTPUT_HELP,
    .run = run_run,
};
