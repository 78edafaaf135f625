#include "guest_testing.h"

#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>

/* --- deeds ---------------------------------------------------------------------------------- */

static bool is(const char *what) {
    return strcmp(deed, what) == 0;
}

static void say(const char *text) {
    fputs(text, stdout);
    fflush(stdout);
}

static bool do_badly(void) {
    if (is("abort"))
        abort();
    if (is("exit"))
        exit(3);
    if (is("block"))
        pause();
    if (is("spin"))
        for (volatile int i = 0;; i++)
            ;
    if (is("two lines"))
        say("0 0\n0 0\n");
    else if (is("no number"))
        say("yes\n");
    else if (is("huge number"))
        say("99999999999999999999 0\n");
    else if (is("no errno"))
        say("-1\n");
    else if (is("endless line"))
        for (;;)
            say("0000000000000000000000000000000000000000000000000000000000000000");
    else if (is("raise"))
        say("raised ValueError: no\n");
    else if (is("unable"))
        say("unable to say why\n");
    else if (is("unknown"))
        say("-1 ?\n");
    else
        return false;
    return true;
}

/* A deed that must not succeed ends the agent, which the test sees. */
static void check_call(int failure) {
    if (failure)
        abort();
}

/* What an agent does besides making the FIFO, which it then makes. */
static void do_more(void) {
    if (is("mount"))
        mount("none", "/run", "tmpfs", 0, NULL);
    if (is("many forbidden"))
        for (;;)
            mount("none", "/run", "tmpfs", 0, NULL);
    if (is("kill all"))
        kill(-1, SIGTERM);
    if (is("kill first"))
        kill(1, SIGKILL);
    if (is("fork bomb"))
        for (;;)
            if (fork() == 0)
                pause();
    if (is("chdir"))
        check_call(chdir("/run"));
    if (is("umask"))
        umask(0);
    if (is("leak"))
        check_call(open("/dev/null", O_RDONLY) < 0);
    if (is("write host"))
        check_call(open("/usr/fifofuzz-was-here", O_CREAT | O_WRONLY, 0600) >= 0);
    if (is("remove view"))
        check_call(rmdir("/usr") == 0 || rename("/usr", "/away") == 0);
    if (is("one more line"))
        say("0 0\n");
    if (is("extra node"))
        check_call(mkdir("/extra", 0700));
}

/* True if no descriptor is to be had, which is then the answer. */
static bool runs_out(void) {
    const int file = open("/", O_PATH);
    if (file < 0)
        reply(-1);
    else
        close(file);
    return file < 0;
}

static bool act(const struct request *request) {
    (void)request;
    if (do_badly() || (is("open first") && runs_out()))
        return true;
    do_more();
    return false;
}

/* --- tests ---------------------------------------------------------------------------------- */

static void begin(const char *what) {
    char reason[512];
    if (open_with(what, reason, sizeof(reason)))
        fail_msg("%s", reason);
}

static const struct observation *call_once(void) {
    return run_on_agent("mkfifo \"name\" 0644\n");
}

static void assert_good(const struct observation *seen, uint32_t count) {
    assert_int_equal(seen->ending, ENDING_DONE);
    for (uint32_t i = 0; i < count; i++) {
        const struct outcome *outcome = &seen->outcomes[i];
        int got = outcome->result == -1 ? outcome->error : 0;
        if (expectations.error[i] != EXPECT_NOTHING && got != expectations.error[i])
            fail_msg("step %u: expected %d, got %d", i + 1, expectations.error[i], got);
    }
}

static void an_agent_lives_in_the_scenarios_world(void **state) {
    (void)state;
    begin("honest");
    const struct observation *seen = run_on_agent("umask 027\n"
                                                  "mkdir \"d\" 0755 # 0\n"
                                                  "mkfifo \"a\" 0666 # 0\n"
                                                  "mkfifo \"a\" 0666 # EEXIST\n"
                                                  "d0 = open \"d\" path # 0\n"
                                                  "chdir \"d\" # 0\n"
                                                  "mkfifo \"in\" 0644 # 0\n"
                                                  "mkfifoat d0 \"in\" 0644 # EEXIST\n"
                                                  "mkfifoat d0 \"at\" 0777 # 0\n"
                                                  "close d0 # 0\n"
                                                  "mkfifoat d0 \"closed\" 0777 # EBADF\n"
                                                  "mkfifoat 0 \"pipe\" 0777 # ENOTDIR\n"
                                                  "mkfifo \"/root\" 0600 # 0\n");
    assert_good(seen, scenario.step_count);
    assert_int_equal(seen->outcomes[2].target.mode, S_IFIFO | 0640);
    assert_int_equal(seen->outcomes[8].target.mode, S_IFIFO | 0750);
    assert_int_equal(seen->umask, 027);
    assert_int_equal(seen->descriptor_count, 3);
    assert_int_equal(seen->root.nlink, 3);
    assert_int_equal(seen->root.size, 2 * 20 + 3 * 20);
}

