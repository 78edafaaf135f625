#include "verdict.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "verdict_arena.h"
#include "verdict_judging.h"
#include "verdict_reach.h"

/* The answer leaves open whether `clause` holds, but the world is known: judging goes on. */
static void leave_open(struct judging *judging, enum clause clause) {
    judging->open_steps = judging->index + 1;
    judging->open_clause = clause;
}

/* Tells who listens how the step at hand was judged. */
static void tell(const struct judging *judging, struct judged judged) {
    const struct judge *judge = judging->judge;
    static const struct verdict open = {.kind = VERDICT_UNDECIDED};
    bool is_open =
        judging->open_steps == judging->index + 1 && judging->verdict->kind == VERDICT_HELD;
    if (!judge->listen)
        return;
    judged.index = judging->index;
    judged.verdict = is_open ? &open : judging->verdict;
    judge->listen(judge->listen_context, &judged);
}

/* --- calls ------------------------------------------------------------------------------------ */

/* True if the path begins at the current directory, as far as its text tells. */
static bool starts_at_cwd(const struct judging *judging, const struct step *step) {
    bool relative = step->path.length > 0 && *scenario_text(judging->scenario, step->path) != '/';
    return relative && (step->kind == STEP_MKFIFO || step->dirfd.kind == DIRFD_CWD);
}

/* A failing call leaves the parent alone: that a name came and went shows in its times. */
static bool judge_untouched(struct judging *judging, const struct step *step,
                            const struct outcome *outcome) {
    const struct node_facts *before = &outcome->parent_before;
    const struct node_facts *after = &outcome->parent_after;
    if (before->error == 0 && before->ino != after->ino && starts_at_cwd(judging, step))
        return violated(judging, CLAUSE_STATE_CWD, ASPECT_CWD, (int64_t)before->ino,
                        (int64_t)after->ino);
    if (after->error == EBADF && before->error != EBADF)
        return violated(judging, CLAUSE_STATE_DESCRIPTORS, ASPECT_PARENT_ERROR, before->error,
                        after->error);
    return holds(judging, CLAUSE_FAIL_NOEFFECT, ASPECT_PARENT_ERROR, before->error, after->error) &&
           holds(judging, CLAUSE_FAIL_NOEFFECT, ASPECT_PARENT_CHANGED, before->mtime,
                 after->mtime) &&
           holds(judging, CLAUSE_FAIL_NOEFFECT, ASPECT_PARENT_CHANGED, before->ctime,
                 after->ctime) &&
           holds(judging, CLAUSE_FAIL_NOEFFECT, ASPECT_PARENT_CHANGED, before->size, after->size) &&
           holds(judging, CLAUSE_FAIL_NOEFFECT, ASPECT_PARENT_CHANGED, before->mode, after->mode);
}

