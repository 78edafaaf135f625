#include "matrix_run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"
#include "figures.h"
#include "package.h"

/* printf into new memory. */
__attribute__((format(printf, 1, 2))) static char *text(const char *format, ...) {
    va_list values;
    char *string;
    va_start(values, format);
    int length = vasprintf(&string, format, values);
    va_end(values);
    if (length < 0)
        cli_fail(STATUS_OURS, "out of memory");
    return string;
}

/* --- rows ------------------------------------------------------------------------------------- */

/* `name` with a dash for all that is awkward in a file's name, and none at its ends. */
static char *file_name(const char *name) {
    char *file = text("%s", name);
    size_t length = 0;
    for (; *name; name++) {
        bool plain = strchr("._-+", *name) || (*name >= '0' && *name <= '9') ||
                     (*name >= 'A' && *name <= 'Z') || (*name >= 'a' && *name <= 'z');
        bool first = length == 0;
        if (plain && !(first && strchr(".-", *name)))
            file[length++] = *name;
        else if (!first && file[length - 1] != '-')
            file[length++] = '-';
    }
    while (length > 0 && file[length - 1] == '-')
        length--;
    file[length] = '\0';
    return file;
}

static bool is_taken(const struct matrix *matrix, const char *folder) {
    bool taken = false;
    for (size_t i = 0; i < matrix->count; i++)
        taken |= strcmp(matrix->rows[i].folder, folder) == 0;
    return taken;
}

static char *folder_for(const struct matrix *matrix, const char *name, const char *findings) {
    char *file = file_name(name);
    char *folder = text("%s/%s", findings, *file ? file : "implementation");
    for (unsigned number = 2; is_taken(matrix, folder); number++) {
        free(folder);
        folder = text("%s/%s-%u", findings, *file ? file : "implementation", number);
    }
    free(file);
    return folder;
}

void matrix_add(struct matrix *matrix, const char *name, const char *findings) {
    struct matrix_row *rows = realloc(matrix->rows, (matrix->count + 1) * sizeof matrix->rows[0]);
    if (!rows)
        cli_fail(STATUS_OURS, "out of memory");
    matrix->rows = rows;
    rows[matrix->count] = (struct matrix_row){.name = text("%s", name),
                                              .package = package_of(name),
                                              .version = package_version(name),
                                              .folder = folder_for(matrix, name, findings),
                                              .trouble = text("%s", ""),
                                              .status = -1};
    matrix->count++;
}

static void set_trouble(struct matrix_row *row, char *trouble) {
    free(row->trouble);
    row->trouble = trouble;
}

/* --- one run ---------------------------------------------------------------------------------- */

static char *figures_file(const struct matrix_row *row) {
    return cli_join(row->folder, "run.json");
}

static char *log_file(const struct matrix_row *row) {
    return cli_join(row->folder, "run.log");
}

/* The command of `row`, in new memory that the process's end gives back. */
static void fill_command(char *command[static 12], const struct matrix *matrix,
                         const struct matrix_row *row) {
    size_t count = 0;
    char *figures = figures_file(row);
    command[count++] = program_invocation_name;
    command[count++] = text("run");
    command[count++] = text("--keep-going");
    command[count++] = text("--implementation=%s", row->name);
    command[count++] = text("--contract=%s", matrix->contract);
    command[count++] = text("--seed=%llu", (unsigned long long)matrix->seed);
    command[count++] = text("--findings=%s", row->folder);
    command[count++] = text("--json=%s", figures);
    if (matrix->seconds)
        command[count++] = text("--time=%llu", (unsigned long long)matrix->seconds);
    if (matrix->runs)
        command[count++] = text("--runs=%llu", (unsigned long long)matrix->runs);
    command[count] = NULL;
    free(figures);
}

/* Becomes the run of `row`: in a child. It ends with its parent, however that one ends. */
static _Noreturn void become(const struct matrix *matrix, const struct matrix_row *row,
                             const sigset_t *mask, pid_t parent) {
    char *command[12];
    int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int out = open(log_file(row), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (in < 0 || out < 0 || dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
        dup2(out, STDERR_FILENO) < 0)
        _exit(STATUS_OURS);
    if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || getppid() != parent)
        _exit(STATUS_OURS);
    fill_command(command, matrix, row);
    sigprocmask(SIG_SETMASK, mask, NULL);
    execv("/proc/self/exe", command);
    fprintf(stderr, "fifofuzz: /proc/self/exe: %s\n", strerror(errno));
    _exit(STATUS_UNABLE);
}

/* Returns the run's process, or -1 with the reason in the row. */
static pid_t start(const struct matrix *matrix, struct matrix_row *row, const sigset_t *mask) {
    if (mkdir(row->folder, 0777) != 0 && errno != EEXIST) {
        set_trouble(row, text("%s: %s", row->folder, strerror(errno)));
        return -1;
    }
    char *figures = figures_file(row);
    unlink(figures); /* of an earlier matrix */
    free(figures);
    pid_t parent = getpid();
    pid_t child = fork();
    if (child == 0)
        become(matrix, row, mask, parent);
    if (child < 0)
        set_trouble(row, text("cannot start a process: %s", strerror(errno)));
    return child;
}

