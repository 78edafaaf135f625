#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "scenario_zoo_mount.h"
#include "scenario_zoo_rights.h"
#include "scenario_zoo_touch.h"

static struct scenario scenario;
static struct random random_source;
static struct zoo zoo;
static char text[SCENARIO_PRINT_MAX];

static void begin(uint32_t subjects, uint64_t kinds) {
    scenario_clear(&scenario);
    zoo_start(&zoo, &scenario, &random_source, SHAPE_MKFIFO);
    zoo.subjects = subjects;
    zoo.possible |= kinds;
    zoo.theme = UINT64_MAX;
}

/* The first step of `kind`, or NULL. */
static const struct step *first(enum step_kind kind) {
    for (uint32_t i = 0; i < scenario.step_count; i++)
        if (scenario.steps[i].kind == kind)
            return &scenario.steps[i];
    return NULL;
}

static bool makes_a_node(const struct step *step) {
    return step->kind == STEP_MKDIR || step->kind == STEP_FILE || step->kind == STEP_SYMLINK ||
           step->kind == STEP_LINK;
}

static void full_file_systems_are_mostly_full(void **state) {
    (void)state;
    uint32_t full = 0, held = 0;
    for (int i = 0; i < 1000; i++) {
        begin(SUBJECT_MOUNTS, KINDS_MOUNT);
        zoo_make(&zoo, KIND(FULL));
        assert_true(scenario_valid(&scenario));
        const struct step *mount = first(STEP_MOUNT);
        assert_non_null(mount);
        assert_true(mount->mode >= 2);
        uint32_t nodes = 1;
        for (const struct step *step = mount; step < scenario.steps + scenario.step_count; step++)
            nodes += makes_a_node(step);
        full += nodes >= mount->mode;
        held += first(STEP_RMDIR) != NULL || first(STEP_UNLINK) != NULL;
    }
    assert_in_range(full, 500, 950);
    assert_true(held > 100);
}

static void read_only_mounts_are_mostly_filled_before(void **state) {
    (void)state;
    uint32_t filled = 0, superblocks = 0;
    for (int i = 0; i < 1000; i++) {
        begin(SUBJECT_MOUNTS, KINDS_MOUNT);
        uint32_t member = zoo_make(&zoo, KIND(READ_ONLY));
        const struct step *last = &scenario.steps[scenario.step_count - 1];
        assert_true((last->flags & MOUNT_READ_ONLY) != 0);
        filled += zoo_child(&zoo, member) != ZOO_ROOT;
        superblocks += last->kind == STEP_REMOUNT && (last->flags & MOUNT_SUPERBLOCK) != 0;
    }
    assert_true(filled > 500);
    assert_true(superblocks > 50);
}

static void other_flags_are_taken_away_again(void **state) {
    (void)state;
    uint32_t settled = 0;
    for (int i = 0; i < 100; i++) {
        begin(SUBJECT_MOUNTS, KINDS_MOUNT);
        zoo_remount(&zoo, ZOO_ROOT);
        if (zoo.remounted == ZOO_MEMBERS_MAX)
            continue;
        zoo_settle_mount(&zoo);
        assert_int_equal(zoo.remounted, ZOO_MEMBERS_MAX);
        assert_int_equal(scenario.step_count, 2);
        const struct step *step = scenario.steps;
        assert_int_equal(step[1].kind, STEP_REMOUNT);
        assert_int_equal(step[1].flags, step[0].flags & MOUNT_SUPERBLOCK);
        zoo_settle_mount(&zoo);
        assert_int_equal(scenario.step_count, 2);
        settled++;
    }
    assert_true(settled > 30);
}

static void bound_directory_shows_what_the_other_holds(void **state) {
    (void)state;
    uint32_t shown = 0;
    for (int i = 0; i < 200; i++) {
        begin(SUBJECT_MOUNTS, KINDS_MOUNT);
        uint32_t old = zoo_remember(&zoo, MEMBER_DIRECTORY, ZOO_ROOT, "old", 3);
        zoo_remember(&zoo, MEMBER_CLOSED_FILE, old, "file", 4);
        uint32_t bound = zoo_make(&zoo, KIND(BIND));
        for (uint32_t j = 1; j < zoo.count; j++)
            shown += zoo.members[j].parent == bound && zoo_is(&zoo, j, KIND(CLOSED_FILE));
    }
    assert_in_range(shown, 10, 150);
}

