/*
 * identity_test.c - who a scenario acts as, what it may still do, and that nothing of that stays:
 * the steps as, landlock, nofile and dup.
 */
#include "testing.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>

/* --- as ------------------------------------------------------------------------------------- */

static struct {
    uid_t uids[3];
    gid_t gids[3];
    gid_t groups[8];
    int group_count;
    uint32_t effective, permitted, inheritable;
    uid_t fsuid;
    gid_t fsgid;
} self;

/* The ids of the file system show on what is made. */
static int look_at_self(const char *path, mode_t mode) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct sets[2];
    struct stat status;
    if (getresuid(&self.uids[0], &self.uids[1], &self.uids[2]) ||
        getresgid(&self.gids[0], &self.gids[1], &self.gids[2]) ||
        syscall(SYS_capget, &header, sets) || plain_mkfifo(path, mode) || lstat(path, &status))
        return -1;
    self.group_count = getgroups(8, self.groups);
    self.effective = sets[0].effective;
    self.permitted = sets[0].permitted;
    self.inheritable = sets[0].inheritable;
    self.fsuid = status.st_uid;
    self.fsgid = status.st_gid;
    return 0;
}

static void assert_ids(uid_t uid, gid_t gid, uid_t real_uid, gid_t real_gid) {
    const uid_t uids[] = {real_uid, uid, uid};
    const gid_t gids[] = {real_gid, gid, gid};
    assert_memory_equal(self.uids, uids, sizeof(uids));
    assert_memory_equal(self.gids, gids, sizeof(gids));
    assert_int_equal(self.fsuid, uid);
    assert_int_equal(self.fsgid, gid);
}

static void the_call_runs_as_who_was_named(void **state) {
    (void)state;
    need(ABILITY_IDENTITIES);
    const struct observation *seen = run_with(look_at_self,
                                              "chmod \"/\" 0777\n"
                                              "as 1000:1001,7,5 real 8:9 fsetid dac_read_search\n"
                                              "mkfifo \"name\" 0644\n",
                                              SANDBOX_OBSERVED);
    assert_int_equal(seen->ending, ENDING_DONE);
    assert_int_equal(seen->outcomes[1].result, 0);
    assert_int_equal(seen->outcomes[2].result, 0);
    assert_ids(1000, 1001, 8, 9);
    assert_int_equal(self.group_count, 2);
    assert_int_equal(self.groups[0] + self.groups[1], 12);
    assert_int_equal(self.effective, 1U << CAP_FSETID | 1U << CAP_DAC_READ_SEARCH);
    assert_int_equal(self.inheritable, 0);
    const uint32_t most = 1U << CAP_SETUID | 1U << CAP_SETGID | 1U << CAP_DAC_OVERRIDE |
                          1U << CAP_DAC_READ_SEARCH | 1U << CAP_FSETID | 1U << CAP_FOWNER |
                          1U << CAP_CHOWN;
    assert_int_equal(self.permitted & ~most, 0);
    assert_int_equal(seen->outcomes[2].target.uid, 1000);
}

static void the_next_scenario_is_root_without_capabilities_again(void **state) {
    (void)state;
    need(ABILITY_IDENTITIES);
    const enum sandbox_mode modes[] = {SANDBOX_OBSERVED, SANDBOX_BARE};
    for (int i = 0; i < 2; i++) {
        run_with(plain_mkfifo, "as 1000:1001,5 real 6:7 dac_override\nmkfifo \"a\" 0600\n",
                 modes[i]);
        assert_int_equal(run_function(look_at_self)->outcomes[0].result, 0);
        assert_ids(0, 0, 0, 0);
        assert_int_equal(self.group_count, 0);
        assert_int_equal(self.effective, 0);
    }
    assert_world_is_fresh();
}

