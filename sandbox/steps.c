#include "steps.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "facts.h"
#include "landlock.h"
#include "slots.h"
#include "stage.h"
#include "steps_guest.h"
#include "steps_use.h"

void steps_begin(struct steps *steps, const struct scenario *scenario,
                 const struct implementation *implementation) {
    steps->scenario = scenario;
    steps->implementation = implementation;
    steps->leaked = false;
    steps->changed_directory = false;
    steps->changed_mode = false;
    steps->changed_identity = false;
    steps->used_steward = false;
    steps->confined = false;
    steps->looked_next = 0;
    memset(steps->number, -1, sizeof(steps->number));
    memset(steps->open, 0, sizeof(steps->open));
    if (implementation->agent)
        channel_reset(&steps->guest->channel);
}

int32_t steps_table_end(const struct steps *steps) {
    enum { SMALLEST_TABLE = 64 }; /* BITS_PER_LONG: what a process starts with */
    int32_t end = steps->leaked ? INT32_MAX : SMALLEST_TABLE;
    for (int i = 0; i < SCENARIO_SLOTS; i++)
        if (steps->number[i] >= end)
            end = steps->number[i] + 1;
    return end;
}

int32_t steps_open_count(const struct steps *steps) {
    return 3 + slots_open(steps->number, steps->open);
}

/* What open(2) gets for an open step. */
static int open_flags(const struct step *step) {
    static const struct {
        uint8_t flag;
        int value;
    } values[] = {
        {OPEN_PATH, O_PATH},     {OPEN_NOFOLLOW, O_NOFOLLOW}, {OPEN_DIRECTORY, O_DIRECTORY},
        {OPEN_WRITE, O_WRONLY},  {OPEN_BOTH, O_RDWR},         {OPEN_TRUNCATE, O_TRUNC},
        {OPEN_APPEND, O_APPEND},
    };
    int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | (step->flags & OPEN_WAIT ? 0 : O_NONBLOCK);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        flags |= step->flags & values[i].flag ? values[i].value : 0;
    return flags;
}

/* --- calls under test ----------------------------------------------------------------------- */

static int directory_of(const struct steps *steps, const struct step *step) {
    if (step->kind == STEP_MKFIFO || step->dirfd.kind == DIRFD_CWD)
        return AT_FDCWD;
    return step->dirfd.kind == DIRFD_NUMBER ? step->dirfd.number
                                            : steps->number[step->dirfd.number];
}

__attribute__((noinline)) int32_t fifofuzz_call(uint32_t step, const struct steps *steps,
                                                int directory, const char *path, int32_t *error) {
    const struct implementation *implementation = steps->implementation;
    const struct step *call = &steps->scenario->steps[step - 1];
    errno = ERRNO_POISON;
    int32_t result = call->kind == STEP_MKFIFO
                         ? implementation->mkfifo(path, call->mode)
                         : implementation->mkfifoat(directory, path, call->mode);
    *error = errno;
    return result;
}

/* The call under test where the implementation lives. */
static void call(struct steps *steps, uint32_t index, int directory, const char *path,
                 struct reply_facts *out) {
    if (steps->implementation->agent) {
        steps_ask_guest(steps, &steps->scenario->steps[index], directory, out);
        return;
    }
    if (stage_is_on(steps->stage)) {
        steps_use_call(steps, index, directory, path, out);
        return;
    }
    out->reply = REPLY_RETURNED;
    out->result = fifofuzz_call(index + 1, steps, directory, path, &out->error);
}

/*
 * Cuts the last component off: "a/b//" gives "a/", "a" gives "" (the directory itself, with
 * AT_EMPTY_PATH, which needs no search permission), "/a" gives "/". `path` is cut in place; returns
 * its new length.
 */
static size_t cut_last_component(char *path, size_t length) {
    bool absolute = length > 0 && path[0] == '/';
    while (length > 0 && path[length - 1] == '/')
        length--;
    while (length > 0 && path[length - 1] != '/')
        length--;
    if (length == 0 && absolute)
        length = 1;
    path[length] = '\0';
    return length;
}

static int64_t now(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return facts_time(time);
}

/* Right behind a call with the same parent it is what was seen after that one, if no one else acts.
 */
static void look_at_parent(struct steps *steps, uint32_t index, int directory,
                           struct outcome *outcome) {
    if (index > 0 && steps->looked_next == index && !stage_is_on(steps->stage) &&
        steps->looked_directory == directory && steps->parent_length == steps->last_parent_length &&
        memcmp(steps->parent, steps->last_parent, steps->parent_length) == 0)
        outcome->parent_before = outcome[-1].parent_after;
    else
        facts_at(&outcome->parent_before, directory, steps->parent, AT_EMPTY_PATH);
}