static void covered_and_detached_directories_change_their_kind(void **state) {
    (void)state;
    begin(SUBJECT_MOUNTS, KINDS_MOUNT);
    uint32_t a = zoo_remember(&zoo, MEMBER_DIRECTORY, ZOO_ROOT, "a", 1);
    zoo_cover(&zoo, a);
    assert_true(zoo_is(&zoo, a, KIND(MOUNT)));
    zoo_detach(&zoo, a);
    assert_true(zoo_is(&zoo, a, KIND(DIRECTORY)));
    assert_int_equal(scenario.steps[0].kind, STEP_MOUNT);
    assert_int_equal(scenario.steps[scenario.step_count - 1].kind, STEP_UMOUNT);
}

/* Who owns no directory could neither chmod it nor keep the bit of a group that is not his own. */
static void set_group_id_bit_comes_before_the_owner(void **state) {
    (void)state;
    for (int i = 0; i < 200; i++) {
        begin(SUBJECT_IDENTITIES, KINDS_RIGHTS);
        zoo_make(&zoo, KIND(GROUP));
        uint32_t last = scenario.step_count - 1;
        assert_int_equal(scenario.steps[last].kind, STEP_CHOWN);
        assert_int_equal(scenario.steps[last - 1].kind, STEP_CHMOD);
        assert_true((scenario.steps[last - 1].mode & 02000) != 0);
    }
}

static void rights_change_only_as_subjects_allow(void **state) {
    (void)state;
    begin(0, 0);
    for (int i = 0; i < 200; i++)
        zoo_change_rights(&zoo, ZOO_ROOT);
    for (uint32_t i = 0; i < scenario.step_count; i++)
        assert_int_equal(scenario.steps[i].kind, STEP_CHMOD);
    begin(SUBJECT_ACLS | SUBJECT_ATTRIBUTES | SUBJECT_IDENTITIES, KINDS_RIGHTS);
    for (int i = 0; i < 200; i++)
        zoo_change_rights(&zoo, ZOO_ROOT);
    assert_non_null(first(STEP_ACL));
    assert_non_null(first(STEP_ATTRIBUTE));
    assert_non_null(first(STEP_CHOWN));
    assert_true(scenario_valid(&scenario));
}

static void calls_without_subjects_are_not_touched(void **state) {
    (void)state;
    begin(0, 0);
    zoo_begin(&zoo);
    zoo_touch_for_call(&zoo, ZOO_ROOT);
    zoo_settle(&zoo);
    assert_int_equal(scenario.step_count, 0);
}

static void callers_act_right_before_the_call_and_stop_after_it(void **state) {
    (void)state;
    uint32_t acted = 0, stopped = 0;
    for (int i = 0; i < 300; i++) {
        begin(SUBJECT_IDENTITIES, 0);
        zoo_touch_for_call(&zoo, ZOO_ROOT);
        if (scenario.step_count == 0 || scenario.steps[scenario.step_count - 1].kind != STEP_AS)
            continue;
        acted++;
        uint32_t before = scenario.step_count;
        zoo_settle(&zoo);
        scenario_print(&scenario, NULL, text, sizeof text);
        stopped += scenario.step_count == before + 1 && strstr(text, "as 0:0\n") != NULL;
    }
    assert_true(acted > 200);
    assert_in_range(stopped, acted / 3, acted - 1);
}

int main(void) {
    random_seed(&random_source, 81);
    print_message("seed 81\n");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(full_file_systems_are_mostly_full),
        cmocka_unit_test(read_only_mounts_are_mostly_filled_before),
        cmocka_unit_test(other_flags_are_taken_away_again),
        cmocka_unit_test(bound_directory_shows_what_the_other_holds),
        cmocka_unit_test(covered_and_detached_directories_change_their_kind),
        cmocka_unit_test(set_group_id_bit_comes_before_the_owner),
        cmocka_unit_test(rights_change_only_as_subjects_allow),
        cmocka_unit_test(calls_without_subjects_are_not_touched),
        cmocka_unit_test(callers_act_right_before_the_call_and_stop_after_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
