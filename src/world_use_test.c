/* FIFOs in use in the model: descriptors that lead to them, actors that wait at them. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>

#include "payload.h"
#include "world_testing.h"

enum { NEVER = -9999 };

/* What each step of the scenario at hand came to: a result, -errno, or NEVER; and when. */
static int32_t results[SCENARIO_STEPS_MAX];
static uint32_t ended[SCENARIO_STEPS_MAX];
static struct pipe_return last; /* what came back last */

static void note_returns(uint32_t index) {
    for (int i = 0; i < world.fifo_step.came_count; i++) {
        const struct came_back *came = &world.fifo_step.came[i];
        const bool opened = scenario.steps[came->step].kind == STEP_OPEN && came->with.result == 0;
        results[came->step] = opened ? came->number : came->with.result;
        ended[came->step] = index;
        last = came->with;
    }
}

/* Takes the world through `text`; steps behind which an error stands end in that. */
static void play(const char *text) {
    parse(text, strlen(text), text);
    world_reset(&world, &scenario, &host);
    for (uint32_t i = 0; i < scenario.step_count; i++) {
        const struct step *step = &scenario.steps[i];
        struct walk walk;
        results[i] = NEVER;
        if (step_is_call(step)) { /* makes a FIFO of the mode as it is */
            assert_int_equal(world_walk(&world, (struct dirfd){.kind = DIRFD_CWD},
                                        world_text(&world, step->path), WALK_PARENT, 0, &walk),
                             0);
            world_create(&world, &walk, NODE_FIFO, &(struct birth){.mode = (uint16_t)step->mode});
            continue;
        }
        const int error = world_prepare(&world, step);
        if (expectations.error[i] != EXPECT_NOTHING && error != expectations.error[i])
            fail_msg("step %u of\n%sexpected %s, got %s", i + 1, text,
                     errno_name(expectations.error[i]), errno_name(error));
        note_returns(i);
    }
}

/* --- opening what is no FIFO ------------------------------------------------------------------ */

static void other_files_are_opened_for_writing(void **state) {
    (void)state;
    play("mkdir \"d\" 0755\n"
         "file \"f\" 0444 \"text\"\n"
         "d0 = open \"d\" write            # EISDIR\n"
         "d0 = open \"d\" truncate         # EISDIR\n"
         "d0 = open \"f\" write            # EACCES\n"
         "d0 = open \"f\" truncate         # EACCES\n"
         "chmod \"f\" 0644\n"
         "d0 = open \"f\" both append      # 0\n"
         "d1 = open \"f\" write both       # 0\n"
         "read d0 1                      # EOPNOTSUPP\n"
         "use d1 pending                 # EOPNOTSUPP\n"
         "poll d2                        # EBADF\n"
         "d3 = dup 2 0\n"
         "write d3 1                     # EOPNOTSUPP\n");
    assert_int_equal(world.nodes[3].content.length, 4);
}

static void truncation_empties_and_takes_privileges_away(void **state) {
    (void)state;
    play("file \"f\" 0755 \"text\"\n"
         "chmod \"f\" 06755\n"
         "d0 = open \"f\" truncate\n");
    assert_int_equal(world.nodes[2].content.length, 0);
    assert_int_equal(world.nodes[2].mode, 0755);
    play("file \"f\" 0755 \"text\"\n"
         "chmod \"f\" 06755\n"
         "as 0:0 fsetid\n"
         "d0 = open \"f\" truncate\n");
    assert_int_equal(world.nodes[2].mode, 06755);
}

static void writers_of_files_keep_a_mount_writable(void **state) {
    (void)state;
    play("mkdir \"m\" 0755\n"
         "mount \"m\" 0\n"
         "file \"m/f\" 0644 \"\"\n"
         "mkfifo \"m/p\" 0644\n"
         "d0 = open \"m/p\" both\n"
         "d1 = open \"m/f\" both\n"
         "remount \"m\" ro                 # EBUSY\n"
         "remount \"m\" ro superblock      # EBUSY\n"
         "close d1\n"
         "remount \"m\" ro                 # 0\n"
         "d1 = open \"m/f\" write          # EROFS\n"
         "d1 = open \"m/f\" truncate       # EROFS\n"
         "d1 = open \"m/f\"                # 0\n"
         "d2 = open \"m/p\" write          # 0\n");
}

/* --- results ---------------------------------------------------------------------------------- */

