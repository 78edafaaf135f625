#include <stdlib.h>

#include "check.h"
#include "cli.h"
#include "implementations/agents.h"
#include "subject.h"

static struct examiner examiner;
static char traits[EXAMINE_TRAITS_SIZE];
static const struct scenario *at_hand;

static void print_scenario_at_hand(void) {
    static char text[SCENARIO_PRINT_MAX];
    if (!at_hand)
        return;
    scenario_print(at_hand, NULL, text, sizeof text);
    fprintf(stderr, "The scenario at hand:\n%s", text);
}

void session_scenario(const struct scenario *scenario) {
    at_hand = scenario;
}

const char *session_traits(void) {
    return traits;
}

enum ability session_lacks(const struct scenario *scenario) {
    enum ability lacked = ABILITY_COUNT;
    for (uint32_t i = 0; i < scenario->step_count && lacked == ABILITY_COUNT; i++)
        lacked = host_lacks(&examiner.contract.host, scenario, &scenario->steps[i]);
    return lacked;
}

/* Says which half is not tested. */
static void mention_missing(const struct implementation *implementation) {
    const char *missing = !implementation->mkfifo     ? "mkfifo"
                          : !implementation->mkfifoat ? "mkfifoat"
                                                      : NULL;
    if (missing)
        fprintf(stderr, "fifofuzz: %s has no %s: its steps are left out\n", implementation->name,
                missing);
}

void cli_put_under(struct cli_subject *subject) {
    char *name;
    if (!subject->under)
        return;
    if (asprintf(&name, "%s under %s", subject->implementation, subject->under) < 0)
        cli_fail(STATUS_OURS, "out of memory");
    subject->implementation = name;
    subject->under = NULL;
}

struct examiner *session_open(const struct cli_subject *subject) {
    char reason[1024] = "";
    const struct implementation *implementation;
    if (subject_level(&examiner.contract.level, subject->contract, reason, sizeof reason) != 0)
        cli_fail(STATUS_USAGE, "%s", reason);
    if (sandbox_prepare(reason, sizeof reason) != 0)
        cli_fail(STATUS_UNABLE, "this host cannot run implementations: %s", reason);
    if (sandbox_shortfall()[0])
        fprintf(stderr, "fifofuzz: sandbox: %s: %s\n", sandbox_tier(), sandbox_shortfall());
    if (!implementation_find(subject->implementation) && !agent_named(subject->implementation))
        cli_expect_foreign_code();
    int error = subject_find(&implementation, subject->implementation, reason, sizeof reason);
    if (error)
        cli_fail(subject_mistaken(error) ? STATUS_USAGE : STATUS_UNABLE, "%s", reason);
    if (examine_open(&examiner, implementation, -1, reason, sizeof reason) != 0)
        cli_fail(STATUS_UNABLE, "this host cannot run implementations: %s", reason);
    mention_missing(implementation);
    examine_traits(&examiner, traits, sizeof traits);
    check_context = print_scenario_at_hand;
    return &examiner;
}

void session_close(void) {
    check_context = NULL;
    examine_close(&examiner);
}
