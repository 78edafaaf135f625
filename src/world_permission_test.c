/*
 * Who may do what, from scenarios in text: each row is a scenario whose last step is a call, with
 * whether its parent directory may be searched and written, and what a new node would be like. The
 * expected values were seen on Linux 6.18, tmpfs.
 */
#include "world_testing.h"

static struct place find(const char *path) {
    struct walk walk;
    struct span span = {path, (uint32_t)strlen(path)};
    int error =
        world_walk(&world, (struct dirfd){0}, span, WALK_FOLLOW, WALK_ANY_PERMISSION, &walk);
    if (error)
        fail_msg("\"%s\": %s", path, errno_name(error));
    return (struct place){walk.mount, walk.node};
}

/* --- permission ------------------------------------------------------------------------------- */

static const struct {
    const char *text; /* prepares directory "d" */
    unsigned mask;
    bool permitted;
} permission_rows[] = {
    {"mkdir \"d\" 0755\n", 3, true},
    {"mkdir \"d\" 0755\nas 1000:1000\n", 3, false},
    {"mkdir \"d\" 0755\nas 1000:1000\n", 1, true},
    {"mkdir \"d\" 0755\nas 1000:1000 dac_override\n", 3, true},
    {"mkdir \"d\" 0700\nas 1000:1000 dac_read_search\n", 1, true},
    {"mkdir \"d\" 0722\nchmod \"d\" 0722\nas 1000:1000 dac_read_search\n", 3, false},
    {"mkdir \"d\" 0700\nas 1000:1000 real 0:0\n", 1, false},
    {"mkdir \"d\" 0700\nas 0:0 real 1000:1000\n", 3, true},
    {"mkdir \"d\" 0\nchmod \"d\" 0077\n", 1, false},
    {"mkdir \"d\" 0\nchmod \"d\" 0077\nas 1000:0\n", 3, true},
    {"mkdir \"d\" 0\nchmod \"d\" 0707\nas 1000:0\n", 1, false},
    {"mkdir \"d\" 0\nchmod \"d\" 0770\nas 1000:1000,2000,0\n", 3, true},
    {"mkdir \"d\" 0\nchmod \"d\" 0770\nas 1000:1000,2000\n", 3, false},
    {"mkdir \"d\" 0700\nacl \"d\" u::rwx,u:1000:rwx,g::---,m::rwx,o::---\nas 1000:1\n", 3, true},
    {"mkdir \"d\" 0700\nacl \"d\" u::rwx,u:1000:rwx,g::---,m::r-x,o::---\nas 1000:1\n", 3, false},
    {"mkdir \"d\" 0700\nacl \"d\" u::rwx,u:1000:rwx,g::---,m::r-x,o::---\nas 1000:1\n", 1, true},
    {"mkdir \"d\" 0700\nacl \"d\" u::rwx,u:1000:---,g::rwx,m::rwx,o::rwx\nas 1000:0\n", 1, false},
    {"mkdir \"d\" 0700\nacl \"d\" u::rwx,g::---,g:2000:rwx,m::rwx,o::---\nas 1000:0,2000\n", 3,
     true},
    {"mkdir \"d\" 0700\nacl \"d\" u::rwx,g::-w-,g:2000:--x,m::rwx,o::rwx\nas 1000:0,2000\n", 3,
     false},
    {"mkdir \"d\" 0700\nacl \"d\" u::rwx,u:1000:rwx,g::---,m::---,o::rwx\nas 1000:1\n", 3, true},
    {"mkdir \"d\" 0700\nacl \"d\" u::---,u:0:rwx,g::rwx,m::rwx,o::rwx\n", 1, false},
};

static void permission_follows_class_acl_and_capability(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof permission_rows / sizeof permission_rows[0]; i++) {
        prepare(permission_rows[i].text);
        if (world_permits(&world, find("/d"), permission_rows[i].mask) !=
            permission_rows[i].permitted)
            fail_msg("%smask %u: expected %d", permission_rows[i].text, permission_rows[i].mask,
                     permission_rows[i].permitted);
    }
}