static void the_next_scenario_finds_everything_as_at_first(void **state) {
    (void)state;
    begin("honest");
    run_on_agent("mkdir \"d\" 0755\nchdir \"d\"\numask 077\nd0 = open \".\"\nmkfifo \"x\" 0666\n");
    const struct observation *seen = run_on_agent("mkfifo \"x\" 0666 # 0\n"
                                                  "mkfifoat d0 \"y\" 0666 # EBADF\n");
    assert_good(seen, 2);
    assert_int_equal(seen->outcomes[0].target.mode, S_IFIFO | 0644);
    assert_int_equal(seen->node_count, 2);
    assert_int_equal(seen->root.nlink, 2);
    assert_int_equal(sandbox_generation(sandbox), 1);
}

static void identities_reach_the_agent(void **state) {
    (void)state;
    begin("honest");
    need(ABILITY_IDENTITIES);
    const struct observation *seen = run_on_agent("chmod \"/\" 0777\n"
                                                  "as 1000:1001,5\n"
                                                  "mkfifo \"mine\" 0644 # 0\n"
                                                  "mkdir \"shut\" 0000 # 0\n"
                                                  "mkfifo \"shut/in\" 0644 # EACCES\n"
                                                  "as 1000:1001 dac_override\n"
                                                  "mkfifo \"shut/in\" 0644 # 0\n"
                                                  "as 0:0\n"
                                                  "mkfifo \"shut/more\" 0644 # EACCES\n"
                                                  "mkfifo \"roots\" 0644 # 0\n");
    assert_good(seen, scenario.step_count);
    assert_int_equal(seen->outcomes[2].target.uid, 1000);
    assert_int_equal(seen->outcomes[2].target.gid, 1001);
    assert_int_equal(seen->outcomes[9].target.uid, 0);
    seen = run_on_agent("mkfifo \"again\" 0644 # 0\n");
    assert_good(seen, 1);
    assert_int_equal(seen->outcomes[0].target.uid, 0);
}

/* During calls alone: what it opens as the scenario has it is the worker's to refuse. */
static void a_limit_of_descriptors_reaches_the_agent(void **state) {
    (void)state;
    begin("open first");
    const struct observation *seen = run_on_agent("mkfifo \"a\" 0644 # 0\n"
                                                  "nofile 3 # 0\n"
                                                  "mkfifo \"b\" 0644 # EMFILE\n"
                                                  "nofile 65535 # 0\n"
                                                  "mkfifo \"c\" 0644 # 0\n"
                                                  "nofile 4 # 0\n"
                                                  "d0 = open \".\" # 0\n"
                                                  "mkfifoat d0 \"d\" 0644 # EMFILE\n"
                                                  "nofile 0 # 0\n"
                                                  "mkfifo \"e\" 0644 # EMFILE\n");
    assert_good(seen, scenario.step_count);
    assert_good(run_on_agent("mkfifo \"f\" 0644 # 0\n"), 1);
    need(ABILITY_IDENTITIES); /* another user's limit is not the keeper's to set */
    seen = run_on_agent("chmod \"/\" 0777 # 0\n"
                        "as 1000:1000 # 0\n"
                        "nofile 3 # 0\n"
                        "mkfifo \"a\" 0644 # EMFILE\n"
                        "nofile 65535 # 0\n"
                        "mkfifo \"b\" 0644 # 0\n");
    assert_good(seen, scenario.step_count);
    assert_int_equal(sandbox_generation(sandbox), 1);
}

static void other_implementations_run_beside_it(void **state) {
    (void)state;
    begin("honest");
    assert_world_is_fresh();
    assert_good(call_once(), 1);
    assert_world_is_fresh();
    assert_int_equal(sandbox_generation(sandbox), 1);
}

/* How a deed ends, and that it is over with the next run. */
static void ends_with(const char *what, enum ending ending, int32_t detail) {
    begin(what);
    const struct observation *seen = call_once();
    if (seen->ending != ending || (detail && seen->detail != detail))
        fail_msg("%s: ending %u, detail %d", what, seen->ending, seen->detail);
    assert_world_is_fresh();
    assert_int_equal(call_once()->ending, ending);
}

static void every_bad_end_is_told_and_survived(void **state) {
    (void)state;
    ends_with("abort", ENDING_CRASHED, SIGABRT);
    ends_with("exit", ENDING_EXITED, 3);
    ends_with("block", ENDING_HUNG, 0);
    ends_with("spin", ENDING_HUNG, 1);
    ends_with("two lines", ENDING_GARBLED, 0);
    ends_with("no number", ENDING_GARBLED, 0);
    ends_with("huge number", ENDING_GARBLED, 0);
    ends_with("no errno", ENDING_GARBLED, 0);
    ends_with("endless line", ENDING_GARBLED, 0);
    ends_with("mount", ENDING_FORBIDDEN, SYS_mount);
    ends_with("many forbidden", ENDING_FORBIDDEN, SYS_mount);
    ends_with("fork bomb", ENDING_FORBIDDEN, SYS_clone);
}

static void what_is_said_unasked_is_no_answer(void **state) {
    (void)state;
    begin("one more line");
    const struct observation *seen = run_on_agent("mkfifo \"a\" 0600\nmkfifo \"b\" 0600\n");
    assert_int_equal(seen->ending, ENDING_GARBLED);
}

