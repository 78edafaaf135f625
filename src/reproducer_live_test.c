/*
 * Exports as programs: those of the corpus hold with the C library, as they do in the sandbox, and
 * those of findings fail with the canary that they were found in and hold with the C library.
 *
 * Of the canaries every twelfth is taken; with the argument `all` (or a name) each of them, which
 * takes minutes.
 */
#include <glob.h>
#include <sys/mman.h>

#include "conformance_testing.h"
#include "examine_testing.h"
#include "fresh.h"
#include "reproducer_testing.h"

static struct scenario scenario;
static bool every;       /* canary, and its finding made small first */
static const char *only; /* this one, so as well */

/* --- the corpus ------------------------------------------------------------------------------- */

static void load_file(const char *path) {
    static char text[CONFORMANCE_TEXT_MAX];
    struct text_error error;
    FILE *in = fopen(path, "re");
    assert_non_null(in);
    size_t length = fread(text, 1, sizeof text, in);
    fclose(in);
    assert_int_equal(scenario_parse(&scenario, NULL, text, length, &error), 0);
}

/* Is all of it possible here, and in a program, which has one actor; does it hold in the sandbox?
 */
static bool holds_in_sandbox(void) {
    struct verdict verdict;
    if (scenario_is_staged(&scenario))
        return false;
    for (uint32_t i = 0; i < scenario.step_count; i++)
        if (host_lacks(&examiner.contract.host, &scenario, &scenario.steps[i]) != ABILITY_COUNT)
            return false;
    examine_once(&examiner, &scenario, &verdict);
    return !verdict_is_bad(&verdict);
}

static const char *base_name(const char *path) {
    return strrchr(path, '/') + 1;
}

/* The files of the corpus, and which of them hold in the sandbox. */
static glob_t files;
static bool held[JOBS_MAX];

static int find_files(void **state) {
    char reason[256];
    if (make_workshop(state) ||
        glob(FIFOFUZZ_CORPUS_DIR "/conformance/*.scn", 0, NULL, &files) != 0 ||
        glob(FIFOFUZZ_CORPUS_DIR "/regressions/*.scn", GLOB_APPEND, NULL, &files) != 0 ||
        examine_open(&examiner, implementation_find("own"), -1, reason, sizeof reason) != 0)
        return -1;
    for (size_t i = 0; i < files.gl_pathc; i++) {
        load_file(files.gl_pathv[i]);
        held[i] = holds_in_sandbox();
    }
    examine_close(&examiner);
    return 0;
}

static int forget_files(void **state) {
    globfree(&files);
    return remove_workshop(state);
}

static void every_file_of_the_corpus_holds_with_the_c_library(void **state) {
    (void)state;
    const struct contract contract = {.host = reproducer_host};
    unsigned wrong = 0, unable = 0;
    job_count = jobs_started = 0;
    for (size_t i = 0; i < files.gl_pathc; i++) {
        const char *name = base_name(files.gl_pathv[i]);
        const struct reproduction reproduction = {&scenario, &contract, NULL, name};
        load_file(files.gl_pathv[i]);
        add_program(name, NULL, &reproduction);
    }
    await_jobs();
    for (unsigned i = 0; i < job_count; i++) {
        unable += jobs[i].with_libc == 77;
        if (jobs[i].with_libc == (held[i] ? 0 : 77))
            continue;
        print_message("%s: status %d, %s in the sandbox\n", jobs[i].name, jobs[i].with_libc,
                      held[i] ? "held" : "did not hold or cannot be tried");
        print_log(&jobs[i], ".log");
        wrong++;
    }
    print_message("%u exports of the corpus, %u cannot be tried here\n", job_count, unable);
    assert_int_equal(wrong, 0);
}

static void a_script_holds_with_mkfifo_and_fails_with_one_that_does_nothing(void **state) {
    (void)state;
    const struct contract contract = {.host = reproducer_host};
    unsigned wrong = 0;
    job_count = jobs_started = 0;
    for (size_t i = 0; i < files.gl_pathc; i++) {
        char name[128];
        snprintf(name, sizeof name, "%s.sh", base_name(files.gl_pathv[i]));
        const struct reproduction reproduction = {&scenario, &contract, NULL, name};
        load_file(files.gl_pathv[i]);
        add_script(name, &reproduction);
    }
    await_jobs();
    for (unsigned i = 0; i < job_count; i++) {
        if (jobs[i].with_libc == 0 && jobs[i].with_canary == 1)
            continue;
        print_message("%s: status %d, %d with a mkfifo that does nothing\n", jobs[i].name,
                      jobs[i].with_libc, jobs[i].with_canary);
        print_log(&jobs[i], ".log");
        wrong++;
    }
    print_message("%u of %zu files of the corpus are scripts, too\n", job_count, files.gl_pathc);
    assert_int_equal(wrong, 0);
    assert_true(job_count > 0);
}

/* --- canaries --------------------------------------------------------------------------------- */

/* Examines the conformance file of `clause`. */
static bool holds_at(enum clause clause) {
    static char text[CONFORMANCE_TEXT_MAX];
    struct text_error error;
    size_t length = conformance_read(clause, text);
    assert_int_equal(scenario_parse(&scenario, NULL, text, length, &error), 0);
    examine_adapt(&examiner, &scenario);
    return examine(&examiner, &scenario, &finding);
}

/*
 * A fault that depends on earlier calls may not show in a process of its own: then the scenario is
 * as it was found, with the calls that it needs in front.
 */
