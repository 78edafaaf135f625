/* fifofuzz - holds implementations of mkfifo and mkfifoat against their documents. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "manual.h"
#include "report.h"

static const struct verb *const verbs[] = {
    &verb_run,     &verb_repro,  &verb_minimize, &verb_keep,      &verb_check,
    &verb_show,    &verb_encode, &verb_export_c, &verb_export_sh, &verb_list,
    &verb_explain, &verb_doctor, &verb_bench,    &verb_matrix,    &verb_corpus,
};
enum { VERB_COUNT = sizeof verbs / sizeof verbs[0] };

static void print_usage(FILE *out) {
    fputs("usage: fifofuzz VERB [ARGUMENT...]\n\n", out);
    for (size_t i = 0; i < VERB_COUNT; i++)
        fprintf(out, "  %-9s %s\n", verbs[i]->name, verbs[i]->summary);
    fputs("\nfifofuzz VERB --help tells more; fifofuzz --version prints the version.\n"
          "Exit status: 0 the contract held, 1 a finding, 2 wrong arguments or unreadable input,\n"
          "77 this host cannot run it. Environment: NO_COLOR.\n",
          out);
}

/*
 * Without this a file that we open could become standard output. Opened the wrong way round, so
 * that what is read or written still fails, as it does with a closed descriptor.
 */
static void fill_closed_descriptors(void) {
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) == -1 && errno == EBADF &&
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
            _exit(STATUS_UNABLE);
}

static const struct verb *find_verb(const char *name) {
    for (size_t i = 0; i < VERB_COUNT; i++)
        if (strcmp(name, verbs[i]->name) == 0)
            return verbs[i];
    cli_fail(STATUS_USAGE, "unknown verb \"%s\"; see fifofuzz --help", name);
}

/* For the build: a template of manual.h becomes a manual page or a completion. */
static int fill(const char *from, const char *to) {
    const struct verb_table table = {verbs, VERB_COUNT};
    size_t length, filled_length;
    char *filled = NULL;
    char *text = cli_read(from, &length);
    FILE *out = open_memstream(&filled, &filled_length);
    if (!out)
        cli_fail(STATUS_OURS, "out of memory");
    int error = manual_fill(out, text, length, &table);
    if (fclose(out) != 0)
        cli_fail(STATUS_OURS, "out of memory");
    if (error)
        cli_fail(STATUS_USAGE, "%s: a line with an unknown placeholder", from);
    cli_write(to, filled, filled_length);
    free(filled);
    free(text);
    return STATUS_HELD;
}

/* help; help VERB; help --fill TEMPLATE FILE */
static int help(int argc, char **argv) {
    if (argc == 3 && strcmp(argv[0], "--fill") == 0)
        return fill(argv[1], argv[2]);
    if (argc == 0)
        print_usage(stdout);
    else
        cli_print_help(find_verb(argv[0]), stdout);
    return STATUS_HELD;
}

static int run(int argc, char **argv) {
    if (argc < 2) {
        print_usage(stderr);
        return STATUS_USAGE;
    }
    const char *name = argv[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0)
        return help(argc - 2, argv + 2);
    if (strcmp(name, "--version") == 0) {
        printf("fifofuzz %s\n", report_version());
        return STATUS_HELD;
    }
    return find_verb(name)->run(argc - 1, argv + 1);
}

int main(int argc, char **argv) {
    fill_closed_descriptors();
    cli_end(run(argc, argv));
}
