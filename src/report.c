#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
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

static void print_headline(FILE *out, const struct finding *finding) {
    const struct verdict *verdict = &finding->verdict;
    char sentence[768];
    verdict_describe(verdict, sentence, sizeof sentence);
    if (verdict->kind == VERDICT_DISAGREED) {
        fprintf(out, "Step %u went otherwise than the model says: %s\n", verdict->step + 1,
                sentence);
        return;
    }
    fprintf(out, "%s is violated %s step %u: %s\n", clause_infos[verdict->clause].name,
            verdict->late ? "at or before" : "by", verdict->step + 1, sentence);
    print_clause(out, (enum clause)verdict->clause);
}

/* Only what could be replayed was tried with the bare system call, too. */
static void print_fault(FILE *out, const struct finding *finding) {
    static const char *const texts[] = {
        [FAULT_IMPLEMENTATION] = "the implementation: the bare system call does it right",
        [FAULT_PLATFORM] = "kernel, file system or fifofuzz's model: the bare call does the same",
        [FAULT_OURS] = "fifofuzz: a preparation disagreed with its model",
    };
    check((unsigned)finding->fault < sizeof texts / sizeof texts[0]);
    fprintf(out, "Fault: %s\n", finding->replays ? texts[finding->fault] : "not determined");
}

static void print_scenario(FILE *out, const struct finding *finding) {
    static char line[4 * TEXT_LENGTH_MAX * 2 + 256]; /* two texts, each byte as \xff */
    fputs("\nScenario:\n", out);
    for (uint32_t i = 0; i < finding->scenario.step_count; i++) {
        scenario_print_step(&finding->scenario, i, line, sizeof line);
        fprintf(out, "  %c %s\n", i == finding->verdict.step ? '>' : ' ', line);
    }
}

/* What ended the call, where a number says more than verdict_values. */
static void print_ending(FILE *out, const struct verdict *verdict) {
    if (verdict->got == ENDING_CRASHED)
        fprintf(out, " (%s)", strsignal(verdict->number));
    else if (verdict->got == ENDING_FORBIDDEN)
        fprintf(out, " (%s)", policy_syscall_name(verdict->number));
    else if (verdict->got == ENDING_HUNG)
        fputs(verdict->number ? " (it was running)" : " (it was blocked)", out);
}

