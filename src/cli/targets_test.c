#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "targets.h"

/* A whole implementation without special traits, on a host that can do everything. */
static struct campaign_facts everything(void) {
    struct campaign_facts facts = {.entries = {true, true}};
    for (int ability = 0; ability < ABILITY_COUNT; ability++)
        facts.host.can[ability] = true;
    return facts;
}

static bool reaches(const char *target, const struct campaign_facts *facts, enum clause clause) {
    const char *reason = target_unreachable(target_find(target), facts, clause);
    assert_true(!reason || *reason);
    return reason == NULL;
}

static unsigned reached_by(const char *target, const struct campaign_facts *facts) {
    unsigned count = 0;
    for (int clause = 0; clause < CLAUSE_COUNT; clause++)
        count += reaches(target, facts, (enum clause)clause);
    return count;
}

/* What takes several actors, or a kernel that fails, has targets of its own. */
static void targets_reach_what_their_steps_can_show(void **state) {
    (void)state;
    struct campaign_facts facts = everything();
    for (int clause = 0; clause < CLAUSE_COUNT; clause++) {
        const bool alone = clause_infos[clause].need == ABILITY_LANDLOCK;
        assert_true(reaches("all", &facts, (enum clause)clause));
        assert_int_equal(reaches("sequence", &facts, (enum clause)clause),
                         !ability_takes_actors(clause_infos[clause].need));
        assert_int_equal(reaches("inject", &facts, (enum clause)clause), !alone);
        assert_int_equal(reaches("threads", &facts, (enum clause)clause),
                         !alone && clause != CLAUSE_SECCOMP_INJECT);
    }
    assert_true(reaches("rendezvous", &facts, CLAUSE_IO_POLL));
    assert_false(reaches("rendezvous", &facts, CLAUSE_MT_SAFE));
}

static void clauses_about_dirfd_need_mkfifoat(void **state) {
    (void)state;
    struct campaign_facts facts = everything();
    assert_true(reaches("mkfifoat", &facts, CLAUSE_EBADF));
    assert_false(reaches("mkfifo", &facts, CLAUSE_EBADF));
    facts.entries[STEP_MKFIFOAT] = false;
    assert_false(reaches("sequence", &facts, CLAUSE_EBADF));
    assert_true(reaches("sequence", &facts, CLAUSE_EEXIST));
    assert_int_equal(reached_by("mkfifoat", &facts), 0);
}

static void a_single_call_finds_no_other_fifo(void **state) {
    (void)state;
    struct campaign_facts facts = everything();
    assert_false(reaches("mkfifo", &facts, CLAUSE_PROT_FIFOS));
    assert_false(reaches("mkfifoat", &facts, CLAUSE_PROT_FIFOS));
}

static void one_entry_point_that_shows_a_clause_is_enough(void **state) {
    (void)state;
    struct campaign_facts facts = everything();
    facts.traits.of[STEP_MKFIFO] =
        (struct entry_traits){.masks_type_bits = true, .reads_path = true};
    assert_true(reaches("sequence", &facts, CLAUSE_EFAULT));
    assert_true(reaches("sequence", &facts, CLAUSE_EINVAL_FIRST));
    assert_false(reaches("mkfifo", &facts, CLAUSE_EFAULT));
    assert_false(reaches("mkfifo", &facts, CLAUSE_EINVAL_FIRST));
    assert_true(reaches("mkfifo", &facts, CLAUSE_MODE_SPECIAL));
    facts.traits.of[STEP_MKFIFO].drops_special_bits = true;
    assert_true(reaches("sequence", &facts, CLAUSE_MODE_SPECIAL));
    assert_false(reaches("mkfifo", &facts, CLAUSE_MODE_SPECIAL));
    assert_false(reaches("mkfifo", &facts, CLAUSE_SETGID_BEFORE_UMASK));
    facts.traits.of[STEP_MKFIFO].drops_special_bits = false;
    facts.traits.of[STEP_MKFIFO].mode_way = MODE_CHANGES;
    assert_true(reaches("mkfifo", &facts, CLAUSE_SETGID_STRIP));
    assert_false(reaches("mkfifo", &facts, CLAUSE_SETGID_BEFORE_UMASK));
    facts.entries[STEP_MKFIFOAT] = false;
    assert_false(reaches("sequence", &facts, CLAUSE_EFAULT));
    assert_false(reaches("sequence", &facts, CLAUSE_EINVAL_FIRST));
}

static void what_the_host_lacks_is_the_reason(void **state) {
    (void)state;
    for (int ability = 0; ability < ABILITY_COUNT; ability++) {
        struct campaign_facts facts = everything();
        facts.host.can[ability] = false;
        for (int clause = 0; clause < CLAUSE_COUNT; clause++) {
            const char *reason =
                target_unreachable(target_find("all"), &facts, (enum clause)clause);
            if (clause_infos[clause].need == ability)
                assert_string_equal(reason, ability_infos[ability].lacking);
            else
                assert_null(reason);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(targets_reach_what_their_steps_can_show),
        cmocka_unit_test(clauses_about_dirfd_need_mkfifoat),
        cmocka_unit_test(a_single_call_finds_no_other_fifo),
        cmocka_unit_test(one_entry_point_that_shows_a_clause_is_enough),
        cmocka_unit_test(what_the_host_lacks_is_the_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
