#include "report.h"

#include <stdbool.h>
#include <string.h>

#include "check.h"
#include "grade.h"
#include "policy.h"

#ifndef FIFOFUZZ_VERSION
#define FIFOFUZZ_VERSION "0.1"
#endif

const char *report_version(void) {
    return FIFOFUZZ_VERSION;
}

const char *report_strength(uint8_t strength) {
    static const char *const names[] = {
        [SILENT] = "silent",
        [UNSPECIFIED] = "unspecified",
        [MAY] = "may",
        [SHALL] = "shall",
    };
    check(strength < sizeof names / sizeof names[0]);
    return names[strength];
}

/* --- the clause ------------------------------------------------------------------------------- */

static bool is_letter_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* The full name of a page that clauses.def abbreviates, or NULL. */
static const char *page_name(const char *word, size_t length) {
    static const struct {
        const char *abbreviation, *name;
    } pages[] = {{"m3", "mkfifo(3)"}, {"m2", "mknod(2)"}, {"pr", "path_resolution(7)"}};
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++)
        if (strlen(pages[i].abbreviation) == length &&
            memcmp(pages[i].abbreviation, word, length) == 0)
            return pages[i].name;
    return NULL;
}

void report_source(FILE *out, enum clause clause) {
    for (const char *at = clause_infos[clause].source; *at;) {
        size_t length = 0;
        while (is_letter_or_digit(at[length]))
            length++;
        const char *page = page_name(at, length);
        if (length == 0)
            length = 1;
        if (page)
            fputs(page, out);
        else
            fwrite(at, 1, length, out);
        at += length;
    }
}

static void print_clause(FILE *out, enum clause clause) {
    const struct clause_info *info = &clause_infos[clause];
    fprintf(out, "%s: %s\n", info->name, info->summary);
    fputs("Source: ", out);
    report_source(out, clause);
    fprintf(out, " (POSIX: %s; manual pages: %s)\n", report_strength(info->posix),
            report_strength(info->documented));
}

/* --- the text --------------------------------------------------------------------------------- */

void report_sentence(FILE *out, const struct finding *finding) {
    const struct verdict *verdict = &finding->verdict;
    char sentence[768];
    verdict_describe(verdict, sentence, sizeof sentence);
    if (verdict->kind == VERDICT_DISAGREED)
        fprintf(out, "Step %u went otherwise than the model says: %s", verdict->step + 1, sentence);
    else
        fprintf(out, "%s is violated %s step %u: %s", clause_infos[verdict->clause].name,
                verdict->late ? "at or before" : "by", verdict->step + 1, sentence);
}

static void print_headline(FILE *out, const struct finding *finding) {
    report_sentence(out, finding);
    fputc('\n', out);
    if (finding->verdict.kind != VERDICT_DISAGREED)
        print_clause(out, (enum clause)finding->verdict.clause);
}

static void print_grade(FILE *out, const struct finding *finding) {
    const struct grade_info *info = &grade_infos[grade_of(&finding->verdict)];
    fprintf(out, "Grade: %s: %s\n", info->name, info->meaning);
}

/* Only what could be replayed was tried with the bare system call, too. */
const char *report_fault(const struct finding *finding) {
    static const char *const texts[] = {
        [FAULT_IMPLEMENTATION] = "the implementation: the bare system call does it right",
        [FAULT_PLATFORM] = "kernel, file system or fifofuzz's model: the bare call does the same",
        [FAULT_OURS] = "fifofuzz: a preparation disagreed with its model",
    };
    check((unsigned)finding->fault < sizeof texts / sizeof texts[0]);
    return finding->replays ? texts[finding->fault] : "not determined";
}

static void print_scenario(FILE *out, const struct finding *finding) {
    static char line[REPORT_STEP_MAX];
    fputs("\nScenario:\n", out);
    for (uint32_t i = 0; i < finding->scenario.step_count; i++) {
        scenario_print_step(&finding->scenario, i, line, sizeof line);
        fprintf(out, "  %c %s\n", i == finding->verdict.step ? '>' : ' ', line);
    }
}

/* What ended the call, where a number says more than verdict_values; else NULL. */
static const char *ending_detail(const struct verdict *verdict) {
    if (verdict->aspect != ASPECT_ENDING)
        return NULL;
    if (verdict->got == ENDING_CRASHED)
        return strsignal(verdict->number);
    if (verdict->got == ENDING_FORBIDDEN)
        return policy_syscall_name(verdict->number);
    if (verdict->got == ENDING_HUNG)
        return verdict->number ? "it was running" : "it was blocked";
    return NULL;
}