static void make_repeatable(const struct implementation *canary, const struct scenario *found) {
    char reason[256];
    struct confirmation confirmation;
    static struct fresh_result result;
    examiner.scenarios = 0; /* a new one, as fresh.h demands */
    if (examine_open(&examiner, canary, -1, reason, sizeof reason) != 0)
        fail_msg("%s", reason);
    assert_int_equal(fresh_examine(&examiner, &finding.scenario, 1, &result), 0);
    if (!fresh_is_violated(&result)) {
        scenario_copy(&finding.scenario, found);
        assert_int_equal(fresh_confirm(&examiner, &finding.scenario, &confirmation), 0);
        assert_int_equal(fresh_examine(&examiner, &finding.scenario, 1, &result), 0);
    }
    examine_close(&examiner);
    if (result.signal == 0)
        finding.verdict = result.verdict;
}

/* What a process that searches has found. */
static struct {
    bool holds;
    struct contract contract;
    struct scenario found;  /* before it was made small */
    struct finding finding; /* after it */
} * search_result;

/* The finding of a canary: in the file of its clause, in another one, or by search. */
static void search_in_child(const struct implementation *canary) {
    enum { SEED = 20260103, SCENARIOS = 20000 };
    char reason[256];
    uint32_t used;
    examiner.contract.level = LEVEL_LINUX;
    if (examine_open(&examiner, canary, -1, reason, sizeof reason) != 0)
        _exit(1);
    bool holds = holds_at(clause_find(canary->breaks));
    for (int clause = 0; holds && clause < CLAUSE_COUNT; clause++)
        holds = holds_at((enum clause)clause);
    scenario_copy(&search_result->found, &finding.scenario);
    if (!holds && every)
        minimize_finding();
    search_result->contract = examiner.contract;
    examine_close(&examiner);
    if (holds) {
        holds = search(canary, LEVEL_LINUX, SEED, SCENARIOS, every, &used);
        scenario_copy(&search_result->found, &finding.scenario);
    }
    search_result->finding = finding;
    search_result->holds = holds;
    _exit(0);
}

/* In a process of its own, so that this one never calls a canary: what it remembers would count. */
static bool find(const struct implementation *canary, struct contract *contract) {
    int status;
    search_result = mmap(NULL, sizeof *search_result, PROT_READ | PROT_WRITE,
                         MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(search_result != MAP_FAILED);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        search_in_child(canary);
    assert_int_equal(waitpid(child, &status, 0), child);
    bool found = status == 0 && !search_result->holds;
    finding = search_result->finding;
    *contract = search_result->contract;
    if (found)
        make_repeatable(canary, &search_result->found);
    munmap(search_result, sizeof *search_result);
    return found;
}

static bool is_wanted(const struct implementation *implementation) {
    static unsigned canaries;
    if (!is_canary(implementation) || implementation_is_latent(implementation))
        return false; /* what shows the latter is not exported */
    return only ? strcmp(implementation->name, only) == 0 : every || canaries++ % 12 == 0;
}

/* A sanitizer's runtime cannot be preloaded into a program that is built without. */
#if defined(__SANITIZE_ADDRESS__)
enum { CAN_PRELOAD = 0 };
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
enum { CAN_PRELOAD = 0 };
#else
enum { CAN_PRELOAD = 1 };
#endif
#else
enum { CAN_PRELOAD = 1 };
#endif

static void a_finding_shows_with_its_canary_and_not_with_the_c_library(void **state) {
    (void)state;
    if (!CAN_PRELOAD) {
        print_message("skipped: a canary that is built with a sanitizer cannot be preloaded\n");
        skip();
    }
    size_t count;
    unsigned wrong = 0, shown = 0, right = 0;
    const struct implementation *const *list = implementation_list(&count);
    job_count = jobs_started = 0;
    for (size_t i = 0; i < count; i++) {
        static struct contract contract;
        if (!is_wanted(list[i]))
            continue;
        if (!find(list[i], &contract)) {
            print_message("%s: nothing found\n", list[i]->name);
            wrong++;
            continue;
        }
        const struct reproduction reproduction = {&finding.scenario, &contract, &finding.verdict,
                                                  finding.signature};
        add_program(list[i]->name, list[i]->name, &reproduction);
    }
    await_jobs();
    for (unsigned i = 0; i < job_count; i++) {
        shown += jobs[i].with_canary == 1;
        right += jobs[i].with_libc == 0;
        if (jobs[i].with_canary == 1 && jobs[i].with_libc == 0)
            continue;
        print_message("%s: status %d with it, %d with the C library\n", jobs[i].name,
                      jobs[i].with_canary, jobs[i].with_libc);
        print_log(&jobs[i], ".log");
        wrong++;
    }
    print_message("%u findings: %u show with their canary, %u hold with the C library\n", job_count,
                  shown, right);
    assert_int_equal(wrong, 0);
    assert_true(job_count > 0);
}

int main(int argc, char **argv) {
    if (!can_examine())
        return EXIT_SKIPPED;
    every = argc > 1;
    only = argc > 1 && strcmp(argv[1], "all") != 0 ? argv[1] : NULL;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_file_of_the_corpus_holds_with_the_c_library),
        cmocka_unit_test(a_script_holds_with_mkfifo_and_fails_with_one_that_does_nothing),
        cmocka_unit_test(a_finding_shows_with_its_canary_and_not_with_the_c_library),
    };
    if (argc > 2)
        cmocka_set_test_filter(argv[2]);
    return cmocka_run_group_tests(tests, find_files, forget_files);
}
