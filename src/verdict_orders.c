/* verdict_judge: calls that overlapped are judged in any order that may have been theirs. */
#include <errno.h>
#include <string.h>

#include "orders.h"
#include "verdict_judging.h"

/* The search for an order that explains what was seen. */
struct explanation {
    struct judge judge; /* tells no one: most orders are none that came to pass */
    const struct scenario *scenario;
    const struct observation *observation;
    struct staged_order best;
    uint32_t rank; /* how much it explains; 0: none was judged yet */
    uint32_t steps[SCENARIO_STEPS_MAX];
};

/*
 * How much an order explains: all, all that the documents decide, all but what chance may have
 * done, or `held` steps.
 */
static uint32_t rank_of(const struct verdict *verdict, uint32_t held) {
    if (verdict->kind == VERDICT_HELD)
        return UINT32_MAX;
    if (verdict->kind == VERDICT_UNDECIDED)
        return UINT32_MAX - 1;
    return verdict_is_doubtful(verdict) ? SCENARIO_STEPS_MAX + 1 + held : held + 1;
}

static bool explains(void *context, const uint32_t *steps, uint32_t count) {
    struct explanation *explanation = context;
    const struct staged_order order = {explanation->best.staging, steps, count};
    struct verdict verdict;
    const uint32_t held = verdict_judge_in_order(&explanation->judge, explanation->scenario,
                                                 explanation->observation, &order, &verdict);
    const uint32_t rank = rank_of(&verdict, held);
    if (rank > explanation->rank) {
        memcpy(explanation->steps, steps, count * sizeof *steps);
        explanation->best.count = count;
        explanation->rank = rank;
    }
    return verdict.kind == VERDICT_HELD;
}

/* Whose affair it is that no order explains what was seen. */
static enum clause clause_of(const struct staging *staging, uint32_t count,
                             const struct verdict *verdict) {
    bool beside = false, nested = false;
    for (uint32_t i = 0; i < count; i++) {
        beside |= staging->steps[i].beside;
        nested |= staging->steps[i].nested;
    }
    const bool both_made = verdict->aspect == ASPECT_ERRNO && verdict->got == 0 &&
                           errno_set_has(&verdict->allowed, EEXIST);
    if (beside)
        return both_made ? CLAUSE_RACE_ATOMIC : CLAUSE_MT_SAFE;
    return nested ? CLAUSE_ASYNC_SAFE : (enum clause)verdict->clause;
}

/* What a run shows that ended before its calls were over: only that it did. */
static void judge_ending_alone(const struct judge *judge, const struct scenario *scenario,
                               const struct observation *observation, const struct staging *staging,
                               struct verdict *verdict) {
    const struct staged_order none = {.staging = staging};
    verdict_judge_in_order(judge, scenario, observation, &none, verdict);
    if (observation->ending == ENDING_HUNG && verdict->kind == VERDICT_VIOLATED)
        verdict->clause = (uint8_t)clause_of(staging, observation->step + 1, verdict);
}

static void judge_overlapping(const struct judge *judge, const struct scenario *scenario,
                              const struct observation *observation, const struct staging *staging,
                              struct verdict *verdict) {
    static struct explanation explanation;
    explanation = (struct explanation){.judge = *judge,
                                       .scenario = scenario,
                                       .observation = observation,
                                       .best = {.staging = staging, .steps = explanation.steps}};
    explanation.judge.reach = NULL;
    explanation.judge.again = NULL;
    explanation.judge.listen = NULL;
    const bool all = orders_try(staging, observation, explains, &explanation);
    verdict_judge_in_order(judge, scenario, observation, &explanation.best, verdict);
    if (!verdict_is_bad(verdict))
        return;
    if (all && !staging->cut)
        verdict->clause = (uint8_t)clause_of(staging, observation->outcome_count, verdict);
    else
        *verdict = (struct verdict){
            .kind = VERDICT_UNDECIDED, .clause = CLAUSE_MT_SAFE, .step = verdict->step};
}

void verdict_judge(const struct judge *judge, const struct scenario *scenario,
                   const struct observation *observation, struct verdict *verdict) {
    static struct staging staging;
    if (!scenario_is_staged(scenario)) {
        verdict_judge_in_order(judge, scenario, observation, NULL, verdict);
        return;
    }
    staging_find(&staging, scenario, observation);
    const struct staged_order as_they_are = {.staging = &staging,
                                             .count = observation->outcome_count};
    if (staging.late_count == 0)
        verdict_judge_in_order(judge, scenario, observation, &as_they_are, verdict);
    else if (observation->ending != ENDING_DONE)
        judge_ending_alone(judge, scenario, observation, &staging, verdict);
    else
        judge_overlapping(judge, scenario, observation, &staging, verdict);
}
