#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "scenario.h"
#include "scenario_testing.h"

enum { SEED = 20240612 };

static struct scenario a, b;

static struct text store(struct scenario *scenario, const char *string) {
    return scenario_store(scenario, string, strlen(string));
}

/* The entries that are always there, without permissions. */
enum { ACL_MINIMAL = 8 << 4 * ENTRY_OWNER | 8 << 4 * ENTRY_OWNING_GROUP | 8 << 4 * ENTRY_OTHER };

/* A valid scenario with one step of every kind. */
static void fill(struct scenario *scenario) {
    scenario_clear(scenario);
    for (unsigned kind = 0; kind < STEP_KIND_COUNT; kind++) {
        struct step *step = scenario_add(scenario, kind);
        assert_non_null(step);
        for (const uint8_t *operand = step_infos[kind].operands; *operand; operand++) {
            if (*operand == OPERAND_PATH || *operand == OPERAND_POINTER)
                step->path = store(scenario, "path");
            if (*operand == OPERAND_OTHER)
                step->other = store(scenario, "other");
            if (*operand == OPERAND_MODE || *operand == OPERAND_FULL_MODE)
                step->mode = 0644;
            if (*operand == OPERAND_ENTRIES)
                step->mode = ACL_MINIMAL;
        }
    }
}

static void table_names_every_kind_once_and_ends_its_operands(void **state) {
    (void)state;
    for (unsigned kind = 0; kind < STEP_KIND_COUNT; kind++) {
        const struct step_info *info = &step_infos[kind];
        assert_true(strlen(info->name) > 0 && strlen(info->summary) > 0);
        assert_int_equal(info->operands[sizeof info->operands - 1], OPERAND_END);
        for (unsigned other = 0; other < kind; other++)
            assert_string_not_equal(info->name, step_infos[other].name);
    }
}

static void kinds_have_words_exactly_for_their_flags(void **state) {
    (void)state;
    for (unsigned kind = 0; kind < STEP_KIND_COUNT; kind++) {
        const struct step_info *info = &step_infos[kind];
        assert_null(info->flags[STEP_FLAGS_MAX]);
        bool takes_flags = false;
        for (const uint8_t *operand = info->operands; *operand; operand++)
            takes_flags = takes_flags || *operand == OPERAND_FLAGS;
        assert_int_equal(takes_flags, step_flags_all(kind) != 0);
    }
    assert_int_equal(step_flags_all(STEP_OPEN), OPEN_PLAIN | OPEN_IN_USE);
    assert_int_equal(step_flags_all(STEP_ACL), ACL_DEFAULT);
    assert_int_equal(step_flags_all(STEP_ATTRIBUTE), ATTRIBUTE_IMMUTABLE | ATTRIBUTE_APPEND);
    assert_int_equal(step_flags_all(STEP_REMOUNT), 2 * MOUNT_SUPERBLOCK - 1);
}

static void only_mkfifo_and_mkfifoat_are_calls(void **state) {
    (void)state;
    for (unsigned kind = 0; kind < STEP_KIND_COUNT; kind++) {
        struct step step = {.kind = (uint8_t)kind};
        assert_int_equal(step_is_call(&step), strncmp(step_infos[kind].name, "mkfifo", 6) == 0);
    }
}

static void added_step_is_all_0_and_the_last_one_is_refused(void **state) {
    (void)state;
    memset(&a, 0xff, sizeof a);
    scenario_clear(&a);
    for (int i = 0; i < SCENARIO_STEPS_MAX; i++) {
        struct step *step = scenario_add(&a, STEP_RMDIR);
        assert_ptr_equal(step, &a.steps[i]);
        assert_int_equal(step->kind, STEP_RMDIR);
        assert_int_equal(step->mode, 0);
        assert_int_equal(step->path.length, 0);
    }
    assert_true(scenario_valid(&a));
    assert_null(scenario_add(&a, STEP_RMDIR));
    assert_int_equal(a.step_count, SCENARIO_STEPS_MAX);
}

