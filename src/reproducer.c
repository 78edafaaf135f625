#include "reproducer.h"

#include <errno.h>

#include "report.h"
#include "reproducer_looks.h"
#include "reproducer_plan.h"
#include "reproducer_quote.h"
#include "reproducer_steps.h"

static bool has(const struct plan *plan, enum fragment fragment) {
    return fragments_have(plan->fragments, fragment);
}

/* --- the comment at the head ------------------------------------------------------------------ */

static void put_line(FILE *out, const char *before, const char *text) {
    fprintf(out, " * %s", before);
    quote_comment(out, text);
    fputc('\n', out);
}

static void print_finding(FILE *out, const struct reproduction *reproduction) {
    const struct verdict *verdict = reproduction->verdict;
    char sentence[768];
    if (!verdict)
        return;
    fprintf(out, " * Step %u%s was wrong", verdict->step + 1,
            verdict->late ? ", or one before it," : "");
    if (verdict->expected != verdict->got) { /* equal if a signature is all that is known */
        verdict_describe(verdict, sentence, sizeof sentence);
        fputs(": ", out);
        quote_comment(out, sentence);
    }
    fputs(".\n", out);
    if (verdict->kind == VERDICT_DISAGREED)
        return;
    const struct clause_info *info = &clause_infos[verdict->clause];
    fprintf(out, " *\n * %s: ", info->name);
    quote_comment(out, info->summary);
    fputs("\n * Source: ", out);
    report_source(out, (enum clause)verdict->clause);
    fputs("\n *\n", out);
}

static void print_scenario(FILE *out, const struct scenario *scenario) {
    static char line[4 * TEXT_LENGTH_MAX * 2 + 256]; /* two texts, each byte as \xff */
    fputs(" * The scenario, beginning in an empty directory with umask 022:\n *\n", out);
    for (uint32_t i = 0; i < scenario->step_count; i++) {
        scenario_print_step(scenario, i, line, sizeof line);
        fprintf(out, " * %4u  ", i + 1);
        quote_comment(out, line);
        fputc('\n', out);
    }
}

/* What a host or a user may lack. */
static void print_needs(FILE *out, const struct plan *plan) {
    static const struct {
        enum fragment fragment;
        const char *need;
    } needs[] = {
        {FRAGMENT_ROOT_ONLY, "root, with all capabilities"},
        {FRAGMENT_ANY_USER, "root, or user namespaces for everyone"},
        {FRAGMENT_ACL, "ACLs on tmpfs"},
        {FRAGMENT_ATTRIBUTES, "inode flags on tmpfs (Linux 6.0)"},
        {FRAGMENT_MOUNTS, "mount_setattr(2) (Linux 5.12)"},
        {FRAGMENT_IDMAP, "idmapped mounts of tmpfs (Linux 6.3)"},
        {FRAGMENT_LANDLOCK, "Landlock (Linux 5.13)"},
        {FRAGMENT_LIMIT, "a hard limit of 4096 descriptors or more"},
        {FRAGMENT_PROTECTED, "fs.protected_hardlinks and fs.protected_symlinks as they are by "
                             "default"},
    };
    fprintf(out, " * Needs: %s", plan->needs_linux ? "Linux" : "nothing but POSIX");
    for (size_t i = 0; i < sizeof needs / sizeof needs[0]; i++)
        if (has(plan, needs[i].fragment))
            fprintf(out, ";\n *   %s", needs[i].need);
    fputs(".\n", out);
}

static void print_head(FILE *out, const struct plan *plan) {
    const struct reproduction *reproduction = plan->reproduction;
    fputs("/*\n", out);
    put_line(out, "", reproduction->title ? reproduction->title : "mkfifo and mkfifoat");
    fputs(" *\n", out);
    print_finding(out, reproduction);
    print_scenario(out, reproduction->scenario);
    fputs(" *\n"
          " * Build and run it, with FILE.c for its name:\n"
          " *     cc FILE.c && ./a.out                  the C library's mkfifo and mkfifoat\n"
          " *     cc FILE.c libmine.a && ./a.out        those of a library\n"
          " *     LD_PRELOAD=./libmine.so ./a.out       the same at run time\n"
          " * Exit status: 0 all was as expected, 1 it was not, 77 it cannot be tried here.\n",
          out);
    fprintf(out, " * Expected is what %s.\n",
            reproduction->contract->level == LEVEL_LINUX        ? "Linux gives"
            : reproduction->contract->level == LEVEL_DOCUMENTED ? "the manual pages of Linux allow"
                                                                : "POSIX allows");
    print_needs(out, plan);
    fputs(" */\n", out);
}

/* --- functions -------------------------------------------------------------------------------- */

