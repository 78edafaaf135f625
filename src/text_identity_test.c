#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "random.h"
#include "scenario.h"
#include "scenario_testing.h"

enum { SEED = 20240613 };

static struct scenario first, second;
static struct text_error error;
static char printed[4096];

static void assert_parses(const char *text) {
    if (scenario_parse(&first, NULL, text, strlen(text), &error))
        fail_msg("%s\nrefused at %u:%u: %s", text, error.line, error.column, error.message);
    assert_true(scenario_valid(&first));
}

static void assert_refused(const char *text, unsigned column, const char *message) {
    assert_int_equal(scenario_parse(&first, NULL, text, strlen(text), &error), -EINVAL);
    assert_true(scenario_valid(&first));
    assert_string_equal(error.message, message);
    assert_int_equal(error.line, 1);
    assert_int_equal(error.column, column);
}

static void identity_parses_to_its_fields(void **state) {
    (void)state;
    assert_parses("as 1000:1001,2000,0 real 5:6 fsetid\nas 7:8");
    const struct identity *identity = &first.steps[0].identity;
    assert_int_equal(identity->uid, 1000);
    assert_int_equal(identity->gid, 1001);
    assert_int_equal(identity->real_uid, 5);
    assert_int_equal(identity->real_gid, 6);
    assert_int_equal(identity->group_count, 2);
    assert_int_equal(identity->groups[0], 2000);
    assert_int_equal(identity->groups[1], 0);
    assert_int_equal(first.steps[0].flags, CAPABILITY_FSETID);
    identity = &first.steps[1].identity;
    assert_int_equal(identity->real_uid, 7);
    assert_int_equal(identity->real_gid, 8);
    assert_int_equal(identity->group_count, 0);
}

static void owner_has_no_real_ids(void **state) {
    (void)state;
    assert_parses("chown \"a\" 65533:7");
    assert_int_equal(first.steps[0].identity.uid, 65533);
    assert_int_equal(first.steps[0].identity.gid, 7);
    assert_int_equal(first.steps[0].identity.real_uid, 0);
    assert_int_equal(first.steps[0].identity.real_gid, 0);
}

static void entries_parse_to_their_bits(void **state) {
    (void)state;
    assert_parses("acl \"\" u::rwx,u:9:-w-,g::r-x,g:65533:--x,m::rw-,o::r--\n"
                  "acl \"\" u::---,g::rwx,o::-wx default");
    const struct step *step = &first.steps[0];
    static const uint8_t permissions[ENTRY_COUNT] = {7, 2, 5, 1, 6, 4};
    for (unsigned entry = 0; entry < ENTRY_COUNT; entry++) {
        assert_true(acl_has(step->mode, entry));
        assert_int_equal(acl_permissions(step->mode, entry), permissions[entry]);
    }
    assert_int_equal(step->identity.uid, 9);
    assert_int_equal(step->identity.gid, 65533);
    assert_int_equal(step->flags, 0);
    uint32_t acl = acl_with(0, ENTRY_OWNER, 0);
    acl = acl_with(acl, ENTRY_OWNING_GROUP, 7);
    assert_int_equal(first.steps[1].mode, acl_with(acl, ENTRY_OTHER, 3));
    assert_int_equal(first.steps[1].flags, ACL_DEFAULT);
}

static void ids_are_refused_with_their_place(void **state) {
    (void)state;
    static const char pair[] = "expected a user and a group id, as 1000:1000; found ";
    char message[100];
    snprintf(message, sizeof message, "%send of line", pair);
    assert_refused("as", 3, message);
    snprintf(message, sizeof message, "%s\"root:root\"", pair);
    assert_refused("as root:root", 4, message);
    snprintf(message, sizeof message, "%s\"-1:0\"", pair);
    assert_refused("chown \"a\" -1:0", 11, message);
    snprintf(message, sizeof message, "%s\"fsetid\"", pair);
    assert_refused("as 0:0 real fsetid", 13, message);
    assert_refused("as 65534:0", 4, "expected an id of 0 to 65533; found \"65534\"");
    assert_refused("as 01:0", 4, "expected an id of 0 to 65533; found \"01\"");
    assert_refused("as 0:99999999999", 6, "expected an id of 0 to 65533; found \"99999999999\"");
    assert_refused("as 1000", 8,
                   "expected a colon and a group id behind the user id; "
                   "found end of line");
    assert_refused("as 1000.5", 8,
                   "expected a colon and a group id behind the user id; "
                   "found \".5\"");
    assert_refused("as 1000: 5", 9, "expected a group id behind the colon; found \" \"");
    assert_refused("as 0:0 real 1000:x", 18, "expected a group id behind the colon; found \"x\"");
}

static void what_follows_ids_is_refused_with_its_place(void **state) {
    (void)state;
    assert_refused("as 1:1x", 7, "expected a comma or a blank behind the group id; found \"x\"");
    assert_refused("as 1:1:1", 7, "expected a comma or a blank behind the group id; found \":1\"");
    assert_refused("as 1:1,", 8, "expected a group id behind the comma; found end of line");
    assert_refused("as 1:1,2,,3", 10, "expected a group id behind the comma; found \",3\"");
    assert_refused("as 1:1,2,65534", 10, "expected an id of 0 to 65533; found \"65534\"");
    assert_refused("as 1:1,2,3,4,5", 14, "expected at most 3 groups behind the first; found more");
    assert_refused("as 1:1 real 1:1,2", 16, "expected a blank behind the group id; found \",2\"");
    assert_refused("chown \"a\" 1:1,2", 14, "expected a blank behind the group id; found \",2\"");
    assert_refused("chown \"a\" 1:1 real 1:1", 15,
                   "expected the end of the line or # and a result; found \"real\"");
    assert_refused("as 1:1 fsetid real 0:0", 15,
                   "expected dac_override, dac_read_search, fsetid or the end of the step; "
                   "found \"real\"");
}

