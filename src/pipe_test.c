/*
 * The model of a FIFO alone: fifo(7), pipe(7) and poll(2) row by row, and what the kernel can be
 * asked only by chance. The kernel itself is asked by pipe_kernel_test and pipe_waits_test.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <poll.h>

#include "payload.h"
#include "pipe.h"

enum { WAITS = INT32_MIN, READER = 0, WRITER = 1, ENDS = 6 };

static struct pipe fifo;
static struct pipe_end ends[ENDS];
static struct pipe_returns returns;

static int reset(void **state) {
    (void)state;
    pipe_reset(&fifo);
    return 0;
}

/* What the operation that was just done has let `actor` return with. */
static int32_t back(unsigned actor) {
    return returns.actors >> actor & 1 ? returns.of[actor].result : WAITS;
}

static int32_t opens(unsigned actor, unsigned end, enum pipe_access access, bool nonblock) {
    pipe_open(&fifo, actor, access, nonblock, &returns);
    ends[end] = returns.of[actor].end;
    return back(actor);
}

static int32_t reads(unsigned actor, unsigned end, uint32_t size) {
    pipe_read(&fifo, actor, &ends[end], size, &returns);
    return back(actor);
}

/* The tag is the actor's number. */
static int32_t writes(unsigned actor, unsigned end, uint32_t size) {
    pipe_write(&fifo, actor, &ends[end], actor, size, &returns);
    return back(actor);
}

static void closes(unsigned end) {
    pipe_close(&fifo, &ends[end], 0, &returns);
}

static int32_t interrupted(unsigned actor) {
    pipe_interrupt(&fifo, actor, &returns);
    return back(actor);
}

static int32_t resizes(uint32_t size) {
    return pipe_resize(&fifo, size, PIPE_SIZE_MAX, &returns);
}

/* Both ends of a FIFO that nobody has used yet, the reader's first. */
static void open_both(bool nonblock) {
    pipe_reset(&fifo);
    assert_int_equal(opens(0, READER, PIPE_READ, true), 0);
    assert_int_equal(opens(0, WRITER, PIPE_WRITE, true), 0);
    ends[READER].nonblock = ends[WRITER].nonblock = nonblock;
}

/* --- opening ---------------------------------------------------------------------------------- */

