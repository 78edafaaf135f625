/*
 * One scenario with a right observation, made by hand; each row spoils one fact of it and names the
 * clause and the aspect that the judge has to answer with.
 */
#include "verdict_testing.h"

#define SPOILER(name, statement)                                                                   \
    static void name(void) {                                                                       \
        statement;                                                                                 \
    }
SPOILER(result_one, seen.outcomes[STEP_OF_SUCCESS].result = 1)
SPOILER(errno_cleared, seen.outcomes[STEP_OF_SUCCESS].error = 0)
SPOILER(errno_not_set, seen.outcomes[STEP_OF_FAILURE].error = ERRNO_POISON)
SPOILER(errno_negative, seen.outcomes[STEP_OF_FAILURE].error = -EEXIST)
SPOILER(errno_wrong, seen.outcomes[STEP_OF_FAILURE].error = ENOENT)
SPOILER(success_claimed, seen.outcomes[STEP_OF_FAILURE].result = 0)
SPOILER(success_denied,
        (seen.outcomes[STEP_OF_SUCCESS].result = -1, seen.outcomes[STEP_OF_SUCCESS].error = EIO))
SPOILER(node_absent, seen.outcomes[STEP_OF_SUCCESS].target = (struct node_facts){.error = ENOENT})
SPOILER(node_is_file, seen.outcomes[STEP_OF_SUCCESS].target.mode = S_IFREG | 04640)
SPOILER(umask_ignored, seen.outcomes[STEP_OF_SUCCESS].target.mode = S_IFIFO | 04666)
SPOILER(suid_dropped, seen.outcomes[STEP_OF_SUCCESS].target.mode = S_IFIFO | 0640)
SPOILER(owner_wrong, seen.outcomes[STEP_OF_SUCCESS].target.uid = 1)
SPOILER(group_wrong, seen.outcomes[STEP_OF_SUCCESS].target.gid = 1)
SPOILER(second_link, seen.outcomes[STEP_OF_SUCCESS].target.nlink = 2)
SPOILER(size_wrong, seen.outcomes[STEP_OF_SUCCESS].target.size = 1)
SPOILER(blocks_wrong, seen.outcomes[STEP_OF_SUCCESS].target.blocks = 8)
SPOILER(rdev_wrong, seen.outcomes[STEP_OF_SUCCESS].target.rdev = 1)
SPOILER(device_wrong, seen.outcomes[STEP_OF_SUCCESS].target.dev = 6)
SPOILER(time_early, seen.outcomes[STEP_OF_SUCCESS].target.mtime = 999)
SPOILER(time_late, seen.outcomes[STEP_OF_SUCCESS].target.mtime = 2001)
SPOILER(ctime_late, seen.outcomes[STEP_OF_SUCCESS].target.ctime = 2001)
SPOILER(parent_time_late, seen.outcomes[STEP_OF_SUCCESS].parent_after.mtime = 2001)
SPOILER(atime_apart, seen.outcomes[STEP_OF_SUCCESS].target.atime = 1400)
SPOILER(ctime_apart, seen.outcomes[STEP_OF_SUCCESS].target.ctime = 1600)
SPOILER(parent_time_early, seen.outcomes[STEP_OF_SUCCESS].parent_after.mtime = 999)
SPOILER(parent_ctime_apart, seen.outcomes[STEP_OF_SUCCESS].parent_after.ctime = 1600)
SPOILER(parent_links, seen.outcomes[STEP_OF_SUCCESS].parent_after.nlink = 3)
SPOILER(parent_size, seen.outcomes[STEP_OF_SUCCESS].parent_after.size = 80)
SPOILER(failure_moved_cwd, seen.outcomes[STEP_OF_FAILURE].parent_after.ino = 11)
SPOILER(failure_touched_parent, seen.outcomes[STEP_OF_FAILURE].parent_after.mtime = 1)
SPOILER(failure_changed_parent, seen.outcomes[STEP_OF_FAILURE].parent_after.ctime = 1)
SPOILER(failure_grew_parent, seen.outcomes[STEP_OF_FAILURE].parent_after.size = 120)
SPOILER(old_umask_wrong, seen.outcomes[0].result = 0)
SPOILER(open_got_four, seen.outcomes[STEP_OF_OPEN].result = 4)
SPOILER(open_refused,
        (seen.outcomes[STEP_OF_OPEN].result = -1, seen.outcomes[STEP_OF_OPEN].error = EACCES))
