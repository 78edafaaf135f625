#include <errno.h>

#include "world_testing.h"

static node_id look(const char *path, enum walk_intent intent, int expected) {
    struct walk walk;
    struct span span = {path, (uint32_t)strlen(path)};
    int error = world_walk(&world, (struct dirfd){0}, span, intent, 0, &walk);
    if (error != expected)
        fail_msg("\"%s\": expected %s, got %s", path, errno_name(expected), errno_name(error));
    return error ? NODE_NONE : walk.node;
}

static void preparations_succeed_and_fail_as_the_manual_pages_say(void **state) {
    (void)state;
    prepare("mkdir \"d\" 0755 # 0\n"
            "mkdir \"d/\" 0755 # EEXIST\n"
            "mkdir \"e/\" 0755 # 0\n"
            "file \"f\" 0644 \"text\" # 0\n"
            "file \"f\" 0644 \"\" # EEXIST\n"
            "file \"g/\" 0644 \"\" # ENOENT\n"
            "symlink \"\" \"l\" # ENOENT\n"
            "symlink \"d\" \"l\" # 0\n"
            "link \"f\" \"d/g\" # 0\n"
            "link \"d\" \"h\" # EPERM\n"
            "link \"l\" \"d/m\" # 0\n"
            "unlink \"d\" # EISDIR\n"
            "unlink \"f/\" # ENOTDIR\n"
            "unlink \"no\" # ENOENT\n"
            "rmdir \"d\" # ENOTEMPTY\n"
            "rmdir \"f\" # ENOTDIR\n"
            "rmdir \"e\" # 0\n"
            "rmdir \"/\" # EBUSY\n"
            "chmod \"l\" 0700 # 0\n"
            "chdir \"f\" # ENOTDIR\n"
            "chdir \"l/\" # 0\n"
            "umask 07777 # 0\n"
            "close d0 # EBADF\n");
    assert_int_equal(world.umask, 0777);
    assert_int_equal(world.nodes[look("/f", WALK_NODE, 0)].nlink, 2);
    assert_int_equal(world.nodes[look("/d", WALK_NODE, 0)].mode, 0700);
    assert_int_equal(world.cwd.node, look("/d", WALK_NODE, 0));
    assert_int_equal(world.nodes[NODE_ROOT].nlink, 3);
    assert_int_equal(world.name_count, 5);
}

static void rename_moves_replaces_and_refuses(void **state) {
    (void)state;
    prepare("mkdir \"a\" 0755 # 0\n"
            "mkdir \"a/b\" 0755 # 0\n"
            "mkdir \"c\" 0755 # 0\n"
            "file \"f\" 0644 \"\" # 0\n"
            "link \"f\" \"g\" # 0\n"
            "rename \"f\" \"g\" # 0\n"
            "rename \"a\" \"a/b/x\" # EINVAL\n"
            "rename \"c\" \"f\" # ENOTDIR\n"
            "rename \"f\" \"c\" # EISDIR\n"
            "rename \"c\" \"a\" # ENOTEMPTY\n"
            "rename \"f\" \"x/\" # ENOTDIR\n"
            "rename \".\" \"x\" # EBUSY\n"
            "rename \"a/b\" \"c\" # 0\n"
            "rename \"c\" \"c\" # 0\n"
            "rename \"f\" \"c/f\" # 0\n"
            "rename \"no\" \"c/f\" # ENOENT\n");
    assert_int_equal(look("/f", WALK_PARENT, 0), NODE_NONE);
    assert_int_equal(look("/c/f", WALK_NODE, 0), look("/g", WALK_NODE, 0));
    assert_int_equal(world.nodes[look("/c", WALK_NODE, 0)].parent, NODE_ROOT);
    assert_int_equal(world.nodes[look("/a", WALK_NODE, 0)].nlink, 2);
    assert_int_equal(world.nodes[NODE_ROOT].nlink, 4);
}

static void removed_directories_lead_back_but_hold_nothing(void **state) {
    (void)state;
    prepare("mkdir \"a\" 0755 # 0\n"
            "mkdir \"a/d\" 0755 # 0\n"
            "chdir \"a/d\" # 0\n"
            "rmdir \"/a/d\" # 0\n"
            "mkdir \"x\" 0755 # ENOENT\n"
            "file \"./x\" 0644 \"\" # ENOENT\n"
            "mkdir \"../y\" 0755 # 0\n");
    assert_true(world.nodes[world.cwd.node].removed);
    assert_int_equal(world.nodes[world.cwd.node].nlink, 0);
    assert_int_not_equal(look("/a/y", WALK_NODE, 0), NODE_NONE);
}

static void permissions_of_the_owner_decide(void **state) {
    (void)state;
    prepare("mkdir \"d\" 0755 # 0\n"
            "mkdir \"d/e\" 0755 # 0\n"
            "file \"d/f\" 0200 \"\" # 0\n"
            "d0 = open \"d/f\" # EACCES\n"
            "d0 = open \"d/f\" path # 0\n"
            "chmod \"d\" 0577 # 0\n"
            "mkdir \"d/x\" 0755 # EACCES\n"
            "unlink \"d/f\" # EACCES\n"
            "chmod \"d\" 0677 # 0\n"
            "chdir \"d\" # EACCES\n"
            "chdir \"d/e\" # EACCES\n"
            "d1 = open \"d\" # 0\n");
    assert_int_equal(world.slots[0], 3);
    assert_int_equal(world.slots[1], 4);
}

