#include "trace.h"

#include <stdbool.h>
#include <string.h>

#include "errno_name.h"

/* What was told of one step; texts are made of it when all are known. */
struct row {
    bool judged, is_call, ended, undefined, refused, silent;
    uint8_t reply;        /* enum reply, if it is silent */
    uint8_t verdict;      /* enum verdict_kind */
    struct errno_set may; /* 0 stands for success */
    enum clause decisive; /* of a call */
    struct clause_set clauses;
    int32_t result, error; /* unless it ended */
};

struct trace {
    struct row rows[SCENARIO_STEPS_MAX];
    uint32_t count; /* that were judged */
};

/*
 * Steps of calls that overlapped come in the order that explains them. A run that the kernel
 * disturbed is done again from the first step, see examine.c.
 */
static void listen(void *context, const struct judged *judged) {
    struct trace *trace = context;
    struct row *row = &trace->rows[judged->index];
    const struct prediction *prediction = judged->prediction;
    if (row->judged)
        memset(trace, 0, sizeof *trace);
    *row =
        (struct row){.judged = true, .ended = !judged->outcome, .verdict = judged->verdict->kind};
    if (judged->outcome) {
        row->result = judged->outcome->result;
        row->error = judged->outcome->error;
        row->silent = outcome_is_silent(judged->outcome);
        row->reply = judged->outcome->reply;
    }
    if (prediction) {
        row->is_call = true;
        row->undefined = prediction->undefined;
        row->refused = prediction->refused;
        row->may = prediction->allowed;
        row->decisive = prediction->decisive;
        row->clauses = prediction->clauses;
    } else {
        errno_set_add(&row->may, judged->expected);
    }
    trace->count++;
}

/* --- columns ---------------------------------------------------------------------------------- */

enum { TEXT_MAX = 4 * TEXT_LENGTH_MAX * 2 + 256, COLUMN_MAX = 256, WIDEST = 44 };

static void write_may(const struct row *row, char *out, size_t capacity) {
    size_t used = 0;
    snprintf(out, capacity, "%s", row->refused ? "any error" : "anything");
    for (int error = 0; error < 192 && !row->undefined && !row->refused; error++)
        if (errno_set_has(&row->may, error) && used < capacity)
            used += (size_t)snprintf(out + used, capacity - used, "%s%s", used ? " or " : "",
                                     error ? errno_name(error) : "success");
}

static void write_got(const struct row *row, const struct observation *seen, char *out,
                      size_t capacity) {
    bool failed = row->is_call ? row->result == -1 : row->result < 0;
    if (row->ended)
        snprintf(out, capacity, "%s", verdict_ending_name((enum ending)seen->ending));
    else if (row->is_call && row->result != 0 && row->result != -1)
        snprintf(out, capacity, "%d", row->result);
    else if (row->silent)
        snprintf(out, capacity, "%s", verdict_silence_name((enum reply)row->reply));
    else if (failed && row->error == ERRNO_POISON)
        snprintf(out, capacity, "an error without errno");
    else
        snprintf(out, capacity, "%s", failed ? errno_name(row->error) : "success");
}

static const char *verdict_word(const struct row *row) {
    static const char *const words[] = {
        [VERDICT_HELD] = "held",
        [VERDICT_VIOLATED] = "violated",
        [VERDICT_UNDECIDED] = "undecided",
        [VERDICT_DISAGREED] = "disagreed",
    };
    return words[row->verdict];
}

static void print_clauses(FILE *out, const struct row *row) {
    if (!row->is_call)
        return;
    fprintf(out, "%*s  %s", 9 - (int)strlen(verdict_word(row)), "",
            clause_infos[row->decisive].name);
    for (int i = 0; i < CLAUSE_COUNT; i++)
        if (i != (int)row->decisive && clause_set_has(&row->clauses, (enum clause)i))
            fprintf(out, " %s", clause_infos[i].name);
}

/* --- lines ------------------------------------------------------------------------------------ */

static struct trace trace;

/* The widest step, up to WIDEST: the few that are longer shift their line. */
static int width_of_steps(const struct scenario *scenario) {
    static char text[TEXT_MAX];
    size_t widest = 0;
    for (uint32_t i = 0; i < scenario->step_count; i++) {
        size_t length = scenario_print_step(scenario, i, text, sizeof text);
        if (length > widest && length <= WIDEST)
            widest = length;
    }
    return (int)widest;
}

static void print_step(FILE *out, const struct scenario *scenario, uint32_t index,
                       const struct observation *seen, int width) {
    static char text[TEXT_MAX];
    char may[COLUMN_MAX];
    char got[COLUMN_MAX];
    const struct row *row = &trace.rows[index];
    scenario_print_step(scenario, index, text, sizeof text);
    fprintf(out, "%3u %-*s", index + 1, width, text);
    if (!row->judged) {
        fputs("  not judged\n", out);
        return;
    }
    write_may(row, may, sizeof may);
    write_got(row, seen, got, sizeof got);
    fprintf(out, "  may: %-12s  got: %-12s  %s", may, got, verdict_word(row));
    print_clauses(out, row);
    fputc('\n', out);
}

static void print_end(FILE *out, const struct observation *seen, const struct verdict *verdict) {
    char sentence[768];
    if (verdict_is_bad(verdict)) {
        verdict_describe(verdict, sentence, sizeof sentence);
        fprintf(out, "    %s: %s\n",
                verdict->kind == VERDICT_DISAGREED ? "the model"
                                                   : clause_infos[verdict->clause].name,
                sentence);
    } else if (verdict->chance) {
        verdict_excuse(verdict, sentence, sizeof sentence);
        fprintf(out, "    undecided: %s\n", sentence);
    } else if (verdict->kind == VERDICT_UNDECIDED) {
        const struct row *row = &trace.rows[verdict->step];
        bool goes_on = verdict->step + 1 < trace.count || (row->is_call && row->silent);
        fprintf(out, "    %s %s\n", clause_infos[verdict->clause].name,
                goes_on ? "is left open by the agent's answer; what can be seen: held"
                        : "leaves open what was got; nothing behind it is judged");
    } else if (seen->ending == ENDING_DONE) {
        fputs("    tree, directory, umask, descriptors and signal mask at the end: held\n", out);
    }
}

void trace_run(FILE *out, struct examiner *examiner, const struct scenario *scenario,
               struct verdict *verdict) {
    memset(&trace, 0, sizeof trace);
    examiner->judge.listen = listen;
    examiner->judge.listen_context = &trace;
    const struct observation *seen = examine_once(examiner, scenario, verdict);
    examiner->judge.listen = NULL;
    if (verdict->chance)
        trace.rows[verdict->step].verdict = VERDICT_UNDECIDED;
    fputs("Each step: what the contract (of a preparation: the model) allows, what was got, the\n"
          "verdict, and the clauses that apply, first the one that decides.\n\n",
          out);
    int width = width_of_steps(scenario);
    for (uint32_t i = 0; i < scenario->step_count; i++)
        print_step(out, scenario, i, seen, width);
    print_end(out, seen, verdict);
    fputc('\n', out);
}