static void capabilities_work_without_another_user(void **state) {
    (void)state;
    run("mkdir \"d\" 0000 # 0\n"
        "mkfifo \"d/a\" 0600 # EACCES\n"
        "as 0:0 dac_read_search # 0\n"
        "mkfifo \"d/a\" 0600 # EACCES\n"
        "chdir \"d\" # 0\n"
        "as 0:0 dac_override # 0\n"
        "mkfifo \"a\" 0600 # 0\n"
        "as 0:0 # 0\n"
        "mkfifo \"/d/b\" 0600 # EACCES\n"
        "as 0:0 fsetid # 0\n"
        "mkfifo \"/d/b\" 0600 # EACCES\n");
    assert_world_is_fresh();
}

static void permissions_of_owner_group_and_others_count(void **state) {
    (void)state;
    need(ABILITY_IDENTITIES);
    const struct observation *seen = run("umask 0\n"
                                         "mkdir \"owner\" 0700 # 0\n"
                                         "chown \"owner\" 1000:0 # 0\n"
                                         "mkdir \"group\" 0770 # 0\n"
                                         "chown \"group\" 0:5 # 0\n"
                                         "as 1000:1000 # 0\n"
                                         "mkfifo \"owner/a\" 0644 # 0\n"
                                         "mkfifo \"group/a\" 0644 # EACCES\n"
                                         "as 1000:1000,4,5 # 0\n"
                                         "mkfifo \"group/a\" 0644 # 0\n"
                                         "as 1001:5 # 0\n"
                                         "mkfifo \"owner/b\" 0644 # EACCES\n"
                                         "mkfifo \"group/b\" 0644 # 0\n"
                                         "mkfifo \"c\" 0644 # EACCES\n");
    assert_int_equal(seen->outcomes[12].target.error, 0);
    assert_int_equal(seen->outcomes[12].target.uid, 1001);
    assert_int_equal(seen->outcomes[12].target.gid, 5);
    assert_int_equal(seen->node_count, 6);
    assert_world_is_fresh();
}

static void what_others_own_is_listed_and_removed(void **state) {
    (void)state;
    need(ABILITY_IDENTITIES);
    const unsigned generation = sandbox_generation(sandbox);
    const char *const text = "mkdir \"d\" 0700 # 0\n"
                             "chmod \"d\" 01777 # 0\n"
                             "chmod \"/\" 01777 # 0\n"
                             "as 1000:1000 # 0\n"
                             "mkdir \"d/locked\" 0700 # 0\n"
                             "file \"d/locked/f\" 0000 \"secret\" # 0\n"
                             "chmod \"d/locked\" 0000 # 0\n"
                             "as 1001:1001 # 0\n"
                             "unlink \"d/locked/f\" # EACCES\n"
                             "rmdir \"d/locked\" # EPERM\n"
                             "chown \"/\" 1000:1000 # 0\n"
                             "chown \"d\" 1001:1001 # 0\n";
    const struct observation *seen = run(text);
    assert_int_equal(seen->root.uid, 1000);
    assert_int_equal(seen->node_count, 4);
    assert_int_equal(seen->nodes[3].facts.uid, 1000);
    assert_memory_equal(seen->bytes + seen->nodes[3].content, "secret", 6);
    assert_world_is_fresh();
    run_with(plain_mkfifo, text, SANDBOX_BARE);
    assert_world_is_fresh();
    assert_int_equal(sandbox_generation(sandbox), generation);
}

/* --- without the cookies -------------------------------------------------------------------- */

static int become_another(const char *path, mode_t mode) {
    (void)path;
    (void)mode;
    return (int)syscall(SYS_setresuid, 1000, 1000, 1000);
}

static int leave_groups(const char *path, mode_t mode) {
    (void)path;
    (void)mode;
    return (int)syscall(SYS_setgroups, 0, NULL);
}

static int change_group(const char *path, mode_t mode) {
    (void)path;
    (void)mode;
    return (int)syscall(SYS_setresgid, 1000, 1000, 1000);
}

static int take_capabilities(const char *path, mode_t mode) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct sets[2] = {{0}};
    (void)path;
    (void)mode;
    if (syscall(SYS_capget, &header, sets))
        return -1;
    sets[0].effective = sets[0].permitted;
    return (int)syscall(SYS_capset, &header, sets);
}

