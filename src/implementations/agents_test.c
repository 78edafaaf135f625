/* Names of agents, and each agent that this host has, driven through the protocol. */
#include "agents_testing.h"

enum { ROWS_MAX = 64, EXAMPLE_LINES_MAX = 60 };

/* --- names ------------------------------------------------------------------------------------ */

static void a_command_is_split_at_blanks(void **state) {
    (void)state;
    assert_true(agent_named("agent:/bin/sh -c  true"));
    assert_int_equal(agent_find(&found, "agent:/bin/sh -c  true", reason, sizeof reason), 0);
    assert_string_equal(found.name, "agent:/bin/sh -c  true");
    assert_string_equal(word(0), "/bin/sh");
    assert_string_equal(word(1), "-c");
    assert_string_equal(word(2), "true");
    assert_null(word(3));
    assert_null(found.mkfifo);
    assert_null(found.mkfifoat);
    assert_false(found.agent->wrapped);
}

static void programs_become_absolute(void **state) {
    (void)state;
    assert_int_equal(agent_find(&found, "agent:sh", reason, sizeof reason), 0);
    assert_int_equal(word(0)[0], '/');
    assert_int_equal(chdir("/bin"), 0);
    assert_int_equal(agent_find(&found, "agent:./sh", reason, sizeof reason), 0);
    assert_int_equal(word(0)[0], '/');
    assert_int_equal(access(word(0), X_OK), 0);
    assert_int_equal(chdir(FIFOFUZZ_CORPUS_DIR "/.."), 0);
}