void report_values(const struct finding *finding, char *expected, char *got, size_t capacity) {
    verdict_values(&finding->verdict, expected, got, capacity);
    const char *detail = ending_detail(&finding->verdict);
    size_t used = strlen(got);
    if (detail)
        snprintf(got + used, capacity - used, " (%s)", detail);
}

static void print_comparison(FILE *out, const struct finding *finding) {
    char expected[512];
    char got[512];
    report_values(finding, expected, got, sizeof expected);
    fprintf(out, "\nExpected: %s\nGot:      %s\n", expected, got);
    if (finding->verdict.aspect == ASPECT_ENDING && finding->verdict.got == ENDING_SANITIZER)
        fputs("Replays:  none: a sanitizer takes one report of a process\n", out);
    else if (finding->replays)
        fprintf(out, "Replays:  reproduced in %u of %u replays\n", finding->repeated,
                finding->replays);
}

/* Indents what may be any bytes, made printable. */
static void print_stderr(FILE *out, const struct finding *finding) {
    if (finding->stderr_length == 0)
        return;
    fputs("\nThe implementation printed:\n", out);
    bool line_start = true;
    for (size_t i = 0; i < finding->stderr_length; i++) {
        unsigned char c = (unsigned char)finding->stderr_text[i];
        if (line_start)
            fputs("    ", out);
        line_start = c == '\n';
        if (c == '\n' || c == '\t' || (c >= ' ' && c < 0x7f))
            fputc(c, out);
        else
            fprintf(out, "\\x%02x", c);
    }
    if (!line_start)
        fputc('\n', out);
}

static void print_stack(FILE *out, const struct finding *finding) {
    const char *line = finding->stack_text;
    if (*line)
        fputs("\nThe implementation's stack:\n", out);
    while (*line) {
        size_t length = strcspn(line, "\n");
        fprintf(out, "    %.*s\n", (int)length, line);
        line += length + (line[length] == '\n');
    }
}

static void print_circumstances(FILE *out, const struct report_run *run) {
    fprintf(out, "\nImplementation: %s\n", run->implementation);
    fprintf(out, "Contract: %s\n", level_names[run->level]);
    for (const char *line = run->traits; *line;) {
        size_t length = strcspn(line, "\n");
        fprintf(out, "Trait: %.*s\n", (int)length, line);
        line += length + (line[length] == '\n');
    }
    fprintf(out, "Sandbox: %s\nfifofuzz: %s\n", run->tier, report_version());
}

void report_word(FILE *out, const char *word) {
    const char *plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./=:,+@%";
    if (*word && word[strspn(word, plain)] == '\0') {
        fputs(word, out);
        return;
    }
    fputc('\'', out);
    for (; *word; word++)
        fputs(*word == '\'' ? "'\\''" : (char[]){*word, '\0'}, out);
    fputc('\'', out);
}

/* "fifofuzz VERB FILE". */
static void print_command(FILE *out, const struct report_run *run, const char *verb,
                          const char *file) {
    report_word(out, run->program ? run->program : "fifofuzz");
    fprintf(out, " %s ", verb);
    report_word(out, file);
}

static void print_level(FILE *out, const struct report_run *run) {
    if (run->level != LEVEL_LINUX)
        fprintf(out, " --contract %s", level_names[run->level]);
}

void report_command(FILE *out, const struct report_run *run, const char *file) {
    print_command(out, run, "repro", file);
    fputs(" --implementation ", out);
    report_word(out, run->implementation);
    print_level(out, run);
}

static void print_export(FILE *out, const struct report_run *run, const char *file) {
    print_command(out, run, "export-c", file);
    print_level(out, run);
}

static void print_keep(FILE *out, const struct report_run *run, const char *file) {
    print_command(out, run, "keep", file);
}

const struct report_way report_ways[REPORT_WAYS] = {
    {"reproduce", "Reproduce with", report_command},
    {"export_c", "As C", print_export},
    {"keep", "Keep as a regression", print_keep},
};

static void print_ways(FILE *out, const struct report_run *run, const char *file) {
    for (size_t i = 0; i < REPORT_WAYS; i++) {
        char title[32];
        snprintf(title, sizeof title, "%s:", report_ways[i].title);
        fprintf(out, "\n%-23s", title);
        report_ways[i].print(out, run, file);
    }
    fputc('\n', out);
}

void report_print(FILE *out, const struct report_run *run, const struct finding *finding,
                  const char *file) {
    print_headline(out, finding);
    print_grade(out, finding);
    fprintf(out, "Fault: %s\n", report_fault(finding));
    print_scenario(out, finding);
    print_comparison(out, finding);
    print_stderr(out, finding);
    print_stack(out, finding);
    print_circumstances(out, run);
    if (file)
        print_ways(out, run, file);
}
