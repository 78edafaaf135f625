#include "minimize.h"

#include <string.h>

#include "clock.h"
#include "minimize_pass.h"

/* --- proposing -------------------------------------------------------------------------------- */

struct scenario *minimize_propose(struct minimization *m) {
    scenario_copy(&m->candidate, m->best);
    return &m->candidate;
}

static struct text move_text(struct scenario *to, const struct scenario *from, struct text text) {
    if (text.length == 0)
        return (struct text){0, 0};
    return scenario_store(to, scenario_text(from, text), text.length);
}

/* Copies without the bytes that no step uses any more, or the pool would run full of them. */
static void copy_compactly(struct scenario *to, const struct scenario *from) {
    scenario_clear(to);
    for (uint32_t i = 0; i < from->step_count; i++) {
        struct step step = from->steps[i];
        step.path = move_text(to, from, step.path);
        step.other = move_text(to, from, step.other);
        to->steps[to->step_count++] = step;
    }
}

static bool is_spent(struct minimization *m) {
    const struct minimize_budget *budget = m->budget;
    if ((budget->tries && m->effort.tries >= budget->tries) ||
        (budget->seconds && clock_monotonic_ns() >= m->deadline) || (budget->stop && *budget->stop))
        m->effort.spent = true;
    return m->effort.spent;
}

bool minimize_try(struct minimization *m) {
    if (!scenario_valid(&m->candidate) || scenario_equal(&m->candidate, m->best) || is_spent(m))
        return false;
    m->effort.tries++;
    if (!m->keep(m->context, &m->candidate))
        return false;
    copy_compactly(m->best, &m->candidate);
    return true;
}

/* --- steps ------------------------------------------------------------------------------------ */

static void remove_steps(struct scenario *scenario, uint32_t start, uint32_t end) {
    memmove(scenario->steps + start, scenario->steps + end,
            (scenario->step_count - end) * sizeof *scenario->steps);
    scenario_truncate(scenario, scenario->step_count - (end - start));
}

static bool try_without(struct minimization *m, uint32_t start, uint32_t end) {
    remove_steps(minimize_propose(m), start, end);
    return minimize_try(m);
}

/* From the end on, since later steps depend on earlier ones; large pieces first. */
bool minimize_steps(struct minimization *m) {
    bool changed = false;
    for (uint32_t piece = m->best->step_count; piece > 0; piece /= 2)
        for (uint32_t end = m->best->step_count; end > 0;) {
            uint32_t start = end > piece ? end - piece : 0;
            changed |= try_without(m, start, end);
            end = start;
        }
    return changed;
}

/* Two that need each other wherever they stand: mount and umount, mkdir and rmdir. */
bool minimize_pairs(struct minimization *m) {
    enum { FEW = 24 }; /* pairs of more would be too many to try */
    bool changed = false;
    for (uint32_t late = m->best->step_count; late-- > 1 && m->best->step_count <= FEW;)
        for (uint32_t early = 0; early < late && late < m->best->step_count; early++) {
            struct scenario *candidate = minimize_propose(m);
            remove_steps(candidate, late, late + 1);
            remove_steps(candidate, early, early + 1);
            changed |= minimize_try(m);
        }
    return changed;
}

/* --- the whole -------------------------------------------------------------------------------- */

struct minimize_effort minimize(struct scenario *scenario, minimize_keep *keep, void *context,
                                const struct minimize_budget *budget) {
    static minimize_pass *const passes[] = {
        /* what is quick comes first: time may be short */
        minimize_steps,   minimize_operands, minimize_texts, minimize_pairs,
        minimize_detours, minimize_names,    minimize_slots,
    };
    enum { ROUNDS_MAX = 16 }; /* two or three do; names that change places could go on for ever */
    static struct minimization m;
    m.best = scenario;
    m.keep = keep;
    m.context = context;
    m.budget = budget;
    m.deadline = clock_monotonic_ns() + (int64_t)budget->seconds * 1000000000;
    m.effort = (struct minimize_effort){0};
    bool changed = true;
    for (int round = 0; changed && round < ROUNDS_MAX; round++) {
        changed = false;
        for (size_t i = 0; i < sizeof passes / sizeof passes[0]; i++)
            changed |= passes[i](&m);
    }
    return m.effort;
}
