/*
 * Calls that wait at a FIFO, the model against the kernel: random histories of four threads on one
 * FIFO, where each step is begun only when every call has returned or is asleep in the kernel.
 */
#include "pipe_testing.h"

#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>

enum {
    HISTORIES = 20000,
    STEPS = 30,
    ENDS = 6,
};

static const uint64_t seed = 8;

enum job { JOB_OPEN, JOB_READ, JOB_WRITE, JOB_END };

/* A thread that makes calls, one at a time, when it is told to. */
struct actor {
    pthread_t thread;
    _Atomic(pid_t) id;
    int state;         /* /proc/self/task/ID/stat */
    int activity;      /* /proc/self/task/ID/syscall */
    int runs;          /* /proc/self/task/ID/schedstat */
    atomic_uint begun; /* jobs, of which the last may not be over; a futex */
    atomic_uint ended;
    enum job job;
    int descriptor, flags;
    uint32_t size, tag;
    int64_t result; /* or -errno */
    uint64_t digest;
    bool sigpipe;
    struct open_end *end; /* used by the call; NULL for an open */
    bool collected;       /* the result was compared */
    uint8_t bytes[PIPE_TEST_SIZE_MAX];
};

/* An open file description. */
struct open_end {
    bool used, closed; /* closed: a call that waits keeps it open */
    struct pipe_end end;
    int descriptor;
};

static struct random numbers;
static struct pipe fifo;
static struct open_end ends[ENDS];
static struct actor actors[PIPE_ACTORS];
static uint32_t history, step, uncertain, waited;
static _Thread_local volatile sig_atomic_t sigpipe_came;

static void on_signal(int number) {
    sigpipe_came |= number == SIGPIPE;
}

/* --- actors ----------------------------------------------------------------------------------- */

static int64_t do_job(struct actor *actor) {
    switch (actor->job) {
    case JOB_OPEN:
        return open("fifo", actor->flags);
    case JOB_READ:
        return read(actor->descriptor, actor->bytes, actor->size);
    case JOB_WRITE:
        return write(actor->descriptor, actor->bytes, actor->size);
    case JOB_END:
        break;
    }
    return 0;
}

static void *act(void *argument) {
    struct actor *actor = (struct actor *)argument;
    atomic_store(&actor->id, gettid());
    for (unsigned done = 0;; done++) {
        while (atomic_load(&actor->begun) == done)
            syscall(SYS_futex, &actor->begun, FUTEX_WAIT_PRIVATE, done, NULL);
        if (actor->job == JOB_END)
            return NULL;
        sigpipe_came = 0;
        int64_t result = do_job(actor);
        actor->result = result < 0 ? -errno : result;
        actor->sigpipe = sigpipe_came;
        if (actor->job == JOB_READ && result >= 0)
            actor->digest = hash_bytes(actor->bytes, (size_t)result);
        atomic_store(&actor->ended, done + 1);
    }
}

static bool is_idle(struct actor *actor) {
    return atomic_load(&actor->begun) == atomic_load(&actor->ended);
}

static void begin(struct actor *actor, enum job job) {
    actor->job = job;
    actor->collected = false;
    atomic_fetch_add(&actor->begun, 1);
    syscall(SYS_futex, &actor->begun, FUTEX_WAKE_PRIVATE, 1);
}

/* --- when all is still ------------------------------------------------------------------------ */

/* Word `which` of the file, the name in brackets not counted: system calls have numbers, states
 * not. */
static long read_word(int file, int which, char *letter) {
    char text[512];
    ssize_t length = pread(file, text, sizeof text - 1, 0);
    assert_true(length > 0);
    text[length] = '\0';
    char *at = strrchr(text, ')');
    at = at ? at + 2 : text;
    *letter = *at;
    long number = strtol(at, &at, 10);
    while (which-- > 0)
        number = strtol(at, &at, 10);
    return number;
}