static void print_comparison(FILE *out, const struct finding *finding) {
    char expected[512];
    char got[512];
    verdict_values(&finding->verdict, expected, got, sizeof expected);
    fprintf(out, "\nExpected: %s\nGot:      %s", expected, got);
    if (finding->verdict.aspect == ASPECT_ENDING)
        print_ending(out, &finding->verdict);
    fputc('\n', out);
    if (finding->replays)
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

void report_command(FILE *out, const struct report_run *run, const char *file) {
    report_word(out, run->program ? run->program : "fifofuzz");
    fputs(" repro ", out);
    report_word(out, file);
    fputs(" --implementation ", out);
    report_word(out, run->implementation);
    if (run->level != LEVEL_LINUX)
        fprintf(out, " --contract %s", level_names[run->level]);
}

void report_print(FILE *out, const struct report_run *run, const struct finding *finding,
                  const char *file) {
    print_headline(out, finding);
    print_fault(out, finding);
    print_scenario(out, finding);
    print_comparison(out, finding);
    print_stderr(out, finding);
    print_circumstances(out, run);
    if (!file)
        return;
    fputs("\nReproduce with:  ", out);
    report_command(out, run, file);
    fputs("\nSee the text:    ", out);
    report_word(out, run->program ? run->program : "fifofuzz");
    fputs(" show ", out);
    report_word(out, file);
    fputc('\n', out);
}

/* --- the folder ------------------------------------------------------------------------------- */

/* What one file of the folder is written from. */
struct content {
    const struct report_run *run;
    const struct finding *finding;
    char *file; /* path of scenario.scn */
};

static void write_scenario(FILE *out, const struct content *content) {
    static char text[SCENARIO_PRINT_MAX];
    fprintf(out, "# %s\n", content->finding->signature);
    scenario_print(&content->finding->scenario, NULL, text, sizeof text);
    fputs(text, out);
}

static void write_input(FILE *out, const struct content *content) {
    static uint8_t bytes[SCENARIO_BYTES_MAX];
    fwrite(bytes, 1, scenario_encode(&content->finding->scenario, bytes, sizeof bytes), out);
}

static void write_command(FILE *out, const struct content *content) {
    report_command(out, content->run, content->file);
    fputc('\n', out);
}

static void write_report(FILE *out, const struct content *content) {
    report_print(out, content->run, content->finding, content->file);
}

/* The report comes last: where it is, the folder is complete. */
static const struct {
    const char *name;
    void (*write)(FILE *out, const struct content *content);
} files[] = {
    {"scenario.scn", write_scenario},
    {"input", write_input},
    {"command.txt", write_command},
    {"report.txt", write_report},
};

/* "DIRECTORY/NAME" in new memory; NULL without any. */
static char *join(const char *directory, const char *name) {
    char *path;
    return asprintf(&path, "%s/%s", directory, name) < 0 ? NULL : path;
}

static int write_file(const char *folder, size_t index, const struct content *content) {
    char *path = join(folder, files[index].name);
    if (!path)
        return -ENOMEM;
    FILE *out = fopen(path, "we");
    int error = out ? 0 : -errno;
    free(path);
    if (!out)
        return error;
    files[index].write(out, content);
    if (fflush(out) != 0)
        error = -errno;
    else if (ferror(out))
        error = -EIO;
    return fclose(out) != 0 && !error ? -errno : error;
}

/* Counts one more occurrence in the folder's file `count`. */
static int bump_count(const char *folder) {
    char *path = join(folder, "count");
    if (!path)
        return -ENOMEM;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    int error = fd < 0 ? -errno : 0;
    free(path);
    if (fd < 0)
        return error;
    char text[24] = "";
    ssize_t length = pread(fd, text, sizeof text - 1, 0);
    unsigned long count = length > 0 ? strtoul(text, NULL, 10) : 0;
    length = snprintf(text, sizeof text, "%lu\n", count + 1);
    errno = EIO; /* for a write that is cut */
    if (pwrite(fd, text, (size_t)length, 0) != length)
        error = -errno;
    close(fd);
    return error;
}

/* True if the folder's command.txt holds the command that this finding would leave there. */
static bool same_command(const char *folder, const struct content *content) {
    char *path = join(folder, "command.txt");
    FILE *in = path ? fopen(path, "re") : NULL;
    free(path);
    if (!in)
        return false;
    char *wanted = NULL, *found = NULL;
    size_t size = 0, capacity = 0;
    FILE *memory = open_memstream(&wanted, &size);
    if (memory) {
        write_command(memory, content);
        fclose(memory);
    }
    bool same = wanted && getdelim(&found, &capacity, '\0', in) > 0 && strcmp(found, wanted) == 0;
    free(wanted);
    free(found);
    fclose(in);
    return same;
}

/*
 * Makes the folder `path` for this finding. Returns 0 if it is new, -EALREADY if the same finding
 * has it, -EEXIST if another one has, or another -errno.
 */
static int claim(const char *path, const struct content *content) {
    if (mkdir(path, 0777) == 0)
        return 0;
    if (errno != EEXIST)
        return -errno;
    return same_command(path, content) ? -EALREADY : -EEXIST;
}

/* Removes what a full disk left of a folder that was made for this finding. */
static void remove_rest(const char *folder) {
    for (size_t i = 0; i <= sizeof files / sizeof files[0]; i++) {
        char *path = join(folder, i < sizeof files / sizeof files[0] ? files[i].name : "count");
        if (path)
            unlink(path);
        free(path);
    }
    rmdir(folder);
}

/* Fills a new folder, or removes it. */
static int fill(const char *folder, const struct content *content) {
    int error = 0;
    for (size_t i = 0; i < sizeof files / sizeof files[0] && !error; i++)
        error = write_file(folder, i, content);
    if (!error)
        error = bump_count(folder);
    if (error)
        remove_rest(folder);
    return error;
}

/*
 * Finds or makes the finding's folder, whose path it writes to `folder`; returns as claim does.
 * `content->file` becomes the scenario's path in new memory.
 */
static int claim_any(const char *findings, struct content *content, char *folder, size_t size) {
    enum { FOLDERS_MAX = 1000 }; /* of one signature, each from another command */
    int error = -EEXIST;
    for (unsigned i = 1; error == -EEXIST && i <= FOLDERS_MAX; i++) {
        char suffix[16] = "";
        if (i > 1)
            snprintf(suffix, sizeof suffix, ".%u", i);
        int length =
            snprintf(folder, size, "%s/%s%s", findings, content->finding->signature, suffix);
        if (length < 0 || (size_t)length >= size)
            return -ENAMETOOLONG;
        free(content->file);
        content->file = join(folder, files[0].name);
        if (!content->file)
            return -ENOMEM;
        error = claim(folder, content);
    }
    return error;
}

int report_save(const char *findings, const struct report_run *run, const struct finding *finding,
                char *folder, size_t size) {
    if (mkdir(findings, 0777) != 0 && errno != EEXIST)
        return -errno;
    struct content content = {run, finding, NULL};
    int error = claim_any(findings, &content, folder, size);
    if (error == 0)
        error = fill(folder, &content);
    else if (error == -EALREADY)
        error = bump_count(folder);
    free(content.file);
    return error;
}

static int append_line(const char *folder, const char *line) {
    char *path = join(folder, "report.txt");
    FILE *out = path ? fopen(path, "ae") : NULL;
    int error = out ? 0 : -errno;
    free(path);
    if (!out)
        return error;
    fprintf(out, "%s\n", line);
    return fclose(out) != 0 ? -errno : 0;
}

int report_amend(const char *folder, const char *line, const struct scenario *scenario) {
    static struct finding changed;
    if (scenario) {
        const char *name = strrchr(folder, '/');
        snprintf(changed.signature, sizeof changed.signature, "%s", name ? name + 1 : folder);
        scenario_copy(&changed.scenario, scenario);
        const struct content content = {.finding = &changed};
        for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
            bool holds_scenario = files[i].write == write_scenario || files[i].write == write_input;
            int error = holds_scenario ? write_file(folder, i, &content) : 0;
            if (error)
                return error;
        }
    }
    return append_line(folder, line);
}
