#include "verdict.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "verdict_arena.h"
#include "verdict_reach.h"

/* One judgement under way. */
struct judging {
    const struct judge *judge;
    const struct scenario *scenario;
    const struct observation *observation;
    struct world *world;
    struct verdict *verdict;
    uint32_t index; /* of the step being judged */
    uint16_t links; /* that its path may lead through */
};

static bool violated(struct judging *judging, enum clause clause, enum aspect aspect,
                     int64_t expected, int64_t got) {
    *judging->verdict = (struct verdict){
        .kind = VERDICT_VIOLATED,
        .clause = (uint8_t)clause,
        .aspect = (uint8_t)aspect,
        .step = judging->index,
        .links = judging->links,
        .expected = expected,
        .got = got,
    };
    return false;
}

/* Holds `got` against `expected`, if the clause binds. */
static bool holds(struct judging *judging, enum clause clause, enum aspect aspect, int64_t expected,
                  int64_t got) {
    if (expected == got || !contract_binds(judging->judge->contract->level, clause))
        return true;
    return violated(judging, clause, aspect, expected, got);
}

/* Tells who listens how the step at hand was judged. */
static void tell(const struct judging *judging, struct judged judged) {
    const struct judge *judge = judging->judge;
    if (!judge->listen)
        return;
    judged.index = judging->index;
    judged.verdict = judging->verdict;
    judge->listen(judge->listen_context, &judged);
}

/* The documents leave open what happened, so the world cannot follow it: judging ends here. */
static bool undecided(struct judging *judging, enum clause clause) {
    *judging->verdict = (struct verdict){
        .kind = VERDICT_UNDECIDED, .clause = (uint8_t)clause, .step = judging->index};
    return false;
}

/* --- calls ------------------------------------------------------------------------------------ */

static bool judge_time(struct judging *judging, const struct outcome *outcome, enum clause clause,
                       enum aspect aspect, int64_t time) {
    return (time >= outcome->clock_before ||
            holds(judging, clause, aspect, outcome->clock_before, time)) &&
           (time <= outcome->clock_after ||
            holds(judging, clause, aspect, outcome->clock_after, time));
}

static bool judge_times(struct judging *judging, const struct outcome *outcome) {
    const struct node_facts *node = &outcome->target;
    return judge_time(judging, outcome, CLAUSE_TIME_NEW, ASPECT_TIMES, node->mtime) &&
           judge_time(judging, outcome, CLAUSE_TIME_NEW, ASPECT_TIMES, node->ctime) &&
           judge_time(judging, outcome, CLAUSE_TIME_NEW, ASPECT_TIMES, node->atime) &&
           holds(judging, CLAUSE_TIME_EQUAL, ASPECT_TIMES, node->mtime, node->atime) &&
           holds(judging, CLAUSE_TIME_EQUAL, ASPECT_TIMES, node->mtime, node->ctime);
}

/* POSIX lets the group be the parent's or the caller's effective one, set-group-ID or not. */
static bool is_open_group(const struct judging *judging, const struct node_facts *node,
                          const struct prediction *prediction) {
    const struct world *world = judging->world;
    struct place parent = prediction->walk.directory;
    return judging->judge->contract->level == LEVEL_POSIX &&
           (node->gid == world->identity.gid ||
            node->gid == world_seen_id(world, parent.mount, world->nodes[parent.node].gid));
}

static bool judge_owner(struct judging *judging, const struct node_facts *node,
                        const struct prediction *prediction) {
    const struct clause_set *clauses = &prediction->clauses;
    bool real = clause_set_has(clauses, CLAUSE_OWNER_EUID);
    enum clause user = clause_set_has(clauses, CLAUSE_OWNER_SUIDDIR) ? CLAUSE_OWNER_SUIDDIR
                       : real                                        ? CLAUSE_OWNER_EUID
                                                                     : CLAUSE_OWNER_FSUID;
    enum clause group = clause_set_has(clauses, CLAUSE_SETGID_RULE) ? CLAUSE_SETGID_RULE
                        : real                                      ? CLAUSE_OWNER_EUID
                                                                    : CLAUSE_OWNER_FSUID;
    return holds(judging, user, ASPECT_OWNER, prediction->uid, node->uid) &&
           (is_open_group(judging, node, prediction) ||
            holds(judging, group, ASPECT_GROUP, prediction->gid, node->gid));
}