/* The last line of the log in which fifofuzz itself speaks, in new memory. */
static char *last_words(const struct matrix_row *row) {
    static const char ours[] = "fifofuzz: ";
    char *path = log_file(row), *line = NULL, *words = text("it said nothing");
    FILE *log = fopen(path, "re");
    size_t capacity = 0;
    while (log && getline(&line, &capacity, log) > 0)
        if (strncmp(line, ours, sizeof ours - 1) == 0) {
            free(words);
            words =
                text("%.*s", (int)strcspn(line + sizeof ours - 1, "\n"), line + sizeof ours - 1);
        }
    if (log)
        fclose(log);
    free(line);
    free(path);
    return words;
}

/* Why a run that ended so has not told all; in new memory. */
static char *trouble_of(const struct matrix_row *row, int status) {
    if (WIFSIGNALED(status))
        return text("the run was killed by signal %d: %s/run.log", WTERMSIG(status), row->folder);
    switch (row->status) {
    case STATUS_HELD:
    case STATUS_FINDING:
        return text("%s", "");
    case STATUS_USAGE:
    case STATUS_UNABLE:
        return last_words(row);
    case STATUS_OURS:
        return text("a failure of fifofuzz itself: %s/run.log", row->folder);
    default:
        return text("interrupted");
    }
}

static void finish(struct matrix_row *row, int status) {
    char *figures = figures_file(row);
    row->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    set_trouble(row, trouble_of(row, status));
    matrix_fill(row, json_load_file(figures, 0, NULL));
    free(figures);
}

/* --- all of them ------------------------------------------------------------------------------ */

/* The runs under way; process 0: not begun, -1: ended. */
struct runs {
    struct matrix *matrix;
    pid_t *processes;
    size_t begun, ended;
    sigset_t mask; /* of our own start, for children */
};

static void tell(const struct runs *runs, const struct matrix_row *row) {
    fprintf(stderr, "[%zu/%zu] %s: ", runs->ended, runs->matrix->count, row->name);
    if (row->figures)
        fprintf(stderr, "%u held, %u violated, %zu finding%s, %s calls/s%s", row->counts[CELL_HELD],
                row->counts[CELL_VIOLATED], json_array_size(row->findings),
                json_array_size(row->findings) == 1 ? "" : "s", figures_grouped(matrix_rate(row)),
                *row->trouble ? "; " : "");
    fprintf(stderr, "%s\n", row->trouble);
}

static void begin_next(struct runs *runs) {
    struct matrix_row *row = &runs->matrix->rows[runs->begun];
    pid_t child = start(runs->matrix, row, &runs->mask);
    runs->processes[runs->begun++] = child;
    if (child > 0)
        return;
    runs->ended++;
    matrix_fill(row, NULL);
    tell(runs, row);
}

static void reap(struct runs *runs) {
    for (size_t i = 0; i < runs->begun; i++) {
        int status;
        if (runs->processes[i] <= 0 || waitpid(runs->processes[i], &status, WNOHANG) <= 0)
            continue;
        runs->processes[i] = -1;
        runs->ended++;
        finish(&runs->matrix->rows[i], status);
        tell(runs, &runs->matrix->rows[i]);
    }
}

static void pass_on(const struct runs *runs, int signal) {
    for (size_t i = 0; i < runs->begun; i++)
        if (runs->processes[i] > 0)
            kill(runs->processes[i], signal);
}

/* The rows that a signal kept from being run. */
static void leave_out_rest(struct runs *runs) {
    for (size_t i = runs->begun; i < runs->matrix->count; i++) {
        set_trouble(&runs->matrix->rows[i], text("interrupted before its turn"));
        matrix_fill(&runs->matrix->rows[i], NULL);
    }
}

static sigset_t block_signals(sigset_t *before) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, before);
    return set;
}

int matrix_run(struct matrix *matrix, unsigned jobs) {
    struct runs runs = {.matrix = matrix, .processes = calloc(matrix->count + 1, sizeof(pid_t))};
    sigset_t watched = block_signals(&runs.mask);
    int stopped = 0;
    if (!runs.processes)
        cli_fail(STATUS_OURS, "out of memory");
    for (;;) {
        while (!stopped && runs.begun < matrix->count && runs.begun - runs.ended < jobs)
            begin_next(&runs);
        if (runs.begun == runs.ended)
            break;
        int signal = sigwaitinfo(&watched, NULL);
        if (signal == SIGINT || signal == SIGTERM) {
            pass_on(&runs, signal);
            stopped = signal;
        }
        reap(&runs);
    }
    leave_out_rest(&runs);
    free(runs.processes);
    sigprocmask(SIG_SETMASK, &runs.mask, NULL);
    return stopped;
}
