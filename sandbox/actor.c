#include "actor.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "payload.h"
#include "policy.h"
#include "tier.h"

/* --- operations ----------------------------------------------------------------------------- */

/* The function that a call goes to. */
static uintptr_t entry_of(const struct actor *actor, const struct operation *operation) {
    const struct implementation *implementation = actor->steps->implementation;
    return operation->step->kind == STEP_MKFIFO ? (uintptr_t)implementation->mkfifo
                                                : (uintptr_t)implementation->mkfifoat;
}

/* A call that nothing is to happen to is made as ever: the gate makes each system call a signal. */
static bool is_gated(const struct actor *actor, const struct gate_plan *plan) {
    return actor->has_gate && actor->depth == 1 && gate_plan_acts(plan);
}

/* A child must open the gate for itself, and nobody could resume it. */
static void make_call(void *context, bool in_child, struct within_answer *answer) {
    struct actor *actor = context;
    const struct operation *operation = &actor->operations[actor->depth - 1];
    struct gate_plan plan = operation->plan;
    if (in_child)
        plan.stop = GATE_NEVER;
    const bool gated = is_gated(actor, &plan);
    if (gated && in_child)
        check(gate_open_in_child(&actor->gate, trap_mask(), &actor->steps->cookies) == 0);
    if (gated) {
        actor->gate.plan = plan;
        gate_arm(&actor->gate, entry_of(actor, operation));
    }
    answer->result = fifofuzz_call(operation->index + 1, actor->steps, operation->file,
                                   operation->path, &answer->error);
    if (gated)
        gate_disarm(&actor->gate);
}

static void perform_call(struct actor *actor, struct operation *operation) {
    const struct within_order order = {.flags = operation->within,
                                       .trap = &actor->trap,
                                       .cookies = &actor->steps->cookies,
                                       .child = &actor->child,
                                       .call = make_call,
                                       .context = actor};
    struct within_answer answer;
    within_call(&actor->within[actor->depth - 1], &order, &answer);
    operation->result = answer.result;
    operation->error = answer.error;
}

static int perform_read(const struct actor *actor, struct operation *operation) {
    ssize_t length = read(operation->file, actor->buffer, operation->step->mode);
    if (length > 0)
        operation->digest = hash_more(hash_start, actor->buffer, (size_t)length);
    return (int)length;
}

static int perform_write(const struct actor *actor, const struct operation *operation) {
    payload_fill(actor->buffer, operation->index, 0, operation->step->mode);
    return (int)write(operation->file, actor->buffer, operation->step->mode);
}

static int perform_system_call(const struct actor *actor, struct operation *operation) {
    switch ((int)operation->step->kind) {
    case STEP_OPEN:
        return open(operation->path, operation->flags);
    case STEP_READ:
        return perform_read(actor, operation);
    default:
        check(operation->step->kind == STEP_WRITE);
        return perform_write(actor, operation);
    }
}

static void become(struct actor *actor, const struct identity_now *wanted) {
    check(identity_match(&actor->identity, &actor->steps->cookies, wanted) == 0);
}

/* A call that is stopped goes on as who it began as, whoever acts in between. */
static void perform(struct actor *actor, struct operation *operation) {
    const unsigned before = actor->trap.broken_pipes;
    const struct identity_now stopped = actor->identity;
    become(actor, &actor->steps->identity);
    if (step_is_call(operation->step)) {
        perform_call(actor, operation);
    } else {
        errno = 0;
        operation->result = perform_system_call(actor, operation);
        operation->error = errno;
    }
    operation->broken_pipes = (uint8_t)(actor->trap.broken_pipes - before);
    if (actor->depth > 1)
        become(actor, &stopped);
}

/* --- orders --------------------------------------------------------------------------------- */

/* Does what it is told until it is told `end`; meanwhile its turn is `rest`. */
static void take_orders(struct actor *actor, enum turn rest, enum turn end) {
    for (;;) {
        const uint32_t turn = turn_await(&actor->turn, rest, NULL);
        if (turn == end)
            return;
        if (turn == TURN_QUIT) /* out of a call that is stopped */
            trap_exit();
        if (turn != TURN_WORKER) /* woken for nothing */
            continue;
        perform(actor, &actor->operations[actor->depth - 1]);
        turn_give(&actor->turn, rest);
    }
}

/* In the handler that the call under test is stopped in. */
static void on_stop(void *context) {
    struct actor *actor = context;
    turn_give(&actor->turn, TURN_PAUSED);
    take_orders(actor, TURN_PAUSED, TURN_RESUME);
    actor->turn = TURN_WORKER;
}

/* --- life ----------------------------------------------------------------------------------- */