static void print_scenario_function(FILE *out, const struct plan *plan) {
    fputc('\n', out);
    steps_print_variables(out, plan);
    fputs("\nstatic void scenario(void) {\n", out);
    for (uint32_t i = 0; i < plan->reproduction->scenario->step_count; i++)
        steps_print(out, plan, i);
    fputs("}\n", out);
}

/* What the harness does first, and in the end. */
static void print_harness_functions(FILE *out, const struct plan *plan) {
    if (has(plan, FRAGMENT_TREE))
        looks_print_inspect(out, plan);
    if (!has(plan, FRAGMENT_MOUNT_ROOT) && !has(plan, FRAGMENT_TREE))
        return;
    fputs("\nstatic void begin_harness(void) {\n", out);
    if (has(plan, FRAGMENT_MOUNT_ROOT))
        fputs("    note_root();\n", out);
    if (has(plan, FRAGMENT_TREE))
        fputs("    note_tree(\"/\");\n", out);
    fputs("}\n", out);
}

static void print_settings(FILE *out, const struct plan *plan) {
    const struct host *host = &plan->reproduction->contract->host;
    if (plan->protected_hardlinks)
        fprintf(out, "    require_setting(\"/proc/sys/fs/protected_hardlinks\", '%d');\n",
                host->protected_hardlinks);
    if (plan->protected_symlinks)
        fprintf(out, "    require_setting(\"/proc/sys/fs/protected_symlinks\", '%d');\n",
                host->protected_symlinks);
}

/* Makes the world what it is before the first step. */
static void print_start(FILE *out, const struct plan *plan) {
    const bool begins = has(plan, FRAGMENT_MOUNT_ROOT) || has(plan, FRAGMENT_TREE);
    fputs("\n/* Makes everything what it is before the first step. */\n"
          "static void start(const char *directory) {\n",
          out);
    print_settings(out, plan);
    if (has(plan, FRAGMENT_IDMAP))
        fputs("    open_idmap();\n", out);
    fputs("    enter(directory);\n", out);
    if (has(plan, FRAGMENT_HARNESS))
        fprintf(out, "    start_harness(%s, %s);\n", begins ? "begin_harness" : "NULL",
                has(plan, FRAGMENT_TREE) ? "inspect" : "NULL");
    if (has(plan, FRAGMENT_STANDARD))
        fputs("    only_standard_descriptors();\n", out);
    if (has(plan, FRAGMENT_LIMIT))
        fprintf(out, "    if (limit_descriptors(%u))\n        unable(\"that many descriptors\");\n",
                plan->reproduction->contract->host.nofile);
    if (has(plan, FRAGMENT_STACK))
        fputs("    limit_stack();\n", out);
    if (has(plan, FRAGMENT_IDENTITY))
        fputs("    keep_capabilities();\n", out);
    if (has(plan, FRAGMENT_DROP))
        fputs("    drop_capabilities();\n", out);
    fputs("}\n", out);
}

/* Threads that stop each other in the middle of calls take a harness: this only says so. */
static int print_staged(FILE *out, const struct scenario *scenario) {
    static char text[SCENARIO_PRINT_MAX];
    const size_t length = scenario_print(scenario, NULL, text, sizeof text);
    fputs(
        "/*\n * Several actors, a FIFO in use, or a call that is stopped or answered: this takes\n"
        " * `fifofuzz repro`. The scenario:\n *\n *     ",
        out);
    for (size_t i = 0; i < length; i++) {
        fputc(text[i] == '/' && i > 0 && text[i - 1] == '*' ? '|' : text[i], out);
        if (text[i] == '\n' && i + 1 < length)
            fputs(" *     ", out);
    }
    fputs(" */\n#include <stdio.h>\n\nint main(void) {\n"
          "    fputs(\"cannot be tried without fifofuzz: several actors\\n\", stderr);\n"
          "    return 77;\n}\n",
          out);
    return fflush(out) == 0 && !ferror(out) ? 0 : errno ? -errno : -EIO;
}

int reproducer_print_c(FILE *out, const struct reproduction *reproduction) {
    static struct plan plan;
    errno = 0;
    if (scenario_is_staged(reproduction->scenario))
        return print_staged(out, reproduction->scenario);
    plan_make(&plan, reproduction);
    print_head(out, &plan);
    if (plan.needs_linux)
        fputs("#define _GNU_SOURCE\n", out);
    fragments_print_includes(out, plan.fragments | fragment_bit(FRAGMENT_PLAIN));
    fragments_print(out, plan.fragments);
    looks_print_made(out, &plan);
    print_scenario_function(out, &plan);
    print_harness_functions(out, &plan);
    print_start(out, &plan);
    fragment_print(out, FRAGMENT_MAIN);
    if (fflush(out) == 0 && !ferror(out))
        return 0;
    return errno ? -errno : -EIO;
}