static const struct {
    const char *text;
    int32_t result; /* of the last step */
} rows[] = {
    {"mkfifo \"f\" 0644\nd0 = open \"f\" both\nuse d0 capacity\n", 65536},
    {"mkfifo \"f\" 0644\nd0 = open \"f\" both\nwrite d0 70\nuse d0 pending\n", 70},
    {"mkfifo \"f\" 0644\nd0 = open \"f\" both\nresize d0 5000\n", 8192},
    {"mkfifo \"f\" 0644\nd0 = open \"f\" both\nwrite d0 9\npoll d0\n", POLLIN | POLLOUT},
    {"mkfifo \"f\" 0644\nd0 = open \"f\" path\npoll d0\n", POLLNVAL},
    {"mkfifo \"f\" 0644\nd0 = open \"f\" path\nwrite d0 0\n", -EBADF},
    {"mkfifo \"f\" 0644\nd0 = open \"f\" path\nuse d0 chdir\n", -ENOTDIR},
    {"mkfifo \"f\" 0644\nd0 = open \"f\"\nuse d0 allocate\n", -EBADF},
    {"mkfifo \"f\" 0644\nd0 = open \"f\" both\nuse d0 allocate\n", -ESPIPE},
    {"mkfifo \"f\" 0644\nd0 = open \"f\"\nd1 = open \"f\" write\nuse d1 map\n", -EACCES},
    {"mkfifo \"f\" 0644\nd0 = open \"f\"\nuse d0 map\n", -ENODEV},
    {"mkfifo \"f\" 0644\nd0 = open \"f\" write both\n", -EINVAL},
    {"mkfifo \"f\" 0644\nd0 = open \"f\" directory both\n", -ENOTDIR},
    {"mkfifo \"f\" 0444\nd0 = open \"f\" write both\n", -EACCES},
    {"mkfifo \"f\" 0444\nd0 = open \"f\" truncate\n", -EACCES},
    {"mkfifo \"f\" 0222\nd0 = open \"f\" write\n", -ENXIO},
    {"mkfifo \"f\" 0644\nd0 = open \"f\" both\nd1 = dup d0 9\nclose d0\nd2 = open \"f\" write\n",
     3},
    {"mkfifo \"f\" 0644\nd0 = open \"f\" both\nd1 = dup d0 9\nclose d0\nclose d1\n"
     "d2 = open \"f\" write\n",
     -ENXIO},
    {"mkfifo \"f\" 0644\nd0 = open \"f\" both\nlink \"f\" \"g\"\nunlink \"f\"\nd1 = open \"g\" "
     "write\n",
     4},
    {"mkfifo \"f\" 0644\nd0 = open \"f\"\nunlink \"f\"\nmkfifo \"f\" 0644\nd1 = open \"f\" write\n",
     -ENXIO},
};

static void steps_on_fifos_give_what_they_give(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        play(rows[i].text);
        const int32_t got = results[scenario.step_count - 1];
        if (got != rows[i].result)
            fail_msg("%s: expected %d, got %d", rows[i].text, rows[i].result, got);
    }
}

static void a_reader_gets_the_writer_s_bytes(void **state) {
    (void)state;
    play("mkfifo \"f\" 0644\n"
         "d0 = open \"f\" both\n"
         "write d0 100\n"
         "read d0 10\n"
         "read d0 20\n");
    assert_true(last.digest_known);
    assert_true(last.digest == payload_digest(hash_start, 2, 10, 20));
}

/* --- waiting ---------------------------------------------------------------------------------- */

static void an_open_that_waits_has_its_number(void **state) {
    (void)state;
    play("mkfifo \"f\" 0644\n"
         "actor 1\n"
         "d0 = open \"f\" wait\n"
         "actor 0\n"
         "d1 = open \"f\"\n"
         "d0 = dup d1 0\n" /* closed when the open comes back */
         "d2 = open \"f\" write\n");
    assert_int_equal(results[2], 3);
    assert_int_equal(ended[2], 6);
    assert_int_equal(results[4], 4);
    assert_int_equal(results[6], 6);
    assert_int_equal(world.slots[0], 3);
    assert_null(world_descriptor(&world, 5));
    assert_non_null(world_descriptor(&world, 3));
}

static void steps_of_an_actor_that_waits_are_left_out(void **state) {
    (void)state;
    play("mkfifo \"f\" 0644\n"
         "actor 1\n"
         "d0 = open \"f\" wait\n"
         "d1 = open \"f\" both\n" /* left out: it would let itself go */
         "mkdir \"d\" 0755\n");   /* the harness's own */
    assert_true(world_waits(&world, 2));
    assert_true(world_is_busy(&world, &scenario.steps[3]));
    assert_false(world_is_busy(&world, &scenario.steps[4]));
    assert_int_equal(results[3], NEVER);
    assert_true(world_find(&world, NODE_ROOT, (struct span){"d", 1}) != NODE_NONE);
}

static void what_a_close_lets_go_comes_back_by_it(void **state) {
    (void)state;
    play("mkfifo \"f\" 0644\n"
         "d0 = open \"f\" both\n"
         "d1 = open \"f\" wait\n"
         "actor 1\n"
         "read d1 5\n"
         "actor 0\n"
         "d2 = dup d0 0\n"
         "close d0\n"
         "d2 = open \"nothing\"\n"); /* closes what it held, whatever comes of it */
    assert_int_equal(results[4], 0);
    assert_int_equal(ended[4], 8);
}