static void descriptors_take_the_lowest_free_number(void **state) {
    (void)state;
    prepare("d5 = open \".\" # 0\n"
            "d6 = open \".\" path # 0\n"
            "close d5 # 0\n"
            "d7 = open \"/\" # 0\n"
            "d6 = open \"no\" # ENOENT\n"
            "symlink \"x\" \"l\" # 0\n"
            "d1 = open \"l\" nofollow # ELOOP\n"
            "d1 = open \"l\" path nofollow # 0\n"
            "d2 = open \"l\" path nofollow directory # ENOTDIR\n"
            "close d5 # 0\n"
            "close d7 # EBADF\n");
    assert_int_equal(world.slots[5], 3);
    assert_int_equal(world.slots[7], 3);
    assert_int_equal(world.slots[6], 4); /* closed by the open that failed */
    assert_int_equal(world.slots[1], 4);
    assert_non_null(world_descriptor(&world, 0));
    assert_null(world_descriptor(&world, 3)); /* d5 and d7 held one number */
    assert_null(world_descriptor(&world, 5));
    assert_null(world_descriptor(&world, -1));
    assert_int_equal(world_descriptor_number(&world, (struct dirfd){DIRFD_SLOT, 9}), -1);
}

static int walk_from(int32_t number) {
    struct walk walk;
    return world_walk(&world, (struct dirfd){DIRFD_NUMBER, number}, (struct span){"f", 1},
                      WALK_PARENT, 0, &walk);
}

static void standard_descriptors_can_be_closed_for_a_call(void **state) {
    (void)state;
    prepare("d0 = open \".\" # 0\n"
            "d1 = dup 2 7 # 0\n");
    assert_int_equal(walk_from(2), ENOTDIR);
    world.acting.closed = true;
    assert_int_equal(walk_from(0), EBADF);
    assert_int_equal(walk_from(2), EBADF);
    assert_int_equal(walk_from(3), 0);
    assert_int_equal(walk_from(7), ENOTDIR);
    world.acting.closed = false;
    assert_int_equal(walk_from(2), ENOTDIR);
    world.acting.closed = true;
    prepare(""); /* another scenario */
    assert_int_equal(walk_from(2), ENOTDIR);
}

static void walk_tells_its_circumstances(void **state) {
    (void)state;
    struct walk walk;
    prepare("mkdir \"d\" 0355 # 0\n"
            "symlink \"d/\" \"l\" # 0\n"
            "symlink \"nowhere\" \"m\" # 0\n"
            "symlink \"loop\" \"loop\" # 0\n");
    struct span path = {"l/.//x//", 8};
    assert_int_equal(world_walk(&world, (struct dirfd){0}, path, WALK_PARENT, 0, &walk), 0);
    assert_true(walk.slash && walk.slash_body && walk.unreadable && walk.at_last);
    assert_int_equal(walk.links, 1);
    path = (struct span){"/m/x", 4};
    assert_int_equal(world_walk(&world, (struct dirfd){0}, path, WALK_PARENT, 0, &walk), ENOENT);
    assert_true(walk.in_link && walk.absolute && !walk.at_last);
    path = (struct span){"loop/x", 6};
    assert_int_equal(world_walk(&world, (struct dirfd){0}, path, WALK_PARENT, 0, &walk), ELOOP);
    assert_true(walk.cycle);
    assert_int_equal(walk.links, WORLD_LINKS);
}

static void any_permission_looks_behind_closed_doors(void **state) {
    (void)state;
    struct walk walk;
    struct span path = {"d/no/x", 6};
    prepare("mkdir \"d\" 0600 # 0\n");
    assert_int_equal(world_walk(&world, (struct dirfd){0}, path, WALK_PARENT, 0, &walk), EACCES);
    assert_int_equal(
        world_walk(&world, (struct dirfd){0}, path, WALK_PARENT, WALK_ANY_PERMISSION, &walk),
        ENOENT);
}

static void reset_forgets_everything(void **state) {
    (void)state;
    prepare("mkdir \"d\" 0755 # 0\nchdir \"d\" # 0\numask 0 # 0\nd0 = open \".\" # 0\n");
    world_reset(&world, &scenario, &host);
    assert_int_equal(look("d", WALK_PARENT, 0), NODE_NONE);
    assert_int_equal(world.cwd.node, NODE_ROOT);
    assert_int_equal(world.umask, WORLD_FIRST_UMASK);
    assert_int_equal(world.name_count, 0);
    assert_null(world_descriptor(&world, 3));
}

static void long_names_are_found_anywhere(void **state) {
    (void)state;
    char path[600];
    memset(path, 'a', sizeof path);
    path[300] = '/';
    assert_true(path_has_long_name((struct span){path, 256}));
    assert_false(path_has_long_name((struct span){path, 255}));
    path[100] = path[400] = '/';
    assert_false(path_has_long_name((struct span){path, 600}));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(preparations_succeed_and_fail_as_the_manual_pages_say),
        cmocka_unit_test(rename_moves_replaces_and_refuses),
        cmocka_unit_test(removed_directories_lead_back_but_hold_nothing),
        cmocka_unit_test(permissions_of_the_owner_decide),
        cmocka_unit_test(descriptors_take_the_lowest_free_number),
        cmocka_unit_test(standard_descriptors_can_be_closed_for_a_call),
        cmocka_unit_test(walk_tells_its_circumstances),
        cmocka_unit_test(any_permission_looks_behind_closed_doors),
        cmocka_unit_test(reset_forgets_everything),
        cmocka_unit_test(long_names_are_found_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
