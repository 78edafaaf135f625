#include "crew.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"

enum { ARGUMENTS_MAX = 256 };

/* --- the command line of a child -------------------------------------------------------------- */

struct arguments {
    char *list[ARGUMENTS_MAX];
    size_t count;
};

__attribute__((format(printf, 2, 3))) static void add(struct arguments *arguments,
                                                      const char *format, ...) {
    va_list values;
    va_start(values, format);
    int length = vasprintf(&arguments->list[arguments->count], format, values);
    va_end(values);
    if (length < 0)
        cli_fail(STATUS_OURS, "out of memory");
    if (++arguments->count == ARGUMENTS_MAX)
        cli_fail(STATUS_USAGE, "too many engine flags");
}

static void free_arguments(struct arguments *arguments) {
    for (size_t i = 0; i < arguments->count; i++)
        free(arguments->list[i]);
}

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
static void add_harness_flags(struct arguments *arguments, const struct crew *crew,
                              const struct crew_plan *plan, unsigned job) {
    add(arguments, "--implementation=%s", plan->implementation);
    add(arguments, "--contract=%s", plan->contract);
    add(arguments, "--campaign=%d", crew->page);
    add(arguments, "--job=%u", job);
    add(arguments, "--program=%s", program_invocation_name);
    add(arguments, "--cpu=%d", processor(crew->count, job));
    add(arguments, "--minimize-time=%" PRIu64, plan->minimize_seconds);
    if (plan->keep_going)
        add(arguments, "--keep-going");
    if (plan->findings)
        add(arguments, "--findings=%s", plan->findings);
}

/* The share of `runs` for job number `job`. */
static uint64_t share(const struct crew_plan *plan, unsigned job) {
    return plan->runs / plan->jobs + (job < plan->runs % plan->jobs);
}

uint64_t crew_choose_seed(void) {
    uint32_t random = (uint32_t)time(NULL);
    if (getrandom(&random, sizeof random, GRND_NONBLOCK) != sizeof random)
        random ^= (uint32_t)getpid() << 16;
    return 1 + random % CREW_SEED_MAX;
}

/* The engine's: another one for each job and each of its processes, 1..2^31-1. */
static uint64_t seed_of(const struct crew_plan *plan, unsigned job, unsigned starts) {
    return 1 + (plan->seed - 1 + job + (uint64_t)CAMPAIGN_JOBS_MAX * starts) % INT32_MAX;
}

/* What is left of a limit; never 0, which would be none. */
static uint64_t rest(uint64_t limit, uint64_t used) {
    return limit > used ? limit - used : 1;
}

/*
 * libFuzzer's flags. Memory and time of one input are the sandbox's concern: -timeout is only for a
 * sandbox that is stuck itself, and long, since a hang is told by processor time, of which a busy
 * machine gives little; a finding is made small within it. -reload=0, or runs would depend on the
 * clock. -entropic=0: its bookkeeping of rare features takes a tenth of the time and finds no
 * clause sooner.
 */
static void add_engine_flags(struct arguments *arguments, const struct crew *crew,
                             const struct crew_plan *plan, unsigned job) {
    enum { STUCK_SECONDS = 600 };
    static const char *const fixed[] = {
        "-error_exitcode=1", "-max_len=8192",        "-len_control=0",
        "-reload=0",         "-rss_limit_mb=0",      "-verbosity=1",
        "-detect_leaks=0",   "-print_final_stats=0", "-entropic=0",
    };
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
        add(arguments, "%s", fixed[i]);
    add(arguments, "-timeout=%" PRIu64, STUCK_SECONDS + plan->minimize_seconds);
    add(arguments, "-seed=%" PRIu64, seed_of(plan, job, crew->jobs[job].starts));
    add(arguments, "-artifact_prefix=%s/", crew->directory);
    if (plan->seconds)
        add(arguments, "-max_total_time=%" PRIu64,
            rest(plan->seconds, campaign_elapsed(crew->campaign) / 1000));
    if (plan->runs)
        add(arguments, "-runs=%" PRIu64,
            rest(share(plan, job), crew->campaign->jobs[job].scenarios));
    for (int i = 0; i < plan->engine_flag_count; i++)
        add(arguments, "%s", plan->engine_flags[i]);
}

/* A path that an engine cannot take for a flag. */
static void add_folder(struct arguments *arguments, const char *path) {
    add(arguments, "%s%s", path[0] == '-' ? "./" : "", path);
}