/* Nothing about this place may have changed. */
static bool judge_place(struct judging *judging, enum clause clause, const char *name,
                        const struct node_facts *before, const struct node_facts *after) {
    const int64_t pairs[][2] = {
        {before->error, after->error}, {(int64_t)before->ino, (int64_t)after->ino},
        {before->mode, after->mode},   {before->nlink, after->nlink},
        {before->size, after->size},   {before->mtime, after->mtime},
        {before->ctime, after->ctime},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        if (!holds(judging, clause, ASPECT_PLACE_CHANGED, pairs[i][0], pairs[i][1])) {
            snprintf(judging->verdict->name, sizeof judging->verdict->name, "%s", name);
            return false;
        }
    return true;
}

/* The wider look: a name that came and went beside the parent shows in a directory's times. */
static bool judge_surroundings(struct judging *judging, const struct outcome *outcome) {
    const struct wide_look *wide = &judging->observation->wide_looks[judging->index];
    if (!wide->taken || (outcome->result == 0 && outcome->parent_after.error))
        return true; /* without the parent no one knows which directory may have grown */
    const struct surroundings *before = &wide->before;
    const struct surroundings *after = &wide->after;
    bool made = outcome->result == 0;
    uint64_t parent = outcome->parent_after.ino;
    enum clause clause = made ? CLAUSE_ARENA : CLAUSE_FAIL_NOEFFECT;
    if (before->cwd.ino != after->cwd.ino)
        return violated(judging, CLAUSE_STATE_CWD, ASPECT_CWD, (int64_t)before->cwd.ino,
                        (int64_t)after->cwd.ino);
    return (made || judge_place(judging, clause, "the path", &before->target, &after->target)) &&
           ((made && before->cwd.ino == parent) ||
            judge_place(judging, clause, "the current directory", &before->cwd, &after->cwd)) &&
           ((made && before->root.ino == parent) ||
            judge_place(judging, clause, "the root directory", &before->root, &after->root));
}

/* EINVAL speaks of the mode: of one that is none of C's, then, other bits were taken. */
static bool wrong_answer(struct judging *judging, const struct prediction *prediction,
                         enum aspect aspect, int got) {
    const bool misread = aspect == ASPECT_ERRNO && got == EINVAL &&
                         clause_set_has(&prediction->clauses, CLAUSE_MODE_WIDE);
    violated(judging, misread ? CLAUSE_MODE_WIDE : prediction->decisive, aspect, prediction->error,
             got);
    judging->verdict->allowed = prediction->allowed;
    return false;
}

/* The world takes up the new node as it was seen. */
static bool follow_success(struct judging *judging, const struct step *step,
                           const struct outcome *outcome, struct prediction *prediction) {
    struct walk *walk = &prediction->walk;
    struct dirfd dirfd = step->kind == STEP_MKFIFOAT ? step->dirfd : (struct dirfd){0};
    if (!prediction->walked)
        world_walk(judging->world, dirfd, world_text(judging->world, step->path), WALK_PARENT, 0,
                   walk);
    if (walk->end != WALK_DONE || walk->last != LAST_NAME || walk->node != NODE_NONE)
        return undecided(judging, prediction->decisive);
    struct birth birth = prediction->birth;
    if (prediction->error != 0)
        world_birth(judging->world, walk->directory, NODE_FIFO, step->mode & 07777, &birth);
    if (outcome->looked) {
        birth.mode = outcome->target.mode & 07777;
        birth.gid =
            world_stored_id(judging->world, walk->directory.mount, (uint16_t)outcome->target.gid);
    }
    world_create(judging->world, walk, NODE_FIFO, &birth);
    return true;
}

static bool judge_success(struct judging *judging, const struct step *step,
                          const struct outcome *outcome, struct prediction *prediction) {
    if (prediction->refused)
        return violated(judging, prediction->decisive, ASPECT_RESULT, -1, 0);
    if (!errno_set_has(&prediction->allowed, 0))
        return wrong_answer(judging, prediction, ASPECT_ERRNO, 0);
    if (!judging->judge->contract->traits.of[step->kind].changes_errno &&
        !holds(judging, CLAUSE_ERRNO_KEEP, ASPECT_ERRNO_KEPT, ERRNO_POISON, outcome->error))
        return false;
    if (prediction->phantom)
        return true;
    if (prediction->error == 0 && outcome->looked &&
        !(verdict_judge_new(judging, outcome, prediction) && judge_surroundings(judging, outcome)))
        return false;
    return follow_success(judging, step, outcome, prediction);
}

/* The errors that POSIX.1-2017 mkfifo() lists; it permits others for conditions of their own. */
static bool posix_lists(int error) {
    static const int listed[] = {EACCES, EBADF,  EEXIST,  ELOOP, ENAMETOOLONG,
                                 ENOENT, ENOSPC, ENOTDIR, EROFS};
    for (size_t i = 0; i < sizeof listed / sizeof listed[0]; i++)
        if (listed[i] == error)
            return true;
    return false;
}

static bool judge_no_effect(struct judging *judging, const struct step *step,
                            const struct outcome *outcome) {
    return !outcome->looked ||
           (judge_untouched(judging, step, outcome) && judge_surroundings(judging, outcome));
}

static bool judge_failure(struct judging *judging, const struct step *step,
                          const struct outcome *outcome, const struct prediction *prediction) {
    int error = outcome->error;
    if (error <= 0 || error == ERRNO_POISON)
        return violated(judging, CLAUSE_ERRNO_SET, ASPECT_ERRNO, prediction->error, error);
    if (!errno_set_has(&prediction->allowed, error) && !prediction->phantom) {
        if (judging->judge->contract->level == LEVEL_POSIX && !posix_lists(error))
            return undecided(judging, prediction->decisive);
        return wrong_answer(judging, prediction, ASPECT_ERRNO, error);
    }
    return judge_no_effect(judging, step, outcome);
}

/* --- answers that only agents give ------------------------------------------------------------ */

/* Is any failure at all what was to be shown? */
static bool is_refusal(const struct prediction *prediction, const struct outcome *outcome) {
    return prediction->refused && outcome->reply != REPLY_UNABLE;
}

/* Does the answer show whether the clauses hold that apply to this call? */
static bool tells(const struct prediction *prediction, const struct outcome *outcome) {
    return !outcome_is_silent(outcome) || is_refusal(prediction, outcome);
}

/*
 * Languages check arguments before any call is made: an exception says that the path has a NUL, or
 * that the mode does not fit its type. Of all other failures errno is what callers go by.
 */
static bool judge_exception(struct judging *judging, const struct step *step,
                            const struct prediction *prediction) {
    const struct contract *contract = judging->judge->contract;
    if (!mode_is_wide(step->mode) || step->high != 0) /* which is not refused, or not asked here */
        return wrong_answer(judging, prediction, ASPECT_REPLY, REPLY_RAISED);
    if (!contract->traits.of[step->kind].refuses_wide_mode)
        leave_open(judging, prediction->decisive);
    return true;
}

static bool judge_answer(struct judging *judging, const struct step *step,
                         const struct outcome *outcome, const struct prediction *prediction) {
    if (outcome->reply == REPLY_RETURNED && !prediction->undefined &&
        !errno_set_fails(&prediction->allowed))
        return violated(judging, prediction->decisive, ASPECT_RESULT, 0, -1);
    if (prediction->undefined || outcome->reply != REPLY_RAISED)
        leave_open(judging, prediction->decisive);
    else if (!judge_exception(judging, step, prediction))
        return false;
    return judge_no_effect(judging, step, outcome);
}

static bool judge_silence(struct judging *judging, const struct step *step,
                          const struct outcome *outcome, const struct prediction *prediction) {
    if (is_refusal(prediction, outcome))
        return judge_no_effect(judging, step, outcome);
    return judge_answer(judging, step, outcome, prediction);
}

/* --- any answer ------------------------------------------------------------------------------- */

/* The links that the call or a look at its path may follow: with a slash, those behind the last. */
static uint16_t links_of(const struct judging *judging, const struct prediction *prediction) {
    const struct walk *walk = &prediction->walk;
    if (!prediction->walked)
        return 0;
    bool at_link = walk->slash && judging->world->nodes[walk->node].type == NODE_SYMLINK;
    return at_link ? WORLD_LINKS : walk->links;
}

static bool compare_call(struct judging *judging, const struct step *step,
                         const struct outcome *outcome, struct prediction *prediction) {
    if (outcome->result != 0 && outcome->result != -1)
        return violated(judging, CLAUSE_RETURN, ASPECT_RESULT, prediction->error ? -1 : 0,
                        outcome->result);
    if (outcome_is_silent(outcome))
        return judge_silence(judging, step, outcome, prediction);
    if (prediction->undefined)
        return undecided(judging, prediction->decisive);
    if (outcome->result == 0)
        return judge_success(judging, step, outcome, prediction);
    return judge_failure(judging, step, outcome, prediction);
}

/* Who makes the call at hand, and what it is to meet; a late one was begun before. */
static void set_scene(const struct judging *judging) {
    const struct staged_step *staged = &judging->staging->steps[judging->index];
    static const struct step as_at_first = {.kind = STEP_AS};
    world_prepare(judging->world,
                  staged->as ? &judging->scenario->steps[staged->as - 1] : &as_at_first);
    judging->world->acting.injected = staged->injected;
    judging->world->acting.error = staged->error;
    judging->world->acting.closed = staged->within & WITHIN_CLOSED;
}

/* What the call has to do with others that it overlapped with. */
static void note_overlap(const struct judging *judging, struct prediction *prediction) {
    const struct staged_step *staged = &judging->staging->steps[judging->index];
    if (staged->nested)
        clause_set_add(&prediction->clauses, CLAUSE_ASYNC_SAFE);
    if (staged->beside)
        clause_set_add(&prediction->clauses, CLAUSE_MT_SAFE);
    if (staged->beside && prediction->error == EEXIST)
        clause_set_add(&prediction->clauses, CLAUSE_RACE_ATOMIC);
    if (staged->late && prediction->error == ENOENT)
        clause_set_add(&prediction->clauses, CLAUSE_RACE_RMDIR);
}

static bool judge_call(struct judging *judging, const struct step *step,
                       const struct outcome *outcome) {
    struct prediction prediction;
    contract_predict(judging->judge->contract, judging->world, step, &prediction);
    if (judging->staging)
        note_overlap(judging, &prediction);
    if (tells(&prediction, outcome))
        verdict_report_reach(judging->judge, judging->world, step, &prediction);
    judging->links = links_of(judging, &prediction);
    bool good = compare_call(judging, step, outcome, &prediction);
    tell(judging, (struct judged){.outcome = outcome, .prediction = &prediction});
    return good;
}

/* Preparations go on as whoever they were made as. */
static bool judge_staged_call(struct judging *judging, const struct step *step,
                              const struct outcome *outcome) {
    const struct staged_step *staged = &judging->staging->steps[judging->index];
    struct world *world = judging->world;
    const struct identity identity = world->identity;
    const uint8_t capabilities = world->capabilities;
    if (outcome->reply == REPLY_BUSY)
        return true;
    set_scene(judging);
    struct step begun = *step;
    if (staged->late && step->dirfd.kind == DIRFD_SLOT)
        begun.dirfd = (struct dirfd){DIRFD_NUMBER, staged->number};
    const bool good = judge_call(judging, &begun, outcome);
    world->identity = identity;
    world->capabilities = capabilities;
    world->acting.injected = false;
    world->acting.closed = false;
    return good;
}

/* --- preparations ----------------------------------------------------------------------------- */

/* Found now, done by some earlier call. */
static bool late(struct judging *judging) {
    judging->verdict->late = true;
    return false;
}

/* Is a call under way that began before the step at hand? */
static bool is_overlapped(const struct judging *judging) {
    const struct staging *staging = judging->staging;
    return staging &&
           (staging->steps[judging->index].beside || staging->steps[judging->index].nested);
}

/*
 * A call that is under way may have a descriptor of its own for the time being, so that others get
 * higher numbers: which one, the documents do not say.
 */
static void take_number(const struct judging *judging, const struct step *step,
                        const struct outcome *outcome) {
    if (is_overlapped(judging) && (step->kind == STEP_OPEN || step->kind == STEP_DUP) &&
        outcome->result > judging->world->slots[step->slot])
        world_renumber(judging->world, step->slot, outcome->result);
}

static bool compare_preparation(struct judging *judging, const struct step *step,
                                const struct outcome *outcome, uint32_t umask_before,
                                int expected) {
    int got = outcome->result < 0 ? outcome->error : 0;
    if (step->kind == STEP_UMASK &&
        !holds(judging, CLAUSE_STATE_UMASK, ASPECT_UMASK, umask_before, outcome->result))
        return late(judging);
    if (got == EMFILE && expected == 0 && is_overlapped(judging)) /* the same under a low limit */
        return undecided(judging, CLAUSE_STATE_DESCRIPTORS);
    if ((expected == 0) != (got == 0)) {
        violated(judging, CLAUSE_ARENA, ASPECT_PREPARATION, expected, got);
        judging->verdict->kind = VERDICT_DISAGREED;
        return late(judging);
    }
    take_number(judging, step, outcome);
    int32_t number = judging->world->slots[step->slot];
    bool opens = step->kind == STEP_OPEN || step->kind == STEP_DUP;
    if (opens && got == 0 &&
        !holds(judging, CLAUSE_STATE_DESCRIPTORS, ASPECT_DESCRIPTOR, number, outcome->result)) {
        judging->verdict->number = number;
        return late(judging);
    }
    return true;
}

static bool judge_preparation(struct judging *judging, const struct step *step,
                              const struct outcome *outcome) {
    if (outcome->reply == REPLY_BUSY)
        return true;
    uint32_t umask_before = judging->world->umask;
    int expected = world_prepare(judging->world, step);
    judging->links = WORLD_LINKS;
    bool good = outcome->reply == REPLY_UNABLE ? undecided(judging, CLAUSE_ARENA)
                : verdict_is_on_fifo(judging)
                    ? verdict_judge_use(judging)
                    : compare_preparation(judging, step, outcome, umask_before, expected) &&
                          verdict_judge_use(judging);
    tell(judging, (struct judged){.outcome = outcome, .expected = expected});
    return good;
}

static bool judge_step(struct judging *judging, const struct step *step,
                       const struct outcome *outcome) {
    if (!step_is_call(step))
        return judge_preparation(judging, step, outcome);
    return judging->staging ? judge_staged_call(judging, step, outcome)
                            : judge_call(judging, step, outcome);
}

/* --- chance ----------------------------------------------------------------------------------- */

/* A walk that was disturbed may also end elsewhere, and the harness's own look at a path too. */
static bool is_about_links(const struct verdict *verdict) {
    const bool about_error = verdict->aspect == ASPECT_ERRNO || verdict->aspect == ASPECT_NODE ||
                             verdict->aspect == ASPECT_PARENT_ERROR ||
                             verdict->aspect == ASPECT_PLACE_CHANGED ||
                             verdict->aspect == ASPECT_PREPARATION;
    return (about_error && (verdict->got == ELOOP || verdict->expected == ELOOP)) ||
           (verdict->aspect == ASPECT_USE && verdict->got == -ELOOP) ||
           (verdict->aspect == ASPECT_CWD && verdict->got == 0);
}

bool verdict_is_doubtful(const struct verdict *verdict) {
    return verdict_is_bad(verdict) && is_about_links(verdict) && verdict->links > WORLD_LINKS / 2;
}

/* --- the whole -------------------------------------------------------------------------------- */

/*
 * The call at which the run ended prematurely. A bad pointer may crash whoever reads the path in
 * user space: POSIX leaves it undefined, and mknod(2) speaks of the system call.
 */
static void judge_unreturned(struct judging *judging, const struct step *step) {
    const struct observation *observation = judging->observation;
    if (step_is_call(step) && pointer_is_bad(step) && observation->ending == ENDING_CRASHED) {
        undecided(judging, step->pointer == POINTER_UNTERMINATED ? CLAUSE_EFAULT_UNTERMINATED
                                                                 : CLAUSE_EFAULT);
        return;
    }
    enum clause clause = observation->ending == ENDING_FORBIDDEN ? CLAUSE_CONTAINED
                         : observation->path_written             ? CLAUSE_PATH_CONST
                         : observation->path_overread            ? CLAUSE_PATH_READ
                                                                 : CLAUSE_RETURNS;
    violated(judging, clause, ASPECT_ENDING, ENDING_DONE, observation->ending);
    judging->verdict->number = observation->detail;
}

static void judge_ending(struct judging *judging) {
    const struct step *step = &judging->scenario->steps[judging->observation->step];
    judging->index = judging->observation->step;
    judge_unreturned(judging, step);
    if (!judging->judge->listen)
        return;
    struct prediction prediction;
    if (step_is_call(step)) {
        contract_predict(judging->judge->contract, judging->world, step, &prediction);
        tell(judging, (struct judged){.prediction = &prediction});
    } else {
        tell(judging, (struct judged){.expected = world_prepare(judging->world, step)});
    }
}

/* The last call: whose doing something found at the end most likely is. */
static uint32_t last_call(const struct scenario *scenario) {
    uint32_t index = scenario->step_count;
    while (index > 0 && !step_is_call(&scenario->steps[index - 1]))
        index--;
    return index ? index - 1 : 0;
}

static bool last_call_failed(const struct judging *judging) {
    uint32_t call = last_call(judging->scenario);
    return judging->observation->outcomes[call].result != 0;
}

static void judge_end(struct judging *judging) {
    if (!verdict_judge_use_end(judging))
        return;
    judging->index = last_call(judging->scenario);
    verdict_compare_arena(judging->world, judging->observation, judging->verdict);
    if (judging->verdict->kind == VERDICT_HELD)
        verdict_compare_state(judging->world, judging->observation, judging->verdict);
    if (judging->verdict->kind == VERDICT_HELD)
        return;
    judging->verdict->late = true;
    judging->verdict->step = judging->index;
    if (judging->verdict->clause == CLAUSE_ARENA && last_call_failed(judging))
        judging->verdict->clause = CLAUSE_FAIL_NOEFFECT;
}

uint32_t verdict_judge_in_order(const struct judge *judge, const struct scenario *scenario,
                                const struct observation *observation,
                                const struct staged_order *order, struct verdict *verdict) {
    struct judging judging = {.judge = judge,
                              .scenario = scenario,
                              .observation = observation,
                              .world = judge->world,
                              .verdict = verdict,
                              .staging = order ? order->staging : NULL};
    const uint32_t count = order ? order->count : observation->outcome_count;
    *verdict = (struct verdict){.kind = VERDICT_HELD};
    world_reset(judge->world, scenario, &judge->contract->host);
    for (uint32_t i = 0; i < count; i++) {
        judging.index = order && order->steps ? order->steps[i] : i;
        const struct step *step = &scenario->steps[judging.index];
        const struct outcome *outcome = &observation->outcomes[judging.index];
        if (!judge_step(&judging, step, outcome))
            return i;
    }
    if (observation->ending != ENDING_DONE)
        judge_ending(&judging);
    else
        judge_end(&judging);
    if (verdict->kind == VERDICT_HELD && judging.open_steps > 0) {
        judging.index = judging.open_steps - 1;
        undecided(&judging, judging.open_clause);
    }
    return count;
}