static void entries_are_refused_with_their_place(void **state) {
    (void)state;
    static const char owner[] = "expected ACL entries, as u::rwx,g::r-x,o::---; found ";
    char message[100];
    snprintf(message, sizeof message, "%send of line", owner);
    assert_refused("acl \"a\"", 8, message);
    snprintf(message, sizeof message, "%s\"default\"", owner);
    assert_refused("acl \"a\" default", 9, message);
    snprintf(message, sizeof message, "%s\"u:0:rwx,g::rwx,o::rwx\"", owner);
    assert_refused("acl \"a\" u:0:rwx,g::rwx,o::rwx", 9, message);
    snprintf(message, sizeof message, "%s\"u:\"", owner);
    assert_refused("acl \"a\" u:", 9, message);
    assert_refused("acl \"a\" u::rwx,o::rwx", 16,
                   "expected an entry g:: of the group; found \"o::rwx\"");
    assert_refused("acl \"a\" u::rwx,g:1:rwx,m::rwx,o::rwx", 16,
                   "expected an entry g:: of the group; found \"g:1:rwx,m::rwx,o::rwx\"");
    assert_refused("acl \"a\" u::rwx,g::rwx,", 23,
                   "expected an entry o:: of all others; found end of line");
    assert_refused("acl \"a\" u::rwx,g::rwx", 22,
                   "expected a comma and another ACL entry; found end of line");
    assert_refused("acl \"a\" u::rwx;g::rwx", 15,
                   "expected a comma and another ACL entry; found \";g::rwx\"");
    assert_refused("acl \"a\" u::rwx,u:1:rwx default", 23,
                   "expected a comma and another ACL entry; found \" \"");
    assert_refused("acl \"a\" u::rwx,g::rwx,o::rwx,", 29,
                   "expected a blank behind the ACL entries; found \",\"");
}

static void masks_stand_exactly_with_named_entries(void **state) {
    (void)state;
    assert_refused("acl \"a\" u::rwx,u:1:rwx,g::rwx,o::rwx", 31,
                   "expected a mask entry m:: where a named entry stands; found \"o::rwx\"");
    assert_refused("acl \"a\" u::rwx,g::rwx,g:1:rwx,o::rwx", 31,
                   "expected a mask entry m:: where a named entry stands; found \"o::rwx\"");
    assert_refused("acl \"a\" u::rwx,g::rwx,m::rwx,o::rwx", 23,
                   "expected no mask entry m:: where no named entry stands; "
                   "found \"m::rwx,o::rwx\"");
}

static void parts_of_entries_are_refused_with_their_place(void **state) {
    (void)state;
    assert_refused("acl \"a\" u::rw", 12, "expected permissions, as r-x; found \"rw\"");
    assert_refused("acl \"a\" u::xwr,g::rwx,o::rwx", 12,
                   "expected permissions, as r-x; found \"xwr,g::rwx,o::rwx\"");
    assert_refused("acl \"a\" u::7,g::0,o::0", 12,
                   "expected permissions, as r-x; found \"7,g::0,o::0\"");
    assert_refused("acl \"a\" u::rwx,u:1:rw", 20, "expected permissions, as r-x; found \"rw\"");
    assert_refused("acl \"a\" u::rwx,u:1rwx", 19,
                   "expected a colon and permissions behind the id; found \"rwx\"");
    assert_refused("acl \"a\" u::rwx,u:joe:rwx", 18,
                   "expected an id or a second colon; found \"joe:rwx\"");
    assert_refused("acl \"a\" u::rwx,u:65534:rwx", 18,
                   "expected an id of 0 to 65533; found \"65534\"");
}

static void any_change_of_a_text_parses_or_is_refused(void **state) {
    (void)state;
    static const char text[] = "as 1:1,2,3 real 0:0 fsetid\nchown \"\" 1:2\n"
                               "acl \"\" u::rwx,u:10:rw-,g::r-x,g:7:---,m::rwx,o::--- default\n";
    static const char bytes[] = " \n0159:,,:ugmorwx-#\1\377";
    printf("seed %d\n", SEED);
    struct random random;
    random_seed(&random, SEED);
    int parsed = 0;
    for (int i = 0; i < 20000; i++) {
        char changed[sizeof text];
        memcpy(changed, text, sizeof text);
        change_text(changed, sizeof text - 1, bytes, sizeof bytes, 2, &random);
        int result = scenario_parse(&first, NULL, changed, sizeof text - 1, &error);
        assert_true(scenario_valid(&first));
        if (result) {
            assert_in_range(error.line, 1, 6);
            assert_in_range(error.column, 1, sizeof text);
            assert_memory_equal(error.message, "expected ", 9);
            continue;
        }
        parsed++;
        size_t length = scenario_print(&first, NULL, printed, sizeof printed);
        assert_int_equal(scenario_parse(&second, NULL, printed, length, &error), 0);
        assert_true(scenario_equal(&first, &second));
    }
    assert_in_range(parsed, 500, 19500);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(identity_parses_to_its_fields),
        cmocka_unit_test(owner_has_no_real_ids),
        cmocka_unit_test(entries_parse_to_their_bits),
        cmocka_unit_test(ids_are_refused_with_their_place),
        cmocka_unit_test(what_follows_ids_is_refused_with_its_place),
        cmocka_unit_test(entries_are_refused_with_their_place),
        cmocka_unit_test(masks_stand_exactly_with_named_entries),
        cmocka_unit_test(parts_of_entries_are_refused_with_their_place),
        cmocka_unit_test(any_change_of_a_text_parses_or_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
