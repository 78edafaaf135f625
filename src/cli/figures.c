#include "figures.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "cli.h"
#include "report.h"

static unsigned count_bits(const struct clause_set *set) {
    int count = 0;
    for (int word = 0; word < CLAUSE_SET_WORDS; word++)
        count += __builtin_popcountll(set->bits[word]);
    return (unsigned)count;
}

/*
 * What job 0 knows; before its first worker stands, when it has no entry point, nothing is ruled
 * out.
 */
static struct campaign_facts known_facts(const struct campaign *campaign) {
    struct campaign_facts facts = campaign->jobs[0].facts;
    if (facts.entries[STEP_MKFIFO] || facts.entries[STEP_MKFIFOAT])
        return facts;
    facts.entries[STEP_MKFIFO] = facts.entries[STEP_MKFIFOAT] = true;
    for (int ability = 0; ability < ABILITY_COUNT; ability++)
        facts.host.can[ability] = true;
    return facts;
}

static void take_reachable(struct figures *figures) {
    figures->facts = known_facts(figures->campaign);
    figures->reachable = (struct clause_set){{0}};
    for (int i = 0; i < CLAUSE_COUNT; i++) {
        enum clause clause = (enum clause)i;
        figures->unreachable[i] = target_unreachable(figures->target, &figures->facts, clause);
        if (!figures->unreachable[i])
            clause_set_add(&figures->reachable, clause);
    }
}

static void take_findings(struct figures *figures) {
    static struct campaign_seen seen[FIGURES_FINDINGS_MAX];
    figures->finding_count = campaign_findings(figures->campaign, seen, FIGURES_FINDINGS_MAX);
    for (unsigned i = 0; i < figures->finding_count; i++)
        figures->findings[i] =
            (struct figures_finding){seen[i].finding->signature, seen[i].finding->folder,
                                     seen[i].finding->reason, seen[i].count, seen[i].saved};
}

/* Where all places are taken, every other sample goes, and they lie twice as far apart. */
static void thin_samples(struct figures *figures) {
    figures->sample_count /= 2;
    for (unsigned i = 0; i < figures->sample_count; i++)
        figures->samples[i] = figures->samples[2 * i + 1];
    figures->sample_period *= 2;
}

static bool sample_is_due(const struct figures *figures, uint64_t elapsed) {
    uint64_t last = figures->sample_count ? figures->samples[figures->sample_count - 1].elapsed : 0;
    return elapsed >= last + figures->sample_period;
}

static void take_sample(struct figures *figures) {
    enum { PERIOD = 200 }; /* as often as progress is looked at */
    if (figures->sample_period == 0)
        figures->sample_period = PERIOD;
    if (figures->sample_count == FIGURES_SAMPLES && sample_is_due(figures, figures->elapsed))
        thin_samples(figures);
    if (!sample_is_due(figures, figures->elapsed))
        return;
    figures->samples[figures->sample_count++] =
        (struct figures_sample){figures->elapsed, figures->totals.calls};
}

void figures_take(struct figures *figures) {
    figures->elapsed = campaign_elapsed(figures->campaign);
    take_findings(figures);
    campaign_sum(figures->campaign, &figures->totals);
    take_reachable(figures);
    for (int word = 0; word < CLAUSE_SET_WORDS; word++)
        figures->totals.clauses.bits[word] &= figures->reachable.bits[word];
    figures->reachable_count = count_bits(&figures->reachable);
    figures->reached_count = count_bits(&figures->totals.clauses);
    take_sample(figures);
}

uint64_t figures_rate(const struct figures *figures, uint64_t count) {
    return figures->elapsed ? count * 1000 / figures->elapsed : 0;
}

const char *figures_grouped(uint64_t number) {
    enum { TEXTS = 10 };
    static char texts[TEXTS][32];
    static unsigned next;
    char *text = texts[next++ % TEXTS];
    char digits[24];
    int count = snprintf(digits, sizeof digits, "%" PRIu64, number);
    size_t length = 0;
    for (int i = 0; i < count; i++) {
        if (i && (count - i) % 3 == 0)
            text[length++] = ',';
        text[length++] = digits[i];
    }
    text[length] = '\0';
    return text;
}

/* --- progress --------------------------------------------------------------------------------- */

static void print_bar(unsigned part, unsigned whole) {
    enum { WIDTH = 16 };
    unsigned filled = whole ? part * WIDTH / whole : 0;
    fputs("[", stderr);
    for (unsigned i = 0; i < WIDTH; i++)
        fputc(i < filled ? '#' : '-', stderr);
    fputs("] ", stderr);
}

static void print_line(const struct figures *figures, bool bar) {
    uint64_t seconds = figures->elapsed / 1000;
    fprintf(stderr, "%" PRIu64 ":%02" PRIu64 ":%02" PRIu64, seconds / 3600, seconds / 60 % 60,
            seconds % 60);
    if (!figures->target->examines)
        return;
    fprintf(stderr, "  %s calls, %s/s  %s scenarios/s  clauses ",
            figures_grouped(figures->totals.calls),
            figures_grouped(figures_rate(figures, figures->totals.calls)),
            figures_grouped(figures_rate(figures, figures->totals.scenarios)));
    if (bar)
        print_bar(figures->reached_count, figures->reachable_count);
    fprintf(stderr, "%u/%u  findings %u", figures->reached_count, figures->reachable_count,
            figures->finding_count);
}