static void stored_text_is_cut_to_its_limit_and_to_the_pool(void **state) {
    (void)state;
    static char long_text[TEXT_LENGTH_MAX + 1];
    memset(long_text, 'l', sizeof long_text);
    scenario_clear(&a);
    uint32_t stored = 0;
    for (;;) {
        struct text text = scenario_store(&a, long_text, sizeof long_text);
        assert_int_equal(text.offset, stored);
        stored += text.length;
        if (text.length < TEXT_LENGTH_MAX)
            break;
    }
    assert_int_equal(stored, SCENARIO_POOL_MAX);
    assert_int_equal(scenario_store(&a, "x", 1).length, 0);
    assert_int_equal(a.pool_used, SCENARIO_POOL_MAX);
}

static void stored_nul_becomes_1(void **state) {
    (void)state;
    scenario_clear(&a);
    struct text text = scenario_store(&a, "a\0b", 3);
    assert_int_equal(text.length, 3);
    assert_memory_equal(scenario_text(&a, text), "a\1b", 3);
}

static void copy_is_equal_and_independent(void **state) {
    (void)state;
    fill(&a);
    memset(&b, 0xff, sizeof b);
    scenario_copy(&b, &a);
    assert_true(scenario_valid(&b));
    assert_true(scenario_equal(&a, &b));
    b.pool[0] = '!';
    assert_false(scenario_equal(&a, &b));
    scenario_copy(&a, &a);
    fill(&b);
    assert_true(scenario_equal(&a, &b));
}

static void truncation_keeps_the_first_steps(void **state) {
    (void)state;
    fill(&a);
    fill(&b);
    scenario_truncate(&a, STEP_RENAME);
    assert_int_equal(a.step_count, STEP_RENAME);
    assert_true(scenario_valid(&a));
    assert_false(scenario_equal(&a, &b));
    for (unsigned kind = STEP_RENAME; kind < STEP_KIND_COUNT; kind++)
        *scenario_add(&a, kind) = b.steps[kind];
    assert_true(scenario_equal(&a, &b));
}

static void equality_ignores_where_texts_lie(void **state) {
    (void)state;
    scenario_clear(&a);
    store(&a, "in the way");
    scenario_add(&a, STEP_UNLINK)->path = store(&a, "name");
    scenario_clear(&b);
    scenario_add(&b, STEP_UNLINK)->path = store(&b, "name");
    assert_true(scenario_equal(&a, &b));
}

static void equality_sees_every_field(void **state) {
    (void)state;
    static const struct step differing[] = {
        {.kind = STEP_MKFIFOAT},
        {.pointer = POINTER_NULL},
        {.flags = OPEN_PATH},
        {.slot = 1},
        {.dirfd = {.kind = DIRFD_SLOT}},
        {.dirfd = {.number = 1}},
        {.mode = 1U << 31},
        {.path = {.length = 1}},
        {.other = {.length = 1}},
        {.identity = {.uid = 1}},
        {.identity = {.gid = 1}},
        {.identity = {.real_uid = 1}},
        {.identity = {.real_gid = 1}},
        {.identity = {.group_count = 1}},
    };
    for (size_t i = 0; i < sizeof differing / sizeof differing[0]; i++) {
        scenario_clear(&a);
        scenario_clear(&b);
        store(&a, "x");
        store(&b, "x");
        scenario_add(&a, STEP_MKFIFO);
        *scenario_add(&b, STEP_MKFIFO) = differing[i];
        assert_false(scenario_equal(&a, &b));
        assert_false(scenario_equal(&b, &a));
    }
}

static void equality_sees_every_group_that_counts(void **state) {
    (void)state;
    for (int group = 0; group < IDENTITY_GROUPS; group++) {
        for (int count = 0; count <= IDENTITY_GROUPS; count++) {
            scenario_clear(&a);
            scenario_clear(&b);
            scenario_add(&a, STEP_AS)->identity.group_count = (uint8_t)count;
            scenario_add(&b, STEP_AS)->identity.group_count = (uint8_t)count;
            b.steps[0].identity.groups[group] = 1;
            assert_int_equal(scenario_equal(&a, &b), group >= count);
        }
    }
}

