/*
 * The model of a FIFO against the kernel: a million random operations of one thread on four FIFOs,
 * none of which may block.
 */
#include "pipe_testing.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>

enum {
    OPERATIONS = 1000000,
    FIFOS = 4,
    ENDS = 12,       /* that are open at once, at most */
    DESCRIPTORS = 3, /* of each */
};

static const uint64_t seed = 20;

static const char *const names[FIFOS] = {"a", "b", "c", "d"};

/* An open file description, in the model and in the kernel. */
struct open_end {
    unsigned fifo;
    struct pipe_end end;
    unsigned count; /* of descriptors; 0: not open */
    int descriptors[DESCRIPTORS];
};

static struct random numbers;
static struct pipe fifos[FIFOS];
static struct open_end ends[ENDS];
static uint32_t operation;
static uint32_t left_out;          /* operations that would have waited */
static uint32_t errors[EPIPE + 1]; /* how often each came */
static volatile sig_atomic_t sigpipes;
static uint8_t bytes[PIPE_TEST_SIZE_MAX];

static void count_sigpipe(int number) {
    (void)number;
    sigpipes++;
}

/* Fails unless the kernel gives what the model gives. */
static void compare(const char *what, uint32_t size, int64_t model, int64_t kernel) {
    if (kernel < 0)
        errors[-kernel]++;
    if (model != kernel)
        fail_msg("operation %u of seed %llu: %s of %u: model %lld, kernel %lld", operation,
                 (unsigned long long)seed, what, size, (long long)model, (long long)kernel);
}

static int64_t or_error(int64_t result) {
    return result < 0 ? -errno : result;
}

static int one_descriptor(const struct open_end *end) {
    return end->descriptors[random_below(&numbers, end->count)];
}

/* What the model says of an operation that must not wait; false: it would, so leave it out. */
static bool returned(struct pipe *fifo, const struct pipe *before,
                     const struct pipe_returns *returns) {
    assert_false(returns->uncertain);
    if (returns->actors == 0) {
        *fifo = *before;
        left_out++;
    }
    return returns->actors != 0;
}

static void try_open(struct open_end *slot) {
    enum pipe_access access = random_access(&numbers);
    bool nonblock = !random_one_in(&numbers, 4);
    unsigned number = random_below(&numbers, FIFOS);
    struct pipe *fifo = &fifos[number];
    const struct pipe before = *fifo;
    struct pipe_returns returns;
    pipe_open(fifo, 0, access, nonblock, &returns);
    if (!returned(fifo, &before, &returns))
        return;
    int descriptor = open(names[number], open_flags(access, nonblock));
    compare("open", access, returns.of[0].result, descriptor < 0 ? -errno : 0);
    if (descriptor >= 0)
        *slot = (struct open_end){number, returns.of[0].end, 1, {descriptor}};
}

static void try_close(struct open_end *end) {
    struct pipe_returns returns;
    assert_int_equal(close(end->descriptors[--end->count]), 0);
    if (end->count == 0)
        pipe_close(&fifos[end->fifo], &end->end, 0, &returns);
}

static void try_dup(struct open_end *end) {
    if (end->count == DESCRIPTORS)
        return;
    int descriptor = fcntl(one_descriptor(end), F_DUPFD_CLOEXEC, 0);
    assert_true(descriptor >= 0);
    end->descriptors[end->count++] = descriptor;
}

static void try_read(struct open_end *end) {
    uint32_t size = random_size(&numbers);
    struct pipe *fifo = &fifos[end->fifo];
    const struct pipe before = *fifo;
    struct pipe_returns returns;
    pipe_read(fifo, 1, &end->end, size, &returns);
    if (!returned(fifo, &before, &returns))
        return;
    const struct pipe_return *back = &returns.of[1];
    compare("read", size, back->result, or_error(read(one_descriptor(end), bytes, size)));
    if (back->result >= 0 && back->digest_known)
        assert_true(back->digest == hash_bytes(bytes, (size_t)back->result));
}

static void try_write(struct open_end *end) {
    uint32_t size = random_size(&numbers);
    struct pipe *fifo = &fifos[end->fifo];
    const struct pipe before = *fifo;
    struct pipe_returns returns;
    pipe_write(fifo, 2, &end->end, operation, size, &returns);
    if (!returned(fifo, &before, &returns))
        return;
    payload_fill(bytes, operation, 0, size);
    sigpipes = 0;
    compare("write", size, returns.of[2].result, or_error(write(one_descriptor(end), bytes, size)));
    compare("SIGPIPE of write", size, returns.of[2].sigpipe, sigpipes);
}

static void try_poll(struct open_end *end) {
    struct pollfd one = {.fd = one_descriptor(end), .events = POLLIN | POLLOUT};
    assert_true(poll(&one, 1, 0) >= 0);
    compare("poll", end->end.access, pipe_poll(&fifos[end->fifo], &end->end), one.revents);
}

static void try_resize(struct open_end *end) {
    uint32_t size = random_capacity(&numbers);
    struct pipe_returns returns;
    int32_t model = pipe_resize(&fifos[end->fifo], size, PIPE_SIZE_MAX, &returns);
    compare("resize", size, model, or_error(fcntl(one_descriptor(end), F_SETPIPE_SZ, size)));
}

static void try_asking(struct open_end *end) {
    int pending;
    assert_int_equal(ioctl(one_descriptor(end), FIONREAD, &pending), 0);
    compare("FIONREAD", 0, pipe_pending(&fifos[end->fifo]), pending);
    compare("capacity", 0, pipe_capacity(&fifos[end->fifo]),
            fcntl(one_descriptor(end), F_GETPIPE_SZ));
}

static void (*const trials[])(struct open_end *) = {
    try_close, try_dup,   try_read,  try_read,  try_read,   try_read,   try_write,
    try_write, try_write, try_write, try_write, try_resize, try_asking, try_poll,
};

static void every_operation_is_as_in_the_kernel(void **state) {
    (void)state;
    random_seed(&numbers, seed);
    print_message("seed %llu\n", (unsigned long long)seed);
    for (unsigned i = 0; i < FIFOS; i++)
        pipe_reset(&fifos[i]);
    for (operation = 0; operation < OPERATIONS; operation++) {
        struct open_end *end = &ends[random_below(&numbers, ENDS)];
        if (end->count == 0)
            try_open(end);
        else
            random_item(&numbers, trials)(end);
    }
    static const int all[] = {ENXIO, EBADF, EAGAIN, EBUSY, EINVAL, EPIPE};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        assert_true(errors[all[i]] > 100);
    assert_true(left_out < OPERATIONS / 20);
}

int main(void) {
    if (!enter_empty_file_system())
        return skip_for_want_of_a_file_system();
    for (unsigned i = 0; i < FIFOS; i++)
        if (mkfifo(names[i], 0600) != 0)
            return EXIT_FAILURE;
    signal(SIGPIPE, count_sigpipe);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_operation_is_as_in_the_kernel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
