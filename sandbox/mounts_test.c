/*
 * mounts_test.c - the steps mount, bind, remount and umount: what calls find then, and the trees
 * that are listed afterwards.
 */
#include "testing.h"

#include <fcntl.h>

/* --- mounts --------------------------------------------------------------------------------- */

static void a_mount_covers_and_is_listed_as_a_tree(void **state) {
    (void)state;
    need(ABILITY_MOUNTS);
    const struct observation *seen = run_twice("mkdir \"d\" 0700 # 0\n"
                                               "mkfifo \"d/under\" 0600 # 0\n"
                                               "mount \"d\" 0 # 0\n"
                                               "mkfifo \"d/under\" 0644 # 0\n"
                                               "mkdir \"d/e\" 0750 # 0\n"
                                               "file \"d/e/f\" 0640 \"content\" # 0\n"
                                               "symlink \"body\" \"d/e/l\" # 0\n"
                                               "link \"d/e/f\" \"d/g\" # 0\n"
                                               "mkdir \"d/e/deep\" 0755 # 0\n"
                                               "mkfifo \"d/e/deep/p\" 0644 # 0\n"
                                               "mkdir \"d/h\" 0755 # 0\n"
                                               "mkfifo \"d/h/p\" 0644 # 0\n"
                                               "mkdir \"d/i\" 0755 # 0\n"
                                               "mkfifo \"d/i/p\" 0644 # 0\n"
                                               "rmdir \"d\" # EBUSY\n");
    assert_int_equal(seen->tree_count, 2);
    assert_int_equal(seen->trees[0], 0);
    const uint32_t root = seen->trees[1];
    assert_int_equal(seen->nodes[root].parent, root);
    assert_int_equal(seen->nodes[root].name_length, 0);
    assert_int_equal(seen->nodes[root].facts.mode, S_IFDIR | 0755);
    assert_true(seen->nodes[root].facts.dev != seen->root.dev);
    assert_int_equal(tree_size(seen, 0), 3);
    assert_int_equal(tree_size(seen, 1), 12);
    const struct observed_node *d = find(seen, 0, "d"), *e = find(seen, root, "e");
    assert_int_equal(d->facts.mode, S_IFDIR | 0700);
    assert_non_null(find(seen, (uint32_t)(d - seen->nodes), "under"));
    const uint32_t inner = (uint32_t)(e - seen->nodes);
    const struct observed_node *f = find(seen, inner, "f"), *g = find(seen, root, "g");
    assert_memory_equal(&f->facts, &g->facts, sizeof(f->facts));
    assert_int_equal(f->facts.nlink, 2);
    assert_memory_equal(seen->bytes + f->content, "content", 7);
    assert_memory_equal(seen->bytes + find(seen, inner, "l")->content, "body", 4);
    const struct observed_node *deep = find(seen, inner, "deep"), *h = find(seen, root, "h");
    assert_non_null(find(seen, (uint32_t)(deep - seen->nodes), "p"));
    assert_non_null(find(seen, (uint32_t)(h - seen->nodes), "p"));
    const struct observed_node *last = find(seen, root, "i");
    assert_non_null(find(seen, (uint32_t)(last - seen->nodes), "p"));
    assert_int_equal(run("")->tree_count, 1);
}

static void detached_and_covered_trees_are_listed_too(void **state) {
    (void)state;
    need(ABILITY_MOUNTS);
    const struct observation *seen = run_twice("mkdir \"d\" 0755 # 0\n"
                                               "mount \"d\" 0 # 0\n"
                                               "mkdir \"d/a\" 0755 # 0\n"
                                               "mount \"d/a\" 0 # 0\n"
                                               "mkfifo \"d/a/second\" 0644 # 0\n"
                                               "chdir \"d/a\" # 0\n"
                                               "d0 = open \".\" # 0\n"
                                               "umount \"d\" # 0\n"
                                               "mkfifo \"late\" 0644 # 0\n"
                                               "mkfifo \"../up\" 0644 # 0\n"
                                               "mount \"d\" 0 # 0\n"
                                               "mkfifo \"/d/third\" 0644 # 0\n"
                                               "mount \"d\" 0 # 0\n"
                                               "mkfifo \"/d/third\" 0644 # 0\n"
                                               "umount \"none\" # ENOENT\n");
    assert_int_equal(seen->tree_count, 5);
    assert_int_equal(tree_size(seen, 1), 2);
    assert_int_equal(tree_size(seen, 2), 4);
    assert_int_equal(tree_size(seen, 3), 2);
    assert_int_equal(tree_size(seen, 4), 2);
    assert_non_null(find(seen, seen->trees[2], "late"));
    assert_non_null(find(seen, seen->trees[2], "up")); /* ".." of a mount's root is itself then */
    assert_int_equal(seen->cwd.ino, seen->nodes[seen->trees[2]].facts.ino);
    assert_int_equal(seen->slots[0].facts.dev, seen->cwd.dev);
}