/* The corpora: the first is written to, the seeds are only read. */
static void add_corpora(struct arguments *arguments, const struct crew *crew,
                        const struct crew_plan *plan, unsigned job) {
    char *own;
    if (asprintf(&own, "%s/corpus-%u", crew->directory, job) < 0)
        cli_fail(STATUS_OURS, "out of memory");
    if (!plan->corpus && mkdir(own, 0777) != 0 && errno != EEXIST)
        cli_fail(STATUS_UNABLE, "%s: %s", own, strerror(errno));
    add_folder(arguments, plan->corpus ? plan->corpus : own);
    free(own);
    char *seeds = cli_shipped("seeds");
    char *folder = cli_join(seeds, plan->target);
    if (cli_exists(folder))
        add_folder(arguments, folder);
    free(folder);
    free(seeds);
}

/* --- starting --------------------------------------------------------------------------------- */

/* In the child. */
static _Noreturn void become(const struct crew *crew, const char *binary, char **arguments,
                             const char *log, pid_t parent) {
    sigset_t none;
    sigemptyset(&none);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    bool orphan = getppid() != parent; /* it died before the line above */
    int out = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    setpgid(0, 0); /* Ctrl-C is for the supervisor, which lets us write down what we found */
    bool ready = !orphan && out >= 0 && dup2(out, STDOUT_FILENO) >= 0 &&
                 dup2(out, STDERR_FILENO) >= 0 && fcntl(crew->page, F_SETFD, 0) == 0 &&
                 fcntl(crew->janitor.pipe, F_SETFD, 0) == 0 &&
                 sigprocmask(SIG_SETMASK, &none, NULL) == 0;
    if (ready)
        execv(binary, arguments);
    fprintf(stderr, "fifofuzz: %s: %s\n", binary, strerror(errno));
    _exit(STATUS_OURS);
}

static void start_job(struct crew *crew, const struct crew_plan *plan, const char *binary,
                      unsigned job) {
    struct arguments arguments = {.count = 0};
    add(&arguments, "%s", binary);
    add_harness_flags(&arguments, crew, plan, job);
    add_engine_flags(&arguments, crew, plan, job);
    add_corpora(&arguments, crew, plan, job);
    arguments.list[arguments.count] = NULL;
    struct crew_job *started = &crew->jobs[job];
    started->starts++;
    free(started->log);
    if (asprintf(&started->log, "%s/log-%u", crew->directory, job) < 0)
        cli_fail(STATUS_OURS, "out of memory");
    pid_t parent = getpid();
    started->pid = fork();
    if (started->pid == 0)
        become(crew, binary, arguments.list, started->log, parent);
    if (started->pid < 0)
        cli_fail(STATUS_UNABLE, "a process cannot be started: %s", strerror(errno));
    free_arguments(&arguments);
}

static char *find_binary(const char *target) {
    char *name;
    if (asprintf(&name, "fuzz_%s", target) < 0)
        cli_fail(STATUS_OURS, "out of memory");
    char *path = cli_shipped(name);
    if (access(path, X_OK) != 0)
        cli_fail(STATUS_UNABLE,
                 "%s: %s\nfifofuzz: fuzz targets need libFuzzer: build with clang (scripts/build)",
                 path, strerror(errno));
    free(name);
    return path;
}

/* A directory of our own in TMPDIR or /tmp. */
static char *make_directory(void) {
    const char *parent = getenv("TMPDIR");
    char *path = cli_join(parent && parent[0] ? parent : "/tmp", "fifofuzz-XXXXXX");
    if (!mkdtemp(path))
        cli_fail(STATUS_UNABLE, "%s: %s: set TMPDIR to a directory that can be written", path,
                 strerror(errno));
    return path;
}

void crew_start(struct crew *crew, const struct crew_plan *plan) {
    char *binary = find_binary(plan->target);
    *crew = (struct crew){.count = (unsigned)plan->jobs};
    int error = campaign_create(&crew->campaign, crew->count, &crew->page);
    if (error)
        cli_fail(STATUS_UNABLE, "no shared memory: %s", strerror(-error));
    crew->directory = make_directory();
    error = janitor_start(&crew->janitor, crew->directory);
    if (error)
        cli_fail(STATUS_UNABLE, "a process cannot be started: %s", strerror(-error));
    fflush(NULL); /* or children would print it again */
    for (unsigned job = 0; job < crew->count; job++)
        start_job(crew, plan, binary, job);
    free(binary);
}