static void replies_without_an_errno_are_told_apart(void **state) {
    (void)state;
    static const struct {
        const char *what;
        enum reply reply;
        int error;
    } cases[] = {{"raise", REPLY_RAISED, 0},
                 {"unable", REPLY_UNABLE, 0},
                 {"unknown", REPLY_RETURNED, ERRNO_UNKNOWN}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        begin(cases[i].what);
        const struct observation *seen = call_once();
        assert_int_equal(seen->ending, ENDING_DONE);
        assert_int_equal(seen->outcomes[0].reply, cases[i].reply);
        assert_int_equal(seen->outcomes[0].result, -1);
        assert_int_equal(seen->outcomes[0].error, cases[i].error);
    }
}

static void what_it_does_to_itself_is_seen_and_costs_it(void **state) {
    (void)state;
    begin("chdir");
    const struct observation *seen = call_once();
    assert_true(seen->cwd.ino != seen->root.ino || seen->cwd.dev != seen->root.dev);
    begin("umask");
    assert_int_equal(call_once()->umask, 0);
    assert_int_equal(sandbox_generation(sandbox), 1);
    assert_int_equal(call_once()->umask, 0);
    assert_int_equal(sandbox_generation(sandbox), 2);
    begin("leak");
    assert_int_equal(call_once()->descriptor_count, 4);
    begin("extra node");
    seen = call_once();
    assert_non_null(find(seen, 0, "extra"));
}

static void the_host_is_out_of_its_reach(void **state) {
    (void)state;
    static const char *const deeds[] = {"kill first", "write host", "remove view"};
    for (size_t i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++) {
        begin(deeds[i]);
        assert_int_equal(call_once()->ending, ENDING_DONE);
        assert_int_equal(call_once()->ending, ENDING_DONE);
    }
    assert_int_equal(access("/usr/fifofuzz-was-here", F_OK), -1);
    begin("kill all"); /* itself not: kill(2) */
    assert_int_equal(call_once()->ending, ENDING_DONE);
}

static void a_bad_start_is_told_in_a_sentence(void **state) {
    (void)state;
    char reason[512];
    assert_int_equal(open_with("no greeting", reason, sizeof(reason)), -ENOENT);
    assert_non_null(strstr(reason, "exited with status 0 before it greeted"));
    assert_int_equal(open_with("bad greeting", reason, sizeof(reason)), -EINVAL);
    assert_non_null(strstr(reason, "hello"));
    static const char *missing[] = {"/nowhere/agent", NULL};
    agent.command = missing;
    assert_int_equal(sandbox_open(&sandbox, &guest_implementation, -1, reason, sizeof(reason)),
                     -ENOENT);
    agent.command = agent_command;
    assert_non_null(strstr(reason, "/nowhere/agent cannot be executed"));
}

static void meeting_one_tells_its_entry_points(void **state) {
    (void)state;
    char reason[512];
    begin("honest");
    assert_int_equal(sandbox_meet(&guest_implementation, reason, sizeof(reason)), 0);
    assert_non_null(guest_implementation.mkfifo);
    assert_non_null(guest_implementation.mkfifoat);
    agent_command[2] = "no greeting";
    assert_int_equal(sandbox_meet(&guest_implementation, reason, sizeof(reason)), -ENOENT);
    assert_null(guest_implementation.mkfifo);
}

static void steps_that_touch_its_files_are_claimed(void **state) {
    (void)state;
    begin("honest");
    parse("mkfifo \"a/../usr/x\" 0644\nmkfifo \"user\" 0644\nsymlink \"/etc\" \"link\"\n");
    assert_true(sandbox_claims(sandbox, &scenario, &scenario.steps[0]));
    assert_false(sandbox_claims(sandbox, &scenario, &scenario.steps[1]));
    assert_true(sandbox_claims(sandbox, &scenario, &scenario.steps[2]));
}

int main(int argc, char **argv) {
    if (argc == 3 && strcmp(argv[1], "--agent") == 0) {
        deed = argv[2];
        return be_agent(act);
    }
    open_or_skip();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_agent_lives_in_the_scenarios_world),
        cmocka_unit_test(the_next_scenario_finds_everything_as_at_first),
        cmocka_unit_test(identities_reach_the_agent),
        cmocka_unit_test(a_limit_of_descriptors_reaches_the_agent),
        cmocka_unit_test(other_implementations_run_beside_it),
        cmocka_unit_test(every_bad_end_is_told_and_survived),
        cmocka_unit_test(what_is_said_unasked_is_no_answer),
        cmocka_unit_test(replies_without_an_errno_are_told_apart),
        cmocka_unit_test(what_it_does_to_itself_is_seen_and_costs_it),
        cmocka_unit_test(the_host_is_out_of_its_reach),
        cmocka_unit_test(a_bad_start_is_told_in_a_sentence),
        cmocka_unit_test(meeting_one_tells_its_entry_points),
        cmocka_unit_test(steps_that_touch_its_files_are_claimed),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    sandbox_close(sandbox);
    return failed;
}