static void opening_depends_on_who_has_it_open(void **state) {
    (void)state;
    static const struct {
        enum pipe_access before; /* 0: nobody */
        enum pipe_access access;
        bool nonblock;
        int32_t result;
    } rows[] = {
        {0, PIPE_READ, true, 0},          {0, PIPE_WRITE, true, -ENXIO},
        {0, PIPE_BOTH, true, 0},          {0, PIPE_BOTH, false, 0},
        {0, PIPE_READ, false, WAITS},     {0, PIPE_WRITE, false, WAITS},
        {PIPE_READ, PIPE_READ, true, 0},  {PIPE_READ, PIPE_READ, false, WAITS},
        {PIPE_READ, PIPE_WRITE, true, 0}, {PIPE_READ, PIPE_WRITE, false, 0},
        {PIPE_BOTH, PIPE_READ, false, 0}, {PIPE_BOTH, PIPE_WRITE, false, 0},
        {PIPE_BOTH, PIPE_WRITE, true, 0}, {PIPE_READ, PIPE_BOTH, false, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        pipe_reset(&fifo);
        if (rows[i].before != 0)
            assert_int_equal(opens(3, 3, rows[i].before, true), 0);
        assert_int_equal(opens(0, 0, rows[i].access, rows[i].nonblock), rows[i].result);
        bool waits = rows[i].result == WAITS;
        assert_int_equal(pipe_waiting(&fifo, 0), waits ? PIPE_WAITS_TO_OPEN : PIPE_WAITS_NOT);
    }
}

static void a_writer_alone_waits_though_it_was_not_the_first(void **state) {
    (void)state;
    open_both(false);
    closes(READER);
    assert_int_equal(opens(0, 2, PIPE_WRITE, true), -ENXIO);
    assert_int_equal(opens(0, 2, PIPE_WRITE, false), WAITS);
}

static void partners_let_each_other_in(void **state) {
    (void)state;
    assert_int_equal(opens(0, 0, PIPE_READ, false), WAITS);
    assert_int_equal(opens(1, 1, PIPE_READ, false), WAITS);
    assert_int_equal(opens(2, 2, PIPE_WRITE, true), 0);
    assert_int_equal(back(0), 0);
    assert_int_equal(back(1), 0);
    assert_int_equal(fifo.readers, 2);
    closes(2);
    ends[0] = (struct pipe_end){.access = PIPE_READ};
    assert_int_equal(reads(0, 0, 1), 0);
    assert_int_equal(pipe_poll(&fifo, &ends[0]), POLLHUP);
}

static void an_interrupted_open_leaves_nothing(void **state) {
    (void)state;
    assert_int_equal(opens(0, 0, PIPE_WRITE, false), WAITS);
    assert_int_equal(interrupted(0), -EINTR);
    assert_int_equal(opens(1, 1, PIPE_READ, false), WAITS);
    assert_int_equal(opens(0, 0, PIPE_WRITE, true), 0);
    assert_int_equal(back(1), 0);
}

/* --- reading, writing, polling ---------------------------------------------------------------- */

/* What the ends tell that are left of both; WAITS stands for an end that was closed. */
struct row {
    uint32_t content;
    unsigned closed; /* end, or ENDS for none */
    int32_t read_10, write_10;
    int poll_reader, poll_writer;
};

static void make_state(const struct row *row) {
    open_both(true);
    if (row->content > 0)
        assert_int_equal(writes(1, WRITER, row->content), row->content);
    if (row->closed < ENDS)
        closes(row->closed);
}

static void each_state_is_told(void **state) {
    (void)state;
    static const struct row rows[] = {
        {0, ENDS, -EAGAIN, 10, 0, POLLOUT},
        {5, ENDS, 5, 10, POLLIN, POLLOUT},
        {20, ENDS, 10, 10, POLLIN, POLLOUT},
        {65536, ENDS, 10, -EAGAIN, POLLIN, 0},
        {5, WRITER, 5, WAITS, POLLIN | POLLHUP, WAITS},
        {0, WRITER, 0, WAITS, POLLHUP, WAITS},
        {0, READER, WAITS, -EPIPE, WAITS, POLLOUT | POLLERR},
        {65536, READER, WAITS, -EPIPE, WAITS, POLLERR},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        make_state(&rows[i]);
        if (rows[i].closed != READER) {
            assert_int_equal(pipe_poll(&fifo, &ends[READER]), rows[i].poll_reader);
            assert_int_equal(reads(0, READER, 10), rows[i].read_10);
        }
        make_state(&rows[i]);
        if (rows[i].closed != WRITER) {
            assert_int_equal(pipe_poll(&fifo, &ends[WRITER]), rows[i].poll_writer);
            assert_int_equal(writes(1, WRITER, 10), rows[i].write_10);
            assert_int_equal(returns.of[1].sigpipe, rows[i].write_10 == -EPIPE);
            assert_int_equal(writes(1, WRITER, 0), 0);
        }
    }
}

static void a_fresh_reader_is_not_hung_up_on(void **state) {
    (void)state;
    assert_int_equal(opens(0, 0, PIPE_READ, true), 0);
    assert_int_equal(pipe_poll(&fifo, &ends[0]), 0);
    assert_int_equal(reads(0, 0, 1), 0);
    assert_int_equal(opens(0, 1, PIPE_WRITE, true), 0);
    closes(1);
    assert_int_equal(pipe_poll(&fifo, &ends[0]), POLLHUP);
    assert_int_equal(opens(0, 1, PIPE_WRITE, true), 0);
    assert_int_equal(pipe_poll(&fifo, &ends[0]), 0);
    assert_int_equal(reads(0, 0, 1), -EAGAIN);
}

static void both_is_its_own_partner(void **state) {
    (void)state;
    assert_int_equal(opens(0, 0, PIPE_BOTH, true), 0);
    assert_int_equal(reads(0, 0, 1), -EAGAIN);
    assert_int_equal(writes(0, 0, 7), 7);
    assert_int_equal(pipe_poll(&fifo, &ends[0]), POLLIN | POLLOUT);
    assert_int_equal(reads(0, 0, 9), 7);
}

static void the_wrong_direction_is_ebadf(void **state) {
    (void)state;
    open_both(false);
    assert_int_equal(reads(0, WRITER, 0), -EBADF);
    assert_int_equal(writes(0, READER, 0), -EBADF);
    assert_int_equal(fifo.content.bytes, 0);
}

static void readers_get_the_bytes_in_order(void **state) {
    (void)state;
    open_both(true);
    assert_int_equal(writes(2, WRITER, 5000), 5000);
    assert_int_equal(writes(3, WRITER, 9), 9);
    assert_int_equal(reads(0, READER, 4990), 4990);
    assert_int_equal(reads(0, READER, 4990), 19);
    uint8_t bytes[19];
    payload_fill(bytes, 2, 4990, 10);
    payload_fill(bytes + 10, 3, 0, 9);
    assert_true(returns.of[0].digest_known);
    assert_true(returns.of[0].digest == hash_bytes(bytes, sizeof bytes));
}

static void writes_of_one_tag_are_told_apart(void **state) {
    (void)state;
    open_both(true);
    assert_int_equal(writes(2, WRITER, 5), 5);
    assert_int_equal(writes(2, WRITER, 5), 5);
    assert_int_equal(reads(0, READER, 10), 10);
    uint8_t bytes[10];
    payload_fill(bytes, 2, 0, 5);
    payload_fill(bytes + 5, 2, 0, 5);
    assert_true(returns.of[0].digest == hash_bytes(bytes, sizeof bytes));
}

static void too_many_pieces_are_blurred_until_all_is_read(void **state) {
    (void)state;
    open_both(true);
    for (uint32_t tag = 0; tag <= PIPE_PIECES_MAX; tag++)
        pipe_write(&fifo, 1, &ends[WRITER], tag, 1, &returns);
    assert_int_equal(reads(0, READER, 200), 200);
    assert_false(returns.of[0].digest_known);
    assert_int_equal(reads(0, READER, 200), 57);
    assert_false(returns.of[0].digest_known);
    assert_int_equal(writes(1, WRITER, 1), 1);
    assert_int_equal(reads(0, READER, 200), 1);
    assert_true(returns.of[0].digest_known);
}

/* --- slots ------------------------------------------------------------------------------------ */

static void capacity_is_slots_not_bytes(void **state) {
    (void)state;
    open_both(true);
    assert_int_equal(writes(1, WRITER, 1), 1);
    assert_int_equal(writes(1, WRITER, 70000), 61808);
    assert_int_equal(reads(0, READER, 100), 100);
    assert_int_equal(writes(1, WRITER, 1), -EAGAIN);
    assert_int_equal(reads(0, READER, 61709), 61709);
    assert_int_equal(pipe_pending(&fifo), 0);
    for (int i = 0; i < 16; i++)
        assert_int_equal(writes(1, WRITER, 2049), 2049);
    assert_int_equal(writes(1, WRITER, 2048), -EAGAIN);
    assert_int_equal(writes(1, WRITER, 2047), 2047);
}

static void up_to_pipe_buf_all_or_nothing(void **state) {
    (void)state;
    open_both(true);
    assert_int_equal(writes(1, WRITER, 15 * PIPE_PAGE + 1), 15 * PIPE_PAGE + 1);
    assert_int_equal(writes(1, WRITER, PIPE_PAGE), -EAGAIN);
    assert_int_equal(writes(1, WRITER, PIPE_PAGE + 1), 1);
    assert_int_equal(writes(1, WRITER, PIPE_PAGE - 2), PIPE_PAGE - 2);
    assert_int_equal(writes(1, WRITER, 1), -EAGAIN);
}

static void a_size_is_rounded_up_and_has_limits(void **state) {
    (void)state;
    static const struct {
        uint32_t size;
        int32_t result;
    } rows[] = {
        {0, 4096},
        {1, 4096},
        {4096, 4096},
        {4097, 8192},
        {131072, 131072},
        {1048576, 1048576},
        {1048577, -EPERM},
        {1U << 31, -EPERM},
        {100000, 131072},
        {UINT32_MAX, -EINVAL},
        {(1U << 31) + 1, -EINVAL},
    };
    open_both(true);
    assert_int_equal(pipe_capacity(&fifo), 65536);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int32_t before = pipe_capacity(&fifo);
        assert_int_equal(resizes(rows[i].size), rows[i].result);
        assert_int_equal(pipe_capacity(&fifo), rows[i].result < 0 ? before : rows[i].result);
    }
    assert_int_equal(pipe_resize(&fifo, 131073, 131072, &returns), -EPERM);
    assert_int_equal(pipe_resize(&fifo, 131072, 4096, &returns), 131072);
    assert_int_equal(writes(1, WRITER, 8193), 8193);
    assert_int_equal(resizes(8192), -EBUSY);
    assert_int_equal(resizes(8193), 16384);
}

