#include "worker.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "check.h"
#include "identity.h"
#include "landlock.h"
#include "policy.h"
#include "reason.h"
#include "tier.h"

/* --- the world ------------------------------------------------------------------------------ */

/* Files of the host that the worker takes along. */
struct luggage {
    int null;
    int output;
    int namespace;   /* for the steward; -1 without */
    int outside;     /* the same, see arena_enter */
    DIR *open_files; /* /proc/thread-self/fd */
};

static int pack(struct luggage *luggage, int stderr_pipe, char *reason, size_t reason_size) {
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0)
        return refuse(reason, reason_size, errno, "/dev/null cannot be opened", "make it");
    luggage->null = fcntl(null, F_DUPFD_CLOEXEC, 3);
    luggage->output = fcntl(stderr_pipe, F_DUPFD_CLOEXEC, 3);
    if (luggage->null < 0 || luggage->output < 0)
        return refuse(reason, reason_size, errno, "no descriptors are left", "raise `ulimit -n`");
    luggage->open_files = opendir("/proc/thread-self/fd");
    if (!luggage->open_files)
        return refuse(reason, reason_size, errno, "/proc/thread-self/fd cannot be read",
                      "mount proc(5) on /proc");
    return 0;
}

/*
 * Puts the luggage on 0, 1 and 2 and closes everything else below `keep_from`, without close_range
 * (Linux 5.9).
 */
static int unpack(const struct luggage *luggage, int keep_from) {
    if (dup2(luggage->null, 0) < 0 || dup2(luggage->null, 1) < 0 || dup2(luggage->output, 2) < 0)
        return -errno;
    check(luggage->open_files != NULL);
    const int own = dirfd(luggage->open_files);
    for (const struct dirent *entry; (entry = readdir(luggage->open_files));) {
        int number = (int)strtol(entry->d_name, NULL, 10);
        if (number > 2 && number < keep_from && number != own && number != luggage->namespace &&
            number != luggage->outside)
            close(number);
    }
    closedir(luggage->open_files);
    return 0;
}

/* Raw system calls: glibc's setuid family changes every thread of the process. */
static int become_root(char *reason, size_t reason_size) {
    int error = identity_become_root();
    if (error)
        return refuse(reason, reason_size, -error, "the worker cannot be uid and gid 0",
                      "run as root with CAP_SETUID and CAP_SETGID");
    return 0;
}

/* The steward takes over what the worker has, then the worker gives it up. */
static int divide_work(struct worker *worker, const struct luggage *luggage, char *reason,
                       size_t reason_size) {
    struct steps *steps = &worker->steps;
    int error = steward_start(&steps->steward, luggage->namespace, luggage->outside);
    close(luggage->outside);
    if (luggage->namespace >= 0)
        close(luggage->namespace);
    if (error)
        return refuse(reason, reason_size, -error, "the steward thread cannot be started",
                      "free some memory or processes");
    error = identity_prepare(&steps->identity);
    if (error)
        return refuse(reason, reason_size, -error, "capabilities cannot be dropped",
                      "run as root with CAP_SETPCAP");
    error = cookies_make(&steps->cookies);
    if (!error)
        error = nofile_prepare(&steps->nofile);
    if (error)
        return refuse(reason, reason_size, -error, "the worker cannot be prepared",
                      "use a kernel with getrandom(2)");
    return 0;
}

static void pin(int processor) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((unsigned)processor, &set);
    sched_setaffinity(0, sizeof(set), &set); /* a matter of speed alone */
}

/* The arena, with what a guest needs in it; `luggage` is then in its place. */
static int enter_arena(struct worker *worker, struct luggage *luggage) {
    char *reason = worker->reason;
    const size_t size = sizeof(worker->reason);
    struct guest *guest = worker->steps.guest;
    int error = guest ? guest_before_arena(guest, reason, size) : 0;
    if (!error)
        error = arena_enter(&luggage->outside, reason, size);
    if (!error && guest)
        error = guest_in_arena(guest, worker->plan.nofile, reason, size);
    if (error)
        return error;
    error = unpack(luggage, worker->arena.numbers_end);
    if (error)
        return refuse(reason, size, -error, "descriptors 0, 1 and 2 cannot be set",
                      "raise `ulimit -n`");
    umask(022);
    return 0;
}

static int load_filter(const struct worker *worker, char *reason, size_t size) {
    if (!tier_has_filter())
        return 0;
    int error = policy_load(getpid(), worker->id, &worker->steps.cookies);
    if (error)
        return refuse(reason, size, -error, "the kernel refused the seccomp filter",
                      "use a kernel with CONFIG_SECCOMP_FILTER and a container profile that allows "
                      "seccomp(2)");
    return 0;
}

