/* keep: makes a finding a regression test. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"

static struct scenario scenario;
static struct expectations expectations;

/* --- its name --------------------------------------------------------------------------------- */

/* Is it what a findings folder calls its scenario? */
static bool is_inside_finding(const char *file) {
    return strcmp(file, "scenario.scn") == 0 || strcmp(file, "original.scn") == 0 ||
           strcmp(file, "input") == 0;
}

/* The last part of `path` that every finding has not, without ending: what a finding is called. */
static char *name_of(const char *path) {
    char *copy = strdup(path);
    if (!copy)
        cli_fail(STATUS_OURS, "out of memory");
    for (;;) {
        size_t length = strlen(copy);
        while (length > 1 && copy[length - 1] == '/')
            copy[--length] = '\0';
        char *slash = strrchr(copy, '/');
        char *last = slash ? slash + 1 : copy;
        char *ending = strrchr(last, '.');
        if (is_inside_finding(last) && slash && slash != copy) {
            *slash = '\0';
            continue;
        }
        if (ending && strcmp(ending, ".scn") == 0)
            *ending = '\0';
        memmove(copy, last, strlen(last) + 1);
        return copy;
    }
}

static void need_name(const char *name) {
    if (name[0] == '\0' || name[0] == '.' || strchr(name, '/'))
        cli_misuse(&verb_keep, "\"%s\" is no name for a file: give one with --name", name);
}

/* --- its text --------------------------------------------------------------------------------- */

static bool has_expectations(void) {
    for (uint32_t i = 0; i < scenario.step_count; i++)
        if (expectations.error[i] != EXPECT_NOTHING)
            return true;
    return false;
}

/* For a file without results: the oracle's, for this host. */
static void expect_linux(void) {
    static struct world world;
    const struct cli_subject subject = CLI_SUBJECT_DEFAULT;
    const struct examiner *examiner = session_open(&subject);
    contract_expect(&examiner->contract, &world, &scenario, &expectations);
    session_close();
}

/* A signature begins with its clause. */
static enum clause clause_of(const char *name) {
    char clause[64];
    snprintf(clause, sizeof clause, "%.*s", (int)strcspn(name, "."), name);
    return clause_find(clause);
}

/* The file's whole text, in new memory. */
static char *text_of(const char *name) {
    static char steps[SCENARIO_PRINT_MAX];
    char *text;
    enum clause clause = clause_of(name);
    scenario_print(&scenario, &expectations, steps, sizeof steps);
    int length = clause == CLAUSE_COUNT
                     ? asprintf(&text, "# %s\n%s", name, steps)
                     : asprintf(&text, "# %s: %s\n# Found as %s.\n%s", clause_infos[clause].name,
                                clause_infos[clause].summary, name, steps);
    if (length < 0)
        cli_fail(STATUS_OURS, "out of memory");
    return text;
}

/* --- its file --------------------------------------------------------------------------------- */

/* The corpus of an installation is not everybody's to write to. */
static _Noreturn void fail_to_make(const char *path, int error) {
    const char *hint = "";
    if (error == EEXIST)
        hint = ": give another name with --name";
    else if (error == EROFS || error == EACCES || error == EPERM)
        hint = ": give a folder that can be written with --folder";
    cli_fail(STATUS_USAGE, "%s: %s%s", path, strerror(error), hint);
}

/* A test that is there stays: another finding may have the same name. */
static void write_new(const char *path, const char *text) {
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        fail_to_make(path, errno);
    size_t length = strlen(text);
    errno = EIO; /* for a write that is cut */
    bool written = write(fd, text, length) == (ssize_t)length;
    written = close(fd) == 0 && written;
    if (written)
        return;
    int error = errno;
    unlink(path);
    cli_fail(STATUS_USAGE, "%s: %s", path, strerror(error));
}

static int run_keep(int argc, char **argv) {
    const char *name = NULL, *folder = NULL;
    const struct cli_option options[] = {
        {"name", 'n', OPTION_TEXT, &name, 0, 0},
        {"folder", 0, OPTION_TEXT, &folder, 0, 0},
    };
    int first = cli_options(&verb_keep, argc, argv, options, sizeof options / sizeof options[0]);
    if (argc - first != 1)
        cli_misuse(&verb_keep, "expected one FILE");
    char *found = name_of(argv[first]);
    char *regressions = folder ? strdup(folder) : cli_join(cli_corpus(), "regressions");
    char *path;
    need_name(name ? name : found);
    if (!regressions || asprintf(&path, "%s/%s.scn", regressions, name ? name : found) < 0)
        cli_fail(STATUS_OURS, "out of memory");
    cli_load(argv[first], FORM_BY_NAME, &scenario, &expectations);
    if (!has_expectations())
        expect_linux();
    if (mkdir(regressions, 0777) != 0 && errno != EEXIST)
        fail_to_make(regressions, errno);
    char *text = text_of(found);
    write_new(path, text);
    printf("%s\n", path);
    free(text);
    free(path);
    free(regressions);
    free(found);
    return STATUS_HELD;
}

const struct verb verb_keep = {
    .name = "keep",
    .arguments = "FILE [--name NAME] [--folder DIR]",
    .summary = "Makes a finding a regression test, with the results that Linux gives.",
    .help = "FILE as for `repro`. `fifofuzz check` runs what was kept; its path is printed.\n\n"
            "  -n, --name NAME         NAME.scn; default: as the finding is called\n"
            "      --folder DIR        where to; default: the corpus's regressions/\n",
    .run = run_keep,
};