static int lower_the_limit(const char *path, mode_t mode) {
    const struct rlimit limit = {3, 3};
    (void)path;
    (void)mode;
    return setrlimit(RLIMIT_NOFILE, &limit);
}

static int confine_itself(const char *path, mode_t mode) {
    const uint64_t handled = 1;
    (void)path;
    (void)mode;
    return (int)syscall(444 /* landlock_create_ruleset */, &handled, sizeof(handled), 0);
}

static void who_calls_these_itself_is_stopped(void **state) {
    (void)state;
    const struct {
        mkfifo_function *function;
        int call;
    } cases[] = {
        {become_another, SYS_setresuid},  {leave_groups, SYS_setgroups},
        {change_group, SYS_setresgid},    {take_capabilities, SYS_capset},
        {lower_the_limit, SYS_prlimit64}, {confine_itself, 444},
    };
    reopen();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct observation *seen =
            run_with(cases[i].function, "as 0:0 dac_override\nmkfifo \"a\" 0600\n",
                     i % 2 ? SANDBOX_BARE : SANDBOX_OBSERVED);
        assert_int_equal(seen->ending, ENDING_FORBIDDEN);
        assert_int_equal(seen->detail, cases[i].call);
        assert_world_is_fresh();
        assert_int_equal(run_function(look_at_self)->outcomes[0].result, 0);
        assert_ids(0, 0, 0, 0);
    }
}

/* --- bad ends ------------------------------------------------------------------------------- */

static volatile int zero;
static int loop_for_ever(const char *path, mode_t mode) {
    (void)path;
    (void)mode;
    while (!zero)
        ;
    return 0;
}

static int sleep_for_ever(const char *path, mode_t mode) {
    struct timespec long_time = {.tv_sec = 1000000};
    (void)path;
    (void)mode;
    return nanosleep(&long_time, NULL);
}

static int exit_process(const char *path, mode_t mode) {
    (void)path;
    exit((int)mode);
}

static void a_bad_end_leaves_neither_identity_nor_limit(void **state) {
    (void)state;
    const struct {
        mkfifo_function *function;
        enum ending ending;
        int detail;
    } cases[] = {
        {crash, ENDING_CRASHED, SIGSEGV},
        {loop_for_ever, ENDING_HUNG, 1},
        {sleep_for_ever, ENDING_HUNG, 0}, /* found without a descriptor to be had */
        {exit_process, ENDING_EXITED, -1},
    };
    const char *text = "nofile 0\nmkfifo \"a\" 0600\n";
    if (sandbox_host(sandbox)->can[ABILITY_IDENTITIES])
        text = "as 1000:1000,5 dac_override\nnofile 0\nmkfifo \"a\" 0600\n";
    struct rlimit before, after;
    reopen();
    const int dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct observation *seen = run_with(cases[i].function, text, SANDBOX_OBSERVED);
        assert_int_equal(seen->ending, cases[i].ending);
        if (cases[i].detail >= 0)
            assert_int_equal(seen->detail, cases[i].detail);
        assert_int_equal(getrlimit(RLIMIT_NOFILE, &after), 0);
        assert_int_equal(after.rlim_cur, before.rlim_cur);
        assert_int_equal(after.rlim_max, before.rlim_max);
        assert_int_equal(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), dumpable);
        assert_world_is_fresh();
        assert_int_equal(run_function(look_at_self)->outcomes[0].result, 0);
        assert_ids(0, 0, 0, 0);
    }
}

/* --- dup and nofile ------------------------------------------------------------------------- */