static bool judge_node(struct judging *judging, const struct outcome *outcome,
                       const struct prediction *prediction) {
    const struct node_facts *node = &outcome->target;
    int64_t mode = node->mode & 07777;
    const struct birth *birth = &prediction->birth;
    const struct clause_set *clauses = &prediction->clauses;
    int64_t special = (birth->mode & 07000) | (mode & 0777);
    int64_t plain = (birth->mode & 0777) | (mode & 07000);
    enum clause permissions =
        clause_set_has(clauses, CLAUSE_ACL_DEFAULT) ? CLAUSE_ACL_DEFAULT : CLAUSE_MODE_UMASK;
    enum clause bits = clause_set_has(clauses, CLAUSE_SETGID_BEFORE_UMASK)
                           ? CLAUSE_SETGID_BEFORE_UMASK
                       : birth->setgid_stripped ? CLAUSE_SETGID_STRIP
                                                : CLAUSE_MODE_SPECIAL;
    return holds(judging, CLAUSE_STAT_TYPE, ASPECT_NODE, 0, node->error) &&
           holds(judging, CLAUSE_STAT_TYPE, ASPECT_TYPE, S_IFIFO, node->mode & S_IFMT) &&
           holds(judging, permissions, ASPECT_MODE, plain, mode) &&
           holds(judging, bits, ASPECT_MODE, special, mode) &&
           judge_owner(judging, node, prediction) &&
           holds(judging, CLAUSE_STAT_INO, ASPECT_INODE, true, node->ino != 0) &&
           holds(judging, CLAUSE_STAT_NLINK, ASPECT_LINKS, 1, node->nlink) &&
           holds(judging, CLAUSE_STAT_SIZE, ASPECT_SIZE, 0, node->size) &&
           holds(judging, CLAUSE_STAT_BLOCKS, ASPECT_BLOCKS, 0, node->blocks) &&
           holds(judging, CLAUSE_STAT_RDEV, ASPECT_RDEV, 0, (int64_t)node->rdev) &&
           judge_times(judging, outcome);
}

/* The directory that received the node. */
static bool judge_parent(struct judging *judging, const struct outcome *outcome) {
    enum { TMPFS_ENTRY_SIZE = 20 };
    const struct node_facts *before = &outcome->parent_before;
    const struct node_facts *after = &outcome->parent_after;
    if (before->error || after->error)
        return true;
    return holds(judging, CLAUSE_STAT_DEV, ASPECT_DEVICE, (int64_t)before->dev,
                 (int64_t)outcome->target.dev) &&
           judge_time(judging, outcome, CLAUSE_TIME_PARENT, ASPECT_PARENT_TIMES, after->mtime) &&
           judge_time(judging, outcome, CLAUSE_TIME_PARENT, ASPECT_PARENT_TIMES, after->ctime) &&
           holds(judging, CLAUSE_TIME_EQUAL, ASPECT_PARENT_TIMES, after->mtime, after->ctime) &&
           holds(judging, CLAUSE_NLINK_PARENT, ASPECT_PARENT_LINKS, before->nlink, after->nlink) &&
           holds(judging, CLAUSE_SIZE_PARENT, ASPECT_PARENT_SIZE, before->size + TMPFS_ENTRY_SIZE,
                 after->size);
}

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

