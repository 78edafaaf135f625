/*
 * steward_test.c - the steps that change owners, ACLs and inode flags, and that nothing stays of
 * what the steward does, whatever becomes of its worker.
 */
#include "testing.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>

#include "trap.h"

/* --- metadata ------------------------------------------------------------------------------- */

static void an_owner_is_given_through_links_and_from_the_root_on(void **state) {
    (void)state;
    need(ABILITY_IDENTITIES);
    const struct observation *seen = run_twice("mkdir \"d\" 0700 # 0\n"
                                               "chown \"d\" 1000:1001 # 0\n"
                                               "symlink \"d\" \"l\" # 0\n"
                                               "mkdir \"e\" 0755 # 0\n"
                                               "chdir \"e\" # 0\n"
                                               "chown \"l\" 1002:1003 # 0\n"
                                               "chown \"none\" 0:0 # ENOENT\n"
                                               "chown \"\" 0:0 # ENOENT\n"
                                               "chown \"/\" 4:5 # 0\n");
    assert_int_equal(find(seen, 0, "d")->facts.uid, 1002);
    assert_int_equal(find(seen, 0, "d")->facts.gid, 1003);
    assert_int_equal(find(seen, 0, "l")->facts.uid, 0);
    assert_int_equal(seen->nodes[0].facts.uid, 4);
    assert_int_equal(seen->nodes[0].facts.gid, 5);
    assert_int_equal(seen->root.uid, 4);
    assert_world_is_fresh();
}

static void acls_decide_and_are_inherited(void **state) {
    (void)state;
    need(ABILITY_ACLS);
    need(ABILITY_IDENTITIES);
    const struct observation *seen =
        run_twice("mkdir \"d\" 0700 # 0\n"
                  "acl \"d\" u::rwx,u:1000:rwx,g::---,g:5:r-x,m::rwx,o::--- # 0\n"
                  "acl \"d\" u::rwx,g::r-x,o::-w- default # 0\n"
                  "as 1000:1000 # 0\n"
                  "mkfifo \"d/a\" 0777 # 0\n"
                  "as 1001:5 # 0\n"
                  "mkfifo \"d/b\" 0777 # EACCES\n"
                  "mkfifo \"d/a\" 0777 # EEXIST\n"
                  "as 1002:1002 # 0\n"
                  "mkfifo \"d/a\" 0777 # EACCES\n"
                  "file \"f\" 0644 \"\" # EACCES\n"
                  "acl \"d/a\" u::rwx,g::rwx,o::rwx # ENOTDIR\n"
                  "acl \"none\" u::rwx,g::rwx,o::rwx # ENOENT\n"
                  "acl \"/\" u::---,g::rwx,o::-w- # 0\n"
                  "acl \"/\" u::---,g::---,o::--- default # 0\n");
    assert_int_equal(seen->outcomes[4].target.mode, S_IFIFO | 0752);
    assert_int_equal(seen->root.mode, S_IFDIR | 0072);
    /* A new node of the root shows whether the default ACL has gone. */
    assert_int_equal(run("mkfifo \"a\" 0666 # 0\n")->outcomes[0].target.mode, S_IFIFO | 0644);
}

static void flags_keep_everyone_out_and_come_off_again(void **state) {
    (void)state;
    need(ABILITY_ATTRIBUTES);
    const struct observation *seen = run_twice("mkdir \"d\" 0755 # 0\n"
                                               "mkdir \"d/e\" 0755 # 0\n"
                                               "mkdir \"a\" 0755 # 0\n"
                                               "file \"f\" 0644 \"\" # 0\n"
                                               "attribute \"f\" immutable # ENOTDIR\n"
                                               "attribute \"d\" immutable # 0\n"
                                               "attribute \"a\" append # 0\n"
                                               "mkfifo \"d/p\" 0644 # EPERM\n"
                                               "mkfifo \"d/e/p\" 0644 # 0\n"
                                               "mkfifo \"a/p\" 0644 # 0\n"
                                               "unlink \"a/p\" # EPERM\n"
                                               "rmdir \"d/e\" # EPERM\n"
                                               "attribute \"d\" # 0\n"
                                               "mkfifo \"d/p\" 0644 # 0\n"
                                               "attribute \"d/e\" immutable append # 0\n"
                                               "rename \"d\" \"D\" # 0\n"
                                               "attribute \"/\" immutable # 0\n"
                                               "mkfifo \"p\" 0644 # EPERM\n"
                                               "chown \"/\" 0:0 # EPERM\n");
    assert_int_equal(seen->node_count, 8);
    assert_world_is_fresh();
}

static void flags_come_off_where_no_writable_path_leads(void **state) {
    (void)state;
    need(ABILITY_ATTRIBUTES);
    need(ABILITY_MOUNTS);
    run_twice("mkdir \"d\" 0755 # 0\n"
              "mkdir \"d/e\" 0755 # 0\n"
              "mkdir \"b\" 0755 # 0\n"
              "bind \"d\" \"b\" # 0\n"
              "attribute \"b/e\" immutable # 0\n"
              "remount \"b\" ro # 0\n"
              "umount \"b\" # 0\n"
              "mount \"d\" 0 # 0\n"
              "mkdir \"d/x\" 0755 # 0\n"
              "attribute \"d/x\" immutable # 0\n"
              "remount \"/\" ro # 0\n"
              "remount \"/\" ro superblock # 0\n"
              "attribute \"b\" immutable # EROFS\n");
}

