#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "page_parts.h"

/* The drawing, in its own units, and the rectangle of the curve in it. */
enum { WIDTH = 360, HEIGHT = 190, LEFT = 40, RIGHT = 350, TOP = 14, BOTTOM = 164 };

/* --- scales ----------------------------------------------------------------------------------- */

static double across(double part) {
    return LEFT + part * (RIGHT - LEFT);
}

static double up(double part) {
    return BOTTOM - part * (BOTTOM - TOP);
}

/* 1, 2 or 5 times a power of ten: the smallest of which `count` reach `most`. */
static double step_for(double most, int count) {
    static const double steps[] = {1, 2, 5, 10};
    double least = most / count;
    double power = 1;
    while (power * 10 < least)
        power *= 10;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
        if (steps[i] * power >= least)
            return steps[i] * power;
    return 10 * power;
}

/* "1.5 s", "2 min", "3 h". */
static const char *duration(double ms) {
    static char text[32];
    if (ms < 120000)
        snprintf(text, sizeof text, "%g s", ms / 1000);
    else if (ms < 7200000)
        snprintf(text, sizeof text, "%.3g min", ms / 60000);
    else
        snprintf(text, sizeof text, "%.3g h", ms / 3600000);
    return text;
}

/* "250", "50k", "1.5M". */
static const char *amount(double number) {
    static char text[32];
    if (number < 10000)
        snprintf(text, sizeof text, "%g", number);
    else if (number < 1000000)
        snprintf(text, sizeof text, "%gk", number / 1000);
    else
        snprintf(text, sizeof text, "%gM", number / 1000000);
    return text;
}

/* --- axes ------------------------------------------------------------------------------------- */

static void print_level(FILE *out, double part, const char *style, const char *label) {
    fprintf(out, "<line class=\"%s\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>", style, LEFT,
            RIGHT, up(part), up(part));
    fprintf(out, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n", LEFT - 6,
            up(part) + 4, label);
}

static void print_moment(FILE *out, double part, const char *label) {
    const char *anchor = part < 0.05 ? "start" : part > 0.95 ? "end" : "middle";
    fprintf(out, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"%s\">%s</text>\n", across(part),
            BOTTOM + 18, anchor, label);
}

static void begin(FILE *out, const char *name, const char *title, const char *words) {
    fprintf(out,
            "<figure>\n<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-labelledby=\"%s %s-words\">\n",
            WIDTH, HEIGHT, name, name);
    fprintf(out, "<title id=\"%s\">%s</title>\n<desc id=\"%s-words\">%s</desc>\n", name, title,
            name, words);
}

static void end(FILE *out, const char *title, const char *words) {
    fprintf(out, "</svg>\n<figcaption><strong>%s.</strong> %s</figcaption>\n</figure>\n", title,
            words);
}

/* --- calls, time running evenly --------------------------------------------------------------- */

static void plot_calls(FILE *out, const struct figures *figures, double end_ms) {
    enum { LEVELS = 4 };
    static const char title[] = "Calls";
    double calls = (double)figures->totals.calls;
    double step = step_for(calls > LEVELS ? calls : LEVELS, LEVELS);
    double top = step * ceil(calls / step > 1 ? calls / step : 1);
    char words[128];
    snprintf(words, sizeof words, "%s in %.1f s, from the start to the end.",
             figures_grouped(figures->totals.calls), end_ms / 1000);
    begin(out, "calls", title, words);
    for (int i = 0; i * step <= top; i++)
        print_level(out, i * step / top, "grid", amount(i * step));
    for (int i = 0; i <= 2; i++)
        print_moment(out, i / 2.0, i ? duration(round(end_ms / 100) * 100 * i / 2) : "0");
    fprintf(out, "<polyline class=\"curve\" points=\"%.1f,%.1f", across(0), up(0));
    for (unsigned i = 0; i < figures->sample_count; i++) {
        const struct figures_sample *sample = &figures->samples[i];
        fprintf(out, " %.1f,%.1f", across((double)sample->elapsed / end_ms),
                up((double)sample->calls / top));
    }
    fprintf(out, " %.1f,%.1f\"/>\n", across(1), up(calls / top));
    end(out, title, words);
}

/* --- clauses, each further stretch of time ten times as long ---------------------------------- */

enum { EARLIEST = 10 }; /* milliseconds; what came before stands there */

static double log_part(double ms, double end_ms) {
    if (ms <= EARLIEST)
        return 0;
    double part = log10(ms / EARLIEST) / log10(end_ms / EARLIEST);
    return part < 1 ? part : 1;
}

static int by_time(const void *a, const void *b) {
    uint32_t first = *(const uint32_t *)a, second = *(const uint32_t *)b;
    return (first > second) - (first < second);
}

/* When the clauses were first reached, in order. Returns how many were. */
static unsigned take_times(const struct figures *figures, uint32_t *times) {
    unsigned count = 0;
    for (int i = 0; i < CLAUSE_COUNT; i++)
        if (clause_set_has(&figures->totals.clauses, (enum clause)i))
            times[count++] = figures->totals.first_after[i];
    qsort(times, count, sizeof *times, by_time);
    return count;
}

static void plot_clauses(FILE *out, const struct figures *figures, double end_ms) {
    static const char title[] = "Clauses reached";
    uint32_t times[CLAUSE_COUNT];
    unsigned count = take_times(figures, times);
    double top = figures->reachable_count ? figures->reachable_count : 1;
    uint32_t middle = count ? times[(count - 1) / 2] : 0, last = count ? times[count - 1] : 0;
    char words[160];
    snprintf(words, sizeof words, "%u of %u; half of these after %.2f s, the last after %.2f s.",
             count, figures->reachable_count, middle / 1000.0, last / 1000.0);
    begin(out, "clauses", title, words);
    double step = step_for(top, 4);
    for (int i = 0; (i + 0.5) * step <= top; i++)
        print_level(out, i * step / top, "grid", amount(i * step));
    print_level(out, 1, "goal", amount(top));
    for (uint64_t ms = EARLIEST; ms <= (uint64_t)end_ms; ms *= 10)
        print_moment(out, log_part((double)ms, end_ms), duration((double)ms));
    fprintf(out, "<polyline class=\"curve\" points=\"%.1f,%.1f", across(0), up(0));
    for (unsigned i = 0; i < count; i++) {
        double x = across(log_part(times[i], end_ms));
        fprintf(out, " %.1f,%.1f %.1f,%.1f", x, up(i / top), x, up((i + 1) / top));
    }
    fprintf(out, " %.1f,%.1f\"/>\n", across(1), up(count / top));
    end(out, title, words);
}

void page_plots(FILE *out, const struct figures *figures) {
    enum { SHORTEST = 100 }; /* keeps the logarithm away from 0 */
    double end_ms = (double)(figures->elapsed > SHORTEST ? figures->elapsed : SHORTEST);
    page_element(out, "h2", NULL, "Over time");
    fputs("<div class=\"plots\">\n", out);
    plot_clauses(out, figures, end_ms);
    plot_calls(out, figures, end_ms);
    fputs("</div>\n", out);
}