static void look_after(struct steps *steps, uint32_t index, int directory, const char *path,
                       struct outcome *outcome) {
    facts_at(&outcome->parent_after, directory, steps->parent, AT_EMPTY_PATH);
    if (outcome->result == 0)
        facts_at(&outcome->target, directory, path, AT_SYMLINK_NOFOLLOW);
    memcpy(steps->last_parent, steps->parent, steps->parent_length);
    steps->last_parent_length = steps->parent_length;
    steps->looked_directory = directory;
    steps->looked_next = index + 1;
}

/* One call in four, by what the step itself is. */
static bool is_looked_at_widely(const struct step *step) {
    return (step->mode + step->path.length + step->kind) % 4 == 0;
}

static void look_around(struct surroundings *surroundings, const char *root, int directory,
                        const char *path) {
    facts_at(&surroundings->target, directory, path, AT_SYMLINK_NOFOLLOW);
    facts_at(&surroundings->cwd, AT_FDCWD, "", AT_EMPTY_PATH);
    facts_at(&surroundings->root, AT_FDCWD, root, 0);
}

/* The call with a look at the world before and after it. */
static void call_and_look(struct steps *steps, uint32_t index, int directory, const char *path,
                          struct observation *observation) {
    const struct step *step = &steps->scenario->steps[index];
    struct outcome *outcome = &observation->outcomes[index];
    struct wide_look *wide = &observation->wide_looks[index];
    outcome->looked = step->pointer == POINTER_STRING && step->path.length < PATH_MAX;
    if (outcome->looked) {
        memcpy(steps->parent, path, step->path.length);
        steps->parent_length = cut_last_component(steps->parent, step->path.length);
        look_at_parent(steps, index, directory, outcome);
    }
    wide->taken = outcome->looked && is_looked_at_widely(step);
    if (wide->taken)
        look_around(&wide->before, steps->root, directory, path);
    outcome->clock_before = now(CLOCK_REALTIME_COARSE);
    struct reply_facts answer;
    call(steps, index, directory, path, &answer);
    outcome->result = answer.result;
    outcome->error = answer.error;
    outcome->reply = answer.reply;
    outcome->clock_after = now(CLOCK_REALTIME);
    if (steps->staged != STAGED_OVER) { /* what is seen now is none of its doing */
        outcome->looked = false;
        wide->taken = false;
    }
    if (outcome->looked)
        look_after(steps, index, directory, path, outcome);
    if (wide->taken)
        look_around(&wide->after, steps->root, directory, path);
}

static void run_call(struct steps *steps, uint32_t index, struct observation *observation) {
    const struct step *step = &steps->scenario->steps[index];
    const struct path_view *view =
        stage_is_on(steps->stage) ? stage_view(steps->stage) : &steps->view;
    const char *path = path_view_place(view, steps->scenario, step);
    int directory = directory_of(steps, step);
    if (observation)
        call_and_look(steps, index, directory, path, observation);
    else
        call(steps, index, directory, path, &(struct reply_facts){0});
}

/* --- preparations --------------------------------------------------------------------------- */

static int write_all(int file, const char *bytes, size_t length) {
    while (length > 0) {
        ssize_t written = write(file, bytes, length);
        if (written < 0)
            return -1;
        bytes += written;
        length -= (size_t)written;
    }
    return 0;
}

static int run_file(const struct step *step, const char *path, const char *content) {
    int file = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, step->mode & 0777);
    if (file < 0)
        return -1;
    int result = write_all(file, content, step->other.length);
    int error = errno;
    close(file);
    errno = error;
    return result;
}

/* Several slots can hold one number: they are open and closed together. */
static void mark(struct steps *steps, int32_t number, bool open) {
    for (unsigned i = 0; i < SCENARIO_SLOTS; i++)
        if (steps->number[i] == number)
            steps->open[i] = open;
}

/* Who waits for that goes on, and is at rest again when it is over. */
static int close_number(struct steps *steps, int32_t number) {
    mark(steps, number, false);
    const int result = close(number);
    const int error = errno;
    stage_rest(steps->stage);
    errno = error;
    return result;
}

static int close_slot(struct steps *steps, unsigned slot) {
    int32_t number = steps->number[slot];
    if (!steps->open[slot] && number < 3) { /* 0, 1 and 2 are the harness's */
        errno = EBADF;
        return -1;
    }
    return close_number(steps, number);
}

