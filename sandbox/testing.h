/*
 * testing.h - what the sandbox's tests share: a sandbox, scenarios from text, a look at the result.
 */
#ifndef FIFOFUZZ_TESTING_H
#define FIFOFUZZ_TESTING_H

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "sandbox.h"

enum { EXIT_SKIPPED = 77 };

static struct sandbox *sandbox;
static struct scenario scenario;
static struct expectations expectations;

/* Opens the sandbox, or ends the program as skipped where the host has no namespaces. */
static inline void open_or_skip(void) {
    char reason[512];
    int error = sandbox_prepare(reason, sizeof(reason));
    if (!error && !sandbox_shortfall()[0])
        error = sandbox_open(&sandbox, NULL, -1, reason, sizeof(reason));
    if (error || sandbox_shortfall()[0]) {
        fprintf(stderr, "skipped: %s\n", error ? reason : sandbox_shortfall());
        exit(EXIT_SKIPPED);
    }
    fprintf(stderr, "sandbox: %s\n", sandbox_tier());
}

/* cmocka installs signal handlers before each test; a sandbox opened after it takes over. */
static inline void reopen(void) {
    char reason[512];
    sandbox_close(sandbox);
    sandbox = NULL;
    if (sandbox_open(&sandbox, NULL, -1, reason, sizeof(reason)))
        fail_msg("%s", reason);
}

/* Makes `scenario` from text. */
static inline void parse(const char *text) {
    struct text_error error;
    if (scenario_parse(&scenario, &expectations, text, strlen(text), &error))
        fail_msg("%u:%u: %s", error.line, error.column, error.message);
}

/* The system call itself: an implementation without faults. */
static inline int plain_mkfifoat(int directory, const char *path, mode_t mode) {
    return (int)syscall(SYS_mknodat, directory, path, (mode & 07777) | S_IFIFO, 0);
}

static inline int plain_mkfifo(const char *path, mode_t mode) {
    return plain_mkfifoat(-100 /* AT_FDCWD */, path, mode);
}

static const struct implementation plain = {
    .name = "plain", .mkfifo = plain_mkfifo, .mkfifoat = plain_mkfifoat};

/* Runs `text` and compares each result with the one behind its `#`. */
static inline const struct observation *run(const char *text) {
    parse(text);
    const struct observation *seen = sandbox_run(sandbox, &scenario, &plain, SANDBOX_OBSERVED);
    assert_int_equal(seen->ending, ENDING_DONE);
    assert_int_equal(seen->outcome_count, scenario.step_count);
    for (uint32_t i = 0; i < scenario.step_count; i++) {
        const struct outcome *outcome = &seen->outcomes[i];
        const int got = outcome_told(outcome, i);
        if (expectations.error[i] != EXPECT_NOTHING && got != expectations.error[i])
            fail_msg("step %u of\n%sexpected %d, got %d", i + 1, text, expectations.error[i], got);
    }
    return seen;
}

/* Runs `text` with `function` in place of mkfifo. */
static inline const struct observation *run_with(mkfifo_function *function, const char *text,
                                                 enum sandbox_mode mode) {
    const struct implementation one = {.name = "one", .mkfifo = function};
    parse(text);
    return sandbox_run(sandbox, &scenario, &one, mode);
}

/* Runs `mkfifo "name" 0644` with `function` in place of mkfifo. */
static inline const struct observation *run_function(mkfifo_function *function) {
    return run_with(function, "mkfifo \"name\" 0644\n", SANDBOX_OBSERVED);
}

/* Skips the test where the host lacks what it needs. */
static inline void need(enum ability ability) {
    if (!sandbox_host(sandbox)->can[ability])
        skip();
}

/* The node called `name` in directory `parent` (an index), or NULL. */
static inline const struct observed_node *find(const struct observation *seen, uint32_t parent,
                                               const char *name) {
    for (uint32_t i = 1; i < seen->node_count; i++) {
        const struct observed_node *node = &seen->nodes[i];
        if (node->parent == parent && node->name_length == strlen(name) &&
            memcmp(seen->bytes + node->name, name, node->name_length) == 0)
            return node;
    }
    return NULL;
}

/* Fails unless the world is what a scenario starts with. */
static inline void assert_world_is_fresh(void) {
    const struct observation *seen = run("");
    assert_false(seen->overflow);
    assert_int_equal(seen->node_count, 1);
    assert_int_equal(seen->umask, 022);
    assert_int_equal(seen->root.mode, S_IFDIR | 0755);
    assert_int_equal(seen->root.uid, 0);
    assert_int_equal(seen->root.gid, 0);
    assert_int_equal(seen->root.nlink, 2);
    assert_true(seen->cwd.ino == seen->root.ino && seen->cwd.dev == seen->root.dev);
    for (int i = 0; i < OBSERVED_DESCRIPTORS; i++)
        assert_int_equal(seen->open[i], i < 3);
    for (int i = 0; i < SCENARIO_SLOTS; i++)
        assert_int_equal(seen->slots[i].number, -1);
}

/* Observed and bare: either way the next scenario finds a fresh world, on the same worker. */
static inline const struct observation *run_twice(const char *text) {
    const unsigned generation = sandbox_generation(sandbox);
    run_with(plain_mkfifo, text, SANDBOX_BARE);
    assert_world_is_fresh();
    run(text);
    assert_world_is_fresh();
    assert_int_equal(sandbox_generation(sandbox), generation);
    return run(text);
}

/* The number of nodes in tree `tree` of the observation, its root included. */
static inline unsigned tree_size(const struct observation *seen, uint32_t tree) {
    unsigned size = 0;
    for (uint32_t i = 0; i < seen->node_count; i++) {
        uint32_t node = i;
        while (seen->nodes[node].parent != node) {
            assert_true(seen->nodes[node].parent < node);
            node = seen->nodes[node].parent;
        }
        size += node == seen->trees[tree];
    }
    return size;
}

/* An implementation that crashes. */
static char *volatile nowhere = (char *)8;

static inline int crash(const char *path, mode_t mode) {
    (void)path;
    return *nowhere = (char)mode;
}

#endif