static void only_so_many_directories_get_flags(void **state) {
    (void)state;
    need(ABILITY_ATTRIBUTES);
    scenario_clear(&scenario);
    for (int i = 0; i < ATTRIBUTES_MAX + 2; i++) {
        struct step *step = scenario_add(&scenario, STEP_ATTRIBUTE);
        step->path = scenario_store(&scenario, "/", 1);
        step->flags = i <= ATTRIBUTES_MAX ? ATTRIBUTE_APPEND : 0;
    }
    const struct observation *seen = sandbox_run(sandbox, &scenario, &plain, SANDBOX_OBSERVED);
    for (int i = 0; i < ATTRIBUTES_MAX + 2; i++)
        assert_int_equal(seen->outcomes[i].result, i == ATTRIBUTES_MAX ? -1 : 0);
    assert_int_equal(seen->outcomes[ATTRIBUTES_MAX].error, ENOSPC);
    assert_world_is_fresh();
}

/* --- nothing is left behind ----------------------------------------------------------------- */

/* What the threads besides this one have: descriptors, and mounts in the namespace of the last. */
struct others {
    int threads, descriptors, mounts;
};

static int count_lines(const char *path) {
    int count = 0;
    FILE *file = fopen(path, "r");
    if (!file)
        return 0; /* a thread that has just ended */
    for (int byte; (byte = fgetc(file)) != EOF;)
        count += byte == '\n';
    fclose(file);
    return count;
}

static int count_entries(const char *path) {
    int count = -2; /* "." and ".." */
    DIR *directory = opendir(path);
    if (!directory)
        return 0;
    while (readdir(directory))
        count++;
    closedir(directory);
    return count;
}

static struct others look_at_others(void) {
    struct others others = {0};
    char path[64];
    DIR *tasks = opendir("/proc/self/task");
    assert_non_null(tasks);
    for (const struct dirent *entry; (entry = readdir(tasks));) {
        const long id = strtol(entry->d_name, NULL, 10);
        if (id == 0 || id == getpid())
            continue;
        snprintf(path, sizeof(path), "/proc/self/task/%ld/fd", id);
        const int descriptors = count_entries(path);
        if (descriptors <= 0)
            continue;
        others.threads++;
        others.descriptors += descriptors;
        snprintf(path, sizeof(path), "/proc/self/task/%ld/mountinfo", id);
        others.mounts = count_lines(path);
    }
    closedir(tasks);
    return others;
}

static void assert_others(struct others expected) {
    const struct others now = look_at_others();
    assert_int_equal(now.threads, expected.threads);
    assert_int_equal(now.descriptors, expected.descriptors);
    assert_int_equal(now.mounts, expected.mounts);
}

static const char everything[] = "mkdir \"d\" 0755 # 0\n"
                                 "mount \"d\" 0 # 0\n"
                                 "mkdir \"d/e\" 0755 # 0\n"
                                 "mount \"d/e\" 9 ro # 0\n"
                                 "bind \"/\" \"d/e\" nosuid # 0\n"
                                 "mount \"d/e/d\" 0 # 0\n"
                                 "mkfifo \"d/p\" 0644 # 0\n"
                                 "umount \"d/e\" # 0\n"
                                 "remount \"/\" ro # 0\n"
                                 "mkfifo \"d/q\" 0644 # 0\n";

static void thousands_of_mounts_leave_nothing_behind(void **state) {
    (void)state;
    need(ABILITY_MOUNTS);
    const unsigned generation = sandbox_generation(sandbox);
    run("");
    const struct others before = look_at_others();
    assert_int_equal(before.threads, 3); /* the worker's two and the steward */
    for (int i = 0; i < 1000; i++) {
        const struct observation *seen = run(everything);
        assert_int_equal(seen->tree_count, 4);
        run_with(plain_mkfifo, everything, SANDBOX_BARE);
        if (sandbox_host(sandbox)->can[ABILITY_IDMAP])
            run("mkdir \"d\" 0755 # 0\nmount \"d\" 0 idmap # 0\n");
    }
    assert_world_is_fresh();
    assert_others(before);
    assert_int_equal(sandbox_generation(sandbox), generation);
}

static int fork_process(const char *path, mode_t mode) {
    (void)path;
    (void)mode;
    return (int)syscall(SYS_fork);
}

static int exit_thread(const char *path, mode_t mode) {
    (void)path;
    return (int)syscall(SYS_exit, mode);
}

static void a_lost_worker_takes_its_steward_along(void **state) {
    (void)state;
    need(ABILITY_MOUNTS);
    mkfifo_function *const bad[] = {crash, fork_process, exit_thread};
    reopen();
    run("");
    const struct others before = look_at_others();
    for (int i = 0; i < 90; i++) {
        const unsigned generation = sandbox_generation(sandbox);
        const struct observation *seen = run_with(bad[i % 3], everything, SANDBOX_OBSERVED);
        assert_int_not_equal(seen->ending, ENDING_DONE);
        assert_int_equal(seen->step, 6);
        assert_world_is_fresh();
        assert_int_equal(sandbox_generation(sandbox), generation + 1);
    }
    if (trap_has_sanitizer())
        return; /* a thread that crashed stays */
    while (look_at_others().threads > before.threads)
        sched_yield(); /* pthread_join(3) returns a moment before a thread has left the process */
    assert_others(before);
}

int main(void) {
    open_or_skip();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_owner_is_given_through_links_and_from_the_root_on),
        cmocka_unit_test(acls_decide_and_are_inherited),
        cmocka_unit_test(flags_keep_everyone_out_and_come_off_again),
        cmocka_unit_test(flags_come_off_where_no_writable_path_leads),
        cmocka_unit_test(only_so_many_directories_get_flags),
        cmocka_unit_test(thousands_of_mounts_leave_nothing_behind),
        cmocka_unit_test(a_lost_worker_takes_its_steward_along),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    sandbox_close(sandbox);
    return failed;
}
