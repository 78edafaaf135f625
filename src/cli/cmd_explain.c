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
    for (unsigned i = 0; i < beyond_count; i++)
        if (strcasestr(beyond_infos[i].name, part))
            fprintf(stderr, "  %s\n", beyond_infos[i].name);
}

static void print_name(const char *name) {
    printf("%s%s%s: ", cli_color(stdout, "\x1b[1m"), name, cli_color(stdout, "\x1b[0m"));
}

/* True if `name` is a sentence that no scenario can reach; then that is told. */
static bool explain_beyond(const char *name) {
    for (unsigned i = 0; i < beyond_count; i++)
        if (strcmp(beyond_infos[i].name, name) == 0) {
            print_name(name);
            printf("no scenario can reach it: %s\n", beyond_infos[i].reason);
            return true;
        }
    return false;
}

static void print_need(const struct clause_info *info) {
    if (info->need == ABILITY_COUNT)
        puts("needs:       nothing special of the host");
    else
        printf("needs:       %s (where it is missing: %s)\n", ability_infos[info->need].name,
               ability_infos[info->need].lacking);
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

static void explain(enum clause clause) {
    const struct clause_info *info = &clause_infos[clause];
    print_name(info->name);
    printf("%s\n\nSource:      ", info->summary);
    report_source(stdout, clause);
    printf("\nlinux:       shall\ndocumented:  %s\nposix:       %s\n",
           report_strength(info->documented), report_strength(info->posix));
    print_need(info);
    print_conformance(info);
}

static int run_explain(int argc, char **argv) {
    int first = cli_options(&verb_explain, argc, argv, NULL, 0);
    if (argc - first != 1)
        cli_misuse(&verb_explain, "expected one CLAUSE");
    enum clause clause = clause_find(argv[first]);
    if (clause != CLAUSE_COUNT) {
        explain(clause);
        return STATUS_HELD;
    }
    if (explain_beyond(argv[first]))
        return STATUS_HELD;
    fprintf(stderr, "fifofuzz explain: no clause is called \"%s\"; see `fifofuzz list clauses`\n",
            argv[first]);
    suggest(argv[first]);
    return STATUS_USAGE;
}

const struct verb verb_explain = {
    .name = "explain",
    .arguments = "CLAUSE",
    .summary = "Prints a clause: its text, its source, its strength and its conformance file.",
    .help = "CLAUSE is a name from `fifofuzz list clauses`, such as C-EEXIST-dangling.\n\n"
            "Strengths: shall demands, may permits, unspecified leaves it to implementations,\n"
            "silent says nothing. Level linux demands every clause. What a clause needs of the\n"
            "host, `fifofuzz doctor` tries.\n",
    .run = run_explain,
};
