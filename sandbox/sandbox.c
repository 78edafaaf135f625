#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "abilities.h"
#include "capacity.h"
#include "check.h"
#include "directory.h"
#include "idmap.h"
#include "reason.h"
#include "tier.h"
#include "worker.h"

enum { STDERR_KEPT = 1 << 16 };

struct sandbox {
    struct worker *worker;
    bool ended; /* the last run cost the worker */
    unsigned generation;
    int processor;
    bool pinned;
    cpu_set_t old_processors; /* of the thread that opened the sandbox */
    struct rlimit old_nofile; /* RLIMIT_NOFILE before the sandbox was opened */
    bool staged;              /* scenarios with several actors have come: workers have actors */
    int dumpable;             /* prctl(2) PR_GET_DUMPABLE before */
    int namespace;            /* of idmapped mounts (idmap.h); -1 without */
    const struct agent *agent;
    struct host host;
    int stderr_pipe[2];
    size_t stderr_length;
    char stderr_text[STDERR_KEPT];
};

/* --- prepare -------------------------------------------------------------------------------- */

const char *sandbox_tier(void) {
    return tier_name();
}

const char *sandbox_shortfall(void) {
    return tier_shortfall();
}

int sandbox_prepare(char *reason, size_t reason_size) {
    return tier_find(reason, reason_size);
}

/* --- what the worker writes to descriptor 2 -------------------------------------------------- */

/* Keeps the newest bytes. Called before every run, so that a chatty one leaves room in the pipe. */
static void drain_stderr(struct sandbox *sandbox) {
    char text[4096];
    ssize_t length;
    while ((length = read(sandbox->stderr_pipe[0], text, sizeof(text))) > 0) {
        size_t more = (size_t)length, kept = sandbox->stderr_length;
        if (kept + more > STDERR_KEPT) {
            kept = STDERR_KEPT - more;
            memmove(sandbox->stderr_text, sandbox->stderr_text + sandbox->stderr_length - kept,
                    kept);
        }
        memcpy(sandbox->stderr_text + kept, text, more);
        sandbox->stderr_length = kept + more;
    }
}

size_t sandbox_stderr(struct sandbox *sandbox, char *out, size_t capacity) {
    drain_stderr(sandbox);
    size_t length = sandbox->stderr_length;
    if (capacity == 0)
        return 0;
    if (length >= capacity)
        length = capacity - 1;
    memcpy(out, sandbox->stderr_text, length);
    out[length] = '\0';
    sandbox->stderr_length = 0;
    return length;
}

/* --- open and close ------------------------------------------------------------------------- */

static void pin_caller(struct sandbox *sandbox, int cpu) {
    sandbox->processor = cpu == -1 ? sched_getcpu() : cpu;
    if (sandbox->processor < 0 ||
        sched_getaffinity(0, sizeof(sandbox->old_processors), &sandbox->old_processors))
        return;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET((unsigned)sandbox->processor, &one);
    sandbox->pinned = sched_setaffinity(0, sizeof(one), &one) == 0;
}

static void unpin_caller(const struct sandbox *sandbox) {
    if (sandbox->pinned)
        sched_setaffinity(0, sizeof(sandbox->old_processors), &sandbox->old_processors);
}

/* An agent that turns out not to be acted on from outside is started anew, without capabilities. */
static int start_worker(struct sandbox *sandbox, char *reason, size_t reason_size) {
    char directory[DIRECTORY_PATH_SIZE] = "";
    int error = tier_has_namespaces() ? 0 : directory_add(directory);
    if (error)
        return refuse(reason, reason_size, -error, "no directory can be made for the arena",
                      "free some space or inodes where the private directory lies");
    const struct worker_plan plan = {.directory = directory,
                                     .stderr_pipe = sandbox->stderr_pipe[1],
                                     .processor = sandbox->processor,
                                     .namespace = sandbox->namespace,
                                     .nofile = sandbox->host.nofile,
                                     .agent = sandbox->agent,
                                     .staged = sandbox->staged};
    trap_install();
    error = worker_start(&sandbox->worker, &plan, reason, reason_size);
    if (error == -ENOTSUP)
        error = worker_start(&sandbox->worker, &plan, reason, reason_size);
    sandbox->generation += !error;
    return error;
}

/* An agent that does not get as far as its greeting has mostly said why. */
static void add_printed(struct sandbox *sandbox, char *reason, size_t reason_size) {
    char text[256];
    size_t length = sandbox_stderr(sandbox, text, sizeof(text));
    while (length > 0 && text[length - 1] == '\n')
        text[--length] = '\0';
    const size_t used = strlen(reason);
    if (sandbox->agent && length > 0)
        snprintf(reason + used, reason_size - used, "; it printed: %s", text);
}

