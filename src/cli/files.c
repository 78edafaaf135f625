#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"

/* Where an installation has fuzz targets and data, seen from the program; the build may differ. */
#ifndef FIFOFUZZ_LIBEXEC
#define FIFOFUZZ_LIBEXEC "../libexec/fifofuzz"
#endif
#ifndef FIFOFUZZ_DATA
#define FIFOFUZZ_DATA "../share/fifofuzz"
#endif

enum { FILE_SIZE_MAX = 16 << 20 };

char *cli_join(const char *directory, const char *name) {
    char *path;
    if (asprintf(&path, "%s/%s", directory, name) < 0)
        cli_fail(STATUS_OURS, "out of memory");
    return path;
}

bool cli_exists(const char *path) {
    return access(path, F_OK) == 0;
}

/* The folder of the running program, in new memory. */
static char *program_folder(void) {
    char program[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (length < 0)
        cli_fail(STATUS_UNABLE, "/proc/self/exe: %s: mount /proc", strerror(errno));
    program[length] = '\0';
    char *slash = strrchr(program, '/');
    char *folder = strndup(program, slash ? (size_t)(slash - program) : 0);
    if (!folder)
        cli_fail(STATUS_OURS, "out of memory");
    return folder;
}

char *cli_shipped(const char *name) {
    static const char *const places[] = {".", FIFOFUZZ_LIBEXEC, FIFOFUZZ_DATA};
    char *folder = program_folder();
    char *found = NULL;
    for (size_t i = 0; !found && i < sizeof places / sizeof places[0]; i++) {
        char *place = cli_join(folder, places[i]);
        char *path = cli_join(place, name);
        found = realpath(path, NULL);
        free(path);
        free(place);
    }
    if (!found)
        found = cli_join(folder, name);
    free(folder);
    return found;
}

const char *cli_corpus(void) {
    static char *corpus;
    if (!corpus)
        corpus = cli_shipped("corpus");
    return corpus;
}

static bool is_directory(const char *path) {
    struct stat facts;
    return stat(path, &facts) == 0 && S_ISDIR(facts.st_mode);
}

static bool ends_in(const char *path, const char *ending) {
    size_t length = strlen(path), tail = strlen(ending);
    return length > tail && strcmp(path + length - tail, ending) == 0;
}

char *cli_read(const char *path, size_t *size) {
    FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    if (!in)
        cli_fail(STATUS_USAGE, "%s: %s", path, strerror(errno));
    char *data = NULL;
    size_t capacity = 0;
    *size = 0;
    do {
        capacity = capacity ? 2 * capacity : 65536;
        char *grown = capacity <= FILE_SIZE_MAX ? realloc(data, capacity) : NULL;
        if (!grown)
            cli_fail(STATUS_USAGE, "%s: larger than any scenario (%d bytes)", path, FILE_SIZE_MAX);
        data = grown;
        *size += fread(data + *size, 1, capacity - *size, in);
    } while (*size == capacity);
    if (ferror(in))
        cli_fail(STATUS_USAGE, "%s: %s", path, strerror(errno));
    if (in != stdin)
        fclose(in);
    return data;
}

void cli_write(const char *path, const void *data, size_t size) {
    FILE *out = path ? fopen(path, "we") : stdout;
    if (!out)
        cli_fail(STATUS_USAGE, "%s: %s", path, strerror(errno));
    fwrite(data, 1, size, out);
    if (fflush(out) != 0 || ferror(out))
        cli_fail(STATUS_USAGE, "%s: %s", path ? path : "stdout", strerror(errno));
    if (path)
        fclose(out);
}

static void load_text(const char *path, const char *data, size_t size, struct scenario *scenario,
                      struct expectations *expectations) {
    struct text_error error;
    if (scenario_parse(scenario, expectations, data, size, &error) == 0)
        return;
    fprintf(stderr, "%s:%u:%u: %s\n", path, error.line, error.column, error.message);
    cli_end(STATUS_USAGE);
}

static void no_expectations(struct expectations *expectations) {
    for (size_t i = 0; i < SCENARIO_STEPS_MAX; i++)
        expectations->error[i] = EXPECT_NOTHING;
}

void cli_load(const char *path, enum file_form form, struct scenario *scenario,
              struct expectations *expectations) {
    char *inside = is_directory(path) ? cli_join(path, "scenario.scn") : NULL;
    const char *file = inside ? inside : path;
    if (inside && !cli_exists(inside))
        cli_fail(STATUS_USAGE, "%s: a folder without scenario.scn, not one of findings", path);
    size_t size;
    char *data = cli_read(file, &size);
    if (form == FORM_BY_NAME)
        form = strcmp(file, "-") == 0 || ends_in(file, ".scn") ? FORM_TEXT : FORM_BYTES;
    if (expectations)
        no_expectations(expectations);
    if (form == FORM_TEXT)
        load_text(file, data, size, scenario, expectations);
    else
        scenario_decode(scenario, (const uint8_t *)data, size);
    free(data);
    free(inside);
}