static int get_ready(struct actor *actor) {
    actor->id = (pid_t)syscall(SYS_gettid);
    trap_watch(&actor->trap);
    int error = stack_use_alternate(&actor->stack);
    if (error)
        return error;
    actor->has_gate = gate_open(&actor->gate, &actor->trap.mask) == 0;
    actor->trap.gate = actor->has_gate ? &actor->gate : NULL;
    return tier_has_filter() ? policy_load(getpid(), actor->id, &actor->steps->cookies) : 0;
}

static void live(void *argument) {
    struct actor *actor = argument;
    actor->error = get_ready(actor);
    turn_give(&actor->turn, TURN_MAIN);
    if (!actor->error)
        take_orders(actor, TURN_MAIN, TURN_QUIT);
    trap_watch(NULL);
    stack_leave_alternate(&actor->stack);
}

/* As of the worker, the thread is under no filter. */
static void *actor_main(void *argument) {
    struct actor *actor = argument;
    int error = apart_run(&actor->apart, CLONE_FS | CLONE_FILES, live, actor);
    if (error) {
        actor->error = error;
        turn_give(&actor->turn, TURN_MAIN);
    }
    return NULL;
}

static int map_memory(struct actor *actor) {
    for (int i = 0; i < ACTOR_DEPTH; i++) {
        int error = path_view_create(&actor->views[i]);
        if (!error)
            error = within_create(&actor->within[i]);
        if (error)
            return error;
    }
    void *buffer =
        mmap(NULL, ACTOR_BUFFER, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (buffer == MAP_FAILED)
        return -errno;
    actor->buffer = buffer;
    return stack_create(&actor->stack, STACK_SIZE, &actor->trap);
}

int actor_start(struct actor *actor, const struct steps *steps, uint64_t *frames) {
    actor->steps = steps;
    actor->identity = steps->identity;
    actor->trap.turn = &actor->turn;
    actor->trap.frames.out = frames;
    int error = map_memory(actor);
    if (error)
        return error;
    actor->turn = TURN_WORKER;
    error = stack_start(&actor->stack, &actor->thread, actor_main, actor);
    if (error)
        return error;
    actor->started = true;
    while (turn_await(&actor->turn, TURN_WORKER, NULL) == TURN_WORKER)
        ;
    return actor->error;
}

void actor_begin(struct actor *actor) {
    struct operation *operation = &actor->operations[actor->depth];
    operation->plan.stopped = on_stop;
    operation->plan.context = actor;
    if (operation->step->kind == STEP_OPEN) { /* an open that is restarted reads its path again */
        operation->path = memcpy(actor->buffer, operation->path, strlen(operation->path) + 1);
    }
    actor->depth++;
    actor->asleep = false;
    turn_give(&actor->turn, TURN_WORKER);
}

void actor_resume(struct actor *actor) {
    actor->asleep = false;
    turn_give(&actor->turn, TURN_RESUME);
}

/* Gets it out of a system call that it waits in; a child, which may do anything, ends. */
static void interrupt(struct actor *actor) {
    for (int i = 0; i < 100 && actor_is_busy(actor); i++) {
        const pid_t child = (pid_t)actor->child;
        if (child)
            kill(child, SIGKILL);
        else
            syscall(SYS_tgkill, getpid(), actor->id, trap_interrupting_signal(false));
        turn_await(&actor->turn, TURN_WORKER, &watch_slice);
    }
}

/* A call that is stopped will not return any more: its thread ends there. */
static bool end_thread(struct actor *actor) {
    interrupt(actor);
    switch ((enum turn)atomic_load(&actor->turn)) {
    case TURN_MAIN:
        turn_give(&actor->turn, TURN_QUIT);
        break;
    case TURN_PAUSED:
    case TURN_ENDED:
        if (trap_has_sanitizer())
            return false;
        apart_end(&actor->apart);
        turn_give(actor->turn == TURN_ENDED ? &actor->trap.release : &actor->turn, TURN_QUIT);
        break;
    case TURN_WORKER:
    case TURN_RESUME:
    case TURN_LOOK:
    case TURN_QUIT:
    case TURN_FAILED:
    case TURN_GONE:
        return false;
    }
    pthread_join(actor->thread, NULL);
    return true;
}

bool actor_end(struct actor *actor) {
    if (actor->started && !end_thread(actor)) {
        pthread_detach(actor->thread);
        return false;
    }
    for (int i = 0; i < ACTOR_DEPTH; i++) {
        path_view_destroy(&actor->views[i]);
        within_destroy(&actor->within[i]);
    }
    if (actor->buffer)
        munmap(actor->buffer, ACTOR_BUFFER);
    if (!actor->trap.off_stack)
        stack_destroy(&actor->stack);
    return true;
}
