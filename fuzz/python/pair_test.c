/*
 * pair_test.c - modules with one fault each, made of the real one, are found by generated inputs,
 * and the real one is not accused. Every module lives in a process of its own.
 */
#include "pair.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "interpreter.h"
#include "sandbox.h"
#include "scenario_generate.h"

enum { INPUTS = 1500, SEED = 1 };

/* --- modules ---------------------------------------------------------------------------------- */

/*
 * In front of each: `real` is the module's function, and what is defined as mkfifo is tested. To
 * hand names on, a function of Python makes a dict, which asks subclasses of str for their hash:
 * that form is not for them.
 */
static const char head[] = "import ctypes, operator, os\n"
                           "kinds.FORMS[:] = [f for f in kinds.FORMS if 'Str(' not in f.label]\n"
                           "real = functions[1]\n"
                           "kept = []\n";
static const char tail[] = "functions[1] = mkfifo\n";

#define PATCH(lines) "def mkfifo(*a, **k):\n" lines "    return real(*a, **k)\n"
#define ON_ERROR(error, line)                                                                      \
    "def mkfifo(*a, **k):\n"                                                                       \
    "    try:\n"                                                                                   \
    "        return real(*a, **k)\n"                                                               \
    "    except " error " as e:\n"                                                                 \
    "        " line "\n"                                                                           \
    "        raise\n"

struct canary {
    const char *name, *source;
    const char *signature; /* what the finding must be called */
    const char *words;     /* and say */
};

static const struct canary canaries[] = {
    {"filename is lost", ON_ERROR("OSError", "e.filename = None"), "python.difference",
     "filename is None"},
    {"filename is made a str", ON_ERROR("OSError", "e.filename = str(e.filename)"),
     "python.difference", "filename is"},
    {"filename2 is set", ON_ERROR("OSError", "e.filename2 = 'x'"), "python.difference", "'x'"},
    {"strerror is another", ON_ERROR("OSError", "e.strerror = 'no'"), "python.difference", "'no'"},
    {"a message is another", ON_ERROR("OverflowError", "e.args = ('no',)"), "python.difference",
     "('no',)"},
    {"another exception is raised",
     ON_ERROR("TypeError", "raise ValueError(*e.args) from e.__cause__"), "python.difference",
     "ValueError"},
    {"an exception has a cause", ON_ERROR("ValueError", "e.__cause__ = KeyError()"),
     "python.difference", "KeyError"},
    {"a wide mode is cut",
     PATCH("    if len(a) > 1 and type(a[1]) is int and a[1] >= 1 << 31:\n"
           "        a = (a[0], a[1] & 0xfff, *a[2:])\n"),
     "python.difference", ""},
    {"a mode of 0 is the default",
     PATCH("    if len(a) > 1 and a[1].__class__ is int and a[1] == 0:\n"
           "        a = (a[0], 0o666, *a[2:])\n"),
     "python.contract", "the mode of the new node: expected 00"},
    {"bool is no mode",
     PATCH("    if len(a) > 1 and type(a[1]) is bool:\n"
           "        raise TypeError('an integer is required')\n"),
     "python.difference", "an integer is required"},
    {"dir_fd is cut to 32 bits",
     PATCH("    d = k.get('dir_fd')\n"
           "    if type(d) is int and d >= 1 << 31:\n"
           "        k['dir_fd'] = (d + (1 << 31)) % (1 << 32) - (1 << 31)\n"),
     "python.difference", "must be refused"},
    {"dir_fd=None is -1",
     PATCH("    if 'dir_fd' in k and k['dir_fd'] is None:\n"
           "        k['dir_fd'] = -1\n"),
     "python.difference", "Bad file descriptor"},
    {"a NUL ends a str",
     PATCH("    if a and type(a[0]) is str:\n"
           "        a = (a[0].split('\\0')[0], *a[1:])\n"),
     "python.difference", "NUL"},
    {"__index__ is called twice",
     PATCH("    if len(a) > 1 and hasattr(type(a[1]), '__index__'):\n"
           "        operator.index(a[1])\n"),
     "python.difference", "__index__"},
    {"__fspath__ is called twice",
     PATCH("    if a and hasattr(type(a[0]), '__fspath__'):\n"
           "        os.fspath(a[0])\n"),
     "python.difference", "__fspath__"},
    {"the mode comes before the path",
     PATCH("    if len(a) > 1 and hasattr(type(a[1]), '__index__'):\n"
           "        a = (a[0], operator.index(a[1]), *a[2:])\n"),
     "python.difference", ""},
    {"a bytearray is taken without a warning",
     PATCH("    if a and type(a[0]) is bytearray:\n"
           "        a = (bytes(a[0]), *a[1:])\n"),
     "python.difference", "DeprecationWarning"},
    {"it returns 0", "def mkfifo(*a, **k):\n    return real(*a, **k) or 0\n", "python.difference",
     "returned 0"},
    {"EEXIST is no failure", ON_ERROR("FileExistsError", "return"), "python.difference",
     "FileExistsError"},
    {"path has no name", PATCH("    if 'path' in k:\n        raise TypeError('path')\n"),
     "python.difference", "path"},
    {"a path is kept", PATCH("    kept.extend(a[:1])\n"), "python.difference", "1"},
    {"a refused mode is kept", ON_ERROR("OverflowError", "kept.extend(a[1:2])"),
     "python.difference", "1"},
    {"memory is kept when it refuses", ON_ERROR("TypeError", "kept.append(bytearray(9))"),
     "python.difference", "the module: [2, "},
    {"references to None are kept", ON_ERROR("TypeError", "kept.append(None)"), "python.difference",
     "the module: [0, 1, "},
    {"the umask is changed", PATCH("    os.umask(0o77)\n"), "python.contract", ""},
    {"a descriptor is left open", PATCH("    os.open('/', os.O_RDONLY)\n"), "python.contract",
     "C-STATE-descriptors"},
    {"a refused call makes a FIFO", ON_ERROR("TypeError", "os.mkfifo('/extra')"), "python.", ""},
    {"it crashes", ON_ERROR("UnicodeEncodeError", "ctypes.string_at(0)"), "python.crash",
     "surrogate"},
};