static void all_is_gone_with_the_last_end(void **state) {
    (void)state;
    open_both(true);
    assert_int_equal(resizes(1), 4096);
    assert_int_equal(writes(1, WRITER, 5), 5);
    closes(WRITER);
    assert_int_equal(pipe_pending(&fifo), 5);
    closes(READER);
    open_both(true);
    assert_int_equal(pipe_pending(&fifo), 0);
    assert_int_equal(pipe_capacity(&fifo), 65536);
}

/* --- waiting ---------------------------------------------------------------------------------- */

static void readers_are_served_in_the_order_they_came(void **state) {
    (void)state;
    open_both(false);
    assert_int_equal(reads(2, READER, 3), WAITS);
    assert_int_equal(reads(1, READER, 3), WAITS);
    assert_int_equal(writes(0, WRITER, 2), 2);
    assert_int_equal(back(2), 2);
    assert_int_equal(back(1), WAITS);
    assert_int_equal(reads(2, READER, 3), WAITS);
    assert_int_equal(writes(0, WRITER, 5), 5);
    assert_int_equal(back(1), 3);
    assert_int_equal(back(2), 2);
    assert_false(returns.uncertain);
}

static void writers_take_turns(void **state) {
    (void)state;
    open_both(false);
    assert_int_equal(resizes(1), 4096);
    assert_int_equal(writes(1, WRITER, 3 * PIPE_PAGE), WAITS);
    assert_int_equal(writes(2, WRITER, PIPE_PAGE), WAITS);
    assert_int_equal(reads(0, READER, PIPE_PAGE), PIPE_PAGE);
    assert_int_equal(reads(0, READER, PIPE_PAGE), PIPE_PAGE);
    assert_int_equal(back(2), PIPE_PAGE);
    assert_int_equal(reads(0, READER, PIPE_PAGE), PIPE_PAGE);
    assert_int_equal(back(1), 3 * PIPE_PAGE);
}

