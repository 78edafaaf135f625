/*
 * world_testing.h - what the tests of the model share: a world on a host that can do everything,
 * made from a scenario in text.
 */
#ifndef FIFOFUZZ_WORLD_TESTING_H
#define FIFOFUZZ_WORLD_TESTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "errno_name.h"
#include "world.h"

static struct world world;
static struct scenario scenario;
static struct expectations expectations;

static const struct host host = {.can = {true, true, true, true, true, true, true, true, true,
                                         true, [ABILITY_ROOT] = true, true, true, true},
                                 .protected_hardlinks = true,
                                 .protected_symlinks = true,
                                 .nofile = 4096};

/* Makes `scenario` and `expectations` from text; `name` says where it comes from. */
static inline void parse(const char *text, size_t length, const char *name) {
    struct text_error error;
    if (scenario_parse(&scenario, &expectations, text, length, &error) != 0)
        fail_msg("%s:%u:%u: %s", name, error.line, error.column, error.message);
}

/* Takes the world through `text`, all preparations: each ends as stated, or without that in 0. */
static inline void prepare(const char *text) {
    parse(text, strlen(text), text);
    world_reset(&world, &scenario, &host);
    for (uint32_t i = 0; i < scenario.step_count; i++) {
        int expected = expectations.error[i] == EXPECT_NOTHING ? 0 : expectations.error[i];
        int got = world_prepare(&world, &scenario.steps[i]);
        if (got != expected)
            fail_msg("step %u of\n%sexpected %s, got %s", i + 1, text, errno_name(expected),
                     errno_name(got));
    }
}

#endif
