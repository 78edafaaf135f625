/*
 * Right implementations are never accused, at no level, and the generator reaches every clause with
 * them; what a run by chance has reached does not count. The canaries have a test of their own,
 * which runs on another processor meanwhile.
 */
#include "examine_testing.h"

#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "implementations/implementation.h"

enum { SEED = 20260102, HONEST_SCENARIOS = 3000, PLAIN_SCENARIOS = 10000 };

static bool reached[CLAUSE_COUNT];

static void note_reached(void *context, enum clause clause, unsigned feature) {
    (void)context;
    (void)feature;
    reached[clause] = true;
}

/* Examines scenarios that no other implementation and level has had, starting from `seed`. */
static void assert_never_accused(const struct implementation *implementation, uint64_t seed,
                                 uint32_t scenarios) {
    for (int level = 0; level < LEVEL_COUNT; level++) {
        uint32_t used;
        if (search(implementation, (enum level)level, seed + (uint64_t)level, scenarios, false,
                   &used))
            continue;
        print_finding(implementation->name);
        fail_msg("%s is accused at level %s after %u scenarios of seed %llu", implementation->name,
                 level_names[level], used, (unsigned long long)(seed + (uint64_t)level));
    }
}

/* The bare ones are named; all others that are no canaries are honest detours to the same end. */
static bool is_plain(const struct implementation *implementation) {
    return implementation == implementation_find("own") ||
           implementation == implementation_find("libc") ||
           implementation == implementation_find("raw");
}

static void right_implementations_are_never_accused(void **state) {
    (void)state;
    size_t count;
    unsigned right = 0;
    const struct implementation *const *list = implementation_list(&count);
    print_message("seed %d\n", SEED);
    examiner.judge.reach = note_reached;
    for (size_t i = 0; i < count; i++) {
        if (is_canary(list[i]))
            continue;
        assert_never_accused(list[i], SEED + (uint64_t)LEVEL_COUNT * right,
                             is_plain(list[i]) ? PLAIN_SCENARIOS : HONEST_SCENARIOS);
        right++;
    }
    assert_in_range(right, 3, count);
}

/* Those that examine_overlap_test is about. */
static bool needs_actors(enum clause clause) {
    return ability_takes_actors(clause_infos[clause].need);
}

static void every_clause_that_the_host_allows_is_reached(void **state) {
    (void)state;
    unsigned missing = 0;
    for (int clause = 0; clause < CLAUSE_COUNT; clause++) {
        if (reached[clause] || needs_actors((enum clause)clause) ||
            !clause_is_reachable((enum clause)clause, &examiner.contract.host))
            continue;
        print_message("%s was never reached\n", clause_infos[clause].name);
        missing++;
    }
    assert_int_equal(missing, 0);
}

/* How often it was said that a run does not count, and what was reached since. */
static struct { unsigned forgotten, reached; } told;

static void count_reached(void *context, enum clause clause, unsigned feature) {
    (void)context;
    (void)clause;
    (void)feature;
    told.reached++;
}

static void forget(void *context) {
    (void)context;
    told.forgotten++;
    told.reached = 0;
}

/* 40 links, of which the kernel may count each twice. */
static const char forty_links[] = "symlink \".\" \"a\"\n"
                                  "mkfifo \"\\{40:a/}b\" 0644\n";
/* The same while another call is under way: orders of both explain what is seen, or do not. */
static const char overlapping_links[] = "symlink \".\" \"a\"\n"
                                        "pause 1\n"
                                        "mkfifo \"b\" 0644\n"
                                        "mkfifo \"\\{40:a/}b/c\" 0644\n"
                                        "resume\n";

static const struct scenario *parsed(const char *text) {
    static struct scenario scenario;
    struct text_error error;
    assert_int_equal(scenario_parse(&scenario, NULL, text, strlen(text), &error), 0);
    return &scenario;
}

static void open_with(const char *name) {
    char reason[256];
    examiner.contract.level = LEVEL_LINUX;
    if (examine_open(&examiner, implementation_find(name), -1, reason, sizeof reason) != 0)
        fail_msg("%s", reason);
}

/* This canary's ELOOP looks like the kernel's by chance, and comes again each time. */
static void what_was_reached_by_chance_is_forgotten(void **state) {
    (void)state;
    enum { AT_LEAST = 20 };
    struct verdict verdict;
    open_with("canary-links-39");
    examiner.judge.reach = count_reached;
    examiner.judge.again = forget;
    examine_once(&examiner, parsed(forty_links), &verdict);
    examiner.judge.reach = NULL;
    examiner.judge.again = NULL;
    examine_close(&examiner);
    assert_true(told.forgotten >= AT_LEAST);
    assert_true(told.reached > 0);
}

/* Mounts and unmounts in a namespace of its own until it is killed. */
_Noreturn static void mount_for_ever(void) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL))
        _exit(1);
    for (;;) {
        if (mount("none", "/tmp", "tmpfs", 0, NULL))
            _exit(1);
        umount2("/tmp", MNT_DETACH);
    }
}

static void while_others_mount_none_is_accused_and_a_canary_is_caught_or_open(void **state) {
    enum { RUNS = 400 };
    (void)state;
    struct verdict verdict;
    pid_t mounter = fork();
    assert_true(mounter >= 0);
    if (mounter == 0)
        mount_for_ever();
    open_with("own");
    unsigned accused = 0;
    for (int i = 0; i < RUNS; i++) {
        examine_once(&examiner, parsed(i % 2 ? forty_links : overlapping_links), &verdict);
        accused += verdict_is_bad(&verdict);
    }
    examine_close(&examiner);
    open_with("canary-links-39");
    examine_once(&examiner, parsed(forty_links), &verdict);
    examine_close(&examiner);
    const bool mounted = waitpid(mounter, NULL, WNOHANG) == 0;
    kill(mounter, SIGKILL);
    waitpid(mounter, NULL, 0);
    assert_true(mounted);
    assert_int_equal(accused, 0);
    if (!verdict_is_bad(&verdict))
        assert_true(verdict.kind == VERDICT_UNDECIDED && verdict.chance == CHANCE_LINKS);
}

int main(void) {
    if (!can_examine())
        return EXIT_SKIPPED;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(right_implementations_are_never_accused),
        cmocka_unit_test(every_clause_that_the_host_allows_is_reached),
        cmocka_unit_test(what_was_reached_by_chance_is_forgotten),
        cmocka_unit_test(while_others_mount_none_is_accused_and_a_canary_is_caught_or_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