SPOILER(node_too_many, add_node(0, "x", "", facts(S_IFIFO | 0600, 1, 0, 15)))
SPOILER(node_missing, seen.node_count--)
SPOILER(node_renamed, seen.bytes[seen.nodes[NODE_OF_P].name] = 'q')
SPOILER(bystander_mode, seen.nodes[NODE_OF_F].facts.mode = S_IFREG | 0600)
SPOILER(bystander_type, seen.nodes[NODE_OF_L].facts.mode = S_IFREG | 0777)
SPOILER(bystander_content, seen.bytes[seen.nodes[NODE_OF_F].content] = 'T')
SPOILER(bystander_truncated,
        (seen.nodes[NODE_OF_F].content_length = 0, seen.nodes[NODE_OF_F].facts.size = 0))
SPOILER(bystander_link_body, seen.bytes[seen.nodes[NODE_OF_L].content] = 'p')
SPOILER(list_overflows, seen.overflow = true)
SPOILER(cwd_moved, seen.cwd = facts(S_IFDIR | 0750, 2, 60, 11))
SPOILER(umask_left, seen.umask = 0)
SPOILER(descriptor_leaked, seen.open[4] = true)
SPOILER(descriptor_closed, seen.open[3] = false)
SPOILER(stdin_closed, seen.open[0] = false)
SPOILER(descriptor_replaced, seen.slots[0].facts = facts(S_IFDIR | 0755, 3, 100, 10))
SPOILER(descriptor_leaked_high, seen.descriptor_count = 5)
SPOILER(existing_touched, (seen.wide_looks[STEP_OF_FAILURE].taken = true,
                           seen.wide_looks[STEP_OF_FAILURE].after.target.ctime = 1))
SPOILER(cwd_touched, (seen.wide_looks[STEP_OF_SUCCESS].taken = true,
                      seen.wide_looks[STEP_OF_SUCCESS].after.cwd.mtime = 1))
SPOILER(root_touched, (seen.wide_looks[STEP_OF_FAILURE].taken = true,
                       seen.wide_looks[STEP_OF_FAILURE].after.root.mtime = 1))
SPOILER(cwd_left, (seen.wide_looks[STEP_OF_SUCCESS].taken = true,
                   seen.wide_looks[STEP_OF_SUCCESS].after.cwd.ino = 9))
SPOILER(failure_lost_parent, seen.outcomes[STEP_OF_FAILURE].parent_after.error = ENOENT)
SPOILER(failure_closed_dirfd, seen.outcomes[STEP_OF_FAILURE].parent_after.error = EBADF)
SPOILER(stderr_replaced, seen.standard_replaced = true)
SPOILER(descriptor_appending, seen.slots[0].flags |= O_APPEND)
SPOILER(descriptor_read, seen.slots[0].offset = 1)
SPOILER(descriptor_blocking, seen.slots[0].flags = 0)
SPOILER(descriptor_inherited, seen.slots[0].close_on_exec = false)
SPOILER(signals_blocked, seen.signals_changed = true)
SPOILER(crashed, (seen.ending = ENDING_CRASHED, seen.step = STEP_OF_FAILURE,
                  seen.outcome_count = STEP_OF_FAILURE))
SPOILER(wrote_path, (crashed(), seen.path_written = true))
SPOILER(read_on, (crashed(), seen.path_overread = true))
SPOILER(forked, (crashed(), seen.ending = ENDING_FORBIDDEN))
SPOILER(hung, (crashed(), seen.ending = ENDING_HUNG))