/* The slot holds what was opened, if it was. */
static int hold(struct steps *steps, unsigned slot, int number) {
    if (number >= 0) {
        steps->number[slot] = number;
        mark(steps, number, true);
    }
    return number;
}

static int run_open(struct steps *steps, uint32_t index, const struct step *step,
                    const char *path) {
    if (steps->open[step->slot])
        close_slot(steps, step->slot);
    errno = 0;
    if (!stage_is_on(steps->stage))
        return hold(steps, step->slot, open(path, open_flags(step)));
    const int number = steps_use_open(steps, index, path, open_flags(step));
    return steps->staged == STAGED_OVER ? hold(steps, step->slot, number) : 0;
}

void steps_came_back(struct steps *steps, const struct operation *operation) {
    const struct step *step = operation->step;
    if (operation->index == steps->stage->now || step->kind != STEP_OPEN || operation->result < 0)
        return;
    const int32_t held = steps->open[step->slot] ? steps->number[step->slot] : -1;
    hold(steps, step->slot, operation->result);
    if (held >= 0) /* last: others can come back by it, for the same slot */
        close_number(steps, held);
}

static int run_dup(struct steps *steps, const struct step *step) {
    const int from = directory_of(steps, step);
    if (steps->open[step->slot])
        close_slot(steps, step->slot);
    errno = 0;
    return hold(steps, step->slot, fcntl(from, F_DUPFD_CLOEXEC, (int)step->mode));
}

static int run_chdir(struct steps *steps, const char *path) {
    int result = chdir(path);
    steps->changed_directory |= result == 0;
    return result;
}

static int run_chmod(struct steps *steps, const struct step *step, const char *path) {
    const bool changed = chmod(path, step->mode & 07777) == 0;
    steps->changed_mode |= changed;
    return changed ? 0 : -1;
}

/* --- what the worker does with the harness's privileges, and the steward -------------------- */

/* As a system call returns. */
static int answer(int error) {
    errno = -error;
    return error ? -1 : 0;
}

static int run_as(struct steps *steps, const struct step *step) {
    steps->changed_identity = true;
    return answer(identity_assume(&steps->identity, &steps->cookies, &step->identity, step->flags));
}

static int run_landlock(struct steps *steps, const char *path) {
    if (stage_is_on(steps->stage)) /* a domain is a thread's own, and actors are several */
        return answer(-EOPNOTSUPP);
    int error = landlock_confine(&steps->cookies, path);
    steps->confined |= !error;
    return answer(error);
}

static int run_on_steward(struct steps *steps, const struct step *step, const char *path,
                          const char *other) {
    if (!steps->steward.started) /* without namespaces nobody has its capabilities */
        return answer(-EPERM);
    int error = steward_run(&steps->steward, step, path, other);
    if (!error) {
        steps->used_steward = true;
        steps->changed_identity = true;
        steps->changed_mode |= step->kind == STEP_ACL;
    }
    return answer(error);
}

/*
 * The worker need not hand over what takes neither CAP_SYS_ADMIN nor another thread's current
 * directory: waking the steward costs more than the step. An ACL would take fsetxattr(2), whose
 * five arguments leave no room for two cookies.
 */
static bool can_do_alone(const struct steps *steps, const struct step *step) {
    return step->kind == STEP_CHOWN && steps->steward.started && !steps->changed_directory &&
           identity_is_root(&steps->identity);
}

static int do_alone(struct steps *steps, const struct step *step, const char *path) {
    const uint32_t effective = steps->identity.effective;
    int error = identity_rule(&steps->identity, &steps->cookies);
    if (error)
        return answer(error);
    error = metadata_chown(&steps->steward.metadata, step, path);
    steps->changed_identity |= !error;
    int second = identity_restore(&steps->identity, &steps->cookies, effective);
    return answer(error ? error : second);
}

/* The harness's own need of descriptors is not the scenario's: for that time there is no limit. */
static int run_harness_step(struct steps *steps, const struct step *step, const char *path,
                            const char *other) {
    const uint64_t limit = steps->nofile.now;
    int error = nofile_set(&steps->nofile, &steps->cookies, UINT64_MAX);
    if (error)
        return answer(error);
    int result = step->kind == STEP_LANDLOCK ? run_landlock(steps, path)
                 : can_do_alone(steps, step) ? do_alone(steps, step, path)
                                             : run_on_steward(steps, step, path, other);
    error = nofile_set(&steps->nofile, &steps->cookies, limit);
    return error ? answer(error) : result;
}

bool steps_leave(struct steps *steps) {
    int error = nofile_set(&steps->nofile, &steps->cookies, UINT64_MAX);
    if (!error && steps->changed_identity)
        error = identity_rule(&steps->identity, &steps->cookies);
    return !error;
}

