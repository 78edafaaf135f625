#include "steps_use.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "stage.h"

/* --- by an actor ---------------------------------------------------------------------------- */

/* Lets the actor at hand do what steps->done describes; as a system call returns. */
static int act(struct steps *steps, bool quick) {
    steps->staged = stage_do(steps->stage, &steps->done, quick);
    if (steps->staged != STAGED_OVER)
        return 0;
    errno = steps->done.error;
    return steps->done.result;
}

void steps_use_call(struct steps *steps, uint32_t index, int directory, const char *path,
                    struct reply_facts *out) {
    struct gate_plan *arranged = &steps->stage->actors[steps->stage->actor].arranged;
    steps->done = (struct operation){.index = index,
                                     .step = &steps->scenario->steps[index],
                                     .file = directory,
                                     .path = path,
                                     .plan = *arranged,
                                     .within = steps->stage->within};
    *arranged = (struct gate_plan){0};
    act(steps, !gate_plan_acts(&steps->done.plan));
    out->reply = REPLY_RETURNED;
    out->result = steps->done.result;
    out->error = steps->done.error;
}

int steps_use_open(struct steps *steps, uint32_t index, const char *path, int flags) {
    steps->done = (struct operation){
        .index = index, .step = &steps->scenario->steps[index], .path = path, .flags = flags};
    return act(steps, flags & O_NONBLOCK);
}

/* --- on a descriptor ------------------------------------------------------------------------ */

/* A copy of descriptor 2, which is the harness's pipe and no FIFO of the scenario's. */
static bool is_output(const struct stat *status) {
    struct stat output;
    return fstat(STDERR_FILENO, &output) == 0 && output.st_dev == status->st_dev &&
           output.st_ino == status->st_ino;
}

/* The descriptor that a slot holds, if it is a FIFO's; -1 and errno otherwise. */
static int fifo_of(const struct steps *steps, unsigned slot) {
    enum { FIRST_OF_SCENARIO = 3 };
    struct stat status;
    const int number = steps->number[slot];
    errno = EBADF;
    if (number < FIRST_OF_SCENARIO || fstat(number, &status))
        return -1;
    errno = EOPNOTSUPP;
    return S_ISFIFO(status.st_mode) && !is_output(&status) ? number : -1;
}

static int transfer(struct steps *steps, uint32_t index, const struct step *step) {
    const int file = fifo_of(steps, step->slot);
    if (file < 0)
        return -1;
    steps->done = (struct operation){.index = index, .step = step, .file = file};
    return act(steps, false);
}

static int look_for_events(int file) {
    struct pollfd look = {.fd = file, .events = POLLIN | POLLOUT};
    return poll(&look, 1, 0) < 0 ? -1 : look.revents;
}

static int map(int file) {
    const size_t size = 1;
    void *mapping = mmap(NULL, size, PROT_READ, MAP_SHARED, file, 0);
    if (mapping == MAP_FAILED)
        return -1;
    munmap(mapping, size);
    return 0;
}

static int use(int file, enum use what) {
    int pending = 0;
    char byte = 0;
    switch (what) {
    case USE_PENDING:
        return ioctl(file, FIONREAD, &pending) ? -1 : pending;
    case USE_CAPACITY:
        return fcntl(file, F_GETPIPE_SZ);
    case USE_SEEK:
        return (int)lseek(file, 0, SEEK_SET);
    case USE_PREAD:
        return (int)pread(file, &byte, 1, 0);
    case USE_PWRITE:
        return (int)pwrite(file, &byte, 1, 0);
    case USE_ALLOCATE:
        return fallocate(file, 0, 0, 1);
    case USE_TRUNCATE:
        return ftruncate(file, 0);
    case USE_SYNC:
        return fsync(file);
    case USE_MAP:
        return map(file);
    case USE_CHDIR:
        return fchdir(file);
    case USE_COUNT:
        break;
    }
    check(false);
    return -1;
}

/* Writers may go on when there is more room. */
static int resize(const struct steps *steps, int file, uint32_t size) {
    const int result = fcntl(file, F_SETPIPE_SZ, (int)size);
    const int error = errno;
    stage_rest(steps->stage);
    errno = error;
    return result;
}

static int on_descriptor(const struct steps *steps, const struct step *step) {
    const int file = fifo_of(steps, step->slot);
    if (file < 0)
        return -1;
    errno = 0;
    if (step->kind == STEP_POLL)
        return look_for_events(file);
    if (step->kind == STEP_RESIZE)
        return resize(steps, file, step->mode);
    return use(file, (enum use)step->pointer);
}

/* --- arrangements --------------------------------------------------------------------------- */

static void arrange(struct gate_plan *plan, const struct step *step) {
    if (step->kind == STEP_INJECT) {
        plan->injection = step->flags & INJECT_ONCE ? GATE_INJECTS_ONCE : GATE_INJECTS_ALWAYS;
        plan->error = (int32_t)step->mode;
        return;
    }
    plan->at = step->mode;
    plan->stop = step->mode == 0                   ? GATE_NEVER
                 : step->flags & PAUSE_INSTRUCTION ? GATE_AT_INSTRUCTION
                                                   : GATE_AT_CALL;
}

int steps_use(struct steps *steps, uint32_t index, const struct step *step) {
    struct stage *stage = steps->stage;
    switch ((int)step->kind) {
    case STEP_READ:
    case STEP_WRITE:
        return transfer(steps, index, step);
    case STEP_POLL:
    case STEP_RESIZE:
    case STEP_USE:
        return on_descriptor(steps, step);
    case STEP_ACTOR:
        stage->actor = step->mode;
        return 0;
    case STEP_SIGNAL:
        stage_signal(stage, step->mode, step->flags & SIGNAL_RESTART);
        return 0;
    case STEP_PAUSE:
    case STEP_INJECT:
        arrange(&stage->actors[stage->actor].arranged, step);
        return 0;
    case STEP_RESUME:
        stage_resume(stage);
        return 0;
    default:
        check(step->kind == STEP_WITHIN);
        stage->within = step->flags;
        return 0;
    }
}