static void a_descriptor_gets_a_second_number(void **state) {
    (void)state;
    const struct observation *seen = run("mkdir \"d\" 0755 # 0\n"
                                         "d0 = open \"d\" # 0\n"
                                         "d1 = dup d0 0 # 0\n"
                                         "d2 = dup d0 90 # 0\n"
                                         "d3 = dup 0 0 # 0\n"
                                         "d4 = dup cwd 0 # EBADF\n"
                                         "d4 = dup 77 0 # EBADF\n"
                                         "d5 = open \"d\" path # 0\n"
                                         "d5 = dup d5 0 # EBADF\n"
                                         "close d0 # 0\n"
                                         "mkfifoat d2 \"p\" 0600 # 0\n"
                                         "mkfifoat d3 \"p\" 0600 # ENOTDIR\n"
                                         "d2 = dup d1 90 # 0\n");
    assert_int_equal(seen->outcomes[2].result, 4);
    assert_int_equal(seen->outcomes[3].result, 90);
    assert_int_equal(seen->outcomes[4].result, 5);
    assert_int_equal(seen->outcomes[12].result, 90);
    assert_int_equal(seen->slots[4].number, -1);
    assert_int_equal(seen->slots[5].facts.error, EBADF);
    assert_true(seen->slots[2].close_on_exec);
    assert_int_equal(seen->slots[2].facts.mode, S_IFDIR | 0755);
    for (int i = 0; i < OBSERVED_DESCRIPTORS; i++)
        assert_int_equal(seen->open[i], i < 3 || i == 4 || i == 5 || i == 90);
    assert_world_is_fresh();
}

static int leak_path_descriptors(const char *path, mode_t mode) {
    for (int i = 0; i < 3; i++)
        if (open("/", O_PATH) < 0)
            return -1;
    return plain_mkfifo(path, mode);
}

static void numbers_are_seen_however_large(void **state) {
    (void)state;
    const uint32_t most = sandbox_host(sandbox)->nofile;
    if (most < 256)
        skip();
    parse("d0 = open \"/\" path\n"
          "d1 = dup d0 0\n"
          "d2 = dup d0 100\n"
          "d3 = dup d0 0\n"
          "mkfifo \"p\" 0600\n"
          "close d0\n"
          "d4 = dup d0 0\n");
    scenario.steps[3].mode = most - 1;
    struct step *beyond = &scenario.steps[6];
    beyond->dirfd = (struct dirfd){.kind = DIRFD_SLOT, .number = 1};
    beyond->mode = most;
    const struct implementation one = {.mkfifo = leak_path_descriptors};
    const struct observation *seen = sandbox_run(sandbox, &scenario, &one, SANDBOX_OBSERVED);
    assert_int_equal(seen->outcomes[3].result, most - 1);
    assert_int_equal(seen->outcomes[6].error, EINVAL);
    assert_int_equal(seen->slots[3].number, most - 1);
    assert_int_equal(seen->slots[3].facts.mode, S_IFDIR | 0755);
    for (int i = 0; i < OBSERVED_DESCRIPTORS; i++) /* 4 is d1, 5 to 7 were leaked */
        assert_int_equal(seen->open[i], (i < 8 && i != 3) || i == 100);
    if (seen->descriptor_count >= 0)
        assert_int_equal(seen->descriptor_count, 9);
    assert_world_is_fresh();
}

static void a_low_limit_holds_for_the_scenario_alone(void **state) {
    (void)state;
    struct rlimit before, after;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    const char *const text = "d0 = open \"/\" # 0\n"
                             "nofile 4 # 0\n"
                             "d1 = open \"/\" # EMFILE\n"
                             "file \"f\" 0600 \"\" # EMFILE\n"
                             "d1 = dup d0 0 # EMFILE\n"
                             "d1 = dup d0 4 # EINVAL\n"
                             "mkfifoat d0 \"p\" 0600 # 0\n"
                             "close d0 # 0\n"
                             "d0 = open \"/\" # 0\n"
                             "nofile 65535 # 0\n"
                             "d1 = open \"/\" # 0\n"
                             "nofile 0 # 0\n"
                             "d2 = open \"/\" # EMFILE\n";
    const struct observation *seen = run(text);
    assert_int_equal(seen->node_count, 2);
    assert_true(seen->open[3] && seen->open[4] && !seen->open[5]);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &after), 0);
    assert_int_equal(after.rlim_cur, before.rlim_cur);
    assert_int_equal(after.rlim_max, before.rlim_max);
    run_with(plain_mkfifo, "nofile 0\n", SANDBOX_BARE);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &after), 0);
    assert_int_equal(after.rlim_cur, before.rlim_cur);
    assert_world_is_fresh();
}