static bool wrong_errno(struct judging *judging, const struct prediction *prediction, int got) {
    violated(judging, prediction->decisive, ASPECT_ERRNO, prediction->error, got);
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
    if (!errno_set_has(&prediction->allowed, 0))
        return wrong_errno(judging, prediction, 0);
    if (!holds(judging, CLAUSE_ERRNO_KEEP, ASPECT_ERRNO_KEPT, ERRNO_POISON, outcome->error))
        return false;
    if (prediction->error == 0 && outcome->looked &&
        !(judge_node(judging, outcome, prediction) && judge_parent(judging, outcome) &&
          judge_surroundings(judging, outcome)))
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

static bool judge_failure(struct judging *judging, const struct step *step,
                          const struct outcome *outcome, const struct prediction *prediction) {
    int error = outcome->error;
    if (error <= 0 || error == ERRNO_POISON)
        return violated(judging, CLAUSE_ERRNO_SET, ASPECT_ERRNO, prediction->error, error);
    if (!errno_set_has(&prediction->allowed, error)) {
        if (judging->judge->contract->level == LEVEL_POSIX && !posix_lists(error))
            return undecided(judging, prediction->decisive);
        return wrong_errno(judging, prediction, error);
    }
    return !outcome->looked ||
           (judge_untouched(judging, step, outcome) && judge_surroundings(judging, outcome));
}

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
    if (prediction->undefined)
        return undecided(judging, prediction->decisive);
    if (outcome->result == 0)
        return judge_success(judging, step, outcome, prediction);
    return judge_failure(judging, step, outcome, prediction);
}

static bool judge_call(struct judging *judging, const struct step *step,
                       const struct outcome *outcome) {
    struct prediction prediction;
    contract_predict(judging->judge->contract, judging->world, step, &prediction);
    verdict_report_reach(judging->judge, judging->world, step, &prediction);
    judging->links = links_of(judging, &prediction);
    bool good = compare_call(judging, step, outcome, &prediction);
    tell(judging, (struct judged){.outcome = outcome, .prediction = &prediction});
    return good;
}

/* --- preparations ----------------------------------------------------------------------------- */

/* Found now, done by some earlier call. */
static bool late(struct judging *judging) {
    judging->verdict->late = true;
    return false;
}

static bool compare_preparation(struct judging *judging, const struct step *step,
                                const struct outcome *outcome, uint32_t umask_before,
                                int expected) {
    int got = outcome->result < 0 ? outcome->error : 0;
    judging->links = WORLD_LINKS;
    if (step->kind == STEP_UMASK &&
        !holds(judging, CLAUSE_STATE_UMASK, ASPECT_UMASK, umask_before, outcome->result))
        return late(judging);
    if ((expected == 0) != (got == 0)) {
        violated(judging, CLAUSE_ARENA, ASPECT_PREPARATION, expected, got);
        judging->verdict->kind = VERDICT_DISAGREED;
        return late(judging);
    }
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
    uint32_t umask_before = judging->world->umask;
    int expected = world_prepare(judging->world, step);
    bool good = compare_preparation(judging, step, outcome, umask_before, expected);
    tell(judging, (struct judged){.outcome = outcome, .expected = expected});
    return good;
}

/* --- the whole -------------------------------------------------------------------------------- */

/*
 * The call at which the run ended prematurely. A bad pointer may crash whoever reads the path in
 * user space: POSIX leaves it undefined, and mknod(2) speaks of the system call.
 */
static void judge_unreturned(struct judging *judging, const struct step *step) {
    const struct observation *observation = judging->observation;
    if (step_is_call(step) && step->pointer != POINTER_STRING &&
        observation->ending == ENDING_CRASHED) {
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

void verdict_judge(const struct judge *judge, const struct scenario *scenario,
                   const struct observation *observation, struct verdict *verdict) {
    struct judging judging = {.judge = judge,
                              .scenario = scenario,
                              .observation = observation,
                              .world = judge->world,
                              .verdict = verdict};
    *verdict = (struct verdict){.kind = VERDICT_HELD};
    world_reset(judge->world, scenario, &judge->contract->host);
    for (; judging.index < observation->outcome_count; judging.index++) {
        const struct step *step = &scenario->steps[judging.index];
        const struct outcome *outcome = &observation->outcomes[judging.index];
        if (!(step_is_call(step) ? judge_call(&judging, step, outcome)
                                 : judge_preparation(&judging, step, outcome)))
            return;
    }
    if (observation->ending != ENDING_DONE)
        judge_ending(&judging);
    else
        judge_end(&judging);
}