static long read_runs(const struct actor *actor) {
    char letter;
    return read_word(actor->runs, 2, &letter);
}

/* How often the actor has run, if it is off its processor in a call under test; 0 if it is not. */
static long off_processor(const struct actor *actor) {
    char digit;
    long runs = read_runs(actor);
    long call = read_word(actor->activity, 0, &digit);
    bool under_test = digit >= '0' && digit <= '9' &&
                      (call == SYS_openat || call == SYS_read || call == SYS_write);
    return under_test ? runs : 0;
}

/* Does the actor sleep, and has not run since off_processor told `runs`? */
static bool is_asleep(const struct actor *actor, long runs) {
    char state;
    read_word(actor->state, 0, &state);
    return state == 'S' && read_runs(actor) == runs;
}

/*
 * Is each actor idle, or asleep and was so at the moment between the two loops? Then nobody will
 * touch the FIFO, for idle actors do not. The state alone would not tell: it is 'S' before a thread
 * looks once more whether it has to wait and goes off its processor. Nor would it do to be off: a
 * thread that is being woken is, too.
 */
static bool is_still(void) {
    long runs[PIPE_ACTORS];
    bool still = true;
    for (unsigned i = 0; i < PIPE_ACTORS && still; i++) {
        runs[i] = is_idle(&actors[i]) ? -1 : off_processor(&actors[i]);
        still = runs[i] != 0;
    }
    for (unsigned i = 0; i < PIPE_ACTORS && still; i++)
        still = runs[i] < 0 || is_asleep(&actors[i], runs[i]);
    return still;
}

static void wait_until_still(void) {
    while (!is_still())
        sched_yield();
}

/* --- comparing -------------------------------------------------------------------------------- */

static void differ(const char *what, unsigned actor, int64_t model, int64_t kernel) {
    fail_msg("seed %llu, history %u, step %u: %s of actor %u: model %lld, kernel %lld",
             (unsigned long long)seed, history, step, what, actor, (long long)model,
             (long long)kernel);
}

static unsigned users_of(const struct open_end *end) {
    unsigned users = 0;
    for (unsigned i = 0; i < PIPE_ACTORS; i++)
        if (actors[i].end == end && pipe_waiting(&fifo, i) != PIPE_WAITS_NOT)
            users |= 1U << i;
    return users;
}

static void keep_end(struct actor *actor, const struct pipe_return *back) {
    for (unsigned i = 0; i < ENDS; i++)
        if (!ends[i].used) {
            ends[i] = (struct open_end){true, false, back->end, (int)actor->result};
            return;
        }
    fail_msg("%s", "more ends than were begun");
}

static void compare_return(unsigned number, const struct pipe_return *back) {
    struct actor *actor = &actors[number];
    actor->collected = true;
    if (actor->job == JOB_OPEN && back->result == 0 && actor->result >= 0) {
        keep_end(actor, back);
        return;
    }
    if (back->result != actor->result)
        differ("result", number, back->result, actor->result);
    if (back->sigpipe != actor->sigpipe)
        differ("SIGPIPE", number, back->sigpipe, actor->sigpipe);
    if (actor->job == JOB_READ && actor->result >= 0 && back->digest_known &&
        back->digest != actor->digest)
        differ("digest", number, (int64_t)back->digest, (int64_t)actor->digest);
}

/* Holds what has returned against the model; false if that is uncertain of it. */
static bool compare(const struct pipe_returns *returns) {
    wait_until_still();
    if (returns->uncertain)
        return false;
    for (unsigned i = 0; i < PIPE_ACTORS; i++) {
        bool kernel = is_idle(&actors[i]) && !actors[i].collected;
        bool model = returns->actors >> i & 1;
        if (model != kernel)
            differ("return", i, model, kernel);
        if (model)
            compare_return(i, &returns->of[i]);
    }
    for (unsigned i = 0; i < ENDS; i++)
        if (ends[i].closed && users_of(&ends[i]) == 0)
            ends[i] = (struct open_end){0};
    return true;
}