/* The last one named is the outermost. */
static void what_it_runs_under_stands_in_front(void **state) {
    (void)state;
    const char *name = "agent:/bin/sh a under /bin/true b under /bin/false c";
    assert_int_equal(agent_find(&found, name, reason, sizeof reason), 0);
    const char *const words[] = {"/bin/false", "c", "/bin/true", "b", "/bin/sh", "a"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        assert_string_equal(word(i), words[i]);
    assert_null(word(sizeof words / sizeof words[0]));
    assert_true(found.agent->wrapped);
}

static void assert_refused(const char *name, int error, const char *says) {
    assert_true(agent_named(name));
    assert_int_equal(agent_find(&found, name, reason, sizeof reason), error);
    if (!strstr(reason, says))
        fail_msg("%s: \"%s\" does not say \"%s\"", name, reason, says);
}

static void a_command_has_its_limits(void **state) {
    (void)state;
    char words[256] = "agent:/bin/sh";
    for (size_t length = strlen(words); length + 3 < sizeof words; length += 2)
        snprintf(words + length, sizeof words - length, " x");
    assert_refused(words, -EINVAL, "at most 64 words");
    static char longest[32768] = "agent:/bin/sh ";
    memset(longest + strlen(longest), 'x', sizeof longest - strlen(longest) - 1);
    assert_refused(longest, -EINVAL, "16384 bytes");
}

static void what_cannot_be_is_refused_with_the_reason(void **state) {
    (void)state;
    assert_refused("agent:", -EINVAL, "lacks the words");
    assert_refused("agent:/bin/sh under ", -EINVAL, "lacks the words");
    assert_refused("agent:/no/such", -ENOENT, "\"/no/such\"");
    assert_refused("agent:/tmp", -ENOENT, "\"/tmp\"");
    assert_refused("own under /bin/sh", -EINVAL, "such as glibc");
    assert_refused("nobody under /bin/sh", -EINVAL, "\"nobody\" is no agent");
}

static void a_missing_program_comes_with_its_package(void **state) {
    (void)state;
    const char *before = getenv("PATH");
    char *path = strdup(before ? before : "");
    assert_int_equal(setenv("PATH", "/nowhere", 1), 0);
    assert_refused("agent:/bin/sh under fakeroot --", -ENOENT, "apt-get install fakeroot");
    assert_int_equal(setenv("PATH", path, 1), 0);
    free(path);
    size_t count;
    const struct agent_row *rows = agent_rows(&count);
    for (size_t i = 0; i < count; i++)
        if (!agent_installed(&rows[i]))
            assert_refused(rows[i].name, -ENOENT, rows[i].package);
}

static void other_names_are_no_agents(void **state) {
    (void)state;
    assert_false(agent_named("own"));
    assert_false(agent_named("./glibc"));
    assert_false(agent_named("canary-links-39"));
    assert_null(agent_row("no"));
}

/* Nobody may be hidden behind one that is built in. */
static void rows_have_names_of_their_own(void **state) {
    (void)state;
    size_t count;
    const struct agent_row *rows = agent_rows(&count);
    for (size_t i = 0; i < count; i++) {
        assert_ptr_equal(agent_row(rows[i].name), &rows[i]);
        assert_null(implementation_find(rows[i].name));
        assert_true(*rows[i].summary && *rows[i].package);
    }
}

/* --- each agent ------------------------------------------------------------------------------- */

/* All but those whose paths are text. */
static bool passes_bytes_on(const char *name) {
    static const char *const others[] = {"guile", "guile-c", "uutils", "perl-upgraded"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (strcmp(name, others[i]) == 0)
            return false;
    return true;
}

static void greets(char greeting[sizeof agent.line]) {
    char start[64];
    snprintf(start, sizeof start, "fifofuzz-agent 1 %d ", (int)agent.process);
    memcpy(greeting, hear(), sizeof agent.line);
    assert_memory_equal(greeting, start, strlen(start));
    assert_true(able(greeting, "mkfifo") || able(greeting, "mkfifoat"));
}

static void makes_fifos(void) {
    assert_true(succeeded(ask_plainly("umask 18")));
    assert_true(succeeded(ask("mkfifo 438", "plain", 5)));
    assert_int_equal(mode_of("plain"), S_IFIFO | 0644);
    assert_true(succeeded(ask_plainly("umask 63")));
    assert_true(succeeded(ask("mkfifo 438", "%s -m", 5)));
    assert_int_equal(mode_of("%s -m"), S_IFIFO | 0600);
    assert_true(succeeded(ask("mkfifo 448", "-", 1))); /* of -m the umask need not take any */
    assert_int_equal(mode_of("-"), S_IFIFO | 0700);
    assert_true(succeeded(ask_plainly("umask 0")));
}

/* uutils takes every failure for one of a file that exists. */
static void says_why_not(const char *name) {
    char longest[4096];
    memset(longest, 'x', sizeof longest);
    assert_string_equal(ask("mkfifo 438", "plain", 5), "-1 17");
    bool knows = strcmp(name, "uutils") != 0;
    assert_string_equal(ask("mkfifo 438", "no/x", 4), knows ? "-1 2" : "-1 17");
    assert_string_equal(ask("mkfifo 438", "", 0), knows ? "-1 2" : "-1 17");
    assert_string_equal(ask("mkfifo 438", longest, sizeof longest), knows ? "-1 36" : "-1 17");
}

static void goes_where_it_is_told(void) {
    assert_int_equal(mkdir("inner", 0755), 0);
    assert_true(succeeded(ask("chdir", "inner", 5)));
    assert_true(succeeded(ask("mkfifo 438", "x", 1)));
    assert_int_equal(mode_of("inner/x"), S_IFIFO | 0666);
    assert_true(succeeded(ask("chdir", "..", 2)));
}

static void takes_bytes(const char *name) {
    char odd[256] = "";
    memset(odd, 0xfe, 255);
    bool done = succeeded(ask("mkfifo 438", odd, 255));
    assert_int_equal(done, passes_bytes_on(name));
    assert_int_equal(mode_of(odd), done ? S_IFIFO | 0666 : 0);
}

/* What comes of it is the implementation's, but it is told truly. */
static void takes_odd_modes(bool wide) {
    bool done = succeeded(ask("mkfifo 4294967295", "wide", 4));
    assert_int_equal(done, mode_of("wide") != 0);
    if (!wide)
        return;
    done = succeeded(ask("mkfifo 4294967680", "wider", 5));
    assert_int_equal(mode_of("wider"), done ? S_IFIFO | 0600 : 0);
    done = succeeded(ask("mkfifo -2147483264", "negative", 8));
    assert_int_equal(mode_of("negative"), done ? S_IFIFO | 0600 : 0);
}

/* The same. Of a text any name may come: the directory is then not empty. */
static void takes_odd_paths(bool counted, bool text) {
    if (counted) {
        bool done = succeeded(ask("mkfifo 438", "cut\0off", 7));
        assert_int_equal(done, mode_of("cut") != 0);
    }
    if (!text)
        return;
    assert_int_equal(mkdir("text", 0755), 0);
    assert_true(succeeded(ask("chdir", "text", 4)));
    bool done = succeeded(ask("mkfifo 438 unencodable 1", "ab", 2));
    assert_true(succeeded(ask("chdir", "..", 2)));
    assert_int_equal(rmdir("text"), done ? -1 : 0);
}

static void has_descriptors(void) {
    char line[64];
    snprintf(line, sizeof line, "open %d", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int directory = number(ask(line, "inner", 5));
    assert_true(directory > 2);
    snprintf(line, sizeof line, "open %d", O_PATH | O_DIRECTORY);
    assert_memory_equal(ask(line, "plain", 5), "-1 20", 5);
    snprintf(line, sizeof line, "mkfifoat %d 438", directory);
    assert_true(succeeded(ask(line, "y", 1)));
    assert_int_equal(mode_of("inner/y"), S_IFIFO | 0666);
    snprintf(line, sizeof line, "dup %d 40", directory);
    assert_int_equal(number(ask_plainly(line)), 40);
    assert_true(succeeded(ask_plainly("close 40")));
    assert_string_equal(ask("mkfifoat 40 438", "z", 1), "-1 9");
    assert_true(succeeded(ask("mkfifoat -100 438", "z", 1)));
    assert_int_equal(mode_of("z"), S_IFIFO | 0666);
}

static void has_pointers(void) {
    assert_string_equal(ask_plainly("mkfifo 438 null"), "-1 14");
    assert_string_equal(ask_plainly("mkfifo 438 unmapped"), "-1 14");
    assert_string_equal(ask_plainly("mkfifo 438 noncanonical"), "-1 14");
    assert_string_equal(ask("mkfifo 438 unterminated", "abc", 3), "-1 14");
}

/* The harness need not wait for a reply before it asks again. */
static void answers_what_was_asked_at_once(void) {
    fputs("mkfifo 384 5\nfirstumask 0\nmkfifo 384 6\nsecond", agent.to);
    assert_int_equal(fflush(agent.to), 0);
    for (int i = 0; i < 3; i++)
        assert_true(succeeded(hear()));
    assert_int_equal(mode_of("first") & mode_of("second"), S_IFIFO | 0600);
}

static void converse(const char *name) {
    char greeting[sizeof agent.line];
    greets(greeting);
    makes_fifos();
    says_why_not(name);
    goes_where_it_is_told();
    takes_bytes(name);
    takes_odd_modes(able(greeting, "wide"));
    takes_odd_paths(able(greeting, "counted"), able(greeting, "text"));
    assert_true(succeeded(ask("mkfifo 438", "after", 5)));
    answers_what_was_asked_at_once();
    if (able(greeting, "mkfifoat") && able(greeting, "open"))
        has_descriptors();
    if (able(greeting, "pointers"))
        has_pointers();
    assert_int_equal(stop(), 0);
}

static void an_agent_keeps_the_protocol(void **state) {
    const struct agent_row *row = *state;
    if (!agent_installed(row)) {
        print_message("%s: apt-get install %s\n", row->name, row->package);
        skip();
    }
    start(row->name);
    converse(row->name);
}

/* A program that is there is hidden, here alone. */
static void an_agent_without_its_program_names_the_package(void **state) {
    (void)state;
    bool hidden = mount("/dev/null", "/usr/bin/perl", NULL, MS_BIND, NULL) == 0;
    assert_true(hidden || errno == ENOENT);
    int error = agent_find(&found, "perl", reason, sizeof reason);
    assert_true(!hidden || umount2("/usr/bin/perl", MNT_DETACH) == 0);
    assert_int_equal(error, -ENOENT);
    assert_string_equal(reason, "the agent \"perl\" needs /usr/bin/perl: apt-get install perl");
}

/* --- the example of the README ---------------------------------------------------------------- */

/* Copies the README's Python to ../example.py; returns its lines. */
static int extract_example(void) {
    FILE *readme = fopen(FIFOFUZZ_CORPUS_DIR "/../src/implementations/README.md", "re");
    FILE *example = fopen("../example.py", "we");
    char line[512];
    bool inside = false;
    int lines = 0;
    assert_true(readme && example);
    while (fgets(line, sizeof line, readme)) {
        bool fence = strncmp(line, "```", 3) == 0;
        if (inside && !fence)
            lines += fputs(line, example) >= 0;
        inside = fence ? strcmp(line, "```python\n") == 0 : inside;
    }
    fclose(readme);
    assert_int_equal(fclose(example), 0);
    return lines;
}

static void the_example_is_an_agent(void **state) {
    (void)state;
    if (!agent_installed(agent_row("python")))
        skip();
    int lines = extract_example();
    assert_in_range(lines, 10, EXAMPLE_LINES_MAX - 1);
    start("agent:/usr/bin/python3 ../example.py");
    converse("example");
}

static int converse_with_all(void) {
    static struct CMUnitTest tests[ROWS_MAX];
    size_t count, used = 0;
    const struct agent_row *rows = agent_rows(&count);
    if (count > ROWS_MAX)
        return 1;
    for (; used < count; used++)
        tests[used] = (struct CMUnitTest){.name = rows[used].name,
                                          .test_func = an_agent_keeps_the_protocol,
                                          .initial_state = (void *)(uintptr_t)&rows[used]};
    return _cmocka_run_group_tests("agents", tests, used, NULL, NULL);
}

int main(void) {
    const struct CMUnitTest names[] = {
        cmocka_unit_test(a_command_is_split_at_blanks),
        cmocka_unit_test(programs_become_absolute),
        cmocka_unit_test(what_it_runs_under_stands_in_front),
        cmocka_unit_test(a_command_has_its_limits),
        cmocka_unit_test(what_cannot_be_is_refused_with_the_reason),
        cmocka_unit_test(a_missing_program_comes_with_its_package),
        cmocka_unit_test(other_names_are_no_agents),
        cmocka_unit_test(rows_have_names_of_their_own),
    };
    const struct CMUnitTest others[] = {
        cmocka_unit_test(an_agent_without_its_program_names_the_package),
        cmocka_unit_test(the_example_is_an_agent),
    };
    if (cmocka_run_group_tests(names, NULL, NULL) != 0)
        return 1;
    if (!hide()) {
        fprintf(stderr, "no mount namespace: agents are driven as root only\n");
        return EXIT_SKIPPED;
    }
    signal(SIGPIPE, SIG_IGN);
    int failed = converse_with_all();
    return failed + cmocka_run_group_tests(others, NULL, leave);
}