static void only_a_free_slot_of_a_full_fifo_wakes_a_writer(void **state) {
    (void)state;
    open_both(false);
    assert_int_equal(resizes(8192), 8192);
    assert_int_equal(writes(1, WRITER, 8192), 8192);
    assert_int_equal(writes(1, WRITER, 1), WAITS);
    assert_int_equal(reads(0, READER, 4095), 4095);
    assert_int_equal(back(1), WAITS);
    assert_int_equal(reads(0, READER, 1), 1);
    assert_int_equal(back(1), 1);
}

static void resizing_wakes_one_writer_even_if_in_vain(void **state) {
    (void)state;
    open_both(false);
    assert_int_equal(resizes(1), 4096);
    assert_int_equal(writes(0, WRITER, PIPE_PAGE), PIPE_PAGE);
    assert_int_equal(writes(1, WRITER, PIPE_PAGE), WAITS);
    assert_int_equal(writes(2, WRITER, PIPE_PAGE), WAITS);
    assert_int_equal(resizes(1), 4096);
    assert_int_equal(reads(0, READER, PIPE_PAGE), PIPE_PAGE);
    assert_int_equal(back(1), WAITS);
    assert_int_equal(back(2), PIPE_PAGE);
    assert_int_equal(resizes(8192), 8192);
    assert_int_equal(back(1), PIPE_PAGE);
}

static void the_last_reader_leaves_writers_with_a_signal(void **state) {
    (void)state;
    open_both(false);
    assert_int_equal(writes(1, WRITER, 65537), WAITS);
    assert_int_equal(writes(2, WRITER, 1), WAITS);
    closes(READER);
    assert_int_equal(back(1), 65536);
    assert_int_equal(back(2), -EPIPE);
    assert_true(returns.of[1].sigpipe && returns.of[2].sigpipe);
}

static void the_last_writer_leaves_readers_with_nothing(void **state) {
    (void)state;
    open_both(false);
    assert_int_equal(reads(1, READER, 1), WAITS);
    assert_int_equal(reads(2, READER, 1), WAITS);
    closes(WRITER);
    assert_int_equal(back(1), 0);
    assert_int_equal(back(2), 0);
}

static void an_interrupted_call_returns_what_it_did(void **state) {
    (void)state;
    open_both(false);
    assert_int_equal(reads(0, READER, 1), WAITS);
    assert_int_equal(interrupted(0), -EINTR);
    assert_int_equal(writes(1, WRITER, 65537), WAITS);
    assert_int_equal(writes(2, WRITER, 65537), WAITS);
    assert_int_equal(interrupted(1), 65536);
    assert_int_equal(interrupted(2), -EINTR);
    assert_false(returns.of[2].sigpipe);
}

