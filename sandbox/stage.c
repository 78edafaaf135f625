#include "stage.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "check.h"

/* --- beginning ------------------------------------------------------------------------------ */

int stage_start(struct stage *stage, struct steps *steps, turn_word *turn, uint64_t *frames) {
    stage->steps = steps;
    stage->turn = turn;
    for (int i = 0; i < ACTORS; i++) {
        int error = actor_start(&stage->actors[i], steps, frames);
        if (error)
            return error;
    }
    stage->started = true;
    return 0;
}

void stage_begin(struct stage *stage, const struct scenario *scenario,
                 struct observation *observation) {
    stage->on = stage->started && scenario_is_staged(scenario);
    stage->finishing = false;
    stage->patient = true;
    stage->actor = 0;
    stage->within = 0;
    stage->observation = observation;
    for (int i = 0; i < ACTORS; i++)
        stage->actors[i].arranged = (struct gate_plan){0};
}

bool stage_is_on(const struct stage *stage) {
    return stage->on;
}

/* --- what comes back ------------------------------------------------------------------------ */

/* Notes what came of an operation that was not over when its step was. */
static void note(struct stage *stage, const struct operation *operation) {
    if (!stage->observation || operation->index == stage->now)
        return;
    struct outcome *outcome = &stage->observation->outcomes[operation->index];
    outcome->ended = stage->finishing ? ENDED_NEVER : stage->now;
    if (stage->finishing && !step_is_call(operation->step))
        return;
    outcome->result = operation->result;
    outcome->error = operation->error;
    outcome->digest = operation->digest;
    outcome->broken_pipes = operation->broken_pipes;
}

/* Is the innermost operation over? */
static bool is_over(const struct actor *actor) {
    return actor->depth > 0 &&
           (actor->turn == TURN_MAIN || (actor_is_paused(actor) && actor->depth == ACTOR_DEPTH));
}

static void collect(struct stage *stage) {
    for (int i = 0; i < ACTORS; i++) {
        struct actor *actor = &stage->actors[i];
        if (is_over(actor)) {
            const struct operation *operation = &actor->operations[--actor->depth];
            note(stage, operation);
            steps_came_back(stage->steps, operation);
        }
        if (actor->turn == TURN_ENDED || actor->trap.forbidden)
            stage->fallen = actor;
    }
}

/* --- rest ----------------------------------------------------------------------------------- */

static bool any(const struct stage *stage, bool (*is)(const struct actor *actor)) {
    for (int i = 0; i < ACTORS; i++)
        if (is(&stage->actors[i]))
            return true;
    return false;
}

static void ask_for_a_look(const struct stage *stage) {
    turn_give(stage->turn, TURN_LOOK);
    while (turn_await(stage->turn, TURN_LOOK, NULL) == TURN_LOOK)
        ;
}

static void resume_all(struct stage *stage) {
    for (int i = 0; i < ACTORS; i++)
        if (actor_is_paused(&stage->actors[i]))
            actor_resume(&stage->actors[i]);
}

/*
 * Waits until everyone has come to rest. A call that runs on may wait in a loop for a lock that a
 * stopped one holds, which is no fault: those go on then.
 */
static void settle(struct stage *stage) {
    while (any(stage, actor_is_busy)) {
        ask_for_a_look(stage);
        if (!stage->stuck)
            break;
        resume_all(stage);
    }
    collect(stage);
}

/* Waits for a short time, which only decides how the rest is waited for. */
static void settle_quickly(struct stage *stage, struct actor *actor) {
    static const struct timespec moment = {.tv_nsec = 2000000};
    if (turn_await(&actor->turn, TURN_WORKER, &moment) == TURN_WORKER)
        ask_for_a_look(stage);
    settle(stage);
}

/* --- orders --------------------------------------------------------------------------------- */

static bool can_begin(const struct actor *actor) {
    return actor->depth == 0 || (actor_is_paused(actor) && actor->depth < ACTOR_DEPTH);
}

const struct path_view *stage_view(const struct stage *stage) {
    const struct actor *actor = &stage->actors[stage->actor];
    return &actor->views[actor->depth];
}

bool stage_begin_step(struct stage *stage, uint32_t index, const struct step *step) {
    stage->now = index;
    return !stage->on || !step_is_by_actor(step) || can_begin(&stage->actors[stage->actor]);
}