/* --- new nodes -------------------------------------------------------------------------------- */

static const struct {
    const char *text;
    uint32_t mode;     /* asked for */
    uint32_t expected; /* permission and special bits */
    uint16_t uid, gid;
} birth_rows[] = {
    {"mkdir \"d\" 0755\n", 07777, 07755, 0, 0},
    {"mkdir \"d\" 0755\numask 0777\n", 07777, 07000, 0, 0},
    {"mkdir \"d\" 0755\nas 1000:1001,2000 real 5:5\n", 0666, 0644, 1000, 1001},
    {"mkdir \"d\" 0\nchmod \"d\" 02777\nas 1000:1000\numask 0\n", 02770, 0770, 1000, 0},
    {"mkdir \"d\" 0\nchmod \"d\" 02777\nas 1000:1000\numask 010\n", 02770, 0760, 1000, 0},
    {"mkdir \"d\" 0\nchmod \"d\" 02777\nas 1000:1000\numask 0\n", 02760, 02760, 1000, 0},
    {"mkdir \"d\" 0\nchmod \"d\" 02777\nas 1000:1000,0\numask 0\n", 02770, 02770, 1000, 0},
    {"mkdir \"d\" 0\nchmod \"d\" 02777\nas 1000:1000 fsetid\numask 0\n", 02770, 02770, 1000, 0},
    {"mkdir \"d\" 0\nchmod \"d\" 0777\nas 1000:1000\numask 0\n", 02770, 02770, 1000, 1000},
    {"mkdir \"d\" 0755\numask 0777\nacl \"d\" u::rwx,u:1:rwx,g::rwx,m::rwx,o::r-- default\n", 0777,
     0774, 0, 0},
    {"mkdir \"d\" 0755\nacl \"d\" u::rwx,u:1:rwx,g::rwx,m::rwx,o::r-- default\n", 07777, 07774, 0,
     0},
    {"mkdir \"d\" 0755\nacl \"d\" u::rwx,u:1:rwx,g::rwx,m::rwx,o::r-- default\n", 0640, 0640, 0, 0},
    {"mkdir \"d\" 0755\nacl \"d\" u::rw-,g::r--,o::--- default\n", 0777, 0640, 0, 0},
    {"mkdir \"d\" 0755\nacl \"d\" u::rwx,u:1:rwx,g::rwx,m::r--,o::rwx default\n", 0777, 0747, 0, 0},
};

static void new_nodes_follow_umask_acl_and_group(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof birth_rows / sizeof birth_rows[0]; i++) {
        struct birth birth;
        prepare(birth_rows[i].text);
        world_birth(&world, find("/d"), NODE_FIFO, birth_rows[i].mode, &birth);
        if (birth.mode != birth_rows[i].expected || birth.uid != birth_rows[i].uid ||
            birth.gid != birth_rows[i].gid)
            fail_msg("%smode %o: got %o %u:%u", birth_rows[i].text, birth_rows[i].mode, birth.mode,
                     birth.uid, birth.gid);
    }
}