/* --- landlock ------------------------------------------------------------------------------- */

static void a_domain_allows_fifos_in_one_place_and_costs_the_worker(void **state) {
    (void)state;
    need(ABILITY_LANDLOCK);
    const unsigned generation = sandbox_generation(sandbox);
    const struct observation *seen = run("mkdir \"d\" 0755 # 0\n"
                                         "mkdir \"d/e\" 0755 # 0\n"
                                         "file \"f\" 0644 \"\" # 0\n"
                                         "nofile 3 # 0\n"
                                         "landlock \"none\" # ENOENT\n"
                                         "landlock \"f\" # EINVAL\n"
                                         "mkfifo \"p\" 0644 # 0\n"
                                         "landlock \"d\" # 0\n"
                                         "mkfifo \"q\" 0644 # EACCES\n"
                                         "mkfifo \"d/p\" 0644 # 0\n"
                                         "mkdir \"g\" 0755 # 0\n"
                                         "landlock \"d/e\" # 0\n"
                                         "mkfifo \"d/q\" 0644 # EACCES\n"
                                         "mkfifo \"d/e/q\" 0644 # 0\n"
                                         "landlock \"\" # 0\n"
                                         "mkfifo \"d/e/r\" 0644 # EACCES\n");
    assert_int_equal(seen->node_count, 8);
    assert_int_equal(sandbox_generation(sandbox), generation);
    run("mkfifo \"q\" 0644 # 0\n");
    assert_int_equal(sandbox_generation(sandbox), generation + 1);
    run_with(plain_mkfifo, "landlock \"\"\n", SANDBOX_BARE);
    run("mkfifo \"q\" 0644 # 0\n");
    assert_int_equal(sandbox_generation(sandbox), generation + 2);
    assert_world_is_fresh();
}

static void one_domain_too_many_is_refused(void **state) {
    (void)state;
    need(ABILITY_LANDLOCK);
    scenario_clear(&scenario);
    for (int i = 0; i <= LANDLOCK_MAX; i++)
        assert_non_null(scenario_add(&scenario, STEP_LANDLOCK));
    const struct observation *seen = sandbox_run(sandbox, &scenario, &plain, SANDBOX_OBSERVED);
    for (int i = 0; i < LANDLOCK_MAX; i++)
        assert_int_equal(seen->outcomes[i].result, 0);
    assert_int_equal(seen->outcomes[LANDLOCK_MAX].result, -1);
    assert_int_equal(seen->outcomes[LANDLOCK_MAX].error, E2BIG);
    assert_world_is_fresh();
}

int main(void) {
    open_or_skip();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_call_runs_as_who_was_named),
        cmocka_unit_test(the_next_scenario_is_root_without_capabilities_again),
        cmocka_unit_test(capabilities_work_without_another_user),
        cmocka_unit_test(permissions_of_owner_group_and_others_count),
        cmocka_unit_test(what_others_own_is_listed_and_removed),
        cmocka_unit_test(who_calls_these_itself_is_stopped),
        cmocka_unit_test(a_bad_end_leaves_neither_identity_nor_limit),
        cmocka_unit_test(a_descriptor_gets_a_second_number),
        cmocka_unit_test(numbers_are_seen_however_large),
        cmocka_unit_test(a_low_limit_holds_for_the_scenario_alone),
        cmocka_unit_test(a_domain_allows_fifos_in_one_place_and_costs_the_worker),
        cmocka_unit_test(one_domain_too_many_is_refused),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    sandbox_close(sandbox);
    return failed;
}