/* True when a log gets a line: rarer and rarer. */
static bool line_is_due(uint64_t elapsed) {
    static const uint64_t early[] = {1000, 2000, 5000, 10000, 20000, 30000, 60000};
    enum { EARLY = sizeof early / sizeof early[0], MINUTE = 60000 };
    static uint64_t printed; /* lines so far */
    uint64_t due = printed < EARLY ? early[printed] : (printed - EARLY + 2) * MINUTE;
    if (elapsed < due)
        return false;
    printed++;
    return true;
}

void figures_show(struct figures *figures) {
    if (isatty(STDERR_FILENO)) {
        figures_take(figures);
        fputs("\r", stderr);
        print_line(figures, true);
        fputs("\x1b[K", stderr);
        return;
    }
    uint64_t elapsed = campaign_elapsed(figures->campaign);
    bool due = line_is_due(elapsed);
    if (due || sample_is_due(figures, elapsed))
        figures_take(figures);
    if (due) {
        print_line(figures, false);
        fputs("\n", stderr);
    }
}

/* --- summary ---------------------------------------------------------------------------------- */

/* The clauses not reached, as far as a person wants to read them; JSON has all. */
static void print_unreached(const struct figures *figures) {
    enum { NAMES_MAX = 8 };
    unsigned missing = figures->reachable_count - figures->reached_count;
    unsigned printed = 0;
    for (int i = 0; i < CLAUSE_COUNT && printed < NAMES_MAX; i++) {
        enum clause clause = (enum clause)i;
        if (!clause_set_has(&figures->reachable, clause) ||
            clause_set_has(&figures->totals.clauses, clause))
            continue;
        fprintf(stderr, "%s %s", printed ? "" : "  not reached:", clause_infos[i].name);
        printed++;
    }
    if (missing > printed)
        fprintf(stderr, " and %u more", missing - printed);
    if (missing)
        fputc('\n', stderr);
}

/* The abilities that the host lacks: " for want of identities, acls". */
static void print_lacking(const struct host *host) {
    const char *before = " for want of ";
    for (int ability = 0; ability < ABILITY_COUNT; ability++)
        if (!host->can[ability]) {
            fprintf(stderr, "%s%s", before, ability_infos[ability].name);
            before = ", ";
        }
}

/* What is not tested, and where to read why; JSON has the reason of each. */
static void print_unreachable(const struct figures *figures) {
    unsigned by_host = 0;
    unsigned missing = CLAUSE_COUNT - figures->reachable_count;
    for (int i = 0; i < CLAUSE_COUNT; i++)
        by_host += !clause_is_reachable((enum clause)i, &figures->facts.host);
    if (by_host) {
        fprintf(stderr, "  unreachable%12u  here,", by_host);
        print_lacking(&figures->facts.host);
        fputs(": `fifofuzz doctor`\n", stderr);
    }
    if (missing > by_host)
        fprintf(stderr, "  unreachable%12u  by this target on this implementation\n",
                missing - by_host);
    fprintf(stderr, "  unreachable%12u  beyond any scenario: `fifofuzz list clauses`\n",
            beyond_count);
}

static void print_findings(const struct figures *figures) {
    bool single = figures->finding_count == 1;
    fprintf(stderr, "  findings   %12u%s%s\n", figures->finding_count, single ? "  " : "",
            single ? figures->findings[0].signature : "");
    for (unsigned i = 0; i < figures->finding_count && !single; i++)
        fprintf(stderr, "  seen       %12s  %s\n", figures_grouped(figures->findings[i].count),
                figures->findings[i].signature);
    if (figures->totals.not_kept)
        fprintf(stderr, "  not kept   %12s  violations beyond the first %d findings of a job\n",
                figures_grouped(figures->totals.not_kept), CAMPAIGN_FINDINGS_MAX);
}

void figures_summarize(struct figures *figures) {
    figures_take(figures);
    if (isatty(STDERR_FILENO))
        fputs("\r\x1b[K", stderr);
    fprintf(stderr, "%.1f s on %s\n", (double)figures->elapsed / 1000, figures->target->name);
    if (!figures->target->examines)
        return;
    const struct campaign_totals *totals = &figures->totals;
    fprintf(stderr, "  calls      %12s  %s/s\n", figures_grouped(totals->calls),
            figures_grouped(figures_rate(figures, totals->calls)));
    fprintf(stderr, "  scenarios  %12s  %s/s\n", figures_grouped(totals->scenarios),
            figures_grouped(figures_rate(figures, totals->scenarios)));
    fprintf(stderr, "  undecided  %12s\n", figures_grouped(totals->undecided));
    fprintf(stderr, "  clauses    %9u/%u  reached of those that can be reached here\n",
            figures->reached_count, figures->reachable_count);
    print_unreached(figures);
    print_unreachable(figures);
    print_findings(figures);
}