static void chmod_lifts_umask_and_acl_but_not_a_foreign_group(void **state) {
    (void)state;
    static const struct {
        const char *text;
        uint32_t expected;
        bool stripped;
    } rows[] = {
        {"mkdir \"d\" 0755\numask 0777\n", 02660, false},
        {"mkdir \"d\" 0\nchmod \"d\" 02777\nas 1000:1000\n", 0660, true},
        {"mkdir \"d\" 0\nchmod \"d\" 02777\nas 1000:1000,0\n", 02660, false},
        {"mkdir \"d\" 0755\nacl \"d\" u::rwx,u:1:rwx,g::rwx,m::r--,o::--- default\n", 02660, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct birth birth;
        prepare(rows[i].text);
        world_birth(&world, find("/d"), NODE_FIFO, 02660, &birth);
        world_birth_chmod(&world, find("/d"), 02660, &birth);
        assert_int_equal(birth.mode, rows[i].expected);
        assert_int_equal(birth.setgid_stripped, rows[i].stripped);
        if (birth.has_acl)
            assert_int_equal(acl_permissions(birth.acl.entries, ENTRY_MASK), 6);
    }
}

static void directories_inherit_acl_and_group(void **state) {
    (void)state;
    prepare("mkdir \"d\" 0755\n"
            "acl \"d\" u::rwx,u:1000:rwx,g::r-x,m::rwx,o::--- default\n"
            "chmod \"d\" 02755\n"
            "mkdir \"d/e\" 0750\n"
            "as 1000:1000\n"
            "chdir \"d/e\"\n");
    const struct node *node = &world.nodes[find("/d/e").node];
    assert_int_equal(node->mode, 02750);
    assert_int_equal(node->default_acl, world.nodes[find("/d").node].default_acl);
    assert_int_equal(acl_permissions(world.acls[node->access_acl].entries, ENTRY_MASK), 5);
    prepare("mkdir \"d\" 0755\n"
            "acl \"d\" u::rwx,u:1000:rwx,g::---,m::rwx,o::--- default\n"
            "mkdir \"d/e\" 0770\n"
            "as 1000:1000\n"
            "chdir \"/d/e\"\n"
            "as 0:0\n"
            "chmod \"/d/e\" 0700\n"
            "as 1000:1000\n"
            "chdir \"/d/e\" # EACCES\n");
}

/* --- idmapped mounts -------------------------------------------------------------------------- */

static void idmapped_mounts_exchange_owners_and_refuse_others(void **state) {
    (void)state;
    prepare("mkdir \"d\" 0755\n"
            "mount \"d\" 0 idmap\n"
            "mkdir \"d/e\" 0755 # EACCES\n"
            "as 1000:1000\n"
            "mkdir \"d/e\" 0755\n"
            "as 2000:2000 dac_override\n"
            "mkdir \"d/f\" 0755 # EOVERFLOW\n");
    struct place place = find("/d/e");
    assert_int_equal(world.nodes[place.node].uid, 0);
    assert_int_equal(world_seen_id(&world, place.mount, 0), 1000);
    assert_int_equal(world_seen_id(&world, place.mount, 5), ID_UNMAPPED);
    assert_false(world_ids_fit(&world, place.mount));
}

/* --- removing, linking ------------------------------------------------------------------------ */

static void others_may_not_remove_from_sticky_directories(void **state) {
    (void)state;
    prepare("mkdir \"d\" 0\n"
            "chmod \"d\" 01777\n"
            "file \"d/f\" 0666 \"\"\n"
            "as 1000:1000\n"
            "file \"d/g\" 0666 \"\"\n"
            "unlink \"d/f\" # EPERM\n"
            "rename \"d/f\" \"d/h\" # EPERM\n"
            "rename \"d/g\" \"d/f\" # EPERM\n"
            "link \"d/f\" \"d/i\" # EPERM\n"
            "unlink \"d/g\"\n"
            "chmod \"d\" 0777 # EPERM\n"
            "as 0:0\n"
            "unlink \"d/f\"\n");
}

static void protected_links_are_not_followed_at_the_end(void **state) {
    (void)state;
    prepare("mkdir \"d\" 0\n"
            "chmod \"d\" 01777\n"
            "as 1000:1000\n"
            "mkdir \"d/e\" 0777\n"
            "symlink \"e\" \"d/l\"\n"
            "chdir \"d/l\"\n"
            "as 2000:2000\n"
            "chdir \"/d/l\" # EACCES\n"
            "chdir \"/d/l/.\"\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(permission_follows_class_acl_and_capability),
        cmocka_unit_test(new_nodes_follow_umask_acl_and_group),
        cmocka_unit_test(chmod_lifts_umask_and_acl_but_not_a_foreign_group),
        cmocka_unit_test(directories_inherit_acl_and_group),
        cmocka_unit_test(idmapped_mounts_exchange_owners_and_refuse_others),
        cmocka_unit_test(others_may_not_remove_from_sticky_directories),
        cmocka_unit_test(protected_links_are_not_followed_at_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
