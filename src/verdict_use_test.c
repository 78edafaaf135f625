/*
 * verdict_judge of FIFOs in use: a right observation holds, and each way in which it can be wrong
 * is noticed, and told as what it is.
 */
#include <poll.h>

#include "errno_name.h"
#include "payload.h"
#include "verdict_testing.h"

static struct expectations expectations;

/* --- an observation that is right -------------------------------------------------------------
 */

enum { NODE_OF_FIFO = NODE_ROOT + 1 };

static void make_fifo(const struct step *step) {
    struct walk walk;
    world_walk(&world, (struct dirfd){.kind = DIRFD_CWD}, world_text(&world, step->path),
               WALK_PARENT, 0, &walk);
    world_create(&world, &walk, NODE_FIFO, &(struct birth){.mode = (uint16_t)(step->mode & 0755)});
}

/* Fills in what the world says came back by the step at hand. */
static void see_returns(uint32_t index) {
    for (int i = 0; i < world.fifo_step.came_count; i++) {
        const struct came_back *came = &world.fifo_step.came[i];
        struct outcome *outcome = &seen.outcomes[came->step];
        const bool opened = scenario.steps[came->step].kind == STEP_OPEN && came->with.result >= 0;
        *outcome = (struct outcome){
            .result = came->with.result < 0 ? -1
                      : opened              ? came->number
                                            : came->with.result,
            .error = came->with.result < 0 ? -came->with.result : 0,
            .ended = index,
            .broken_pipes = came->with.sigpipe,
            .digest = came->with.digest,
        };
    }
}

static void see_step(uint32_t index) {
    const struct step *step = &scenario.steps[index];
    struct outcome *outcome = &seen.outcomes[index];
    *outcome = (struct outcome){.ended = index};
    if (world_is_busy(&world, step)) {
        outcome->reply = REPLY_BUSY;
    } else if (step_is_call(step)) {
        outcome->error = ERRNO_POISON;
        make_fifo(step);
    } else {
        const int error = world_prepare(&world, step);
        outcome->result = error ? -1 : 0;
        outcome->error = error;
        see_returns(index);
        if (world_waits(&world, index))
            outcome->ended = ENDED_NEVER;
    }
}

static void see_descriptors(void) {
    for (int slot = 0; slot < SCENARIO_SLOTS; slot++) {
        const struct descriptor *open = world_descriptor(&world, world.slots[slot]);
        seen.slots[slot].number = world.slots[slot];
        if (!open)
            continue;
        seen.descriptor_count++;
        seen.open[open->number] = true;
        seen.slots[slot].facts = facts(S_IFIFO | 0644, 1, 0, 11);
        seen.slots[slot].flags = open->flags & OPEN_WAIT ? 0 : O_NONBLOCK;
        seen.slots[slot].close_on_exec = true;
    }
}

/* One FIFO, "f", made first; it is node 1 of the listing. */
static void see(const char *text) {
    begin_observation(text, &expectations);
    world_reset(&world, &scenario, &contract.host);
    for (uint32_t i = 0; i < scenario.step_count; i++)
        see_step(i);
    see_descriptors();
    seen.tree_count = 1;
    add_node(0, "", "", facts(S_IFDIR | 0755, 2, 60, 10));
    add_node(0, "f", "", facts(S_IFIFO | (uint32_t)world.nodes[NODE_OF_FIFO].mode, 1, 0, 11));
    seen.umask = WORLD_FIRST_UMASK;
    seen.cwd = seen.root = facts(S_IFDIR | 0755, 2, 60, 10);
}

static struct verdict judged(void) {
    struct verdict verdict;
    verdict_judge(&judge, &scenario, &seen, &verdict);
    return verdict;
}

/* --- and what is wrong with it ----------------------------------------------------------------
 */

/* Steps 0 and 1 of each row; the row's own begin with step 2. */
#define FIFO   "mkfifo \"f\" 0644\n"
#define READER FIFO "d0 = open \"f\"\n"
#define BOTH   FIFO "d0 = open \"f\" both wait\n"

static struct outcome *of(uint32_t step) {
    return &seen.outcomes[step];
}

static void succeed(uint32_t step) {
    of(step)->result = step_infos[scenario.steps[step].kind].operands[0] == OPERAND_SET ? 9 : 1;
    of(step)->error = 0;
}

static void fail_with(uint32_t step, int error) {
    of(step)->result = -1;
    of(step)->error = error;
}