static void a_signal_interrupts_or_has_the_call_begin_again(void **state) {
    (void)state;
    play("mkfifo \"f\" 0644\n"
         "mkfifo \"g\" 0644\n"
         "actor 1\n"
         "d0 = open \"f\" wait\n"
         "actor 2\n"
         "d1 = open \"g\" wait\n"
         "actor 0\n"
         "signal 1\n"
         "signal 2 restart\n"
         "signal 3\n");
    assert_int_equal(results[3], -EINTR);
    assert_true(world_waits(&world, 5));
}

static void an_open_that_begins_again_looks_its_path_up_again(void **state) {
    (void)state;
    play("mkfifo \"f\" 0644\n"
         "file \"g\" 0644 \"\"\n"
         "actor 1\n"
         "d0 = open \"f\" wait\n"
         "actor 2\n"
         "d1 = open \"f\" wait\n"
         "unlink \"f\"\n"
         "signal 1 restart\n"
         "rename \"g\" \"f\"\n"
         "signal 2 restart\n");
    assert_int_equal(results[3], -ENOENT);
    assert_int_equal(results[5], 3); /* whose number was given back */
    assert_int_equal(world_descriptor(&world, 3)->place.node, 3);
}

static void a_read_that_begins_again_needs_its_descriptor(void **state) {
    (void)state;
    play("mkfifo \"f\" 0644\n"
         "d0 = open \"f\" both wait\n"
         "d1 = open \"f\" wait\n"
         "actor 1\n"
         "read d1 5\n"
         "close d1\n"
         "signal 1 restart\n");
    assert_int_equal(results[4], -EBADF);
    assert_false(world.fifo_step.uncertain);
}

static void what_runs_beside_a_call_that_begins_again_is_uncertain(void **state) {
    (void)state;
    play("mkfifo \"f\" 0644\n"
         "d0 = open \"f\" both wait\n"
         "d1 = open \"f\" wait\n"
         "actor 1\n"
         "read d0 1\n"
         "actor 2\n"
         "read d1 2\n"
         "close d0\n"
         "signal 1 restart\n"); /* there is no writer then, which the other reader is told */
    assert_true(world.fifo_step.uncertain);
}

static void a_fifo_that_is_waited_at_keeps_its_inode(void **state) {
    (void)state;
    play("mkdir \"m\" 0755\n"
         "mount \"m\" 3\n"
         "mkfifo \"m/f\" 0644\n"
         "actor 1\n"
         "d0 = open \"m/f\" wait\n"
         "unlink \"m/f\"\n"
         "mkdir \"m/a\" 0755              # 0\n"
         "mkdir \"m/b\" 0755              # ENOSPC\n"
         "signal 1\n"
         "mkdir \"m/b\" 0755              # 0\n");
}

static void a_fifo_that_nobody_has_open_holds_nothing(void **state) {
    (void)state;
    play("mkfifo \"f\" 0644\n"
         "d0 = open \"f\" both\n"
         "resize d0 4096\n"
         "write d0 9\n"
         "close d0\n"
         "d0 = open \"f\" both\n"
         "use d0 capacity\n");
    assert_int_equal(results[6], 65536);
    assert_true(world.fifo_step.discarded);
    assert_int_equal(world.fifo_step.bytes, 0);
}

static void as_many_fifos_as_can_be_open_have_a_model(void **state) {
    (void)state;
    static char text[8192];
    size_t used = 0;
    for (int i = 0; i < 60; i++) /* each is forgotten in its turn */
        used += (size_t)snprintf(text + used, sizeof text - used,
                                 "mkfifo \"f%d\" 0644\nd%d = open \"f%d\" both\n", i, i % 16, i);
    for (int i = 1; i < ACTORS; i++)
        used +=
            (size_t)snprintf(text + used, sizeof text - used,
                             "mkfifo \"w%d\" 0644\nactor %d\nd0 = open \"w%d\" wait\n", i, i, i);
    play(text);
    assert_int_equal(world.fifo_step.fifo, true);
    assert_true(world_waits(&world, scenario.step_count - 1));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_files_are_opened_for_writing),
        cmocka_unit_test(truncation_empties_and_takes_privileges_away),
        cmocka_unit_test(writers_of_files_keep_a_mount_writable),
        cmocka_unit_test(steps_on_fifos_give_what_they_give),
        cmocka_unit_test(a_reader_gets_the_writer_s_bytes),
        cmocka_unit_test(an_open_that_waits_has_its_number),
        cmocka_unit_test(steps_of_an_actor_that_waits_are_left_out),
        cmocka_unit_test(what_a_close_lets_go_comes_back_by_it),
        cmocka_unit_test(a_signal_interrupts_or_has_the_call_begin_again),
        cmocka_unit_test(an_open_that_begins_again_looks_its_path_up_again),
        cmocka_unit_test(a_read_that_begins_again_needs_its_descriptor),
        cmocka_unit_test(what_runs_beside_a_call_that_begins_again_is_uncertain),
        cmocka_unit_test(a_fifo_that_is_waited_at_keeps_its_inode),
        cmocka_unit_test(a_fifo_that_nobody_has_open_holds_nothing),
        cmocka_unit_test(as_many_fifos_as_can_be_open_have_a_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