/* Slots may hold numbers up to the limit, which is 1024 on many hosts. */
static void raise_limit(struct sandbox *sandbox) {
    enum { WANTED = 4096 };
    check(getrlimit(RLIMIT_NOFILE, &sandbox->old_nofile) == 0);
    struct rlimit limit = sandbox->old_nofile;
    const rlim_t most = limit.rlim_max - (sandbox->agent ? GUEST_NUMBERS : 0);
    if (limit.rlim_cur < WANTED || limit.rlim_cur > most)
        limit.rlim_cur = most < WANTED ? most : WANTED;
    check(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    sandbox->host.nofile = limit.rlim_cur < UINT32_MAX ? (uint32_t)limit.rlim_cur : UINT32_MAX;
}

/*
 * A thread that changes its user id makes the process undumpable: no core dumps, no debugger, and
 * the files in /proc/self are root's. prctl(2)
 */
static void keep_dumpable(const struct sandbox *sandbox) {
    if (sandbox->worker->steps.changed_identity)
        prctl(PR_SET_DUMPABLE, sandbox->dumpable, 0, 0, 0);
}

/* They are the same for every sandbox of the process, and of its children. */
static void find_abilities(struct sandbox *sandbox) {
    static struct host found;
    static bool known;
    const uint32_t nofile = sandbox->host.nofile;
    if (!known)
        abilities_find(&found, sandbox);
    known = true;
    sandbox->host = found;
    sandbox->host.nofile = nofile;
    if (sandbox->agent)
        abilities_limit(&sandbox->host, &sandbox->worker->guest);
}

const struct host *sandbox_host(const struct sandbox *sandbox) {
    return &sandbox->host;
}

bool sandbox_has(const struct sandbox *sandbox, enum step_kind kind) {
    const struct greeting *greeting = &sandbox->worker->guest.channel.greeting;
    return kind == STEP_MKFIFO ? greeting->mkfifo : greeting->mkfifoat;
}

bool sandbox_lost_pipes(const struct scenario *scenario) {
    unsigned needs = 0;
    for (uint32_t i = 0; i < scenario->step_count; i++)
        needs |= host_needs(&scenario->steps[i]);
    return (needs >> ABILITY_PIPES & 1) && !capacity_is_usual();
}

bool sandbox_claims(const struct sandbox *sandbox, const struct scenario *scenario,
                    const struct step *step) {
    const struct view *view = sandbox->worker->arena.view;
    if (step->kind == STEP_AS && sandbox->worker->guest.keeper.plain)
        return true;
    return view && (view_mentions(view, scenario_text(scenario, step->path), step->path.length) ||
                    view_mentions(view, scenario_text(scenario, step->other), step->other.length));
}

int sandbox_open(struct sandbox **out, const struct implementation *implementation, int cpu,
                 char *reason, size_t reason_size) {
    int error = tier_admits(implementation, reason, reason_size);
    if (!error && !tier_has_namespaces())
        error = directory_open(reason, reason_size);
    if (error)
        return error;
    struct sandbox *sandbox = calloc(1, sizeof(*sandbox));
    if (!sandbox)
        return refuse(reason, reason_size, ENOMEM, "no memory for the sandbox", "free some");
    if (pipe2(sandbox->stderr_pipe, O_CLOEXEC | O_NONBLOCK)) {
        error = refuse(reason, reason_size, errno, "no pipe can be made", "raise `ulimit -n`");
        free(sandbox);
        return error;
    }
    sandbox->agent = implementation ? implementation->agent : NULL;
    sandbox->namespace = tier_found() == TIER_ROOT ? idmap_open() : -1;
    sandbox->dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
    raise_limit(sandbox);
    pin_caller(sandbox, cpu);
    error = start_worker(sandbox, reason, reason_size);
    if (error) {
        add_printed(sandbox, reason, reason_size);
        sandbox_close(sandbox);
        return error;
    }
    find_abilities(sandbox);
    *out = sandbox;
    return 0;
}

void sandbox_close(struct sandbox *sandbox) {
    if (!sandbox)
        return;
    if (sandbox->worker)
        worker_end(sandbox->worker);
    unpin_caller(sandbox);
    setrlimit(RLIMIT_NOFILE, &sandbox->old_nofile);
    if (sandbox->namespace >= 0)
        close(sandbox->namespace);
    close(sandbox->stderr_pipe[0]);
    close(sandbox->stderr_pipe[1]);
    directory_close();
    free(sandbox);
}

void sandbox_abandon(void) {
    directory_close();
}

unsigned sandbox_generation(const struct sandbox *sandbox) {
    return sandbox->generation;
}

/* --- run ------------------------------------------------------------------------------------ */

static void replace_worker(struct sandbox *sandbox) {
    char reason[256];
    worker_end(sandbox->worker);
    sandbox->worker = NULL;
    sandbox->ended = false;
    int error = start_worker(sandbox, reason, sizeof(reason));
    if (error)
        fprintf(stderr, "fifofuzz: no new worker: %s\n", reason);
    check(error == 0 && sandbox->worker);
}

/* Tells a worker that hangs to park. One that has blocked the signal is left to itself. */
static void park(struct worker *worker) {
    syscall(SYS_tgkill, getpid(), worker->id, trap_parking_signal());
    for (int i = 0; i < 10 && worker->turn != TURN_ENDED; i++)
        turn_await(&worker->turn, worker->turn, &watch_slice);
}

static void end_without_trap(struct worker *worker, enum watch_verdict verdict) {
    struct observation *observation = &worker->observation;
    if (verdict == WATCH_GONE)
        worker->turn = TURN_GONE;
    else
        park(worker);
    if (worker->trap.forbidden) {
        observation->ending = ENDING_FORBIDDEN;
        observation->detail = worker->trap.forbidden_call;
    } else if (verdict == WATCH_GONE) {
        observation->ending = ENDING_FORBIDDEN;
        observation->detail = SYS_exit;
    } else {
        observation->ending = ENDING_HUNG;
        observation->detail = verdict == WATCH_RUNNING;
    }
}

static void await_end(const struct sandbox *sandbox) {
    struct worker *worker = sandbox->worker;
    watch_begin(&worker->watch);
    for (;;) {
        const uint32_t turn = turn_await(&worker->turn, TURN_WORKER, &watch_slice);
        if (turn == TURN_LOOK) {
            stage_look(&worker->stage);
            turn_give(&worker->turn, TURN_WORKER);
            watch_begin(&worker->watch);
            continue;
        }
        if (turn != TURN_WORKER)
            break;
        enum watch_verdict verdict = worker_look(worker);
        if (verdict != WATCH_ALIVE) {
            end_without_trap(worker, verdict);
            return;
        }
    }
    struct observation *observation = &worker->observation;
    if (worker->turn == TURN_MAIN) {
        observation->ending = ENDING_DONE;
        return;
    }
    observation->ending = (uint8_t)worker->trap.ending;
    observation->detail = worker->trap.detail;
    observation->address = worker->trap.address;
}

/* What was leaked, or cannot be counted, is closed before the next scenario, whatever its number.
 */
static void count_descriptors(struct worker *worker) {
    int32_t count = worker_descriptor_count(worker);
    worker->observation.descriptor_count = count;
    worker->steps.leaked = count != steps_open_count(&worker->steps);
}

const struct observation *sandbox_last(const struct sandbox *sandbox) {
    return &sandbox->worker->observation;
}

void sandbox_renew(struct sandbox *sandbox) {
    sandbox->worker->worn = true;
}

/* Gives the worker its order and waits until it is done. */
static void run_once(struct sandbox *sandbox, const struct scenario *scenario,
                     const struct implementation *implementation, enum sandbox_mode mode) {
    drain_stderr(sandbox);
    if (implementation->agent)
        sandbox->stderr_length = 0; /* an agent's answers are the run's own */
    if (!sandbox->staged && scenario_is_staged(scenario)) {
        sandbox->staged = true; /* from now on: starting actors takes longer than a scenario */
        sandbox_renew(sandbox);
    }
    if (sandbox->ended || sandbox->worker->worn)
        replace_worker(sandbox);
    struct worker *worker = sandbox->worker;
    worker->observation.detail = 0;
    worker->observation.address = 0;
    worker->scenario = scenario;
    worker->implementation = implementation;
    worker->mode = mode;
    worker->step = 0;
    turn_give(&worker->turn, TURN_WORKER);
    await_end(sandbox);
    sandbox->ended = worker->observation.ending != ENDING_DONE;
    if (sandbox->ended)
        nofile_restore(&worker->steps.nofile);
    keep_dumpable(sandbox);
}

/* What the main thread sees of the worker and its guest afterwards. */
static void look_after(struct sandbox *sandbox, const struct scenario *scenario) {
    struct worker *worker = sandbox->worker;
    struct observation *observation = &worker->observation;
    const bool on_guest = worker->implementation->agent != NULL;
    observation->stack_count = sandbox->ended && !on_guest ? worker->trap.frames.count : 0;
    observation->step = worker->step;
    observation->outcome_count = sandbox->ended ? observation->step : scenario->step_count;
    if (worker->mode == SANDBOX_OBSERVED && !sandbox->ended) {
        count_descriptors(worker);
        if (on_guest)
            worker->worn |= !guest_observe(&worker->guest, observation);
    }
    bool crashed = observation->ending == ENDING_CRASHED;
    uint64_t address = observation->address;
    observation->path_written = crashed && worker_holds(worker, address);
    observation->path_overread = crashed && worker_holds_behind(worker, address) &&
                                 scenario->steps[worker->step].pointer == POINTER_STRING;
}

const struct observation *sandbox_run(struct sandbox *sandbox, const struct scenario *scenario,
                                      const struct implementation *implementation,
                                      enum sandbox_mode mode) {
    enum { SETTLINGS = 3 };
    run_once(sandbox, scenario, implementation, mode);
    for (int i = 0; i < SETTLINGS && implementation->agent && !sandbox->ended &&
                    guest_settles(&sandbox->worker->guest);
         i++)
        run_once(sandbox, scenario, implementation, mode);
    look_after(sandbox, scenario);
    return &sandbox->worker->observation;
}