bool crew_has_budget(const struct crew *crew, const struct crew_plan *plan, unsigned job) {
    bool timely = !plan->seconds || campaign_elapsed(crew->campaign) < plan->seconds * 1000;
    return timely && (!plan->runs || crew->campaign->jobs[job].scenarios < share(plan, job));
}

void crew_restart(struct crew *crew, const struct crew_plan *plan, unsigned job) {
    char *binary = find_binary(plan->target);
    atomic_store(&crew->campaign->jobs[job].state, CAMPAIGN_WAITING);
    start_job(crew, plan, binary, job);
    free(binary);
}

/* --- ending ----------------------------------------------------------------------------------- */

unsigned crew_reap(struct crew *crew) {
    unsigned left = 0;
    for (unsigned job = 0; job < crew->count; job++) {
        struct crew_job *one = &crew->jobs[job];
        if (one->pid && waitpid(one->pid, &one->status, WNOHANG) == one->pid)
            one->pid = 0;
        left += one->pid != 0;
    }
    return left;
}

static void signal_all(const struct crew *crew, int signal) {
    for (unsigned job = 0; job < crew->count; job++)
        if (crew->jobs[job].pid)
            kill(crew->jobs[job].pid, signal);
}

/* Is a finding that is not yet in its folder in some job's hands? */
static bool is_reporting(const struct crew *crew) {
    for (unsigned job = 0; job < crew->count; job++)
        if (crew->jobs[job].pid && crew->campaign->jobs[job].reporting)
            return true;
    return false;
}

void crew_stop(struct crew *crew) {
    enum { PATIENCE = 100, PAUSE_NS = 10000000 }; /* one second in all */
    enum { REPORT_PATIENCE = 2000 };              /* 20 seconds: hangs are replayed */
    const struct timespec pause = {0, PAUSE_NS};
    crew->campaign->stopping = true;
    for (int i = 0; i < REPORT_PATIENCE && is_reporting(crew) && crew_reap(crew); i++)
        nanosleep(&pause, NULL);
    signal_all(crew, SIGTERM);
    for (int i = 0; i < PATIENCE && crew_reap(crew); i++)
        nanosleep(&pause, NULL);
    signal_all(crew, SIGKILL);
    for (unsigned job = 0; job < crew->count; job++) {
        struct crew_job *one = &crew->jobs[job];
        while (one->pid && waitpid(one->pid, &one->status, 0) < 0 && errno == EINTR)
            continue;
        one->pid = 0;
    }
}

void crew_print_log(const struct crew *crew, unsigned job) {
    enum { TAIL = 4096 };
    FILE *in = fopen(crew->jobs[job].log, "re");
    if (!in)
        return;
    char text[TAIL + 1];
    if (fseek(in, -TAIL, SEEK_END) != 0)
        rewind(in);
    size_t length = fread(text, 1, TAIL, in);
    fwrite(text, 1, length, stderr);
    fclose(in);
}

/* Is it the line in front of the finding's report? */
static bool is_head_of(const char *line, const char *signature) {
    size_t head = strlen(CAMPAIGN_UNSAVED), length = strlen(signature);
    return strncmp(line, CAMPAIGN_UNSAVED, head) == 0 &&
           strncmp(line + head, signature, length) == 0 && line[head + length] == '\n';
}

/* True if the log has the report. */
static bool print_report(const char *log, const char *signature) {
    FILE *in = fopen(log, "re");
    char *line = NULL;
    size_t capacity = 0;
    bool inside = false;
    while (in && getline(&line, &capacity, in) > 0) {
        if (inside && strcmp(line, CAMPAIGN_UNSAVED_END "\n") == 0)
            break;
        if (inside)
            fputs(line, stdout);
        else
            inside = is_head_of(line, signature);
    }
    free(line);
    if (in)
        fclose(in);
    return inside;
}

void crew_print_report(const struct crew *crew, const char *signature) {
    for (unsigned job = 0; job < crew->count; job++)
        if (print_report(crew->jobs[job].log, signature))
            return;
}

void crew_close(struct crew *crew, bool keep) {
    janitor_end(&crew->janitor, keep);
    for (unsigned job = 0; job < crew->count; job++)
        free(crew->jobs[job].log);
    free(crew->directory);
    campaign_close(crew->campaign);
    close(crew->page);
}