static void opened_alone(void) {
    succeed(1);
}
static void opened_at_once(void) {
    of(1)->ended = 1;
    of(1)->result = 3;
}
static void refused_for_another_reason(void) {
    fail_with(1, EACCES);
}
static void waited(void) {
    of(1)->ended = ENDED_NEVER;
}
static void went_on(void) {
    of(2)->ended = 2;
    of(2)->result = 4;
}
static void went_on_late(void) {
    of(2)->ended = 3;
    of(2)->result = 4;
}
static void went_on_at_last(void) {
    of(2)->ended = ENDED_NEVER;
}
static void was_not_let_go(void) {
    of(2)->ended = ENDED_NEVER;
    of(2)->result = 0;
}
static void was_not_interrupted(void) {
    of(2)->ended = ENDED_NEVER;
    fail_with(2, 0);
    of(2)->result = 0;
}
static void counted_wrong(void) {
    of(3)->result++;
}
static void read_other_bytes(void) {
    of(3)->digest = payload_digest(hash_start, 99, 0, 4);
}
static void got_a_signal(void) {
    of(2)->broken_pipes = 1;
}
static void has_a_size(void) {
    seen.nodes[1].facts.size = 5;
}
static void got_another_number(void) {
    of(2)->result = 7;
}

static const struct spoiled {
    const char *text;
    void (*spoil)(void);
    uint8_t clause, aspect;
    uint32_t step;
} spoiled[] = {
    {FIFO "d0 = open \"f\" write\n", opened_alone, CLAUSE_IO_OPEN, ASPECT_USE, 1},
    {FIFO "d0 = open \"f\" write\n", refused_for_another_reason, CLAUSE_IO_OPEN, ASPECT_USE, 1},
    {READER "actor 0\n", waited, CLAUSE_IO_OPEN, ASPECT_WAITING, 1},
    {FIFO "d0 = open \"f\" write wait append\n", opened_at_once, CLAUSE_IO_OPEN_FLAGS,
     ASPECT_WAITING, 1},
    {FIFO "chmod \"f\" 0\nd0 = open \"f\" write\n", got_another_number, CLAUSE_IO_OPEN_PERM,
     ASPECT_USE, 2},
    {FIFO "actor 1\nd0 = open \"f\" wait\n", went_on, CLAUSE_IO_OPEN_BLOCK, ASPECT_WAITING, 2},
    {FIFO "actor 1\nd0 = open \"f\" wait\nactor 0\nchdir \"/\"\n", went_on_late,
     CLAUSE_IO_RENDEZVOUS, ASPECT_WAITING, 2},
    {FIFO "actor 1\nd0 = open \"f\" wait\nactor 0\nd1 = open \"f\" write\n", was_not_let_go,
     CLAUSE_IO_RENDEZVOUS, ASPECT_WAITING, 2},
    {FIFO "actor 1\nd0 = open \"f\" wait\nsignal 1\n", was_not_interrupted, CLAUSE_IO_OPEN_BLOCK,
     ASPECT_WAITING, 2},
    {BOTH "write d0 4\nread d0 9\n", counted_wrong, CLAUSE_IO_READ, ASPECT_USE, 3},
    {BOTH "write d0 4\nread d0 9\n", read_other_bytes, CLAUSE_IO_READ, ASPECT_BYTES, 3},
    {BOTH "write d0 4\nread d0 9\n", got_a_signal, CLAUSE_IO_WRITE, ASPECT_BROKEN_PIPES, 2},
    {BOTH "write d0 4\n", has_a_size, CLAUSE_IO_STAT, ASPECT_ARENA_NODE, 0},
    {BOTH "write d0 4\nuse d0 pending\n", counted_wrong, CLAUSE_IO_READ, ASPECT_USE, 3},
    {BOTH "write d0 4\npoll d0\n", counted_wrong, CLAUSE_IO_POLL, ASPECT_USE, 3},
    {BOTH "write d0 4\nresize d0 4096\n", counted_wrong, CLAUSE_IO_CAPACITY, ASPECT_USE, 3},
    {BOTH "write d0 4\nuse d0 seek\n", counted_wrong, CLAUSE_IO_OTHER, ASPECT_USE, 3},
    {BOTH "write d0 1\nwrite d0 65535\n", counted_wrong, CLAUSE_IO_WRITE, ASPECT_USE, 3},
    {READER "d1 = open \"f\" write\nd1 = open \"f\" write\n", got_another_number,
     CLAUSE_STATE_DESCRIPTORS, ASPECT_DESCRIPTOR, 2},
};

static void each_difference_is_noticed(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof spoiled / sizeof spoiled[0]; i++) {
        const struct spoiled *row = &spoiled[i];
        see(row->text);
        struct verdict verdict = judged();
        if (verdict.kind != VERDICT_HELD)
            fail_msg("%s: right as it is, but %s, %d", row->text, clause_infos[verdict.clause].name,
                     verdict.aspect);
        row->spoil();
        verdict = judged();
        if (verdict.kind != VERDICT_VIOLATED || verdict.clause != row->clause ||
            verdict.aspect != row->aspect || verdict.step != row->step)
            fail_msg("%s: row %zu: kind %d %s, %d of step %u", row->text, i, verdict.kind,
                     clause_infos[verdict.clause].name, verdict.aspect, verdict.step);
    }
}

