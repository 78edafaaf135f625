/* export-c and export-sh: a scenario as a program of its own that knows nothing of fifofuzz. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "reproducer.h"
#include "subject.h"

static struct scenario scenario;

/* What the scenario is about: the signature of a finding, in its first line, or the file's name. */
struct subject_matter {
    struct verdict verdict;
    bool is_finding;
    char title[SIGNATURE_SIZE];
};

static void read_matter(const char *path, struct subject_matter *matter) {
    const char *name = strrchr(path, '/');
    snprintf(matter->title, sizeof matter->title, "%s", name && name[1] ? name + 1 : path);
    matter->is_finding = false;
    if (strcmp(path, "-") == 0)
        return;
    char *inside = cli_join(path, "scenario.scn");
    size_t length;
    char *data = cli_read(cli_exists(inside) ? inside : path, &length);
    const char *end = memchr(data, '\n', length);
    if (end && end - data > 2 && memcmp(data, "# ", 2) == 0) {
        char line[sizeof matter->title];
        snprintf(line, sizeof line, "%.*s", (int)(end - data - 2), data + 2);
        matter->is_finding = verdict_read_signature(&matter->verdict, &scenario, line);
        if (matter->is_finding)
            memcpy(matter->title, line, sizeof line);
    }
    free(data);
    free(inside);
}

static struct reproduction reproduction_of(const struct subject_matter *matter,
                                           const struct contract *contract) {
    return (struct reproduction){&scenario, contract, matter->is_finding ? &matter->verdict : NULL,
                                 matter->title};
}

/* Everything is in memory before a file is begun: what is there is whole. */
static FILE *open_memory(char **text, size_t *size) {
    FILE *memory = open_memstream(text, size);
    if (!memory)
        cli_fail(STATUS_OURS, "out of memory");
    return memory;
}

static void write_all(FILE *memory, int error, const char *output, char **text,
                      const size_t *size) {
    if (fclose(memory) != 0 || error)
        cli_fail(STATUS_OURS, "out of memory");
    cli_write(output, *text, *size);
    free(*text);
}

static int run_export_c(int argc, char **argv) {
    static struct subject_matter matter;
    const char *output = NULL, *level = level_names[LEVEL_LINUX];
    struct contract contract = {.host = reproducer_host};
    char reason[256], *text = NULL;
    size_t size = 0;
    const struct cli_option options[] = {{"output", 'o', OPTION_TEXT, &output, 0, 0},
                                         {"contract", 'c', OPTION_TEXT, &level, 0, 0}};
    int first =
        cli_options(&verb_export_c, argc, argv, options, sizeof options / sizeof options[0]);
    if (argc - first != 1)
        cli_misuse(&verb_export_c, "expected one FILE");
    if (subject_level(&contract.level, level, reason, sizeof reason) != 0)
        cli_fail(STATUS_USAGE, "%s", reason);
    cli_load(argv[first], FORM_BY_NAME, &scenario, NULL);
    read_matter(argv[first], &matter);
    const struct reproduction reproduction = reproduction_of(&matter, &contract);
    FILE *memory = open_memory(&text, &size);
    write_all(memory, reproducer_print_c(memory, &reproduction), output, &text, &size);
    return STATUS_HELD;
}

const struct verb verb_export_c = {
    .name = "export-c",
    .arguments = "FILE [-o OUT] [--contract LEVEL]",
    .summary = "Writes a scenario as one C file that needs nothing of fifofuzz.",
    .help = "FILE is a scenario as text (.scn, or - for stdin), as bytes, or a findings folder. "
            "The C file\nbuilds with `cc`, calls the mkfifo and mkfifoat that it is linked with "
            "and ends with 0 (as\nexpected), 1 (not) or 77 (cannot be tried here).\n\n"
            "  -c, --contract LEVEL    linux, documented or posix; default linux\n"
            "  -o, --output OUT        where to; default stdout\n",
    .run = run_export_c,
};

static int run_export_sh(int argc, char **argv) {
    static struct subject_matter matter;
    const char *output = NULL;
    const struct contract contract = {.host = reproducer_host};
    char reason[256], *text = NULL;
    size_t size = 0;
    const struct cli_option options[] = {{"output", 'o', OPTION_TEXT, &output, 0, 0}};
    int first =
        cli_options(&verb_export_sh, argc, argv, options, sizeof options / sizeof options[0]);
    if (argc - first != 1)
        cli_misuse(&verb_export_sh, "expected one FILE");
    cli_load(argv[first], FORM_BY_NAME, &scenario, NULL);
    read_matter(argv[first], &matter);
    const struct reproduction reproduction = reproduction_of(&matter, &contract);
    FILE *memory = open_memory(&text, &size);
    int error = reproducer_print_sh(memory, &reproduction, reason, sizeof reason);
    if (error == -ENOTSUP)
        cli_fail(STATUS_USAGE, "%s: shell cannot say it: %s; see fifofuzz export-c", argv[first],
                 reason);
    write_all(memory, error, output, &text, &size);
    return STATUS_HELD;
}

const struct verb verb_export_sh = {
    .name = "export-sh",
    .arguments = "FILE [-o OUT]",
    .summary = "Writes a scenario as a shell script around mkfifo(1), if that can be.",
    .help = "FILE is a scenario as text (.scn, or - for stdin), as bytes, or a findings folder. "
            "The script ends\nwith 0 (as expected), 1 (not) or 77 (cannot be tried here). A "
            "scenario that shell cannot say is\nrefused with the reason.\n\n"
            "  -o, --output OUT        where to; default stdout\n",
    .run = run_export_sh,
};