static void acls_are_valid_with_what_must_be_there_and_no_more(void **state) {
    (void)state;
    uint32_t valid = 0;
    for (uint32_t acl = 0; acl < UINT32_C(1) << 4 * ENTRY_COUNT; acl++)
        valid += acl_valid(acl);
    /* Permissions of the three that are always there; no others, or a mask with one or both. */
    assert_int_equal(valid, 8 * 8 * 8 * (1 + 8 * (8 + 8 + 8 * 8)));
    assert_true(acl_valid(ACL_MINIMAL));
    assert_false(acl_valid(acl_with(ACL_MINIMAL, ENTRY_USER, 7)));
    assert_false(acl_valid(acl_with(ACL_MINIMAL, ENTRY_MASK, 7)));
    uint32_t named = acl_with(acl_with(ACL_MINIMAL, ENTRY_GROUP, 5), ENTRY_MASK, 3);
    assert_true(acl_valid(named));
    assert_int_equal(acl_permissions(named, ENTRY_GROUP), 5);
    assert_int_equal(acl_permissions(named, ENTRY_MASK), 3);
    for (int bit = 4 * ENTRY_COUNT; bit < 32; bit++)
        assert_false(acl_valid(named | UINT32_C(1) << bit));
}

static void random_fields_in_range_are_valid(void **state) {
    (void)state;
    printf("seed %d\n", SEED);
    struct random random;
    random_seed(&random, SEED);
    for (int i = 0; i < 1000; i++) {
        random_scenario(&a, &random);
        assert_true(scenario_valid(&a));
        scenario_copy(&b, &a);
        assert_true(scenario_equal(&a, &b));
    }
}

static void every_field_in_range_is_valid(void **state) {
    (void)state;
    fill(&a);
    a.steps[STEP_MKFIFO].mode = UINT32_MAX;
    a.steps[STEP_MKFIFOAT].mode = UINT32_MAX;
    a.steps[STEP_UMASK].mode = UINT32_MAX;
    a.steps[STEP_MKDIR].mode = 07777;
    a.steps[STEP_OPEN].flags = OPEN_PLAIN | OPEN_IN_USE;
    a.steps[STEP_OPEN].slot = SCENARIO_SLOTS - 1;
    a.steps[STEP_CLOSE].slot = SCENARIO_SLOTS - 1;
    a.steps[STEP_DUP].mode = NUMBER_MAX;
    a.steps[STEP_AS].flags = CAPABILITY_OVERRIDE | CAPABILITY_READ_SEARCH | CAPABILITY_FSETID;
    a.steps[STEP_AS].identity = (struct identity){ID_MAX, ID_MAX, ID_MAX, ID_MAX, 1, {ID_MAX}};
    a.steps[STEP_CHOWN].identity = (struct identity){.uid = ID_MAX, .gid = ID_MAX};
    a.steps[STEP_ACL].mode = 0xffffff;
    a.steps[STEP_ACL].identity = (struct identity){.uid = ID_MAX, .gid = ID_MAX};
    a.steps[STEP_MOUNT].mode = NUMBER_MAX;
    a.steps[STEP_MOUNT].flags = 2 * MOUNT_IDMAP - 1;
    a.steps[STEP_MKFIFO].pointer = POINTER_UNTERMINATED;
    a.steps[STEP_MKFIFOAT].dirfd = (struct dirfd){DIRFD_NUMBER, INT32_MIN};
    assert_true(scenario_valid(&a));
    a.steps[STEP_MKFIFOAT].dirfd = (struct dirfd){DIRFD_SLOT, SCENARIO_SLOTS - 1};
    a.steps[STEP_MKFIFO].pointer = POINTER_COUNTED;
    a.steps[STEP_MKFIFO].other = a.steps[STEP_MKFIFO].path;
    assert_true(scenario_valid(&a));
    a.steps[STEP_MKFIFO].pointer = POINTER_UNENCODABLE;
    a.steps[STEP_MKFIFO].high = INT32_MIN;
    assert_true(scenario_valid(&a));
    a.steps[STEP_MKFIFO].pointer = POINTER_NULL;
    a.steps[STEP_MKFIFO].path.length = 0;
    a.steps[STEP_MKFIFO].other = (struct text){0};
    assert_true(scenario_valid(&a));
}