/* --- steps ------------------------------------------------------------------------------------ */

static struct open_end *some_end(void) {
    struct open_end *end = &ends[random_below(&numbers, ENDS)];
    return end->used && !end->closed ? end : NULL;
}

static unsigned opens_and_ends(void) {
    unsigned count = 0;
    for (unsigned i = 0; i < ENDS; i++)
        count += ends[i].used;
    for (unsigned i = 0; i < PIPE_ACTORS; i++)
        count += pipe_waiting(&fifo, i) == PIPE_WAITS_TO_OPEN;
    return count;
}

static bool step_open(unsigned number) {
    struct actor *actor = &actors[number];
    enum pipe_access access = random_access(&numbers);
    bool nonblock = random_one_in(&numbers, 4);
    struct pipe_returns returns;
    if (opens_and_ends() == ENDS)
        return true;
    actor->flags = open_flags(access, nonblock);
    actor->end = NULL;
    begin(actor, JOB_OPEN);
    pipe_open(&fifo, number, access, nonblock, &returns);
    return compare(&returns);
}

static bool step_transfer(unsigned number, enum job job) {
    struct actor *actor = &actors[number];
    struct pipe_returns returns;
    actor->end = some_end();
    if (!actor->end)
        return true;
    actor->descriptor = actor->end->descriptor;
    actor->size =
        random_one_in(&numbers, 3) ? random_below(&numbers, 5 * PIPE_PAGE) : random_size(&numbers);
    actor->tag = history * STEPS + step;
    if (job == JOB_WRITE)
        payload_fill(actor->bytes, actor->tag, 0, actor->size);
    begin(actor, job);
    if (job == JOB_READ)
        pipe_read(&fifo, number, &actor->end->end, actor->size, &returns);
    else
        pipe_write(&fifo, number, &actor->end->end, actor->tag, actor->size, &returns);
    return compare(&returns);
}

static bool step_close(void) {
    struct open_end *end = some_end();
    struct pipe_returns returns;
    if (!end)
        return true;
    close(end->descriptor);
    pipe_close(&fifo, &end->end, users_of(end), &returns);
    end->closed = true;
    return compare(&returns);
}

static bool step_resize(void) {
    struct open_end *end = some_end();
    struct pipe_returns returns;
    if (!end)
        return true;
    uint32_t size = random_capacity(&numbers);
    int64_t kernel = fcntl(end->descriptor, F_SETPIPE_SZ, size);
    if (kernel < 0)
        kernel = -errno;
    int64_t model = pipe_resize(&fifo, size, PIPE_SIZE_MAX, &returns);
    if (model != kernel)
        differ("resize", PIPE_ACTORS, model, kernel);
    return compare(&returns);
}

static bool step_poll(void) {
    struct open_end *end = some_end();
    if (!end)
        return true;
    struct pollfd one = {.fd = end->descriptor, .events = POLLIN | POLLOUT};
    assert_true(poll(&one, 1, 0) >= 0);
    int16_t model = pipe_poll(&fifo, &end->end);
    if (model != one.revents)
        differ("poll", PIPE_ACTORS, model, one.revents);
    return true;
}

static bool step_interrupt(unsigned number) {
    struct pipe_returns returns;
    assert_int_equal(syscall(SYS_tgkill, getpid(), actors[number].id, SIGUSR1), 0);
    pipe_interrupt(&fifo, number, &returns);
    return compare(&returns);
}

/* A step of the actor if it is idle; one that waits is interrupted at times. */
static bool step_of(unsigned number) {
    if (pipe_waiting(&fifo, number) != PIPE_WAITS_NOT) {
        waited++;
        return !random_one_in(&numbers, 8) || step_interrupt(number);
    }
    if (random_below(&numbers, 4) >= opens_and_ends())
        return step_open(number);
    switch (random_below(&numbers, 8)) {
    case 0:
        return step_open(number);
    case 1:
    case 2:
    case 3:
        return step_transfer(number, JOB_READ);
    default:
        return step_transfer(number, JOB_WRITE);
    }
}