static int start_actors(struct worker *worker, char *reason, size_t size) {
    int error =
        stage_start(&worker->stage, &worker->steps, &worker->turn, worker->observation.stack);
    if (error)
        return refuse(reason, size, -error, "the actors' threads cannot be started",
                      "free some memory or processes");
    return 0;
}

static int enter_namespaces(struct worker *worker) {
    char *reason = worker->reason;
    const size_t size = sizeof(worker->reason);
    if (unshare(CLONE_NEWNS))
        return refuse(reason, size, errno, "the kernel refused a mount namespace",
                      "run as root, or allow user namespaces (user.max_mnt_namespaces, container "
                      "profile)");
    struct luggage luggage = {
        .null = -1, .output = -1, .namespace = worker->plan.namespace, .outside = -1};
    int error = pack(&luggage, worker->plan.stderr_pipe, reason, size);
    if (error)
        return error;
    error = enter_arena(worker, &luggage);
    if (!error)
        error = become_root(reason, size);
    if (!error && worker->steps.guest)
        error = guest_start(worker->steps.guest, reason, size);
    if (!error)
        error = divide_work(worker, &luggage, reason, size);
    if (error)
        return error;
    error = arena_prove(&worker->arena, reason, size);
    if (!error && worker->plan.staged)
        error = start_actors(worker, reason, size);
    return error ? error : load_filter(worker, reason, size);
}

/* What a worker without namespaces gives up, once it stands in its directory: no steward needs it.
 */
static int confine(struct worker *worker) {
    char *reason = worker->reason;
    const size_t size = sizeof(worker->reason);
    struct steps *steps = &worker->steps;
    int error = identity_give_up(&steps->identity);
    if (error)
        return refuse(reason, size, -error, "capabilities cannot be dropped", "run as root");
    error = cookies_make(&steps->cookies);
    if (!error)
        error = nofile_prepare(&steps->nofile);
    if (error)
        return refuse(reason, size, -error, "the worker cannot be prepared",
                      "use a kernel with getrandom(2)");
    error = arena_prove(&worker->arena, reason, size);
    if (error)
        return error;
    if (tier_found() == TIER_LANDLOCK)
        error = landlock_enclose(worker->arena.path);
    if (error)
        return refuse(reason, size, -error, "the kernel refused a Landlock domain",
                      "use a container profile that allows landlock_restrict_self(2)");
    return load_filter(worker, reason, size);
}

static int enter_directory(struct worker *worker) {
    char *reason = worker->reason;
    const size_t size = sizeof(worker->reason);
    struct luggage luggage = {.null = -1, .output = -1, .namespace = -1, .outside = -1};
    int error = pack(&luggage, worker->plan.stderr_pipe, reason, size);
    if (!error)
        error = arena_move(&worker->arena, worker->plan.directory, reason, size);
    if (error)
        return error;
    error = unpack(&luggage, INT_MAX);
    if (error)
        return refuse(reason, size, -error, "descriptors 0, 1 and 2 cannot be set",
                      "raise `ulimit -n`");
    umask(022);
    return confine(worker);
}

static int enter_world(struct worker *worker) {
    if (worker->plan.processor >= 0)
        pin(worker->plan.processor);
    return tier_has_namespaces() ? enter_namespaces(worker) : enter_directory(worker);
}

/* --- runs ----------------------------------------------------------------------------------- */

/* An actor's call ended badly: that is how the run ended, and nothing more can be done. */
static void adopt_end(struct worker *worker, const struct actor *fallen) {
    const struct trap *trap = &fallen->trap;
    const bool forbidden = trap->forbidden;
    worker->trap.ending = forbidden ? ENDING_FORBIDDEN : trap->ending;
    worker->trap.detail = forbidden ? trap->forbidden_call : trap->detail;
    worker->trap.address = forbidden ? 0 : trap->address;
    worker->trap.frames.count = trap->frames.count;
    worker->step = fallen->operations[fallen->depth > 0 ? fallen->depth - 1 : 0].index;
}

/* True if an actor's call has ended badly. */
static bool has_fallen(struct worker *worker) {
    if (!worker->stage.fallen)
        return false;
    adopt_end(worker, worker->stage.fallen);
    return true;
}

/* False if an actor's call has ended the run. */
static bool run_steps(struct worker *worker, struct observation *observation) {
    for (uint32_t i = 0; i < worker->scenario->step_count; i++) {
        atomic_store_explicit(&worker->step, i, memory_order_relaxed);
        steps_run(&worker->steps, i, observation);
        if (worker->trap.forbidden)
            trap_end(ENDING_FORBIDDEN, worker->trap.forbidden_call, 0);
        if (has_fallen(worker))
            return false;
    }
    if (stage_is_on(&worker->stage))
        stage_finish(&worker->stage);
    return !has_fallen(worker);
}