bool steps_end(struct steps *steps) {
    return !steps->changed_identity || identity_rest(&steps->identity, &steps->cookies) == 0;
}

/* --- any step ------------------------------------------------------------------------------- */

static const char *copy_text(const struct steps *steps, char *to, struct text text) {
    memcpy(to, scenario_text(steps->scenario, text), text.length);
    to[text.length] = '\0';
    return to;
}

static int prepare(struct steps *steps, uint32_t index, const struct step *step) {
    const char *path = copy_text(steps, steps->path, step->path);
    const char *other = copy_text(steps, steps->other, step->other);
    switch ((enum step_kind)step->kind) {
    case STEP_MKDIR:
        return mkdir(path, step->mode);
    case STEP_FILE:
        return run_file(step, path, other);
    case STEP_SYMLINK:
        return symlink(other, path);
    case STEP_LINK:
        return linkat(AT_FDCWD, path, AT_FDCWD, other, 0);
    case STEP_UNLINK:
        return unlink(path);
    case STEP_RMDIR:
        return rmdir(path);
    case STEP_RENAME:
        return rename(path, other);
    case STEP_CHMOD:
        return run_chmod(steps, step, path);
    case STEP_UMASK:
        return (int)umask(step->mode);
    case STEP_CHDIR:
        return run_chdir(steps, path);
    case STEP_OPEN:
        return run_open(steps, index, step, path);
    case STEP_CLOSE:
        return close_slot(steps, step->slot);
    case STEP_DUP:
        return run_dup(steps, step);
    case STEP_NOFILE:
        return answer(nofile_set(&steps->nofile, &steps->cookies, step->mode));
    case STEP_AS:
        return run_as(steps, step);
    case STEP_LANDLOCK:
    case STEP_CHOWN:
    case STEP_ACL:
    case STEP_ATTRIBUTE:
    case STEP_MOUNT:
    case STEP_BIND:
    case STEP_REMOUNT:
    case STEP_UMOUNT:
        return run_harness_step(steps, step, path, other);
    case STEP_ACTOR:
    case STEP_READ:
    case STEP_WRITE:
    case STEP_POLL:
    case STEP_RESIZE:
    case STEP_USE:
    case STEP_SIGNAL:
    case STEP_PAUSE:
    case STEP_RESUME:
    case STEP_INJECT:
    case STEP_WITHIN:
        return steps_use(steps, index, step);
    case STEP_MKFIFO:
    case STEP_MKFIFOAT:
    case STEP_KIND_COUNT:
        break;
    }
    check(false); /* not a preparation */
    return -1;
}

static void run_preparation(struct steps *steps, uint32_t index, struct outcome *outcome) {
    const struct step *step = &steps->scenario->steps[index];
    const bool on_guest = steps->implementation->agent != NULL;
    struct following following;
    if (on_guest)
        steps_guest_prepare(steps, step, directory_of(steps, step), &following);
    errno = 0;
    int result = prepare(steps, index, step);
    const int error = errno;
    const bool strayed =
        on_guest && !steps_guest_follows(steps, step, &following, open_flags(step), result >= 0);
    if (outcome) {
        outcome->error = error;
        outcome->result = result;
        outcome->reply = strayed ? REPLY_UNABLE : REPLY_RETURNED;
    }
}

/* What only scenarios of several actors show of a step. */
static void tell_staged(const struct steps *steps, uint32_t index, struct outcome *outcome) {
    outcome->ended = steps->staged == STAGED_WAITS ? ENDED_NEVER : index;
    outcome->reply = steps->staged == STAGED_BUSY ? REPLY_BUSY : outcome->reply;
    outcome->digest = steps->done.digest;
    outcome->broken_pipes = steps->done.broken_pipes;
}

void steps_run(struct steps *steps, uint32_t index, struct observation *observation) {
    const struct step *step = &steps->scenario->steps[index];
    struct outcome *outcome = observation ? &observation->outcomes[index] : NULL;
    if (outcome) {
        memset(outcome, 0, sizeof(*outcome));
        observation->wide_looks[index].taken = false;
    }
    steps->staged = stage_begin_step(steps->stage, index, step) ? STAGED_OVER : STAGED_BUSY;
    steps->done = (struct operation){0};
    if (steps->staged != STAGED_BUSY) {
        if (step_is_call(step))
            run_call(steps, index, observation);
        else
            run_preparation(steps, index, outcome);
    }
    if (outcome)
        tell_staged(steps, index, outcome);
}