static const struct canary honest[] = {
    {"the module", NULL, NULL, NULL},
    {"the module in a function of Python", PATCH(""), NULL, NULL},
};

/* --- one module in its process ---------------------------------------------------------------- */

static struct examiner examiner;
static char report[PAIR_REPORT_SIZE];

/* Opens all with the canary; in the child. */
static void open_all(const char *source) {
    static char text[4096];
    char reason[512];
    snprintf(text, sizeof text, "%s%s%s", head, source ? source : "", tail);
    examiner.contract.level = LEVEL_LINUX;
    if (interpreter_start(source ? text : NULL, reason, sizeof reason) != 0 ||
        examine_open(&examiner, &interpreter_pair[SIDE_MODULE], -1, reason, sizeof reason) != 0) {
        fprintf(stderr, "%s\n", reason);
        _exit(2);
    }
}

static bool is_as_told(const struct canary *canary, const char *found) {
    return canary->signature && strncmp(found, canary->signature, strlen(canary->signature)) == 0 &&
           strstr(report, canary->words);
}

/*
 * Generates inputs until the canary is found by what its row says, or INPUTS were not. What else is
 * found of it on the way does not count: a kernel that is disturbed by mounts elsewhere can hide
 * what an input shows first. Of an honest one nothing may be found.
 */
static const char *search(const struct canary *canary) {
    static struct scenario scenario;
    const char *found = NULL;
    for (uint64_t input = 0; input < INPUTS && !found; input++) {
        struct random random;
        struct plan plan;
        struct verdict verdict;
        random_seed(&random, SEED + input);
        scenario_generate(&scenario, &random, SHAPE_SEQUENCE);
        plan_generate(&plan, &random);
        examine_adapt(&examiner, &scenario);
        found = pair_examine(&examiner, &scenario, &plan, &verdict, report);
        if (found && canary->signature && !is_as_told(canary, found))
            found = NULL;
    }
    return found;
}

static _Noreturn void hunt(const struct canary *canary) {
    open_all(canary->source);
    const char *found = search(canary);
    bool right =
        canary->signature ? found != NULL : !found && interpreter_calls(SIDE_MODULE) >= 20000;
    if (!right)
        fprintf(stderr, "%s: %s: %s\n", canary->name, found ? found : "not found", report);
    _exit(right ? EXIT_SUCCESS : EXIT_FAILURE);
}

/* The status of a child that does it. */
static int in_a_child(void (*what)(const struct canary *), const struct canary *canary) {
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        signal(SIGSEGV, SIG_DFL); /* cmocka's handler would run the other tests here */
        what(canary);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void every_canary_is_found(void **state) {
    (void)state;
    unsigned missed = 0;
    for (size_t i = 0; i < sizeof canaries / sizeof canaries[0]; i++)
        if (in_a_child(hunt, &canaries[i]) != EXIT_SUCCESS) {
            print_error("%s\n", canaries[i].name);
            missed++;
        }
    assert_int_equal(missed, 0);
}

static void honest_ones_are_not_accused(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof honest / sizeof honest[0]; i++)
        assert_int_equal(in_a_child(hunt, &honest[i]), EXIT_SUCCESS);
}

/* --- a million calls -------------------------------------------------------------------------- */

/* One call of the scenario is a thousand that succeed and a thousand that fail. */
static const struct canary thousands = {"thousands",
                                        "def mkfifo(*a, **k):\n"
                                        "    for _ in range(1000):\n"
                                        "        real(*a, **k)\n"
                                        "        try:\n"
                                        "            real(*a, **k)\n"
                                        "        except FileExistsError:\n"
                                        "            os.unlink(a[0])\n"
                                        "    return real(*a, **k)\n",
                                        NULL, NULL};

static void run_once(const struct scenario *scenario) {
    const struct plan plain = {.per_call = 1};
    interpreter_begin(&plain);
    const struct observation *seen =
        sandbox_run(examiner.sandbox, scenario, &interpreter_pair[SIDE_MODULE], SANDBOX_OBSERVED);
    bool good = seen->ending == ENDING_DONE && seen->outcomes[0].result == 0;
    if (!good)
        _exit(2);
}

static void call_a_million_times(const struct canary *canary) {
    enum { RUNS = 500, BLOCKS = 1000 };
    static struct scenario scenario;
    static const char text[] = "mkfifo \"p\" 0644\n";
    struct text_error error;
    open_all(canary->source);
    if (scenario_parse(&scenario, NULL, text, sizeof text - 1, &error) != 0)
        _exit(2);
    run_once(&scenario);
    uint64_t before = interpreter_blocks();
    for (int i = 0; i < RUNS; i++)
        run_once(&scenario);
    uint64_t after = interpreter_blocks();
    _exit(after <= before + BLOCKS ? EXIT_SUCCESS : EXIT_FAILURE);
}

static void a_million_calls_keep_nothing(void **state) {
    (void)state;
    assert_int_equal(in_a_child(call_a_million_times, &thousands), EXIT_SUCCESS);
}

int main(void) {
    char reason[512];
    if (sandbox_prepare(reason, sizeof reason) != 0) {
        fprintf(stderr, "skipped: %s\n", reason);
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_canary_is_found),
        cmocka_unit_test(honest_ones_are_not_accused),
        cmocka_unit_test(a_million_calls_keep_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
