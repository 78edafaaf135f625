/*
 * verdict_judging.h - one judgement under way: what the parts of verdict.c have in common.
 */
#ifndef FIFOFUZZ_VERDICT_JUDGING_H
#define FIFOFUZZ_VERDICT_JUDGING_H

#include "staging.h"
#include "verdict.h"

struct judging {
    const struct judge *judge;
    const struct scenario *scenario;
    const struct observation *observation;
    struct world *world;
    struct verdict *verdict;
    const struct staging *staging; /* of a scenario of several actors; NULL for others */
    uint32_t index;                /* of the step being judged */
    uint16_t links;                /* that its path may lead through */
    uint32_t open_steps; /* one more than the last step that an answer leaves open; 0 for none */
    enum clause open_clause;
};

static inline bool violated(struct judging *judging, enum clause clause, enum aspect aspect,
                            int64_t expected, int64_t got) {
    *judging->verdict = (struct verdict){
        .kind = VERDICT_VIOLATED,
        .clause = (uint8_t)clause,
        .aspect = (uint8_t)aspect,
        .step = judging->index,
        .links = judging->links,
        .expected = expected,
        .got = got,
    };
    return false;
}

/* The documents leave open what happened, so the world cannot follow it: judging ends here. */
static inline bool undecided(struct judging *judging, enum clause clause) {
    *judging->verdict = (struct verdict){
        .kind = VERDICT_UNDECIDED, .clause = (uint8_t)clause, .step = judging->index};
    return false;
}

/* Holds `got` against `expected`, if the clause binds. */
static inline bool holds(struct judging *judging, enum clause clause, enum aspect aspect,
                         int64_t expected, int64_t got) {
    if (expected == got || !contract_binds(judging->judge->contract->level, clause))
        return true;
    return violated(judging, clause, aspect, expected, got);
}

/*
 * Judges what a call that succeeded has made (verdict_node.c): the node and what became of the
 * directory that received it. Returns false if that is a violation.
 */
bool verdict_judge_new(struct judging *judging, const struct outcome *outcome,
                       const struct prediction *prediction);

/*
 * FIFOs in use (verdict_use.c). Was the step at hand, which the world has taken, one on a FIFO in a
 * scenario of several actors? It may wait then, and all of what it returned is the contract's.
 */
bool verdict_is_on_fifo(const struct judging *judging);

/*
 * Holds what came back by the step at hand, and who still waits, against what was seen. Returns
 * false if something is wrong, or cannot be known: a scheduler decides which of several is woken
 * first, and levels that leave open what was seen cannot tell what comes of it.
 */
bool verdict_judge_use(struct judging *judging);

/* The same at the end of the scenario, when what still waits is interrupted. */
bool verdict_judge_use_end(struct judging *judging);

/* The order in which steps are judged, and who made them. */
struct staged_order {
    const struct staging *staging;
    const uint32_t *steps; /* their indices; NULL: they follow each other */
    uint32_t count;
};

/*
 * Judges the steps in `order`; NULL for a scenario of one actor, in which they follow each other.
 * Returns how many of them hold, up to the first that does not.
 */
uint32_t verdict_judge_in_order(const struct judge *judge, const struct scenario *scenario,
                                const struct observation *observation,
                                const struct staged_order *order, struct verdict *verdict);

#endif
