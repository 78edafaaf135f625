#include "crew.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"
#include "command.h"
#include "program.h"

uint64_t crew_share(const struct crew_plan *plan, unsigned job) {
    return plan->runs / plan->jobs + (job < plan->runs % plan->jobs);
}

uint64_t crew_choose_seed(void) {
    uint32_t random = (uint32_t)time(NULL);
    if (getrandom(&random, sizeof random, GRND_NONBLOCK) != sizeof random)
        random ^= (uint32_t)getpid() << 16;
    return 1 + random % CREW_SEED_MAX;
}

/* --- starting --------------------------------------------------------------------------------- */

/* In the child. */
static _Noreturn void become(const struct crew *crew, struct command *command, const char *log,
                             pid_t parent) {
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
        command_become(command);
    fprintf(stderr, "fifofuzz: %s: %s\n", command->words[0], strerror(errno));
    _exit(STATUS_OURS);
}

static void start_job(struct crew *crew, const struct crew_plan *plan, const char *binary,
                      unsigned job) {
    struct command command = {.word_count = 0};
    plan->engine->command(&command, crew, plan, job, binary);
    struct crew_job *started = &crew->jobs[job];
    started->starts++;
    free(started->log);
    if (asprintf(&started->log, "%s/log-%u", crew->directory, job) < 0)
        cli_fail(STATUS_OURS, "out of memory");
    pid_t parent = getpid();
    started->pid = fork();
    if (started->pid == 0)
        become(crew, &command, started->log, parent);
    if (started->pid < 0)
        cli_fail(STATUS_UNABLE, "a process cannot be started: %s", strerror(errno));
    command_free(&command);
}

static char *find_binary(const struct crew_plan *plan) {
    const struct engine *engine = plan->engine;
    char *name, program[PATH_MAX];
    if (engine->program && !program_find(engine->program, strlen(engine->program), program))
        cli_fail(STATUS_UNABLE, "%s is not installed: apt-get install %s", engine->program,
                 engine->package);
    if (asprintf(&name, "%s/fuzz_%s", engine->folder, plan->target) < 0)
        cli_fail(STATUS_OURS, "out of memory");
    char *path = cli_shipped(name);
    if (access(path, X_OK) != 0)
        cli_fail(STATUS_UNABLE, "%s: %s\nfifofuzz: fuzz targets for %s are built by %s", path,
                 strerror(errno), engine->name, engine->build);
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
    char *binary = find_binary(plan);
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
    return timely && (!plan->runs || crew->campaign->jobs[job].scenarios < crew_share(plan, job));
}

void crew_restart(struct crew *crew, const struct crew_plan *plan, unsigned job) {
    char *binary = find_binary(plan);
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
