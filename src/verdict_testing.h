/*
 * verdict_testing.h - one scenario with a right observation, made by hand, for tests of the judge.
 */
#ifndef FIFOFUZZ_VERDICT_TESTING_H
#define FIFOFUZZ_VERDICT_TESTING_H

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "verdict.h"

static struct scenario scenario;
static struct observation seen;
static struct world world;
static struct contract contract;
static struct judge judge = {.contract = &contract, .world = &world};

enum { STEP_OF_OPEN = 4, STEP_OF_SUCCESS = 5, STEP_OF_FAILURE = 6 };
enum { NODE_OF_D = 1, NODE_OF_F, NODE_OF_L, NODE_OF_P };

static const char scenario_text_form[] = "umask 027\n"
                                         "mkdir \"d\" 0755\n"
                                         "file \"f\" 0644 \"text\"\n"
                                         "symlink \"f\" \"l\"\n"
                                         "d0 = open \"d\"\n"
                                         "mkfifo \"d/p\" 04666\n"
                                         "mkfifo \"f\" 0600\n";

static inline struct node_facts facts(uint32_t mode, uint32_t nlink, int64_t size, uint64_t ino) {
    return (struct node_facts){.mode = mode, .nlink = nlink, .size = size, .ino = ino, .dev = 5};
}

static inline void add_node(uint32_t parent, const char *name, const char *content,
                            struct node_facts node_facts) {
    struct observed_node *node = &seen.nodes[seen.node_count++];
    *node = (struct observed_node){.parent = parent, .facts = node_facts};
    node->name = seen.bytes_used;
    node->name_length = (uint32_t)strlen(name);
    memcpy(seen.bytes + seen.bytes_used, name, node->name_length);
    seen.bytes_used += node->name_length;
    node->content = seen.bytes_used;
    node->content_length = (uint32_t)strlen(content);
    memcpy(seen.bytes + seen.bytes_used, content, node->content_length);
    seen.bytes_used += node->content_length;
}

/*
 * Begins an observation of `text` on a host that can do everything: of the end only that the
 * descriptors 0, 1 and 2 are open, and no slot is. `told` takes what the text expects, or is NULL.
 */
static inline void begin_observation(const char *text, struct expectations *told) {
    struct text_error error;
    contract = (struct contract){.level = LEVEL_LINUX, .host = {.nofile = 1024}};
    memset(contract.host.can, true, sizeof contract.host.can);
    memset(&seen, 0, sizeof seen);
    assert_int_equal(scenario_parse(&scenario, told, text, strlen(text), &error), 0);
    seen.outcome_count = scenario.step_count;
    seen.open[0] = seen.open[1] = seen.open[2] = true;
    seen.descriptor_count = 3;
    for (int slot = 0; slot < SCENARIO_SLOTS; slot++)
        seen.slots[slot].number = -1;
}

static inline void observe_calls(void) {
    struct outcome *success = &seen.outcomes[STEP_OF_SUCCESS];
    *success = (struct outcome){.error = ERRNO_POISON, .looked = true};
    success->clock_before = 1000;
    success->clock_after = 2000;
    success->target = facts(S_IFIFO | 04640, 1, 0, 14);
    success->target.atime = success->target.mtime = success->target.ctime = 1500;
    success->parent_before = facts(S_IFDIR | 0750, 2, 40, 11);
    success->parent_after = facts(S_IFDIR | 0750, 2, 60, 11);
    success->parent_after.mtime = success->parent_after.ctime = 1500;
    struct outcome *failure = &seen.outcomes[STEP_OF_FAILURE];
    *failure = (struct outcome){.result = -1, .error = EEXIST, .looked = true};
    failure->parent_before = failure->parent_after = facts(S_IFDIR | 0755, 3, 100, 10);
}

static inline int observe_everything(void **state) {
    (void)state;
    struct text_error error;
    contract = (struct contract){
        .level = LEVEL_LINUX,
        .host = {.can = {[ABILITY_ROOT] = true, true, true, true}, .nofile = 1024}};
    assert_int_equal(
        scenario_parse(&scenario, NULL, scenario_text_form, sizeof scenario_text_form - 1, &error),
        0);
    memset(&seen, 0, sizeof seen);
    seen.outcome_count = scenario.step_count;
    seen.outcomes[0].result = WORLD_FIRST_UMASK;
    seen.outcomes[STEP_OF_OPEN].result = 3;
    observe_calls();
    seen.tree_count = 1;
    add_node(0, "", "", facts(S_IFDIR | 0755, 3, 100, 10));
    add_node(0, "d", "", facts(S_IFDIR | 0750, 2, 60, 11));
    add_node(0, "f", "text", facts(S_IFREG | 0640, 1, 4, 12));
    add_node(0, "l", "f", facts(S_IFLNK | 0777, 1, 1, 13));
    add_node(NODE_OF_D, "p", "", facts(S_IFIFO | 04640, 1, 0, 14));
    seen.umask = 027;
    seen.cwd = seen.root = facts(S_IFDIR | 0755, 3, 100, 10);
    seen.open[0] = seen.open[1] = seen.open[2] = seen.open[3] = true;
    seen.descriptor_count = 4;
    for (int slot = 0; slot < SCENARIO_SLOTS; slot++)
        seen.slots[slot].number = -1;
    seen.slots[0] = (struct observed_slot){.number = 3,
                                           .facts = facts(S_IFDIR | 0750, 2, 60, 11),
                                           .flags = O_NONBLOCK,
                                           .close_on_exec = true};
    return 0;
}

static unsigned reached_count;
static inline void count_reached(void *context, enum clause clause, unsigned feature) {
    bool *reached = context;
    assert_in_range(feature, 0, VERDICT_FEATURES - 1);
    reached_count += !reached[clause];
    reached[clause] = true;
}

#endif