static void a_writer_without_readers_owes_a_signal(void **state) {
    (void)state;
    see(READER "d1 = open \"f\" write\nclose d0\nwrite d1 1\n");
    assert_int_equal(of(4)->error, EPIPE);
    assert_int_equal(judged().kind, VERDICT_HELD);
    of(4)->broken_pipes = 0;
    const struct verdict verdict = judged();
    assert_int_equal(verdict.clause, CLAUSE_IO_WRITE);
    assert_int_equal(verdict.aspect, ASPECT_BROKEN_PIPES);
}

static void what_waits_must_wait_to_the_end(void **state) {
    (void)state;
    see(FIFO "actor 1\nd0 = open \"f\" wait\n");
    went_on_at_last();
    assert_int_equal(judged().kind, VERDICT_HELD);
    of(2)->ended = 40;
    const struct verdict verdict = judged();
    assert_int_equal(verdict.kind, VERDICT_VIOLATED);
    assert_int_equal(verdict.aspect, ASPECT_WAITING);
}

/* --- levels ----------------------------------------------------------------------------------- */

static void levels_leave_open_what_their_documents_do(void **state) {
    (void)state;
    static const struct {
        const char *text;
        uint8_t kinds[LEVEL_COUNT]; /* enum verdict_kind if step 3 counts one too many */
    } rows[] = {
        {BOTH "write d0 4\nread d0 9\n", {VERDICT_VIOLATED, VERDICT_VIOLATED, VERDICT_VIOLATED}},
        {BOTH "write d0 4\nuse d0 capacity\n",
         {VERDICT_VIOLATED, VERDICT_VIOLATED, VERDICT_UNDECIDED}},
        {BOTH "write d0 4\npoll d0\n", {VERDICT_VIOLATED, VERDICT_VIOLATED, VERDICT_UNDECIDED}},
        {FIFO "d0 = open \"f\"\nd1 = open \"f\" write\nwrite d1 0\n",
         {VERDICT_VIOLATED, VERDICT_VIOLATED, VERDICT_UNDECIDED}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (int level = 0; level < LEVEL_COUNT; level++) {
            see(rows[i].text);
            contract.level = (enum level)level;
            assert_int_equal(judged().kind, VERDICT_HELD);
            counted_wrong();
            if (judged().kind != rows[i].kinds[level])
                fail_msg("%s at %s", rows[i].text, level_names[level]);
        }
}

/* --- the rest --------------------------------------------------------------------------------- */

static void what_the_scheduler_decides_is_undecided(void **state) {
    (void)state;
    see(BOTH "d1 = open \"f\" wait\n"
             "actor 1\nread d0 1\nactor 2\nread d1 2\nclose d0\nsignal 1 restart\n");
    assert_int_equal(judged().kind, VERDICT_UNDECIDED);
}

static void clauses_and_states_are_reached(void **state) {
    (void)state;
    bool reached[CLAUSE_COUNT] = {false};
    see(BOTH "write d0 4\nlink \"f\" \"g\"\nread d0 9\nunlink \"g\"\nunlink \"f\"\npoll d0\n"
             "resize d0 1\nwrite d0 4096\nwrite d0 0\n");
    judge.reach = count_reached;
    judge.reach_context = reached;
    judged();
    judge.reach = NULL;
    assert_true(reached[CLAUSE_IO_READ]);
    assert_true(reached[CLAUSE_IO_WRITE]);
    assert_true(reached[CLAUSE_IO_LINK]);
    assert_true(reached[CLAUSE_IO_UNLINK]);
    assert_true(reached[CLAUSE_IO_POLL]);
    assert_true(reached[CLAUSE_IO_CAPACITY]);
    assert_false(reached[CLAUSE_IO_OPEN]);
}

static void differences_are_told_in_words(void **state) {
    (void)state;
    char text[300];
    see(FIFO "d0 = open \"f\" write\n");
    opened_alone();
    struct verdict verdict = judged();
    verdict_describe(&verdict, text, sizeof text);
    assert_string_equal(text, "the step on the FIFO: expected ENXIO, got 0");
    see(FIFO "actor 1\nd0 = open \"f\" wait\n");
    went_on();
    verdict = judged();
    verdict_describe(&verdict, text, sizeof text);
    assert_string_equal(text, "the step on the FIFO: expected it waits, got it is over");
    verdict_signature(&verdict, &scenario, text, sizeof text);
    assert_string_equal(text, "C-IO-open-block.open.waiting");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_difference_is_noticed),
        cmocka_unit_test(a_writer_without_readers_owes_a_signal),
        cmocka_unit_test(what_waits_must_wait_to_the_end),
        cmocka_unit_test(levels_leave_open_what_their_documents_do),
        cmocka_unit_test(what_the_scheduler_decides_is_undecided),
        cmocka_unit_test(clauses_and_states_are_reached),
        cmocka_unit_test(differences_are_told_in_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
