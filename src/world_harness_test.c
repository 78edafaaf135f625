/*
 * The harness's own steps: mounts that cover, detach and run full, flags, Landlock. Each text's
 * stated results are what Linux 6.18 gives.
 */
#include "world_testing.h"

static void mounts_cover_what_is_below(void **state) {
    (void)state;
    prepare("mkdir \"m\" 0755\n"
            "file \"m/below\" 0644 \"\"\n"
            "d0 = open \"m\"\n"
            "chdir \"m\"\n"
            "mount \"m\" 0\n"
            "file \"/m/below\" 0644 \"\"\n"
            "unlink \"below\"\n"
            "unlink \"/m/below\"\n"
            "rmdir \"/m\" # EBUSY\n"
            "rename \"/m\" \"/n\" # EBUSY\n"
            "mkdir \"/m/d\" 0755\n"
            "chdir \"/m/d\"\n"
            "mkdir \"../../x\" 0755\n"
            "umount \"m\"\n"
            "rmdir \"/m\"\n"
            "mkdir \"../e\" 0755\n"
            "chdir \"../../../..\"\n"
            "mkdir \"e/f\" 0755\n");
}

static void names_do_not_move_between_mounts(void **state) {
    (void)state;
    prepare("mkdir \"m\" 0755\n"
            "mkdir \"n\" 0755\n"
            "bind \"m\" \"n\"\n"
            "file \"m/f\" 0644 \"\"\n"
            "link \"m/f\" \"n/g\" # EXDEV\n"
            "rename \"m/f\" \"n/f\" # EXDEV\n"
            "link \"n/f\" \"n/g\"\n"
            "unlink \"m/g\"\n");
}

static void read_only_mounts_and_file_systems_refuse_changes(void **state) {
    (void)state;
    prepare("mkdir \"m\" 0755\n"
            "mkdir \"n\" 0755\n"
            "mount \"m\" 0\n"
            "bind \"m\" \"n\" ro\n"
            "mkdir \"n/d\" 0755 # EROFS\n"
            "mkdir \"m/d\" 0755\n"
            "chmod \"n/d\" 0700 # EROFS\n"
            "remount \"m\" ro superblock\n"
            "mkdir \"m/e\" 0755 # EROFS\n"
            "remount \"n\"\n"
            "mkdir \"n/e\" 0755 # EROFS\n"
            "remount \"m\" superblock\n"
            "mkdir \"n/e\" 0755\n"
            "remount \"/\" ro\n"
            "mkdir \"x\" 0755 # EROFS\n"
            "mkdir \"m/x\" 0755\n");
}

static void full_file_systems_count_nodes_names_and_what_is_held(void **state) {
    (void)state;
    prepare("mkdir \"m\" 0755\n"
            "mount \"m\" 4\n"
            "file \"m/a\" 0644 \"\"\n"
            "link \"m/a\" \"m/b\"\n"
            "mkdir \"m/c\" 0755\n"
            "mkdir \"m/d\" 0755 # ENOSPC\n"
            "link \"m/a\" \"m/d\" # ENOSPC\n"
            "unlink \"m/b\"\n"
            "symlink \"x\" \"m/d\"\n"
            "d0 = open \"m/a\"\n"
            "unlink \"m/a\"\n"
            "mkdir \"m/e\" 0755 # ENOSPC\n"
            "close d0\n"
            "mkdir \"m/e\" 0755\n"
            "chdir \"m/c\"\n"
            "rmdir \"/m/c\"\n"
            "mkdir \"/m/f\" 0755 # ENOSPC\n"
            "chdir \"/\"\n"
            "mkdir \"/m/f\" 0755\n");
}