static void a_call_keeps_its_end_open(void **state) {
    (void)state;
    open_both(false);
    assert_int_equal(reads(1, READER, 1), WAITS);
    assert_int_equal(reads(2, READER, 1), WAITS);
    pipe_close(&fifo, &ends[READER], 1U << 1 | 1U << 2, &returns);
    assert_int_equal(returns.actors, 0);
    assert_int_equal(writes(0, WRITER, 1), 1);
    assert_int_equal(back(1), 1);
    assert_int_equal(fifo.readers, 1);
    assert_int_equal(interrupted(2), -EINTR);
    assert_int_equal(fifo.readers, 0);
    assert_int_equal(writes(0, WRITER, 1), -EPIPE);
}

static void what_the_scheduler_decides_is_uncertain(void **state) {
    (void)state;
    open_both(false);
    assert_int_equal(reads(1, READER, PIPE_PAGE), WAITS);
    assert_int_equal(reads(2, READER, 65536), WAITS);
    assert_int_equal(writes(0, WRITER, 65537), 65537);
    assert_true(returns.uncertain); /* whether actor 2 gets the last byte */
    assert_int_equal(opens(3, 3, PIPE_BOTH, true), 0);
    assert_true(returns.uncertain);
    closes(3);
    closes(READER);
    closes(WRITER);
    open_both(true);
    assert_false(returns.uncertain);
}

/* A write that ends wakes a reader of a polled FIFO even if another was woken before. */
static void readers_of_a_polled_fifo_may_overtake(void **state) {
    (void)state;
    for (int polled = 0; polled < 2; polled++) {
        open_both(false);
        if (polled)
            pipe_poll(&fifo, &ends[WRITER]);
        assert_int_equal(reads(1, READER, PIPE_PAGE), WAITS);
        assert_int_equal(reads(2, READER, 10), WAITS);
        assert_int_equal(reads(3, READER, 10), WAITS);
        assert_int_equal(writes(0, WRITER, 65537), 65537);
        assert_int_equal(returns.uncertain, polled);
    }
}

static void a_reader_and_a_large_write_are_certain(void **state) {
    (void)state;
    open_both(false);
    assert_int_equal(reads(1, READER, PIPE_PAGE), WAITS);
    assert_int_equal(writes(0, WRITER, 65537), 65537);
    assert_int_equal(back(1), PIPE_PAGE);
    assert_false(returns.uncertain);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(opening_depends_on_who_has_it_open, reset),
        cmocka_unit_test_setup(a_writer_alone_waits_though_it_was_not_the_first, reset),
        cmocka_unit_test_setup(partners_let_each_other_in, reset),
        cmocka_unit_test_setup(an_interrupted_open_leaves_nothing, reset),
        cmocka_unit_test_setup(each_state_is_told, reset),
        cmocka_unit_test_setup(a_fresh_reader_is_not_hung_up_on, reset),
        cmocka_unit_test_setup(both_is_its_own_partner, reset),
        cmocka_unit_test_setup(the_wrong_direction_is_ebadf, reset),
        cmocka_unit_test_setup(readers_get_the_bytes_in_order, reset),
        cmocka_unit_test_setup(writes_of_one_tag_are_told_apart, reset),
        cmocka_unit_test_setup(too_many_pieces_are_blurred_until_all_is_read, reset),
        cmocka_unit_test_setup(capacity_is_slots_not_bytes, reset),
        cmocka_unit_test_setup(up_to_pipe_buf_all_or_nothing, reset),
        cmocka_unit_test_setup(a_size_is_rounded_up_and_has_limits, reset),
        cmocka_unit_test_setup(all_is_gone_with_the_last_end, reset),
        cmocka_unit_test_setup(readers_are_served_in_the_order_they_came, reset),
        cmocka_unit_test_setup(writers_take_turns, reset),
        cmocka_unit_test_setup(only_a_free_slot_of_a_full_fifo_wakes_a_writer, reset),
        cmocka_unit_test_setup(resizing_wakes_one_writer_even_if_in_vain, reset),
        cmocka_unit_test_setup(the_last_reader_leaves_writers_with_a_signal, reset),
        cmocka_unit_test_setup(the_last_writer_leaves_readers_with_nothing, reset),
        cmocka_unit_test_setup(an_interrupted_call_returns_what_it_did, reset),
        cmocka_unit_test_setup(a_call_keeps_its_end_open, reset),
        cmocka_unit_test_setup(what_the_scheduler_decides_is_uncertain, reset),
        cmocka_unit_test_setup(readers_of_a_polled_fifo_may_overtake, reset),
        cmocka_unit_test_setup(a_reader_and_a_large_write_are_certain, reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
