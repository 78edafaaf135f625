#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "host.h"

enum {
    IDENTITIES = 1 << ABILITY_IDENTITIES,
    MOUNTS = 1 << ABILITY_MOUNTS,
    NOSYMFOLLOW = 1 << ABILITY_NOSYMFOLLOW,
    IDMAP = 1 << ABILITY_IDMAP,
    ACLS = 1 << ABILITY_ACLS,
    ATTRIBUTES = 1 << ABILITY_ATTRIBUTES,
    LANDLOCK = 1 << ABILITY_LANDLOCK,
    DESCRIPTORS = 1 << ABILITY_DESCRIPTORS,
    LIMITS = 1 << ABILITY_LIMITS,
    POINTERS = 1 << ABILITY_POINTERS,
    CAPABILITIES = 1 << ABILITY_CAPABILITIES,
    ACTS = 1 << ABILITY_ACTORS,
    ROOM = ACTS | 1 << ABILITY_PIPES,
    GATE = 1 << ABILITY_GATE,
    CIRCUMSTANCES = 1 << ABILITY_CIRCUMSTANCES,
    FILTER = 1 << ABILITY_FILTER,
};

static struct scenario scenario;

static void every_ability_has_a_name_and_a_way_out(void **state) {
    (void)state;
    for (int ability = 0; ability < ABILITY_COUNT; ability++) {
        assert_true(strlen(ability_infos[ability].name) > 0);
        assert_true(strlen(ability_infos[ability].lacking) > 0);
        for (int other = 0; other < ability; other++)
            assert_string_not_equal(ability_infos[ability].name, ability_infos[other].name);
    }
}

static void kinds_need_what_they_are_about(void **state) {
    (void)state;
    static const unsigned needs[STEP_KIND_COUNT] = {
        [STEP_LANDLOCK] = LANDLOCK,  [STEP_ACL] = ACLS,           [STEP_ATTRIBUTE] = ATTRIBUTES,
        [STEP_MOUNT] = MOUNTS,       [STEP_BIND] = MOUNTS,        [STEP_REMOUNT] = MOUNTS,
        [STEP_UMOUNT] = MOUNTS,      [STEP_OPEN] = DESCRIPTORS,   [STEP_CLOSE] = DESCRIPTORS,
        [STEP_DUP] = DESCRIPTORS,    [STEP_NOFILE] = LIMITS,      [STEP_CHOWN] = CAPABILITIES,
        [STEP_ACTOR] = ACTS,         [STEP_READ] = ACTS,          [STEP_WRITE] = ROOM,
        [STEP_POLL] = ROOM,          [STEP_RESIZE] = ROOM,        [STEP_USE] = ACTS,
        [STEP_SIGNAL] = ACTS,        [STEP_WITHIN] = ACTS,        [STEP_PAUSE] = ACTS | GATE,
        [STEP_RESUME] = ACTS | GATE, [STEP_INJECT] = ACTS | GATE,
    };
    for (unsigned kind = 0; kind < STEP_KIND_COUNT; kind++)
        assert_int_equal(host_needs(&(struct step){.kind = (uint8_t)kind}), needs[kind]);
}

static void circumstances_need_what_they_are(void **state) {
    (void)state;
    static const struct {
        uint8_t flags;
        unsigned needs;
    } rows[] = {
        {0, ACTS},
        {WITHIN_FORK, ACTS | CIRCUMSTANCES},
        {WITHIN_VFORK, ACTS | CIRCUMSTANCES},
        {WITHIN_STACK, ACTS | CIRCUMSTANCES},
        {WITHIN_CLOSED, ACTS | CIRCUMSTANCES},
        {WITHIN_BLOCKED, ACTS | FILTER},
        {WITHIN_BLOCKED | WITHIN_FORK, ACTS | FILTER | CIRCUMSTANCES},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct step step = {.kind = STEP_WITHIN, .flags = rows[i].flags};
        assert_int_equal(host_needs(&step), rows[i].needs);
    }
}

static void calls_need_what_their_arguments_are(void **state) {
    (void)state;
    struct step step = {.kind = STEP_MKFIFOAT, .dirfd = {DIRFD_NUMBER, 5}};
    assert_int_equal(host_needs(&step), 0);
    step.dirfd.kind = DIRFD_SLOT;
    assert_int_equal(host_needs(&step), DESCRIPTORS);
    step.pointer = POINTER_NULL;
    assert_int_equal(host_needs(&step), DESCRIPTORS | POINTERS);
    step.pointer = POINTER_COUNTED;
    assert_int_equal(host_needs(&step), DESCRIPTORS | 1 << ABILITY_COUNTED);
    step.pointer = POINTER_UNENCODABLE;
    assert_int_equal(host_needs(&step), DESCRIPTORS | 1 << ABILITY_TEXT);
    step.high = -1;
    assert_int_equal(host_needs(&step), DESCRIPTORS | 1 << ABILITY_TEXT | 1 << ABILITY_WIDE);
}

