/* The adapter that makes a command an agent, driven through the protocol. */
#include "agents_testing.h"

/* Starts the adapter with that command, and hears its greeting. */
static void start_command(const char *command) {
    static char name[2 * PATH_MAX];
    if (agent_find(&found, "coreutils", reason, sizeof reason) != 0)
        skip();
    snprintf(name, sizeof name, "agent:%s %s", word(0), command);
    start(name);
    hear();
}

/* The same with a shell script of that one line. */
static void start_script(const char *line) {
    FILE *script = fopen("../script", "we");
    assert_non_null(script);
    fprintf(script, "#!/bin/sh\n%s\n", line);
    assert_int_equal(fclose(script) || chmod("../script", 0755), 0);
    start_command("../script");
}

static void a_commands_reason_is_told_from_what_it_prints(void **state) {
    (void)state;
    static const struct {
        const char *line, *reply;
    } cases[] = {
        {"echo 'x: Permission denied' >&2; exit 1", "-1 13"},
        {"echo 'x: Too many symbolic links encountered'; exit 255", "-1 40"},
        {"echo 'File exists: no, something else' >&2; exit 1", "-1 ?"},
        {"exit 3", "-1 ?"},
        {"read line; echo \"$line\"", "0"}, /* neither requests nor replies are its to touch */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        start_script(cases[i].line);
        assert_string_equal(ask("mkfifo 438", "x", 1), cases[i].reply);
        assert_int_equal(stop(), 0);
    }
}

static void a_command_that_cannot_be_run_is_told(void **state) {
    (void)state;
    start_command("/no/such");
    assert_string_equal(ask("mkfifo 438", "x", 1), "unable /no/such: No such file or directory");
    assert_int_equal(stop(), 0);
}

static void a_commands_crash_is_the_agents(void **state) {
    (void)state;
    start_script("kill -SEGV $$");
    fprintf(agent.to, "mkfifo 438 1\nx");
    assert_int_equal(fflush(agent.to), 0);
    int status = stop();
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGSEGV);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_commands_reason_is_told_from_what_it_prints),
        cmocka_unit_test(a_command_that_cannot_be_run_is_told),
        cmocka_unit_test(a_commands_crash_is_the_agents),
    };
    if (!hide()) {
        fprintf(stderr, "no mount namespace: agents are driven as root only\n");
        return EXIT_SKIPPED;
    }
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, leave);
}
