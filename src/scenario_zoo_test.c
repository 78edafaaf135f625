#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "scenario_zoo.h"

static struct scenario scenario;
static struct random random_source;
static struct zoo zoo;
static char text[4096];

static void begin(enum target_shape shape) {
    random_seed(&random_source, 61);
    scenario_clear(&scenario);
    zoo_start(&zoo, &scenario, &random_source, shape);
    zoo.subjects = 0;
    zoo.possible &= ~KINDS_OF_SUBJECTS;
}

static uint32_t name(uint32_t parent, const char *string) {
    return zoo_remember(&zoo, MEMBER_DIRECTORY, parent, string, strlen(string));
}

static void expect_text(const char *expected) {
    scenario_print(&scenario, NULL, text, sizeof text);
    assert_string_equal(text, expected);
}

static void expect_path(uint32_t from, uint32_t to, const char *expected) {
    struct path path;
    path.length = 0;
    path_add_string(&path, "x:");
    zoo_add_path(&zoo, &path, from, to);
    assert_int_equal(path.length, strlen(expected) + 2);
    assert_memory_equal(path.bytes + 2, expected, strlen(expected));
}

static void paths_lead_from_one_member_to_another(void **state) {
    (void)state;
    begin(SHAPE_MKFIFO);
    uint32_t a = name(ZOO_ROOT, "a"), b = name(a, "b"), c = name(b, "c"), ab = name(ZOO_ROOT, "ab");
    expect_path(ZOO_ROOT, c, "a/b/c");
    expect_path(a, c, "b/c");
    expect_path(a, a, "");
    expect_path(ZOO_ROOT, ZOO_ROOT, "");
    expect_path(b, a, "../../a");
    expect_path(a, ab, "../ab");
    expect_path(c, ZOO_ROOT, "../../../");
}

static void preparations_name_members_from_the_working_directory(void **state) {
    (void)state;
    begin(SHAPE_MKFIFO);
    uint32_t a = name(ZOO_ROOT, "a"), b = name(a, "b");
    zoo_step(&zoo, STEP_UNLINK, b);
    zoo_step(&zoo, STEP_CHDIR, ZOO_ROOT);
    zoo.cwd = a;
    zoo_step(&zoo, STEP_UNLINK, b);
    expect_text("unlink \"a/b\"\nchdir \"/\"\nunlink \"/a/b\"\n");
}

static void renamed_directory_takes_its_children_along(void **state) {
    (void)state;
    begin(SHAPE_MKFIFO);
    uint32_t long_name = name(ZOO_ROOT, "long"), child = name(long_name, "c");
    zoo_rename(&zoo, long_name);
    zoo_remove(&zoo, child);
    expect_text("rename \"long\" \"a\"\nrmdir \"a/c\"\n");
    assert_true(zoo_is(&zoo, child, KIND(MISSING)));
}

static void every_kind_can_be_made(void **state) {
    (void)state;
    for (int kind = 0; kind < MEMBER_KIND_COUNT; kind++) {
        begin(SHAPE_SEQUENCE);
        zoo.theme = zoo.possible = UINT64_MAX;
        uint32_t member = zoo_make(&zoo, UINT64_C(1) << kind);
        assert_int_not_equal(member, ZOO_ROOT);
        assert_true(zoo_is(&zoo, member, UINT64_C(1) << kind));
        assert_true((scenario.step_count > 0) == (kind != MEMBER_MISSING));
        assert_true(scenario_valid(&scenario));
    }
}

static void fifos_are_made_only_in_sequences(void **state) {
    (void)state;
    begin(SHAPE_MKFIFO);
    for (int i = 0; i < 60; i++)
        assert_false(zoo_is(&zoo, zoo_make(&zoo, KINDS_FILE), KIND(FIFO)));
}

/* Returns in how many of 20,000 scenarios a subject was drawn; 0 as subject: in how many none. */
static uint32_t drawn(uint32_t subject) {
    uint32_t count = 0;
    begin(SHAPE_SEQUENCE);
    for (int i = 0; i < 20000; i++) {
        zoo_start(&zoo, &scenario, &random_source, SHAPE_SEQUENCE);
        count += subject == 0 ? zoo.subjects == 0 : (zoo.subjects & subject) != 0;
        assert_true((zoo.subjects & SUBJECT_MOUNTS) != 0 || (zoo.possible & KINDS_MOUNT) == 0);
    }
    return count;
}