static void ids_other_than_0_need_identities(void **state) {
    (void)state;
    static const struct step needing[] = {
        {.kind = STEP_AS, .identity = {.uid = 1}},
        {.kind = STEP_AS, .identity = {.gid = 1}},
        {.kind = STEP_AS, .identity = {.real_uid = 1}},
        {.kind = STEP_AS, .identity = {.real_gid = 1}},
        {.kind = STEP_AS, .identity = {.group_count = 1}}, /* a user namespace denies setgroups */
        {.kind = STEP_CHOWN, .identity = {.uid = 1}},
        {.kind = STEP_CHOWN, .identity = {.gid = 1}},
    };
    for (size_t i = 0; i < sizeof needing / sizeof needing[0]; i++)
        assert_int_equal(host_needs(&needing[i]),
                         needing[i].kind == STEP_CHOWN ? IDENTITIES | CAPABILITIES : IDENTITIES);
    assert_int_equal(host_needs(&(struct step){.kind = STEP_AS}), 0);
    assert_int_equal(host_needs(&(struct step){.kind = STEP_AS, .flags = CAPABILITY_FSETID}),
                     CAPABILITIES);
    struct step step = {.kind = STEP_ACL, .mode = 0xffffff};
    assert_int_equal(host_needs(&step), ACLS);
    step.identity.gid = 2000;
    assert_int_equal(host_needs(&step), ACLS | IDENTITIES);
}

static void mount_flags_need_their_kernels(void **state) {
    (void)state;
    static const uint8_t plain = MOUNT_READ_ONLY | MOUNT_NODEV | MOUNT_NOEXEC | MOUNT_NOSUID;
    static const uint8_t kinds[] = {STEP_MOUNT, STEP_BIND, STEP_REMOUNT};
    for (size_t i = 0; i < sizeof kinds; i++) {
        struct step step = {.kind = kinds[i], .flags = plain};
        assert_int_equal(host_needs(&step), MOUNTS);
        step.flags = MOUNT_NOSYMFOLLOW;
        assert_int_equal(host_needs(&step), MOUNTS | NOSYMFOLLOW);
        step.flags = MOUNT_IDMAP; /* of remount the same bit is MOUNT_SUPERBLOCK */
        assert_int_equal(host_needs(&step), kinds[i] == STEP_REMOUNT ? MOUNTS : MOUNTS | IDMAP);
    }
}

static void host_lacks_the_first_ability_that_it_has_not(void **state) {
    (void)state;
    static const struct step steps[] = {
        {.kind = STEP_MKFIFO},
        {.kind = STEP_AS, .identity = {.uid = 1000}},
        {.kind = STEP_LANDLOCK},
        {.kind = STEP_ACL, .mode = 0xffffff, .identity = {.uid = 1000}},
        {.kind = STEP_ATTRIBUTE},
        {.kind = STEP_MOUNT, .flags = MOUNT_NOSYMFOLLOW | MOUNT_IDMAP},
        {.kind = STEP_REMOUNT, .flags = MOUNT_NOSYMFOLLOW | MOUNT_SUPERBLOCK},
        {.kind = STEP_UMOUNT},
    };
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        unsigned needs = host_needs(&steps[i]);
        struct host host = {0};
        int expected = 0;
        while (expected < ABILITY_COUNT && !(needs >> expected & 1))
            expected++;
        assert_int_equal(host_lacks(&host, &scenario, &steps[i]), expected);
        memset(host.can, true, sizeof host.can);
        assert_int_equal(host_lacks(&host, &scenario, &steps[i]), ABILITY_COUNT);
        for (int ability = 0; ability < ABILITY_COUNT; ability++) {
            host.can[ability] = false;
            assert_int_equal(host_lacks(&host, &scenario, &steps[i]),
                             needs >> ability & 1 ? ability : ABILITY_COUNT);
            host.can[ability] = true;
        }
    }
}

static void paths_that_lead_out_need_a_root(void **state) {
    (void)state;
    struct host host;
    memset(host.can, true, sizeof host.can);
    scenario_clear(&scenario);
    struct step *step = scenario_add(&scenario, STEP_MKFIFO);
    step->path = scenario_store(&scenario, "/a", 2);
    assert_int_equal(host_lacks(&host, &scenario, step), ABILITY_COUNT);
    host.can[ABILITY_ROOT] = false;
    assert_int_equal(host_lacks(&host, &scenario, step), ABILITY_ROOT);
    step->path = scenario_store(&scenario, "a", 1);
    assert_int_equal(host_lacks(&host, &scenario, step), ABILITY_COUNT);
}

static void idmap_exchanges_its_ids(void **state) {
    (void)state;
    for (int i = 0; i < IDMAP_COUNT; i++) {
        assert_int_equal(idmap_entries[i].seen, idmap_entries[IDMAP_COUNT - 1 - i].on_disk);
        assert_int_not_equal(idmap_entries[i].seen, idmap_entries[i].on_disk);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_ability_has_a_name_and_a_way_out),
        cmocka_unit_test(kinds_need_what_they_are_about),
        cmocka_unit_test(circumstances_need_what_they_are),
        cmocka_unit_test(calls_need_what_their_arguments_are),
        cmocka_unit_test(ids_other_than_0_need_identities),
        cmocka_unit_test(mount_flags_need_their_kernels),
        cmocka_unit_test(host_lacks_the_first_ability_that_it_has_not),
        cmocka_unit_test(paths_that_lead_out_need_a_root),
        cmocka_unit_test(idmap_exchanges_its_ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