static const struct {
    void (*spoil)(void);
    enum clause clause;
    enum aspect aspect;
} rows[] = {
    {result_one, CLAUSE_RETURN, ASPECT_RESULT},
    {errno_cleared, CLAUSE_ERRNO_KEEP, ASPECT_ERRNO_KEPT},
    {errno_not_set, CLAUSE_ERRNO_SET, ASPECT_ERRNO},
    {errno_negative, CLAUSE_ERRNO_SET, ASPECT_ERRNO},
    {errno_wrong, CLAUSE_EEXIST, ASPECT_ERRNO},
    {success_claimed, CLAUSE_EEXIST, ASPECT_ERRNO},
    {success_denied, CLAUSE_SUCCESS, ASPECT_ERRNO},
    {node_absent, CLAUSE_STAT_TYPE, ASPECT_NODE},
    {node_is_file, CLAUSE_STAT_TYPE, ASPECT_TYPE},
    {umask_ignored, CLAUSE_MODE_UMASK, ASPECT_MODE},
    {suid_dropped, CLAUSE_MODE_SPECIAL, ASPECT_MODE},
    {owner_wrong, CLAUSE_OWNER_FSUID, ASPECT_OWNER},
    {group_wrong, CLAUSE_OWNER_FSUID, ASPECT_GROUP},
    {second_link, CLAUSE_STAT_NLINK, ASPECT_LINKS},
    {size_wrong, CLAUSE_STAT_SIZE, ASPECT_SIZE},
    {blocks_wrong, CLAUSE_STAT_BLOCKS, ASPECT_BLOCKS},
    {rdev_wrong, CLAUSE_STAT_RDEV, ASPECT_RDEV},
    {device_wrong, CLAUSE_STAT_DEV, ASPECT_DEVICE},
    {time_early, CLAUSE_TIME_NEW, ASPECT_TIMES},
    {time_late, CLAUSE_TIME_NEW, ASPECT_TIMES},
    {atime_apart, CLAUSE_TIME_EQUAL, ASPECT_TIMES},
    {ctime_apart, CLAUSE_TIME_EQUAL, ASPECT_TIMES},
    {ctime_late, CLAUSE_TIME_NEW, ASPECT_TIMES},
    {parent_time_late, CLAUSE_TIME_PARENT, ASPECT_PARENT_TIMES},
    {parent_time_early, CLAUSE_TIME_PARENT, ASPECT_PARENT_TIMES},
    {parent_ctime_apart, CLAUSE_TIME_EQUAL, ASPECT_PARENT_TIMES},
    {parent_links, CLAUSE_NLINK_PARENT, ASPECT_PARENT_LINKS},
    {parent_size, CLAUSE_SIZE_PARENT, ASPECT_PARENT_SIZE},
    {failure_moved_cwd, CLAUSE_STATE_CWD, ASPECT_CWD},
    {failure_touched_parent, CLAUSE_FAIL_NOEFFECT, ASPECT_PARENT_CHANGED},
    {failure_changed_parent, CLAUSE_FAIL_NOEFFECT, ASPECT_PARENT_CHANGED},
    {failure_grew_parent, CLAUSE_FAIL_NOEFFECT, ASPECT_PARENT_CHANGED},
    {old_umask_wrong, CLAUSE_STATE_UMASK, ASPECT_UMASK},
    {open_got_four, CLAUSE_STATE_DESCRIPTORS, ASPECT_DESCRIPTOR},
    {open_refused, CLAUSE_ARENA, ASPECT_PREPARATION},
    {node_too_many, CLAUSE_FAIL_NOEFFECT, ASPECT_ARENA_EXTRA},
    {node_missing, CLAUSE_FAIL_NOEFFECT, ASPECT_ARENA_MISSING},
    {node_renamed, CLAUSE_FAIL_NOEFFECT, ASPECT_ARENA_EXTRA},
    {bystander_mode, CLAUSE_FAIL_NOEFFECT, ASPECT_ARENA_NODE},
    {bystander_type, CLAUSE_FAIL_NOEFFECT, ASPECT_ARENA_NODE},
    {bystander_content, CLAUSE_FAIL_NOEFFECT, ASPECT_ARENA_CONTENT},
    {bystander_truncated, CLAUSE_FAIL_NOEFFECT, ASPECT_ARENA_NODE},
    {bystander_link_body, CLAUSE_FAIL_NOEFFECT, ASPECT_ARENA_CONTENT},
    {list_overflows, CLAUSE_FAIL_NOEFFECT, ASPECT_ARENA_EXTRA},
    {cwd_moved, CLAUSE_STATE_CWD, ASPECT_CWD},
    {umask_left, CLAUSE_STATE_UMASK, ASPECT_UMASK},
    {descriptor_leaked, CLAUSE_STATE_DESCRIPTORS, ASPECT_DESCRIPTOR},
    {descriptor_closed, CLAUSE_STATE_DESCRIPTORS, ASPECT_DESCRIPTOR},
    {stdin_closed, CLAUSE_STATE_DESCRIPTORS, ASPECT_DESCRIPTOR},
    {descriptor_replaced, CLAUSE_STATE_DESCRIPTORS, ASPECT_DESCRIPTOR},
    {descriptor_leaked_high, CLAUSE_STATE_DESCRIPTORS, ASPECT_DESCRIPTOR_COUNT},
    {existing_touched, CLAUSE_FAIL_NOEFFECT, ASPECT_PLACE_CHANGED},
    {cwd_touched, CLAUSE_ARENA, ASPECT_PLACE_CHANGED},
    {root_touched, CLAUSE_FAIL_NOEFFECT, ASPECT_PLACE_CHANGED},
    {cwd_left, CLAUSE_STATE_CWD, ASPECT_CWD},
    {failure_lost_parent, CLAUSE_FAIL_NOEFFECT, ASPECT_PARENT_ERROR},
    {failure_closed_dirfd, CLAUSE_STATE_DESCRIPTORS, ASPECT_PARENT_ERROR},
    {stderr_replaced, CLAUSE_STATE_DESCRIPTORS, ASPECT_STANDARD},
    {descriptor_appending, CLAUSE_STATE_DESCRIPTORS, ASPECT_DESCRIPTOR_STATE},
    {descriptor_read, CLAUSE_STATE_DESCRIPTORS, ASPECT_DESCRIPTOR_STATE},
    {descriptor_blocking, CLAUSE_STATE_DESCRIPTORS, ASPECT_DESCRIPTOR_STATE},
    {descriptor_inherited, CLAUSE_STATE_DESCRIPTORS, ASPECT_DESCRIPTOR_STATE},
    {signals_blocked, CLAUSE_STATE_SIGNALS, ASPECT_SIGNALS},
    {crashed, CLAUSE_RETURNS, ASPECT_ENDING},
    {wrote_path, CLAUSE_PATH_CONST, ASPECT_ENDING},
    {read_on, CLAUSE_PATH_READ, ASPECT_ENDING},
    {forked, CLAUSE_CONTAINED, ASPECT_ENDING},
    {hung, CLAUSE_RETURNS, ASPECT_ENDING},
};