static void inodes_can_run_out(void **state) {
    (void)state;
    need(ABILITY_MOUNTS);
    const struct observation *seen = run("mkdir \"d\" 0755 # 0\n"
                                         "mount \"d\" 3 # 0\n"
                                         "mkfifo \"d/a\" 0644 # 0\n"
                                         "mkfifo \"d/b\" 0644 # 0\n"
                                         "mkfifo \"d/c\" 0644 # ENOSPC\n");
    assert_int_equal(tree_size(seen, 1), 3);
    assert_world_is_fresh();
}

static void an_idmapped_mount_is_listed_as_on_disk(void **state) {
    (void)state;
    need(ABILITY_IDMAP);
    const struct observation *seen = run_twice("mkdir \"d\" 0755 # 0\n"
                                               "mount \"d\" 0 idmap # 0\n"
                                               "chown \"d\" 0:0 # 0\n"
                                               "mkfifo \"d/root\" 0644 # 0\n"
                                               "chmod \"d\" 0777 # 0\n"
                                               "as 1000:1000 # 0\n"
                                               "mkfifo \"d/user\" 0644 # 0\n"
                                               "as 5:5 # 0\n"
                                               "mkfifo \"d/none\" 0644 # EOVERFLOW\n"
                                               "bind \"d\" \"d\" idmap # EPERM\n"
                                               "bind \"d\" \"d\" # 0\n"
                                               "as 0:0 # 0\n"
                                               "mkfifo \"d/again\" 0644 # 0\n");
    assert_int_equal(seen->outcomes[3].target.uid, 0);
    assert_int_equal(seen->outcomes[6].target.gid, 1000);
    assert_int_equal(seen->tree_count, 2);
    const uint32_t root = seen->trees[1];
    assert_int_equal(seen->nodes[root].facts.uid, 1000);
    assert_int_equal(find(seen, root, "root")->facts.uid, 1000);
    assert_int_equal(find(seen, root, "root")->facts.gid, 1000);
    assert_int_equal(find(seen, root, "user")->facts.uid, 0);
    assert_int_equal(find(seen, root, "again")->facts.uid, 1000);
}

static void a_bind_mount_shows_a_directory_with_flags_of_its_own(void **state) {
    (void)state;
    need(ABILITY_MOUNTS);
    need(ABILITY_NOSYMFOLLOW);
    const struct observation *seen = run_twice("mkdir \"d\" 0755 # 0\n"
                                               "mkdir \"b\" 0755 # 0\n"
                                               "symlink \".\" \"d/l\" # 0\n"
                                               "file \"f\" 0644 \"\" # 0\n"
                                               "bind \"d\" \"f\" # ENOTDIR\n"
                                               "bind \"none\" \"f\" # ENOENT\n"
                                               "bind \"d\" \"b\" ro nosymfollow # 0\n"
                                               "mkfifo \"b/p\" 0644 # EROFS\n"
                                               "mkfifo \"b/l/p\" 0644 # ELOOP\n"
                                               "mkfifo \"d/l/p\" 0644 # 0\n"
                                               "mkfifo \"b/p\" 0644 # EEXIST\n"
                                               "mkdir \"d/sub\" 0755 # 0\n"
                                               "remount \"b/sub\" # 0\n"
                                               "mkfifo \"b/l/q\" 0644 # 0\n"
                                               "bind \"b\" \"b\" nodev noexec nosuid # 0\n"
                                               "umount \"b\" # 0\n"
                                               "umount \"b\" # 0\n"
                                               "umount \"b\" # EINVAL\n"
                                               "bind \"/\" \"b\" # 0\n"
                                               "chdir \"b\" # 0\n"
                                               "mount \"b\" 0 # 0\n"
                                               "umount \"f\" # EINVAL\n");
    assert_int_equal(seen->tree_count, 2);
    assert_int_equal(tree_size(seen, 0), 8);
    assert_int_equal(tree_size(seen, 1), 1);
}