enum staged stage_do(struct stage *stage, struct operation *operation, bool quick) {
    struct actor *actor = &stage->actors[stage->actor];
    check(can_begin(actor));
    const unsigned depth = actor->depth;
    actor->operations[depth] = *operation;
    actor_begin(actor);
    if (quick)
        settle_quickly(stage, actor);
    else
        settle(stage);
    *operation = actor->operations[depth];
    return actor->depth == depth ? STAGED_OVER : STAGED_WAITS;
}

void stage_rest(struct stage *stage) {
    if (stage->on)
        settle(stage);
}

void stage_resume(struct stage *stage) {
    struct actor *actor = &stage->actors[stage->actor];
    if (!actor_is_paused(actor))
        return;
    actor_resume(actor);
    settle(stage);
}

static void send(const struct stage *stage, const struct actor *actor, int signal) {
    cookies_call(&stage->steps->cookies, SYS_tgkill, (uintptr_t)getpid(), (uintptr_t)actor->id,
                 (uintptr_t)signal, 0);
}

/* Does the innermost thing that it does wait, and is it no call under test? */
static bool waits_itself(const struct actor *actor) {
    return actor_is_busy(actor) && !step_is_call(actor->operations[actor->depth - 1].step);
}

void stage_signal(struct stage *stage, unsigned actor, bool restart) {
    if (!waits_itself(&stage->actors[actor]))
        return;
    send(stage, &stage->actors[actor], trap_interrupting_signal(restart));
    settle(stage);
}

/* --- ending --------------------------------------------------------------------------------- */

static void interrupt_all(struct stage *stage) {
    for (int i = 0; i < ACTORS; i++)
        while (waits_itself(&stage->actors[i]) && !stage->fallen) {
            send(stage, &stage->actors[i], trap_interrupting_signal(false));
            settle(stage);
        }
}

bool stage_reset_masks(struct stage *stage) {
    bool changed = false;
    for (int i = 0; stage->started && i < ACTORS; i++)
        changed |= trap_reset_mask(&stage->actors[i].trap);
    return changed;
}

void stage_finish(struct stage *stage) {
    stage->finishing = true;
    stage->now = UINT32_MAX;
    interrupt_all(stage);
    for (int i = 0; i < ACTORS && !stage->fallen; i++) {
        stage->actor = (unsigned)i;
        stage_resume(stage);
    }
    interrupt_all(stage);
    stage->patient = false;
    settle(stage);
}

/* --- on the main thread ---------------------------------------------------------------------- */

static void open_sight(struct sight *sight, clockid_t clock, const char *directory) {
    char path[96];
    snprintf(path, sizeof(path), "%s/stat", directory);
    sight->watch.clock = clock;
    watch_open(&sight->watch, path);
    still_open(&sight->still, directory);
}

static void close_sight(const struct sight *sight) {
    watch_close(&sight->watch);
    still_close(&sight->still);
}

static void begin_sight(struct sight *sight) {
    watch_begin(&sight->watch);
    sight->used_before = watch_used(&sight->watch);
}

void stage_watch(struct stage *stage) {
    for (int i = 0; stage->started && i < ACTORS; i++) {
        struct actor *actor = &stage->actors[i];
        char directory[64];
        snprintf(directory, sizeof(directory), "/proc/self/task/%d", (int)actor->id);
        open_sight(&actor->sight, watch_clock(actor->id), directory);
    }
}

/* No longer: another child may have its number. */
static void forget_child(struct actor *actor) {
    if (actor->seen_child)
        close_sight(&actor->sight_of_child);
    actor->seen_child = 0;
}

static void see_child(const struct stage *stage, struct actor *actor, pid_t child) {
    const struct nofile *nofile = &stage->steps->nofile;
    char directory[64];
    forget_child(actor);
    snprintf(directory, sizeof(directory), "/proc/%d", (int)child);
    nofile_lift(nofile);
    open_sight(&actor->sight_of_child, watch_clock_of_process(child), directory);
    nofile_lower(nofile);
    begin_sight(&actor->sight_of_child);
    actor->seen_child = child;
}

/* Of whoever makes the call: while a child does, the actor sleeps, which says nothing. */
static struct sight *sight_of(const struct stage *stage, struct actor *actor) {
    const pid_t child = (pid_t)actor->child;
    if (child == 0)
        return &actor->sight;
    if (child != actor->seen_child)
        see_child(stage, actor, child);
    return &actor->sight_of_child;
}

/* Has anyone else begun something that is not over? It may hold what `actor` waits for. */
static bool others_act(const struct stage *stage, const struct actor *actor) {
    for (int i = 0; i < ACTORS; i++)
        if (&stage->actors[i] != actor && stage->actors[i].depth > 0)
            return true;
    return false;
}

