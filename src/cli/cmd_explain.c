/* explain: everything about one clause. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "report.h"

/* The clauses whose names have `part` in them, as a hint. */
static void suggest(const char *part) {
    for (int i = 0; i < CLAUSE_COUNT; i++)
        if (strcasestr(clause_infos[i].name, part))
            fprintf(stderr, "  %s\n", clause_infos[i].name);
}

static void print_conformance(const struct clause_info *info) {
    char *path;
    if (asprintf(&path, "%s/conformance/%s.scn", cli_corpus(), info->name) < 0)
        cli_fail(STATUS_OURS, "out of memory");
    if (cli_exists(path)) {
        size_t size;
        char *text = cli_read(path, &size);
        printf("\n%s:\n\n%.*s", path, (int)size, text);
        free(text);
    }
    free(path);
}

static int run_explain(int argc, char **argv) {
    int first = cli_options(&verb_explain, argc, argv, NULL, 0);
    if (argc - first != 1)
        cli_misuse(&verb_explain, "expected one CLAUSE");
    enum clause clause = clause_find(argv[first]);
    if (clause == CLAUSE_COUNT) {
        fprintf(stderr,
                "fifofuzz explain: no clause is called \"%s\"; see `fifofuzz list clauses`\n",
                argv[first]);
        suggest(argv[first]);
        return STATUS_USAGE;
    }
    const struct clause_info *info = &clause_infos[clause];
    printf("%s%s%s: %s\n\nSource:      ", cli_color(stdout, "\x1b[1m"), info->name,
           cli_color(stdout, "\x1b[0m"), info->summary);
    report_source(stdout, clause);
    printf("\nlinux:       shall\ndocumented:  %s\nposix:       %s\n",
           report_strength(info->documented), report_strength(info->posix));
    print_conformance(info);
    return STATUS_HELD;
}

const struct verb verb_explain = {
    .name = "explain",
    .arguments = "CLAUSE",
    .summary = "Prints a clause: its text, its source, its strength and its conformance file.",
    .help = "CLAUSE is a name from `fifofuzz list clauses`, such as C-EEXIST-dangling.\n\n"
            "Strengths: shall demands, may permits, unspecified leaves it to implementations,\n"
            "silent says nothing. Level linux demands every clause.\n",
    .run = run_explain,
};