static bool any_step(void) {
    switch (random_below(&numbers, 16)) {
    case 0:
        return step_close();
    case 1:
        return step_resize();
    case 2:
        return step_poll();
    default:
        return step_of(random_below(&numbers, PIPE_ACTORS));
    }
}

/* --- histories -------------------------------------------------------------------------------- */

/* Ends all calls and closes all ends, whatever the model thinks. */
static void clear_up(void) {
    for (bool idle = false; !idle;) {
        wait_until_still();
        idle = true;
        for (unsigned i = 0; i < PIPE_ACTORS; i++)
            if (!is_idle(&actors[i])) {
                syscall(SYS_tgkill, getpid(), actors[i].id, SIGUSR1);
                idle = false;
            }
    }
    for (unsigned i = 0; i < PIPE_ACTORS; i++) {
        if (actors[i].job == JOB_OPEN && !actors[i].collected && actors[i].result >= 0)
            close((int)actors[i].result);
        actors[i].collected = true;
        actors[i].end = NULL;
    }
    for (unsigned i = 0; i < ENDS; i++) {
        if (ends[i].used && !ends[i].closed)
            close(ends[i].descriptor);
        ends[i] = (struct open_end){0};
    }
    pipe_reset(&fifo);
}

static void every_history_is_as_in_the_kernel(void **state) {
    (void)state;
    random_seed(&numbers, seed);
    pipe_reset(&fifo);
    for (history = 0; history < HISTORIES; history++) {
        bool certain = step_open(0) && (random_one_in(&numbers, 4) || step_resize());
        for (step = 1; step < STEPS && certain; step++)
            certain = any_step();
        uncertain += !certain;
        clear_up();
    }
    print_message("seed %llu: %u steps met a call that waits, %u histories became uncertain\n",
                  (unsigned long long)seed, waited, uncertain);
    assert_true(waited > HISTORIES);
    assert_true(uncertain < HISTORIES / 20);
}

static int open_view(const struct actor *actor, const char *view) {
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%d/%s", actor->id, view);
    return open(path, O_RDONLY | O_CLOEXEC);
}

static bool start_actors(void) {
    bool seen = true;
    for (unsigned i = 0; i < PIPE_ACTORS; i++) {
        actors[i].collected = true;
        if (pthread_create(&actors[i].thread, NULL, act, &actors[i]) != 0)
            return false;
        while (actors[i].id == 0)
            sched_yield();
        actors[i].state = open_view(&actors[i], "stat");
        actors[i].activity = open_view(&actors[i], "syscall");
        actors[i].runs = open_view(&actors[i], "schedstat");
        seen = seen && actors[i].state >= 0 && actors[i].activity >= 0 && actors[i].runs >= 0;
    }
    return seen;
}

static void end_actors(void) {
    for (unsigned i = 0; i < PIPE_ACTORS; i++) {
        begin(&actors[i], JOB_END);
        pthread_join(actors[i].thread, NULL);
    }
}

int main(void) {
    if (!enter_empty_file_system())
        return skip_for_want_of_a_file_system();
    const struct sigaction action = {.sa_handler = on_signal};
    if (mkfifo("fifo", 0600) != 0 || sigaction(SIGPIPE, &action, NULL) != 0 ||
        sigaction(SIGUSR1, &action, NULL) != 0)
        return EXIT_FAILURE;
    if (!start_actors()) {
        fprintf(stderr, "skipped: /proc does not tell which system call a thread sleeps in\n");
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_history_is_as_in_the_kernel),
    };
    int failures = cmocka_run_group_tests(tests, NULL, NULL);
    if (failures == 0)
        end_actors();
    return failures;
}
