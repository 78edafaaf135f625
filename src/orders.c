#include "orders.h"

struct search {
    const struct staging *staging;
    const struct observation *observation;
    orders_visit *visit;
    void *context;
    uint32_t tried;
    bool ended, exhausted;
    uint32_t pending[STAGING_LATE_MAX]; /* late calls that began and have not taken effect */
    uint32_t pending_count;
    uint32_t length;
    uint32_t order[SCENARIO_STEPS_MAX];
};

static void go_on(struct search *search, uint32_t next);

/* Must one of those that are pending take effect before step `next`, as it was over then? */
static bool is_due(const struct search *search, uint32_t next) {
    for (uint32_t i = 0; i < search->pending_count; i++)
        if (search->observation->outcomes[search->pending[i]].ended < next)
            return true;
    return false;
}

/* Step `next` comes, or begins. */
static void take_step(struct search *search, uint32_t next) {
    if (search->staging->steps[next].late) {
        search->pending[search->pending_count++] = next;
        go_on(search, next + 1);
        search->pending_count--;
        return;
    }
    search->order[search->length++] = next;
    go_on(search, next + 1);
    search->length--;
}

/* Pending call number `which` takes effect. */
static void take_effect(struct search *search, uint32_t which, uint32_t next) {
    const uint32_t call = search->pending[which];
    search->order[search->length++] = call;
    search->pending_count--;
    for (uint32_t i = which; i < search->pending_count; i++)
        search->pending[i] = search->pending[i + 1];
    go_on(search, next);
    for (uint32_t i = search->pending_count; i > which; i--)
        search->pending[i] = search->pending[i - 1];
    search->pending[which] = call;
    search->pending_count++;
    search->length--;
}

static void visit(struct search *search) {
    search->exhausted = ++search->tried >= ORDERS_MAX;
    search->ended = search->visit(search->context, search->order, search->length);
}

static void go_on(struct search *search, uint32_t next) {
    const bool last = next == search->observation->outcome_count;
    const bool due = is_due(search, next);
    if (last && search->pending_count == 0)
        visit(search);
    else if (!last && !due)
        take_step(search, next);
    if (!last && !due && search->staging->steps[next].late)
        return; /* its begin is no event: before it is as good as behind it */
    for (uint32_t i = 0; i < search->pending_count && !search->ended && !search->exhausted; i++)
        take_effect(search, i, next);
}

bool orders_try(const struct staging *staging, const struct observation *observation,
                orders_visit *visit_order, void *context) {
    static struct search search;
    search = (struct search){
        .staging = staging, .observation = observation, .visit = visit_order, .context = context};
    go_on(&search, 0);
    return search.ended || !search.exhausted;
}