static void subjects_are_as_rare_as_they_are_costly(void **state) {
    (void)state;
    assert_in_range(drawn(0), 12000, 14500);
    assert_in_range(drawn(SUBJECT_IDENTITIES), 4000, 6500);
    assert_in_range(drawn(SUBJECT_MOUNTS), 1000, 2000);
    assert_in_range(drawn(SUBJECT_ACLS), 1000, 2000);
    assert_in_range(drawn(SUBJECT_ATTRIBUTES), 1000, 2000);
    assert_in_range(drawn(SUBJECT_DESCRIPTORS), 800, 1600);
    assert_in_range(drawn(SUBJECT_LANDLOCK), 80, 200);
}

static void full_zoo_gives_the_root(void **state) {
    (void)state;
    begin(SHAPE_SEQUENCE);
    for (int i = 0; i < 1000; i++)
        zoo_make(&zoo, KINDS_PRESENT);
    assert_int_equal(zoo.count, ZOO_MEMBERS_MAX);
    assert_int_equal(zoo_make(&zoo, KINDS_PRESENT), ZOO_ROOT);
    assert_true(scenario_valid(&scenario));
}

static void duplicate_stands_for_the_same_member(void **state) {
    (void)state;
    begin(SHAPE_MKFIFO);
    uint32_t a = name(ZOO_ROOT, "a");
    uint32_t slot = zoo_open(&zoo, a, OPEN_PATH), copy = zoo_dup(&zoo, slot);
    assert_int_not_equal(slot, copy);
    assert_int_equal(zoo.slot_members[copy], a);
    assert_int_equal(scenario.steps[1].dirfd.number, slot);
    assert_true(scenario_valid(&scenario));
}

static void full_scenario_takes_no_more(void **state) {
    (void)state;
    begin(SHAPE_SEQUENCE);
    while (scenario_add(&scenario, STEP_UMASK) != NULL)
        continue;
    for (int i = 0; i < 1000; i++)
        zoo_make(&zoo, KINDS_PRESENT);
    assert_int_equal(scenario.step_count, SCENARIO_STEPS_MAX);
    assert_true(scenario_valid(&scenario));
}

static void adopting_finds_members_cwd_umask_and_slots(void **state) {
    (void)state;
    const char *source = "mkdir \"a\" 0700\nfile \"/a/f\" 0600 \"\"\nd2 = open \"a\"\n"
                         "umask 0077\nchdir \"/a\"\nd4 = dup d2 1024\n"
                         "chown \"a\" 1:2\nas 7:8,9\n";
    struct text_error error;
    begin(SHAPE_MKFIFO);
    assert_int_equal(scenario_parse(&scenario, NULL, source, strlen(source), &error), 0);
    zoo_adopt(&zoo);
    assert_int_equal(zoo.count, 3);
    assert_int_equal(zoo.umask, 077);
    assert_int_equal(zoo.slot, 3);
    assert_int_equal(zoo.caller.uid, 7);
    assert_int_equal(zoo.caller.groups[0], 9);
    expect_path(ZOO_ROOT, zoo.cwd, "a");
    expect_path(ZOO_ROOT, zoo.slot_members[2], "a");
    expect_path(ZOO_ROOT, zoo.slot_members[4], "a");
    expect_path(ZOO_ROOT, 2, "a/f");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_lead_from_one_member_to_another),
        cmocka_unit_test(preparations_name_members_from_the_working_directory),
        cmocka_unit_test(renamed_directory_takes_its_children_along),
        cmocka_unit_test(every_kind_can_be_made),
        cmocka_unit_test(fifos_are_made_only_in_sequences),
        cmocka_unit_test(subjects_are_as_rare_as_they_are_costly),
        cmocka_unit_test(full_zoo_gives_the_root),
        cmocka_unit_test(duplicate_stands_for_the_same_member),
        cmocka_unit_test(full_scenario_takes_no_more),
        cmocka_unit_test(adopting_finds_members_cwd_umask_and_slots),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