static void the_arena_itself_can_be_read_only_but_not_covered(void **state) {
    (void)state;
    need(ABILITY_MOUNTS);
    const struct observation *seen = run_twice("mkdir \"d\" 0755 # 0\n"
                                               "mount \"/\" 0 # EBUSY\n"
                                               "bind \"d\" \"d/..\" # EBUSY\n"
                                               "umount \"/\" # EINVAL\n"
                                               "umount \"d\" # EINVAL\n"
                                               "bind \"/\" \"d\" # 0\n"
                                               "remount \"/\" ro # 0\n"
                                               "mkfifo \"p\" 0644 # EROFS\n"
                                               "mkfifo \"d/p\" 0644 # 0\n"
                                               "remount \"/\" # 0\n"
                                               "mkfifo \"q\" 0644 # 0\n"
                                               "remount \"d\" ro superblock # 0\n"
                                               "mkfifo \"r\" 0644 # EROFS\n"
                                               "mkfifo \"d/r\" 0644 # EROFS\n"
                                               "chmod \"/\" 0700 # EROFS\n"
                                               "mount \"d\" 0 # 0\n"
                                               "mkfifo \"d/r\" 0644 # 0\n"
                                               "remount \"d\" ro superblock # 0\n"
                                               "mkfifo \"d/s\" 0644 # EROFS\n"
                                               "remount \"d\" superblock # 0\n"
                                               "mkfifo \"d/s\" 0644 # 0\n"
                                               "remount \"/\" ro # 0\n");
    assert_int_equal(tree_size(seen, 0), 4);
    assert_int_equal(tree_size(seen, 1), 3);
}

static void only_so_many_mounts_are_made(void **state) {
    (void)state;
    need(ABILITY_MOUNTS);
    scenario_clear(&scenario);
    struct step *step = scenario_add(&scenario, STEP_MKDIR);
    const struct text path = step->path = scenario_store(&scenario, "d", 1);
    for (int i = 0; i <= MOUNTS_MAX; i++) {
        step = scenario_add(&scenario, i % 2 ? STEP_BIND : STEP_MOUNT);
        step->path = i < MOUNTS_MAX ? path : (struct text){0};
        step->other = i % 2 ? path : (struct text){0};
    }
    const struct observation *seen = sandbox_run(sandbox, &scenario, &plain, SANDBOX_OBSERVED);
    for (int i = 1; i <= MOUNTS_MAX; i++)
        assert_int_equal(seen->outcomes[i].result, 0);
    assert_int_equal(seen->outcomes[1 + MOUNTS_MAX].result, -1);
    assert_int_equal(seen->outcomes[1 + MOUNTS_MAX].error, ENOSPC);
    assert_int_equal(seen->tree_count, 1 + MOUNTS_MAX / 2);
    assert_world_is_fresh();
}

static void a_low_limit_of_descriptors_is_not_the_stewards(void **state) {
    (void)state;
    need(ABILITY_MOUNTS);
    run_twice("mkdir \"d\" 0755 # 0\n"
              "nofile 0 # 0\n"
              "mount \"d\" 0 # 0\n"
              "d0 = open \"d\" # EMFILE\n"
              "bind \"d\" \"d\" # 0\n"
              "remount \"d\" ro # 0\n"
              "umount \"d\" # 0\n"
              "chown \"d\" 0:0 # 0\n"
              "d0 = open \"d\" # EMFILE\n");
}

/* --- trees of any shape --------------------------------------------------------------------- */

enum { DEEP = 700, WIDE = 1500 };

static int make_deep_and_wide(const char *path, mode_t mode) {
    char name[32];
    for (int i = 0; i < DEEP; i++)
        if (mkdir("a", 0700) || mkdir("b", 0700) || plain_mkfifo("b/p", mode) || chdir("b"))
            return -1;
    for (int i = 0; i < WIDE; i++) {
        snprintf(name, sizeof(name), "%s%d", path, i);
        if (i % 2 ? mkdir(name, 0) : plain_mkfifo(name, mode))
            return -1;
    }
    return 0;
}

