/*
 * Calls that wait at a FIFO, the model against the kernel: random histories of four threads on one
 * FIFO, where each step is begun only when every call has returned or is asleep in the kernel.
 */
#include "pipe_actors_testing.h"

enum {
    HISTORIES = 20000,
    STEPS = 30,
    ENDS = 6,
};

static const uint64_t seed = 8;

/* An open file description. */
struct open_end {
    bool used, closed; /* closed: a call that waits keeps it open */
    struct pipe_end end;
    int descriptor;
};

static struct random numbers;
static struct pipe fifo;
static struct open_end ends[ENDS];
static uint32_t history, step, uncertain, waited;

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

/* Forgets closed ends that no call uses any more. */
static void free_ends(void) {
    for (unsigned i = 0; i < ENDS; i++)
        if (ends[i].closed && users_of(&ends[i]) == 0)
            ends[i] = (struct open_end){0};
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
    free_ends();
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

/* What the model says of the call that `actor` makes. */
static void model_call(unsigned number, struct pipe_returns *returns) {
    const struct actor *actor = &actors[number];
    if (actor->job == JOB_OPEN)
        pipe_open(&fifo, number, actor->access, actor->nonblock, returns);
    else if (actor->job == JOB_READ)
        pipe_read(&fifo, number, &actor->end->end, actor->size, returns);
    else
        pipe_write(&fifo, number, &actor->end->end, actor->tag, actor->size, returns);
}

static bool step_open(unsigned number) {
    struct actor *actor = &actors[number];
    struct pipe_returns returns;
    actor->access = random_access(&numbers);
    actor->nonblock = random_one_in(&numbers, 4);
    actor->end = NULL;
    if (opens_and_ends() == ENDS)
        return true;
    begin(actor, JOB_OPEN);
    model_call(number, &returns);
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
    model_call(number, &returns);
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

/* The open end that the actor's descriptor leads to by now, which may be another than before. */
static struct open_end *find_end(const struct actor *actor) {
    for (unsigned i = 0; i < ENDS; i++)
        if (ends[i].used && !ends[i].closed && ends[i].descriptor == actor->descriptor)
            return &ends[i];
    return NULL;
}

/* Begins the call that was interrupted again: `returns` tells of both. */
static void model_restart(unsigned number, struct pipe_returns *returns) {
    static struct open_end none; /* open for nothing: EBADF */
    struct actor *actor = &actors[number];
    const struct pipe_returns first = *returns;
    free_ends();
    if (actor->job != JOB_OPEN) {
        struct open_end *end = find_end(actor);
        actor->end = end ? end : &none;
    }
    model_call(number, returns);
    returns->uncertain = returns->uncertain || first.uncertain;
    for (unsigned i = 0; i < PIPE_ACTORS; i++)
        if (i != number && first.actors >> i & 1) {
            returns->actors |= (uint8_t)(1U << i);
            returns->of[i] = first.of[i];
        }
}

static bool step_interrupt(unsigned number, bool restart) {
    struct pipe_returns returns;
    int signal = restart ? SIGUSR2 : SIGUSR1;
    assert_int_equal(syscall(SYS_tgkill, getpid(), actors[number].id, signal), 0);
    pipe_interrupt(&fifo, number, &returns);
    if (restart && returns.of[number].result == -EINTR)
        model_restart(number, &returns);
    return compare(&returns);
}

/* A step of the actor if it is idle; one that waits is interrupted at times. */
static bool step_of(unsigned number) {
    if (pipe_waiting(&fifo, number) != PIPE_WAITS_NOT) {
        waited++;
        return !random_one_in(&numbers, 8) || step_interrupt(number, random_one_in(&numbers, 2));
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

int main(void) {
    if (!enter_empty_file_system())
        return skip_for_want_of_a_file_system();
    const struct sigaction action = {.sa_handler = on_signal};
    const struct sigaction restart = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    if (mkfifo("fifo", 0600) != 0 || sigaction(SIGPIPE, &action, NULL) != 0 ||
        sigaction(SIGUSR1, &action, NULL) != 0 || sigaction(SIGUSR2, &restart, NULL) != 0)
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
