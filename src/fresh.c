#include "fresh.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

/* In the child. The parent's worker thread did not come along, so a new sandbox is opened. */
static _Noreturn void run_in_child(const struct examiner *parent,
                                   void (*body)(struct examiner *examiner, void *context),
                                   void *context) {
    static struct examiner examiner;
    char reason[256];
    examiner.implementation = parent->implementation;
    examiner.contract = parent->contract;
    examiner.judge = (struct judge){.contract = &examiner.contract, .world = &examiner.world};
    int error = sandbox_open(&examiner.sandbox, examiner.implementation, -1, reason, sizeof reason);
    if (!error)
        body(&examiner, context);
    fflush(stdout);
    sandbox_abandon();
    _exit(-error);
}

int fresh_run(const struct examiner *examiner,
              void (*body)(struct examiner *examiner, void *context), void *context, int *signal) {
    check(examiner->scenarios == 0);
    fflush(stdout);
    pid_t child = fork();
    if (child < 0)
        return -errno;
    if (child == 0)
        run_in_child(examiner, body, context);
    int status;
    while (waitpid(child, &status, 0) < 0)
        check(errno == EINTR);
    *signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    return *signal ? 0 : -WEXITSTATUS(status);
}

/* What fresh_examine and its child share. */
struct order {
    const struct scenario *scenario;
    uint64_t limit;
    struct fresh_result result;
};

static void examine_until_violated(struct examiner *examiner, void *context) {
    struct order *order = context;
    do {
        examine_once(examiner, order->scenario, &order->result.verdict);
        order->result.runs++;
    } while (!verdict_is_bad(&order->result.verdict) && order->result.runs < order->limit);
}

int fresh_examine(const struct examiner *examiner, const struct scenario *scenario, uint64_t limit,
                  struct fresh_result *result) {
    *result = (struct fresh_result){0};
    struct order *order =
        mmap(NULL, sizeof *order, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (order == MAP_FAILED)
        return -errno;
    *order = (struct order){.scenario = scenario, .limit = limit};
    int signal = 0;
    int error = fresh_run(examiner, examine_until_violated, order, &signal);
    *result = order->result;
    result->signal = signal;
    munmap(order, sizeof *order);
    return error;
}

bool fresh_is_violated(const struct fresh_result *result) {
    return result->signal != 0 || verdict_is_bad(&result->verdict);
}

/* --- minimizing ------------------------------------------------------------------------------- */

/* What minimize's questions are about. */
struct question {
    const struct examiner *examiner;
    char key[FAULT_KEY_SIZE]; /* "" for a process that is killed */
};

/* What one run in a fresh process shows; false if nothing. */
static bool read_key(const struct examiner *examiner, const struct scenario *scenario, char *key,
                     size_t size) {
    struct fresh_result result;
    key[0] = '\0';
    if (fresh_examine(examiner, scenario, 1, &result) != 0 || !fresh_is_violated(&result))
        return false;
    if (result.signal == 0)
        verdict_signature(&result.verdict, scenario, key, size);
    return true;
}

static bool shows_the_same(void *context, const struct scenario *candidate) {
    static struct scenario adapted;
    const struct question *question = context;
    char key[FAULT_KEY_SIZE];
    scenario_copy(&adapted, candidate);
    return !examine_adapt(question->examiner, &adapted) &&
           read_key(question->examiner, candidate, key, sizeof key) &&
           strcmp(key, question->key) == 0;
}

struct minimize_effort fresh_minimize(const struct examiner *examiner, struct scenario *scenario,
                                      const struct minimize_budget *budget) {
    struct question question = {.examiner = examiner};
    if (!read_key(examiner, scenario, question.key, sizeof question.key))
        return (struct minimize_effort){0};
    return minimize(scenario, shows_the_same, &question, budget);
}

/* --- confirmation ----------------------------------------------------------------------------- */

static int count_violated(const struct examiner *examiner, const struct scenario *scenario,
                          unsigned *violated) {
    *violated = 0;
    for (int i = 0; i < FRESH_TRIES; i++) {
        struct fresh_result result;
        int error = fresh_examine(examiner, scenario, 1, &result);
        if (error)
            return error;
        *violated += fresh_is_violated(&result);
    }
    return 0;
}

/* `calls` calls of the kind of the last one, which fail without effect, then `scenario`. */
static void prepend_calls(struct scenario *out, const struct scenario *scenario, uint32_t calls) {
    scenario_copy(out, scenario);
    const struct step *last = &scenario->steps[scenario->step_count - 1];
    struct step call = {.kind = last->kind == STEP_MKFIFOAT ? STEP_MKFIFOAT : STEP_MKFIFO};
    call.path = scenario_store(out, "/", 1);
    for (uint32_t i = 0; i < calls; i++)
        out->steps[i] = call;
    memcpy(out->steps + calls, scenario->steps, scenario->step_count * sizeof *scenario->steps);
    out->step_count = calls + scenario->step_count;
}

/* Where the scenario alone is run again and again, as many calls go before the violated run. */
static int try_warm_up(const struct examiner *examiner, const struct scenario *scenario,
                       struct scenario *out, uint32_t *added) {
    uint32_t each = scenario_calls(scenario);
    uint32_t room = SCENARIO_STEPS_MAX - scenario->step_count;
    struct fresh_result result;
    if (each == 0)
        return 0;
    int error = fresh_examine(examiner, scenario, 1 + room / each, &result);
    if (error || result.signal || !verdict_is_bad(&result.verdict))
        return error;
    *added = (uint32_t)(result.runs - 1) * each;
    prepend_calls(out, scenario, *added);
    return 0;
}

/* The last call again and again in one run, cut behind the violation. */
static int try_repetition(const struct examiner *examiner, const struct scenario *scenario,
                          struct scenario *out, uint32_t *added) {
    enum { REPETITIONS = 200 };
    struct fresh_result result;
    scenario_copy(out, scenario);
    for (uint32_t i = 0; i < REPETITIONS && out->step_count < SCENARIO_STEPS_MAX; i++)
        out->steps[out->step_count++] = scenario->steps[scenario->step_count - 1];
    int error = fresh_examine(examiner, out, 1, &result);
    if (error || result.signal || !verdict_is_bad(&result.verdict))
        return error;
    scenario_truncate(out, result.verdict.step + 1);
    *added = out->step_count > scenario->step_count ? out->step_count - scenario->step_count : 0;
    return 0;
}

int fresh_confirm(const struct examiner *examiner, struct scenario *scenario,
                  struct confirmation *confirmation) {
    typedef int attempt(const struct examiner *, const struct scenario *, struct scenario *,
                        uint32_t *);
    static attempt *const attempts[] = {try_warm_up, try_repetition};
    static struct scenario changed;
    confirmation->added = 0;
    int error = count_violated(examiner, scenario, &confirmation->violated);
    for (size_t i = 0; i < sizeof attempts / sizeof attempts[0]; i++) {
        uint32_t added = 0;
        unsigned violated = 0;
        if (error || confirmation->violated == FRESH_TRIES)
            return error;
        error = attempts[i](examiner, scenario, &changed, &added);
        if (error || added == 0 || !scenario_valid(&changed))
            continue;
        error = count_violated(examiner, &changed, &violated);
        if (error || violated <= confirmation->violated)
            continue;
        scenario_copy(scenario, &changed);
        *confirmation = (struct confirmation){violated, added};
    }
    return error;
}