static void fields_out_of_range_are_not_valid(void **state) {
    (void)state;
    static const struct step invalid[] = {
        {.kind = STEP_KIND_COUNT},
        {.kind = STEP_MKFIFO, .pointer = POINTER_COUNT},
        {.kind = STEP_MKFIFO, .pointer = POINTER_NULL, .path = {.length = 1}},
        {.kind = STEP_MKFIFO, .pointer = POINTER_UNMAPPED, .path = {.length = 1}},
        {.kind = STEP_MKFIFO, .pointer = POINTER_NONCANONICAL, .path = {.length = 1}},
        {.kind = STEP_MKFIFO, .pointer = POINTER_UNTERMINATED},
        {.kind = STEP_MKFIFO, .pointer = POINTER_COUNTED, .other = {.offset = 3, .length = 1}},
        {.kind = STEP_MKFIFO, .pointer = POINTER_UNENCODABLE, .other = {.offset = 3, .length = 1}},
        {.kind = STEP_UMASK, .high = -1},
        {.kind = STEP_MKFIFOAT, .dirfd = {DIRFD_KIND_COUNT, 0}},
        {.kind = STEP_MKFIFOAT, .dirfd = {DIRFD_CWD, 1}},
        {.kind = STEP_MKFIFOAT, .dirfd = {DIRFD_SLOT, SCENARIO_SLOTS}},
        {.kind = STEP_MKFIFOAT, .dirfd = {DIRFD_SLOT, -1}},
        {.kind = STEP_MKDIR, .mode = 010000},
        {.kind = STEP_FILE, .mode = 010000},
        {.kind = STEP_CHMOD, .mode = 010000},
        {.kind = STEP_AS, .flags = 1 << 3},
        {.kind = STEP_OPEN, .slot = SCENARIO_SLOTS},
        {.kind = STEP_CLOSE, .slot = SCENARIO_SLOTS},
        {.kind = STEP_ACL, .mode = ACL_MINIMAL, .flags = ACL_DEFAULT + 1},
        {.kind = STEP_ATTRIBUTE, .flags = 2 * ATTRIBUTE_APPEND},
        {.kind = STEP_AS, .flags = 2 * CAPABILITY_FSETID},
        {.kind = STEP_BIND, .flags = 2 * MOUNT_IDMAP},
        {.kind = STEP_DUP, .mode = NUMBER_MAX + 1},
        {.kind = STEP_NOFILE, .mode = NUMBER_MAX + 1},
        {.kind = STEP_MOUNT, .mode = NUMBER_MAX + 1},
        {.kind = STEP_AS, .identity = {.uid = ID_MAX + 1}},
        {.kind = STEP_AS, .identity = {.gid = ID_MAX + 1}},
        {.kind = STEP_AS, .identity = {.real_uid = ID_MAX + 1}},
        {.kind = STEP_AS, .identity = {.real_gid = ID_MAX + 1}},
        {.kind = STEP_AS, .identity = {.group_count = 1, .groups = {ID_MAX + 1}}},
        {.kind = STEP_AS, .identity = {.group_count = 1, .groups = {1, 1}}},
        {.kind = STEP_AS, .identity = {.group_count = IDENTITY_GROUPS + 1}},
        {.kind = STEP_CHOWN, .identity = {.uid = ID_MAX + 1}},
        {.kind = STEP_ACL, .mode = ACL_MINIMAL - 8},
        {.kind = STEP_ACL, .mode = 0xffffff, .identity = {.gid = ID_MAX + 1}},
        {.kind = STEP_RMDIR, .path = {.offset = 3, .length = 1}}, /* a NUL */
        {.kind = STEP_RMDIR, .path = {.offset = 4, .length = 1}}, /* past the pool's end */
        {.kind = STEP_RMDIR, .path = {.offset = 5}},
        {.kind = STEP_LINK, .other = {.offset = UINT32_MAX, .length = 2}},
    };
    for (size_t i = 0; i < sizeof invalid / sizeof invalid[0]; i++) {
        scenario_clear(&a);
        memcpy(a.pool, "abc\0d", 5);
        a.pool_used = 4;
        *scenario_add(&a, STEP_MKFIFO) = invalid[i];
        assert_false(scenario_valid(&a));
    }
}