static void links_are_not_followed_on_nosymfollow_mounts(void **state) {
    (void)state;
    prepare("mkdir \"m\" 0755\n"
            "mount \"m\" 0 nosymfollow\n"
            "symlink \".\" \"m/l\"\n"
            "symlink \"m\" \"k\"\n"
            "mkdir \"m/l/d\" 0755 # ELOOP\n"
            "chdir \"m/l\" # ELOOP\n"
            "mkdir \"k/d\" 0755\n"
            "chdir \"k\"\n");
}

static void inode_flags_refuse_even_capabilities(void **state) {
    (void)state;
    prepare("mkdir \"d\" 0755\n"
            "mkdir \"a\" 0755\n"
            "file \"a/f\" 0644 \"\"\n"
            "attribute \"d\" immutable\n"
            "attribute \"a\" append\n"
            "as 0:0 dac_override\n"
            "mkdir \"d/e\" 0755 # EPERM\n"
            "mkdir \"a/e\" 0755\n"
            "unlink \"a/f\" # EPERM\n"
            "chmod \"a\" 0700 # EPERM\n"
            "chown \"d\" 0:0 # EPERM\n"
            "rmdir \"d\" # EPERM\n"
            "attribute \"d\"\n"
            "mkdir \"d/e\" 0755\n");
}

static void landlock_keeps_names_where_they_are(void **state) {
    (void)state;
    prepare("mkdir \"d\" 0755\n"
            "mkdir \"d/e\" 0755\n"
            "file \"d/f\" 0644 \"\"\n"
            "landlock \"d/f\" # EINVAL\n"
            "landlock \"d\"\n"
            "rename \"d/f\" \"d/e/f\" # EACCES\n"
            "rename \"d/f\" \"d/g\"\n"
            "mkdir \"x\" 0755\n");
    struct walk walk;
    world_walk(&world, (struct dirfd){0}, (struct span){"/d/e", 4}, WALK_FOLLOW, 0, &walk);
    assert_true(world_landlock_permits(&world, (struct place){walk.mount, walk.node}));
    assert_false(world_landlock_permits(&world, (struct place){MOUNT_ARENA, NODE_ROOT}));
}

static void a_low_limit_leaves_no_descriptor(void **state) {
    (void)state;
    prepare("mkdir \"d\" 0755\n"
            "d0 = open \"d\"\n"
            "d1 = dup d0 1000\n"
            "d2 = dup 0 3\n"
            "d3 = dup cwd 3 # EBADF\n"
            "d3 = dup d0 4096 # EINVAL\n"
            "nofile 5\n"
            "d3 = open \"d\" # EMFILE\n"
            "file \"f\" 0644 \"\" # EMFILE\n"
            "nofile 6\n"
            "d3 = open \"d\"\n");
    assert_int_equal(world.slots[1], 1000);
    assert_int_equal(world.slots[2], 4);
    assert_int_equal(world.slots[3], 5);
}

static void the_arena_stays(void **state) {
    (void)state;
    prepare("mkdir \"d\" 0755\n"
            "mount \"/\" 0 # EBUSY\n"
            "umount \"/\" # EINVAL\n"
            "umount \"d\" # EINVAL\n"
            "mount \"f\" 0 # ENOENT\n"
            "bind \"/\" \"d\"\n"
            "mkdir \"d/d/e\" 0755\n"
            "mount \"d\" 0\n"
            "umount \"d\"\n"
            "umount \"d\"\n"
            "rmdir \"d/e\"\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mounts_cover_what_is_below),
        cmocka_unit_test(names_do_not_move_between_mounts),
        cmocka_unit_test(read_only_mounts_and_file_systems_refuse_changes),
        cmocka_unit_test(full_file_systems_count_nodes_names_and_what_is_held),
        cmocka_unit_test(links_are_not_followed_on_nosymfollow_mounts),
        cmocka_unit_test(inode_flags_refuse_even_capabilities),
        cmocka_unit_test(landlock_keeps_names_where_they_are),
        cmocka_unit_test(a_low_limit_leaves_no_descriptor),
        cmocka_unit_test(the_arena_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