/* Returns whose turn it is then: the main thread's, or nobody's on this worker any more. */
static enum turn run(struct worker *worker) {
    const bool observed = worker->mode == SANDBOX_OBSERVED;
    struct observation *observation = &worker->observation;
    if (worker->mode != worker->last_mode)
        worker->worn |= !arena_reset(&worker->arena);
    worker->last_mode = worker->mode;
    arena_begin(&worker->arena, steps_table_end(&worker->steps));
    steps_begin(&worker->steps, worker->scenario, worker->implementation);
    stage_begin(&worker->stage, worker->scenario, observed ? observation : NULL);
    if (!run_steps(worker, observed ? observation : NULL))
        return TURN_ENDED;
    observation->signals_changed = trap_reset_mask(&worker->trap);
    observation->signals_changed |= stage_reset_masks(&worker->stage);
    bool intact = steps_leave(&worker->steps);
    intact &= observed ? arena_observe(&worker->arena, &worker->steps, observation)
                       : arena_clear(&worker->arena, &worker->steps);
    intact &= steps_end(&worker->steps);
    worker->worn |= !intact || worker->steps.confined;
    return TURN_MAIN;
}

/* Returns at the order to quit. */
static void take_orders(struct worker *worker) {
    enum turn rest = TURN_MAIN;
    for (;;) {
        const uint32_t turn = turn_await(&worker->turn, rest, NULL);
        if (turn == TURN_QUIT)
            return;
        if (turn != TURN_WORKER) /* woken for nothing */
            continue;
        rest = run(worker);
        turn_give(&worker->turn, rest);
    }
}

static void live(void *argument) {
    struct worker *worker = argument;
    worker->id = (pid_t)syscall(SYS_gettid);
    trap_watch(&worker->trap);
    worker->error = stack_use_alternate(&worker->stack);
    if (!worker->error)
        worker->error = enter_world(worker);
    turn_give(&worker->turn, worker->error ? TURN_FAILED : TURN_MAIN);
    if (!worker->error)
        take_orders(worker);
    trap_watch(NULL);
    stack_leave_alternate(&worker->stack);
}

/* The thread that the C library has made and will end is itself under no filter. */
static void *worker_main(void *argument) {
    struct worker *worker = argument;
    int error = apart_run(&worker->apart, 0, live, worker);
    if (error) {
        worker->error = refuse(worker->reason, sizeof(worker->reason), -error,
                               "the worker's task cannot be started", "allow plain clone(2)");
        turn_give(&worker->turn, TURN_FAILED);
    }
    return NULL;
}

/* --- life ----------------------------------------------------------------------------------- */