static void fields_that_the_kind_does_not_have_are_not_valid(void **state) {
    (void)state;
    static const struct step invalid[] = {
        {.kind = STEP_MKDIR, .pointer = POINTER_NULL},
        {.kind = STEP_MKFIFO, .flags = OPEN_PATH},
        {.kind = STEP_MKFIFO, .other = {.length = 1}},
        {.kind = STEP_MKFIFO, .pointer = POINTER_NULL, .other = {.offset = 1}},
        {.kind = STEP_MKFIFO, .slot = 1},
        {.kind = STEP_MKFIFO, .dirfd = {DIRFD_NUMBER, 0}},
        {.kind = STEP_MKFIFO, .dirfd = {DIRFD_CWD, 1}},
        {.kind = STEP_CHDIR, .mode = 1},
        {.kind = STEP_UMASK, .path = {.length = 1}},
        {.kind = STEP_UMASK, .path = {.offset = 1}},
        {.kind = STEP_UNLINK, .other = {.length = 1}},
        {.kind = STEP_UNLINK, .other = {.offset = 1}},
        {.kind = STEP_UMOUNT, .flags = 1},
        {.kind = STEP_OPEN, .mode = 1},
        {.kind = STEP_MKDIR, .identity = {.uid = 1}},
        {.kind = STEP_MKDIR, .identity = {.gid = 1}},
        {.kind = STEP_MKDIR, .identity = {.real_uid = 1}},
        {.kind = STEP_MKDIR, .identity = {.groups = {0, 0, 1}}},
        {.kind = STEP_CHOWN, .identity = {.real_uid = 1}},
        {.kind = STEP_CHOWN, .identity = {.real_gid = 1}},
        {.kind = STEP_CHOWN, .identity = {.group_count = 1}},
        {.kind = STEP_CHOWN, .identity = {.groups = {1}}},
        {.kind = STEP_ACL, .mode = ACL_MINIMAL, .identity = {.uid = 1}},
        {.kind = STEP_ACL, .mode = ACL_MINIMAL, .identity = {.gid = 1}},
        {.kind = STEP_ACL, .mode = 0xffffff, .identity = {.real_uid = 1}},
    };
    for (size_t i = 0; i < sizeof invalid / sizeof invalid[0]; i++) {
        scenario_clear(&a);
        store(&a, "ab");
        *scenario_add(&a, STEP_MKFIFO) = invalid[i];
        assert_false(scenario_valid(&a));
    }
}

static void texts_longer_than_the_limits_are_not_valid(void **state) {
    (void)state;
    scenario_clear(&a);
    a.pool_used = SCENARIO_POOL_MAX;
    memset(a.pool, 'p', sizeof a.pool);
    struct step *step = scenario_add(&a, STEP_CHDIR);
    step->path = (struct text){0, TEXT_LENGTH_MAX};
    assert_true(scenario_valid(&a));
    step->path.length++;
    assert_false(scenario_valid(&a));

    step->path.length = TEXT_LENGTH_MAX;
    for (int i = 1; i < SCENARIO_POOL_MAX / TEXT_LENGTH_MAX; i++)
        *scenario_add(&a, STEP_CHDIR) = *step; /* shares the bytes, but counts in full */
    assert_true(scenario_valid(&a));
    *scenario_add(&a, STEP_CHDIR) = *step;
    assert_false(scenario_valid(&a));
}

static void counts_past_the_arrays_are_not_valid(void **state) {
    (void)state;
    scenario_clear(&a);
    a.step_count = SCENARIO_STEPS_MAX + 1;
    assert_false(scenario_valid(&a));
    a.step_count = 0;
    a.pool_used = SCENARIO_POOL_MAX + 1;
    assert_false(scenario_valid(&a));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_names_every_kind_once_and_ends_its_operands),
        cmocka_unit_test(kinds_have_words_exactly_for_their_flags),
        cmocka_unit_test(only_mkfifo_and_mkfifoat_are_calls),
        cmocka_unit_test(added_step_is_all_0_and_the_last_one_is_refused),
        cmocka_unit_test(stored_text_is_cut_to_its_limit_and_to_the_pool),
        cmocka_unit_test(stored_nul_becomes_1),
        cmocka_unit_test(copy_is_equal_and_independent),
        cmocka_unit_test(truncation_keeps_the_first_steps),
        cmocka_unit_test(equality_ignores_where_texts_lie),
        cmocka_unit_test(equality_sees_every_field),
        cmocka_unit_test(equality_sees_every_group_that_counts),
        cmocka_unit_test(acls_are_valid_with_what_must_be_there_and_no_more),
        cmocka_unit_test(random_fields_in_range_are_valid),
        cmocka_unit_test(every_field_in_range_is_valid),
        cmocka_unit_test(fields_out_of_range_are_not_valid),
        cmocka_unit_test(fields_that_the_kind_does_not_have_are_not_valid),
        cmocka_unit_test(texts_longer_than_the_limits_are_not_valid),
        cmocka_unit_test(counts_past_the_arrays_are_not_valid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
