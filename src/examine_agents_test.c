/*
 * What only agents can be asked, on agents that are wrong: each is this program, started with its
 * deed as an argument. None of the files of corpus/conformance accuses the one that is right.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conformance_testing.h"
#include "examine_testing.h"
#include "grade.h"

/* --- the agents ------------------------------------------------------------------------------- */

static const char *deed;

static bool is(const char *what) {
    return strcmp(deed, what) == 0;
}

/* A request for a FIFO, or for a umask, which has no path. The files make no others. */
struct request {
    int64_t mode;
    long size;      /* of the path's bytes; -1 without a path */
    long left;      /* of those, what stands before the character that has none; -1 without one */
    char path[512]; /* with room for a character more */
};

/* mkfifo MODE [unencodable LEFT] SIZE, or umask MODE */
static bool read_request(struct request *request) {
    static const char split[] = " unencodable ";
    char line[256], *rest;
    *request = (struct request){.size = -1, .left = -1};
    if (!fgets(line, sizeof line, stdin))
        return false;
    request->mode = strtoll(line + strcspn(line, " "), &rest, 10);
    if (strncmp(line, "mkfifo ", 7) != 0)
        return true;
    if (strncmp(rest, split, sizeof split - 1) == 0)
        request->left = strtol(rest + sizeof split - 1, &rest, 10);
    request->size = strtol(rest, NULL, 10);
    const size_t size = (size_t)request->size;
    return size < sizeof request->path - 1 && fread(request->path, 1, size, stdin) == size;
}

/* Whether it refuses what no name can be; else the path becomes one of another name. */
static bool refuses_path(struct request *request) {
    const bool has_nul = request->left < 0 && strlen(request->path) != (size_t)request->size;
    if (request->left < 0)
        return has_nul && !is("ends at NUL");
    if (!is("puts ?"))
        return true;
    char *at = request->path + request->left;
    memmove(at + 1, at, strlen(at) + 1);
    *at = '?';
    return false;
}

/* Modes that 32 bits cannot hold, of either sign; the deeds are those of languages. */
static bool refuses_mode(const struct request *request) {
    const bool fits_int = request->mode >= INT32_MIN && request->mode <= UINT32_MAX;
    if (is("refuses some wide modes"))
        return request->mode > UINT32_MAX && (request->mode & 0777) != 0600;
    return is("refuses wide modes") && !fits_int;
}

static mode_t mode_of(const struct request *request) {
    const bool fits = request->mode >= 0 && request->mode <= UINT32_MAX;
    return !fits && is("adds to wide modes") ? (mode_t)request->mode | 0111 : (mode_t)request->mode;
}

static int be_agent(void) {
    static struct request request;
    printf("fifofuzz-agent 1 %d mkfifo counted text wide\n", (int)getpid());
    fflush(stdout);
    while (read_request(&request)) {
        if (request.size < 0)
            puts(umask((mode_t)request.mode) == (mode_t)-1 ? "-1 ?" : "0");
        else if (refuses_path(&request) || refuses_mode(&request))
            puts("raised ValueError");
        else if (mkfifo(request.path, mode_of(&request)) == 0)
            puts("0");
        else
            printf("-1 %d\n", errno);
        fflush(stdout);
    }
    return 0;
}

/* --- in the test ------------------------------------------------------------------------------ */

static const char *command[] = {NULL, "--agent", NULL, NULL};
static struct agent agent = {.command = command};
static struct implementation implementation = {.name = "agent", .agent = &agent};

static void open_with(const char *what) {
    static char self[PATH_MAX];
    char reason[512];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    assert_true(length > 0);
    command[0] = self;
    command[2] = what;
    examiner.contract.level = LEVEL_LINUX;
    if (sandbox_meet(&implementation, reason, sizeof reason) != 0 ||
        examine_open(&examiner, &implementation, -1, reason, sizeof reason) != 0)
        fail_msg("%s: %s", what, reason);
}

/* Examines the file of `clause`, from which nothing has to be left out. */
static bool conforms(enum clause clause) {
    static char text[CONFORMANCE_TEXT_MAX];
    static struct scenario scenario;
    struct text_error error;
    size_t length = conformance_read(clause, text);
    assert_int_equal(scenario_parse(&scenario, NULL, text, length, &error), 0);
    if (examine_adapt(&examiner, &scenario))
        assert_int_equal(clause, CLAUSE_NUL); /* it has mkfifoat in it */
    return examine(&examiner, &scenario, &finding);
}

static const enum clause clauses[] = {CLAUSE_NUL, CLAUSE_TEXT, CLAUSE_MODE_WIDE};
enum { CLAUSES = sizeof clauses / sizeof clauses[0] };

static void both_right_ways_hold(void **state) {
    (void)state;
    static const char *const right[] = {"cuts wide modes", "refuses wide modes"};
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
        open_with(right[i]);
        for (size_t k = 0; k < CLAUSES; k++)
            if (!conforms(clauses[k])) {
                print_finding(right[i]);
                fail();
            }
        examine_close(&examiner);
    }
}

static void every_wrong_one_is_accused(void **state) {
    (void)state;
    static const struct {
        const char *deed, *smallest;
        enum clause clause;
        enum grade grade;
    } wrong[] = {
        {"ends at NUL", "mkfifo counted \"a\" \"\" 0644\n", CLAUSE_NUL, GRADE_GRAVE},
        {"puts ?", "mkfifo unencodable \"\" \"\" 0644\n", CLAUSE_TEXT, GRADE_GRAVE},
        {"adds to wide modes", "mkfifo \"a\" 040000000644\n", CLAUSE_MODE_WIDE, GRADE_PARITY},
        {"refuses some wide modes", "mkfifo \"a\" 040000000644\n", CLAUSE_MODE_WIDE, GRADE_PARITY},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        static char text[SCENARIO_PRINT_MAX];
        open_with(wrong[i].deed);
        for (size_t k = 0; k < CLAUSES; k++)
            assert_int_equal(conforms(clauses[k]), clauses[k] != wrong[i].clause);
        assert_false(conforms(wrong[i].clause));
        minimize_finding();
        examine_close(&examiner);
        print_finding(wrong[i].deed);
        scenario_print(&finding.scenario, NULL, text, sizeof text);
        assert_string_equal(text, wrong[i].smallest);
        assert_int_equal(finding.verdict.clause, wrong[i].clause);
        assert_int_equal(grade_of(&finding.verdict), wrong[i].grade);
        assert_int_equal(finding.fault, FAULT_IMPLEMENTATION);
        assert_int_equal(finding.repeated, finding.replays);
    }
}

int main(int argc, char **argv) {
    if (argc == 3 && strcmp(argv[1], "--agent") == 0) {
        deed = argv[2];
        return be_agent();
    }
    if (!can_examine())
        return EXIT_SKIPPED;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_right_ways_hold),
        cmocka_unit_test(every_wrong_one_is_accused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