static void right_observation_holds_at_every_level(void **state) {
    (void)state;
    for (int level = 0; level < LEVEL_COUNT; level++) {
        struct verdict verdict;
        contract.level = (enum level)level;
        verdict_judge(&judge, &scenario, &seen, &verdict);
        assert_int_equal(verdict.kind, VERDICT_HELD);
    }
}

static void every_spoiled_fact_is_noticed(void **state) {
    for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
        struct verdict verdict;
        observe_everything(state);
        rows[row].spoil();
        verdict_judge(&judge, &scenario, &seen, &verdict);
        char text[512] = "";
        if (verdict.kind != VERDICT_HELD)
            verdict_describe(&verdict, text, sizeof text);
        if (verdict.kind == VERDICT_HELD || verdict.clause != rows[row].clause ||
            verdict.aspect != rows[row].aspect)
            fail_msg("row %zu: expected %s, got %s (%s)", row, clause_infos[rows[row].clause].name,
                     verdict.kind == VERDICT_HELD ? "held" : clause_infos[verdict.clause].name,
                     text);
    }
}

/* Clauses that the documents do not state bind at level linux only. */
static void weaker_levels_waive_what_no_document_states(void **state) {
    static void (*const waived[])(void) = {errno_cleared, suid_dropped, second_link,
                                           size_wrong,    ctime_apart,  parent_links};
    for (size_t row = 0; row < sizeof waived / sizeof waived[0]; row++) {
        struct verdict verdict;
        observe_everything(state);
        contract.level = LEVEL_POSIX;
        waived[row]();
        if (waived[row] == suid_dropped)
            seen.nodes[NODE_OF_P].facts.mode = S_IFIFO | 0640;
        verdict_judge(&judge, &scenario, &seen, &verdict);
        assert_int_equal(verdict.kind, VERDICT_HELD);
    }
}

/* How many bytes and links a directory has is known of tmpfs alone; of other nodes it is known. */
static void directories_of_other_file_systems_have_any_size(void **state) {
    (void)state;
    struct verdict verdict;
    contract.host.can[ABILITY_TMPFS] = false;
    seen.outcomes[STEP_OF_SUCCESS].parent_before.size = 4096;
    seen.outcomes[STEP_OF_SUCCESS].parent_after.size = 4096;
    seen.nodes[NODE_OF_D].facts.size = 4096;
    seen.nodes[NODE_OF_D].facts.nlink = 1;
    verdict_judge(&judge, &scenario, &seen, &verdict);
    assert_int_equal(verdict.kind, VERDICT_HELD);
    seen.nodes[NODE_OF_P].facts.size = 4096;
    verdict_judge(&judge, &scenario, &seen, &verdict);
    assert_int_equal(verdict.aspect, ASPECT_ARENA_NODE);
}

