#include "cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report.h"

static bool foreign;

void cli_expect_foreign_code(void) {
    foreign = true;
}

void cli_end(int status) {
    errno = 0;
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "fifofuzz: standard output is lost: %s\n", strerror(errno ? errno : EIO));
        status = status ? status : STATUS_USAGE;
    }
    if (foreign)
        _exit(status);
    exit(status);
}

void cli_fail(int status, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fputs("fifofuzz: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    cli_end(status);
}

static void print_usage(const struct verb *verb, FILE *out) {
    bool takes_any = verb->arguments[0] != '\0';
    fprintf(out, "usage: fifofuzz %s%s%s\n", verb->name, takes_any ? " " : "", verb->arguments);
}

void cli_misuse(const struct verb *verb, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "fifofuzz %s: ", verb->name);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    print_usage(verb, stderr);
    fprintf(stderr, "more: fifofuzz %s --help\n", verb->name);
    va_end(arguments);
    cli_end(STATUS_USAGE);
}

void cli_print_help(const struct verb *verb, FILE *out) {
    print_usage(verb, out);
    fprintf(out, "\n%s\n\n%s", verb->summary, verb->help);
}

char *cli_command(void) {
    char *command = NULL, *word = NULL;
    size_t size = 0, capacity = 0;
    FILE *in = fopen("/proc/self/cmdline", "re");
    FILE *out = open_memstream(&command, &size);
    if (!out)
        cli_fail(STATUS_OURS, "out of memory");
    const char *before = "";
    while (in && getdelim(&word, &capacity, '\0', in) > 0) {
        fputs(before, out);
        report_word(out, word);
        before = " ";
    }
    free(word);
    if (in)
        fclose(in);
    if (fclose(out) != 0)
        cli_fail(STATUS_OURS, "out of memory");
    return command;
}

const char *cli_color(FILE *out, const char *text) {
    const char *no_color = getenv("NO_COLOR");
    bool wanted = isatty(fileno(out)) && !(no_color && no_color[0]);
    return wanted ? text : "";
}