static void deep_and_wide_trees_are_listed(void **state) {
    (void)state;
    need(ABILITY_MOUNTS);
    const struct observation *seen = run_with(make_deep_and_wide,
                                              "mkdir \"d\" 0755\nmount \"d\" 0\nchdir \"d\"\n"
                                              "mkfifo \"name\" 0644\n",
                                              SANDBOX_OBSERVED);
    assert_int_equal(seen->ending, ENDING_DONE);
    assert_int_equal(seen->outcomes[3].result, 0);
    assert_false(seen->overflow);
    assert_int_equal(tree_size(seen, 1), 1 + 3 * DEEP + WIDE);
    uint32_t parent = seen->trees[1];
    for (int i = 0; i < DEEP; i++) {
        assert_non_null(find(seen, parent, "a"));
        const struct observed_node *b = find(seen, parent, "b");
        assert_non_null(b);
        parent = (uint32_t)(b - seen->nodes);
    }
    assert_non_null(find(seen, parent, "name1499"));
    assert_world_is_fresh();
}

static int make_too_many(const char *path, mode_t mode) {
    char name[32];
    for (int i = 0; i < OBSERVED_NODES_MAX; i++) {
        snprintf(name, sizeof(name), "%s%d", path, i);
        if (plain_mkfifo(name, mode))
            return -1;
    }
    return 0;
}

static void a_tree_too_large_is_cut(void **state) {
    (void)state;
    need(ABILITY_MOUNTS);
    const unsigned generation = sandbox_generation(sandbox);
    const struct observation *seen =
        run_with(make_too_many,
                 "mkdir \"d\" 0755\nmount \"d\" 0\nmkdir \"d/e\" 0755\n"
                 "mount \"d/e\" 0\nmkfifo \"d/n\" 0644\n",
                 SANDBOX_OBSERVED);
    assert_int_equal(seen->ending, ENDING_DONE);
    assert_int_equal(seen->outcomes[4].result, 0);
    assert_true(seen->overflow);
    assert_world_is_fresh();
    assert_int_equal(sandbox_generation(sandbox), generation);
}

static int climb(const char *path, mode_t mode) {
    for (int i = 0; i < 100; i++)
        if (chdir(".."))
            return -1;
    if (open("etc/passwd", O_RDONLY) != -1 || open("/etc/passwd", O_RDONLY) != -1 ||
        open("proc/self/root/etc/passwd", O_RDONLY) != -1)
        return -2;
    return plain_mkfifo(path, mode);
}

static void a_detached_mount_leads_nowhere(void **state) {
    (void)state;
    need(ABILITY_MOUNTS);
    const struct observation *seen = run_with(climb,
                                              "mkdir \"d\" 0755\nmount \"d\" 0\nchdir \"d\"\n"
                                              "umount \"d\"\nmkfifo \"name\" 0644\n",
                                              SANDBOX_OBSERVED);
    assert_int_equal(seen->ending, ENDING_DONE);
    assert_int_equal(seen->outcomes[4].result, 0);
    assert_non_null(find(seen, seen->trees[1], "name"));
    assert_world_is_fresh();
}

int main(void) {
    open_or_skip();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mount_covers_and_is_listed_as_a_tree),
        cmocka_unit_test(detached_and_covered_trees_are_listed_too),
        cmocka_unit_test(inodes_can_run_out),
        cmocka_unit_test(an_idmapped_mount_is_listed_as_on_disk),
        cmocka_unit_test(a_bind_mount_shows_a_directory_with_flags_of_its_own),
        cmocka_unit_test(the_arena_itself_can_be_read_only_but_not_covered),
        cmocka_unit_test(only_so_many_mounts_are_made),
        cmocka_unit_test(a_low_limit_of_descriptors_is_not_the_stewards),
        cmocka_unit_test(deep_and_wide_trees_are_listed),
        cmocka_unit_test(a_tree_too_large_is_cut),
        cmocka_unit_test(a_detached_mount_leads_nowhere),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    sandbox_close(sandbox);
    return failed;
}