/*
 * Is it at rest, if it is asleep? Operations of the harness are at once. A call under test may
 * sleep for a moment and go on: it is at rest only if it may wait for others, and not right away.
 */
static bool may_rest(const struct stage *stage, const struct actor *actor) {
    enum { NAPS = 10 }; /* looks, a millisecond apart */
    const bool is_call = step_is_call(actor->operations[actor->depth - 1].step);
    return !is_call ||
           (stage->patient && (others_act(stage, actor) || actor->depth > 1) && actor->naps > NAPS);
}

/* What a first pass finds of an actor; of the child, if it has one. */
struct first_pass {
    bool busy;
    uint32_t child;
    int64_t runs;
};

static struct first_pass pass_first(const struct stage *stage, struct actor *actor) {
    const bool busy = actor_is_busy(actor);
    const uint32_t child = actor->child;
    const struct sight *sight = sight_of(stage, actor);
    return (struct first_pass){busy, child, busy ? still_first(&sight->still) : -1};
}

static bool pass_second(const struct stage *stage, struct actor *actor, struct first_pass first) {
    const struct sight *sight = sight_of(stage, actor);
    return actor_is_busy(actor) && actor->child == first.child &&
           still_second(&sight->still, first.runs) && actor->child == first.child;
}

/* Looks at everyone once. True if all have come to rest: then nobody wakes anybody any more. */
static bool all_rest(struct stage *stage) {
    struct first_pass first[ACTORS];
    bool all = true;
    for (int i = 0; i < ACTORS; i++)
        first[i] = pass_first(stage, &stage->actors[i]);
    for (int i = 0; i < ACTORS; i++) {
        struct actor *actor = &stage->actors[i];
        actor->asleep = pass_second(stage, actor, first[i]);
        all &= !first[i].busy || (actor->asleep && may_rest(stage, actor));
    }
    return all;
}

/* From here a child can be reached, whoever it acts as. */
static void park(const struct actor *actor) {
    const pid_t child = (pid_t)actor->child;
    syscall(SYS_tgkill, child ? child : getpid(), child ? child : actor->id, trap_parking_signal());
}

/*
 * Waits for one that works. One that runs on while others are stopped may try for a lock again and
 * again; and whether it hangs the watch says, which wants to be asked ten times a second.
 */
static void wait_for(struct stage *stage, struct actor *actor) {
    enum { LOOK_EVERY = 100 };
    static const int64_t spinning = 20000000;
    static const struct timespec moment = {.tv_nsec = 1000000};
    turn_await(&actor->turn, actor->turn == TURN_RESUME ? TURN_RESUME : TURN_WORKER, &moment);
    actor->naps = actor->asleep ? actor->naps + 1 : 0;
    struct sight *sight = sight_of(stage, actor);
    stage->stuck |=
        any(stage, actor_is_paused) && watch_used(&sight->watch) - sight->used_before > spinning;
    if (++actor->waits % LOOK_EVERY != 0)
        return;
    const enum watch_verdict verdict = watch_look(&sight->watch, 0);
    if (verdict == WATCH_RUNNING || verdict == WATCH_BLOCKED)
        park(actor);
}

static void begin_look(struct stage *stage) {
    stage->stuck = false;
    for (int i = 0; i < ACTORS; i++) {
        struct actor *actor = &stage->actors[i];
        if (actor_is_busy(actor))
            begin_sight(&actor->sight);
        forget_child(actor);
        actor->waits = actor->naps = 0;
    }
}

void stage_look(struct stage *stage) {
    enum { ROUNDS_AT_ONCE = 100 };
    begin_look(stage);
    for (int round = 0; !all_rest(stage) && !stage->stuck; round++) {
        if (round < ROUNDS_AT_ONCE)
            sched_yield();
        for (int i = 0; i < ACTORS && round >= ROUNDS_AT_ONCE; i++)
            if (actor_is_busy(&stage->actors[i]) && stage->actors[i].depth > 0)
                wait_for(stage, &stage->actors[i]);
    }
}

bool stage_end(struct stage *stage) {
    bool all = true;
    for (int i = 0; i < ACTORS; i++) {
        if (stage->started)
            close_sight(&stage->actors[i].sight);
        forget_child(&stage->actors[i]);
        all &= actor_end(&stage->actors[i]);
    }
    return all;
}