/* Mapped, not allocated: large, mostly unused, and out of reach of a stray free(3). */
static struct worker *worker_map(void) {
    struct worker *worker = mmap(NULL, sizeof(*worker), PROT_READ | PROT_WRITE,
                                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return worker == MAP_FAILED ? NULL : worker;
}

/* The thread has ended; its steward, its guest and its actors end here. */
static void worker_unmap(struct worker *worker) {
    const bool alone = stage_end(&worker->stage);
    steward_end(&worker->steps.steward);
    if (worker->steps.guest)
        guest_close(worker->steps.guest);
    if (!alone)
        return;
    path_view_destroy(&worker->steps.view);
    if (!worker->trap.off_stack)
        stack_destroy(&worker->stack);
    munmap(worker, sizeof(*worker));
}

static int make_guest(struct worker *worker, char *reason, size_t reason_size) {
    worker->arena.numbers_end = INT32_MAX;
    snprintf(worker->arena.path, sizeof(worker->arena.path), "/");
    worker->steps.root = worker->arena.path;
    worker->steps.stage = &worker->stage;
    if (!worker->plan.agent)
        return 0;
    worker->arena.numbers_end = (int32_t)worker->plan.nofile;
    worker->arena.view = &worker->guest.view;
    worker->steps.guest = &worker->guest;
    return guest_open(&worker->guest, worker->plan.agent, worker->plan.stderr_pipe, reason,
                      reason_size);
}

static int make_parts(struct worker *worker) {
    int error = path_view_create(&worker->steps.view);
    if (!error)
        error = stack_create(&worker->stack, STACK_SIZE, &worker->trap);
    worker->trap.turn = &worker->turn;
    worker->trap.frames.out = worker->observation.stack;
    worker->turn = TURN_WORKER; /* until its world stands */
    return error;
}

static int launch(struct worker *worker, char *reason, size_t reason_size) {
    int error = make_guest(worker, reason, reason_size);
    if (error)
        return error;
    error = make_parts(worker);
    if (!error)
        error = stack_start(&worker->stack, &worker->thread, worker_main, worker);
    if (error)
        return refuse(reason, reason_size, -error, "the worker thread cannot be started",
                      "free some memory or processes");
    uint32_t turn;
    while ((turn = turn_await(&worker->turn, TURN_WORKER, NULL)) == TURN_WORKER)
        ;
    if (turn == TURN_MAIN)
        return 0;
    if (turn == TURN_ENDED)
        return refuse(reason, reason_size, EFAULT, "the worker crashed at start", "report this");
    pthread_join(worker->thread, NULL);
    snprintf(reason, reason_size, "%s", worker->reason);
    return worker->error;
}

/* What the main thread looks at the worker through; made now, when there are descriptors. */
static void open_views(struct worker *worker) {
    char path[64];
    worker->watch.clock = watch_clock(worker->id);
    snprintf(path, sizeof(path), "/proc/self/task/%d/stat", (int)worker->id);
    watch_open(&worker->watch, path);
    snprintf(path, sizeof(path), "/proc/self/task/%d/fd", (int)worker->id);
    worker->descriptor_table = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (worker->steps.guest)
        guest_watch(worker->steps.guest, worker->id);
    stage_watch(&worker->stage);
}

static void close_views(const struct worker *worker) {
    watch_close(&worker->watch);
    if (worker->descriptor_table >= 0)
        close(worker->descriptor_table);
}

int worker_start(struct worker **out, const struct worker_plan *plan, char *reason,
                 size_t reason_size) {
    struct worker *worker = worker_map();
    if (!worker)
        return refuse(reason, reason_size, errno, "no memory for the worker", "free some");
    worker->plan = *plan;
    int error = launch(worker, reason, reason_size);
    if (error) {
        worker_unmap(worker);
        return error;
    }
    open_views(worker);
    *out = worker;
    return 0;
}

int32_t worker_descriptor_count(const struct worker *worker) {
    struct stat status;
    if (fstat(worker->descriptor_table, &status) || status.st_size == 0)
        return -1;
    return (int32_t)status.st_size - (worker->steps.guest ? GUEST_NUMBERS : 0);
}

typedef bool path_view_test(const struct path_view *view, uint64_t address);

static bool holds_in_any(const struct worker *worker, path_view_test *test, uint64_t address) {
    bool any = test(&worker->steps.view, address);
    for (int i = 0; i < ACTORS; i++)
        for (int depth = 0; depth < ACTOR_DEPTH; depth++)
            any |= test(&worker->stage.actors[i].views[depth], address);
    return any;
}

bool worker_holds(const struct worker *worker, uint64_t address) {
    return holds_in_any(worker, path_view_holds, address);
}

bool worker_holds_behind(const struct worker *worker, uint64_t address) {
    return holds_in_any(worker, path_view_holds_behind, address);
}

enum watch_verdict worker_look(struct worker *worker) {
    struct guest *guest = worker->steps.guest;
    if (guest && guest->channel.answers)
        return guest_look(guest, &worker->watch, guest->channel.sent);
    if (!steward_is_busy(&worker->steps.steward))
        return watch_look(&worker->watch, worker->step);
    watch_begin(&worker->watch);
    return WATCH_ALIVE;
}

/* Leaves the thread alone, with all that it may still touch. */
static void abandon(struct worker *worker) {
    stage_end(&worker->stage);
    steward_end(&worker->steps.steward);
    if (worker->steps.guest)
        keeper_end(&worker->steps.guest->keeper);
    pthread_detach(worker->thread);
}

void worker_end(struct worker *worker) {
    close_views(worker);
    switch ((enum turn)atomic_load(&worker->turn)) {
    case TURN_MAIN:
        turn_give(&worker->turn, TURN_QUIT);
        break;
    case TURN_GONE:
        worker->trap.off_stack = true;
        apart_end(&worker->apart);
        break;
    case TURN_ENDED:
        if (worker->stage.fallen) { /* it is an actor that has parked */
            trap_install();
            turn_give(&worker->turn, TURN_QUIT);
            break;
        }
        if (!trap_has_sanitizer()) {
            apart_end(&worker->apart);
            turn_give(&worker->trap.release, TURN_QUIT);
            break;
        }
        __attribute__((fallthrough));
    case TURN_WORKER:
    case TURN_LOOK:
    case TURN_PAUSED:
    case TURN_RESUME:
    case TURN_QUIT:
    case TURN_FAILED:
        abandon(worker);
        return;
    }
    pthread_join(worker->thread, NULL);
    worker_unmap(worker);
}
