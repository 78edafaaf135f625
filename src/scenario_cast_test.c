#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "host.h"
#include "scenario_cast.h"

enum { DRAWS = 20000 };

static struct random random_source;

static void ids_are_few_and_an_idmap_knows_some(void **state) {
    (void)state;
    uint32_t known = 0, most = 0;
    for (int i = 0; i < DRAWS; i++) {
        uint16_t id = id_random(&random_source);
        most = id > most ? id : most;
        for (int j = 0; j < IDMAP_COUNT; j++)
            known += id == idmap_entries[j].seen;
    }
    assert_in_range(most, 2, ID_MAX);
    assert_in_range(known, DRAWS / 4, DRAWS * 3 / 4);
}

static void any_ids_reach_the_greatest(void **state) {
    (void)state;
    uint32_t greatest = 0;
    for (int i = 0; i < DRAWS; i++) {
        uint16_t id = id_random_any(&random_source);
        assert_in_range(id, 0, ID_MAX);
        greatest += id == ID_MAX;
    }
    assert_true(greatest > 50);
}

static void identities_hold_groups_only_up_to_their_count(void **state) {
    (void)state;
    uint32_t counts[IDENTITY_GROUPS + 1] = {0}, real = 0;
    for (int i = 0; i < DRAWS; i++) {
        struct identity who;
        memset(&who, 0xff, sizeof who);
        identity_random(&who, &random_source);
        assert_in_range(who.group_count, 0, IDENTITY_GROUPS);
        for (uint32_t j = who.group_count; j < IDENTITY_GROUPS; j++)
            assert_int_equal(who.groups[j], 0);
        counts[who.group_count]++;
        real += who.uid != who.real_uid;
    }
    for (int i = 0; i <= IDENTITY_GROUPS; i++)
        assert_true(counts[i] > DRAWS / 20);
    assert_in_range(real, DRAWS / 4, DRAWS * 3 / 4);
}

static void every_set_of_capabilities_occurs_and_none_most(void **state) {
    (void)state;
    uint32_t counts[8] = {0};
    for (int i = 0; i < DRAWS; i++)
        counts[capabilities_random(&random_source) & 7]++;
    for (int i = 0; i < 8; i++)
        assert_true(counts[i] > DRAWS / 200);
    assert_true(counts[0] > DRAWS / 2);
}

static void owners_are_often_those_of_the_caller(void **state) {
    (void)state;
    struct identity caller = {.uid = 7, .gid = 8, .group_count = 1, .groups = {9}};
    uint32_t uids = 0, gids = 0, groups = 0;
    for (int i = 0; i < DRAWS; i++) {
        struct identity owner;
        owner_random(&owner, &caller, &random_source);
        uids += owner.uid == 7;
        gids += owner.gid == 8;
        groups += owner.gid == 9;
        assert_int_equal(owner.real_uid + owner.real_gid + owner.group_count, 0);
    }
    assert_in_range(uids, DRAWS / 5, DRAWS / 2);
    assert_in_range(gids, DRAWS / 10, DRAWS / 2);
    assert_in_range(groups, DRAWS / 10, DRAWS / 2);
}

static void acls_are_valid_and_name_only_whom_they_have_entries_for(void **state) {
    (void)state;
    struct identity caller = {.uid = 7, .gid = 8};
    uint32_t minimal = 0, empty_masks = 0, named_caller = 0;
    for (int i = 0; i < DRAWS; i++) {
        struct identity named;
        uint32_t acl = acl_random(&named, &caller, &random_source);
        assert_true(acl_valid(acl));
        assert_true(acl_has(acl, ENTRY_USER) || named.uid == 0);
        assert_true(acl_has(acl, ENTRY_GROUP) || named.gid == 0);
        minimal += !acl_has(acl, ENTRY_MASK);
        empty_masks += acl_has(acl, ENTRY_MASK) && acl_permissions(acl, ENTRY_MASK) == 0;
        named_caller += named.uid == 7;
    }
    assert_in_range(minimal, DRAWS / 5, DRAWS / 2);
    assert_in_range(empty_masks, DRAWS / 50, DRAWS / 5);
    assert_true(named_caller > DRAWS / 10);
}

int main(void) {
    random_seed(&random_source, 71);
    print_message("seed 71\n");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_are_few_and_an_idmap_knows_some),
        cmocka_unit_test(any_ids_reach_the_greatest),
        cmocka_unit_test(identities_hold_groups_only_up_to_their_count),
        cmocka_unit_test(every_set_of_capabilities_occurs_and_none_most),
        cmocka_unit_test(owners_are_often_those_of_the_caller),
        cmocka_unit_test(acls_are_valid_and_name_only_whom_they_have_entries_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