/* A stat of the parent that the kernel disturbed: the root has grown, and rightly so. */
static void without_the_parent_nobody_is_accused(void **state) {
    (void)state;
    struct verdict verdict;
    struct wide_look *wide = &seen.wide_looks[STEP_OF_SUCCESS];
    wide->taken = true;
    wide->after.root.size = 20;
    seen.outcomes[STEP_OF_SUCCESS].parent_after = (struct node_facts){.error = ELOOP};
    verdict_judge(&judge, &scenario, &seen, &verdict);
    assert_int_equal(verdict.kind, VERDICT_HELD);
}

static void posix_leaves_errors_of_ones_own_undecided(void **state) {
    (void)state;
    struct verdict verdict;
    contract.level = LEVEL_POSIX;
    seen.outcomes[STEP_OF_FAILURE].error = EIO;
    verdict_judge(&judge, &scenario, &seen, &verdict);
    assert_int_equal(verdict.kind, VERDICT_UNDECIDED);
    seen.outcomes[STEP_OF_FAILURE].error = ENOSPC;
    verdict_judge(&judge, &scenario, &seen, &verdict);
    assert_int_equal(verdict.kind, VERDICT_VIOLATED);
}

static void a_crash_by_a_bad_pointer_is_undecided(void **state) {
    (void)state;
    struct verdict verdict;
    crashed();
    scenario.steps[STEP_OF_FAILURE].pointer = POINTER_NULL;
    verdict_judge(&judge, &scenario, &seen, &verdict);
    assert_int_equal(verdict.kind, VERDICT_UNDECIDED);
    assert_int_equal(verdict.clause, CLAUSE_EFAULT);
    hung();
    verdict_judge(&judge, &scenario, &seen, &verdict);
    assert_int_equal(verdict.kind, VERDICT_VIOLATED);
}

static void description_and_signature_are_exact(void **state) {
    (void)state;
    struct verdict verdict;
    char text[256];
    success_claimed();
    verdict_judge(&judge, &scenario, &seen, &verdict);
    verdict_describe(&verdict, text, sizeof text);
    assert_string_equal(text, "the call: expected EEXIST, got success");
    verdict_signature(&verdict, &scenario, text, sizeof text);
    assert_string_equal(text, "C-EEXIST.mkfifo.errno.0");
    umask_ignored();
    verdict_judge(&judge, &scenario, &seen, &verdict);
    verdict_describe(&verdict, text, sizeof text);
    assert_string_equal(text, "the mode of the new node: expected 04640, got 04666");
}

static void reached_clauses_are_told(void **state) {
    (void)state;
    struct verdict verdict;
    bool reached[CLAUSE_COUNT] = {false};
    struct judge telling = judge;
    telling.reach = count_reached;
    telling.reach_context = reached;
    reached_count = 0;
    verdict_judge(&telling, &scenario, &seen, &verdict);
    assert_true(reached[CLAUSE_EEXIST] && reached[CLAUSE_MODE_SPECIAL]);
    assert_true(reached[CLAUSE_FAIL_NOEFFECT] && reached[CLAUSE_TIME_NEW]);
    assert_false(reached[CLAUSE_EBADF]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(right_observation_holds_at_every_level, observe_everything),
        cmocka_unit_test(every_spoiled_fact_is_noticed),
        cmocka_unit_test(weaker_levels_waive_what_no_document_states),
        cmocka_unit_test_setup(directories_of_other_file_systems_have_any_size, observe_everything),
        cmocka_unit_test_setup(without_the_parent_nobody_is_accused, observe_everything),
        cmocka_unit_test_setup(posix_leaves_errors_of_ones_own_undecided, observe_everything),
        cmocka_unit_test_setup(a_crash_by_a_bad_pointer_is_undecided, observe_everything),
        cmocka_unit_test_setup(description_and_signature_are_exact, observe_everything),
        cmocka_unit_test_setup(reached_clauses_are_told, observe_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
