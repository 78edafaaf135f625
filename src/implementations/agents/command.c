/*
 * command.c - a command like mkfifo(1) as an agent of fifofuzz (see ../README.md).
 * Usage: command PROGRAM [ARGUMENT...]
 *
 * Each call is one run of PROGRAM [ARGUMENT...] [-m MODE] -- PATH. What mkfifo(3) would have set
 * errno to is told from the end of what the command prints; if it cannot be, the answer is `?`.
 *
 * Mode 0666 goes without -m, as every command's default is. -m is what the new node shall have,
 * whatever the umask (POSIX mkfifo -m: as by chmod): the harness finds that out before it judges. A
 * command that is killed by a signal takes the agent along: the harness sees the crash.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    LINE_MAX_SIZE = 128, /* of a request */
    PATH_SIZE = 65536,
    TAIL_SIZE = 256, /* the end of what a command prints: more than any reason */
};

extern char **environ;

static char **command; /* with room for the arguments of a call behind its own */
static int command_count;
static int nothing; /* a descriptor that is at its end: what commands read */

/* --- why it failed ---------------------------------------------------------------------------- */

/* What mkfifo can fail with; commands say it as strerror(3) does, or as klibc words it. */
static const struct {
    int error;
    const char *in_klibc; /* NULL: the same */
} reasons[] = {
    {EACCES, NULL},
    {EBADF, "Bad file number"},
    {EDQUOT, "Quota exceeded"},
    {EEXIST, NULL},
    {EFAULT, NULL},
    {EINVAL, NULL},
    {EIO, "I/O error"},
    {ELOOP, "Too many symbolic links encountered"},
    {ENAMETOOLONG, NULL},
    {ENODEV, NULL},
    {ENOENT, NULL},
    {ENOMEM, "Out of memory"},
    {ENOSPC, NULL},
    {ENOSYS, "Invalid system call number"},
    {ENOTDIR, NULL},
    {EOPNOTSUPP, "Operation not supported on transport endpoint"},
    {EOVERFLOW, NULL},
    {EPERM, NULL},
    {EROFS, NULL},
};

/* The length of `ending` if `text` ends in it, else 0. */
static size_t ends_in(const char *text, const char *ending) {
    size_t length = strlen(text), tail = strlen(ending);
    return length >= tail && strcmp(text + length - tail, ending) == 0 ? tail : 0;
}

/* The errno whose text is the longest at the end of `said`, or 0. */
static int reason_of(const char *said) {
    size_t best = 0;
    int error = 0;
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        const char *texts[] = {strerror(reasons[i].error), reasons[i].in_klibc};
        for (int which = 0; which < 2; which++) {
            size_t length = texts[which] ? ends_in(said, texts[which]) : 0;
            if (length > best) {
                best = length;
                error = reasons[i].error;
            }
        }
    }
    return error;
}

/* --- running it ------------------------------------------------------------------------------- */

/* Reads all of `from`, shows it on stderr and keeps its end, without newlines behind it. */
static void read_tail(int from, char tail[TAIL_SIZE + 1]) {
    char piece[TAIL_SIZE];
    size_t length = 0;
    ssize_t got;
    while ((got = read(from, piece, sizeof piece)) > 0) {
        fwrite(piece, 1, (size_t)got, stderr);
        size_t keep = length + (size_t)got > TAIL_SIZE ? TAIL_SIZE - (size_t)got : length;
        memmove(tail, tail + length - keep, keep);
        memcpy(tail + keep, piece, (size_t)got);
        length = keep + (size_t)got;
    }
    while (length > 0 && tail[length - 1] == '\n')
        length--;
    tail[length] = '\0';
}

/* Ends this process by the signal that ended the command. */
static _Noreturn void die_likewise(int number) {
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    signal(number, SIG_DFL);
    raise(number);
    _exit(128 + number); /* the first process of a namespace outlives what it sends to itself */
}

/* Starts the command; `said` is where it prints to. Returns 0 or an errno. */
static int start(pid_t *child, int said) {
    posix_spawn_file_actions_t actions;
    int error = posix_spawn_file_actions_init(&actions);
    if (error)
        return error;
    posix_spawn_file_actions_adddup2(&actions, nothing, 0);
    posix_spawn_file_actions_adddup2(&actions, said, 1);
    posix_spawn_file_actions_adddup2(&actions, said, 2);
    error = posix_spawnp(child, command[0], &actions, NULL, command, environ);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

/* Runs `command` as it stands and answers. */
static void run(void) {
    int ends[2], status;
    char tail[TAIL_SIZE + 1];
    pid_t child;
    if (pipe2(ends, O_CLOEXEC) != 0)
        _exit(2);
    int error = start(&child, ends[1]);
    close(ends[1]);
    read_tail(ends[0], tail);
    close(ends[0]);
    if (error) {
        printf("unable %s: %s\n", command[0], strerror(error));
        return;
    }
    if (waitpid(child, &status, 0) < 0)
        exit(2);
    if (WIFSIGNALED(status))
        die_likewise(WTERMSIG(status));
    if (WEXITSTATUS(status) == 0)
        printf("0\n");
    else if (reason_of(tail))
        printf("-1 %d\n", reason_of(tail));
    else
        printf("-1 ?\n");
}

/* --- requests --------------------------------------------------------------------------------- */

static void make(mode_t mode, char *path) {
    char octal[8];
    int count = command_count;
    if (mode & ~(mode_t)0777) {
        printf("unable -m takes permission bits alone\n");
        return;
    }
    if (mode != 0666) {
        snprintf(octal, sizeof octal, "%04o", mode);
        command[count++] = "-m";
        command[count++] = octal;
    }
    command[count++] = "--";
    command[count++] = path;
    command[count] = NULL;
    run();
}

static void set_umask(mode_t mode) {
    umask(mode);
    printf("0\n");
}

static void enter(const char *path) {
    if (chdir(path) == 0)
        printf("0\n");
    else
        printf("-1 %d\n", errno);
}

/* Reads a path of `size` bytes. */
static char *read_path(unsigned long size) {
    static char path[PATH_SIZE];
    if (size >= sizeof path || fread(path, 1, size, stdin) != size)
        exit(2);
    path[size] = '\0';
    return path;
}

static unsigned long number(char **words) {
    return strtoul(*words, words, 10);
}

/* Returns whether the line is of the protocol, as far as this agent speaks it. */
static bool serve(char *line) {
    char *words = line;
    const char *verb = strsep(&words, " ");
    if (!words)
        return false;
    if (strcmp(verb, "mkfifo") == 0) {
        mode_t mode = (mode_t)number(&words);
        make(mode, read_path(number(&words)));
    } else if (strcmp(verb, "umask") == 0) {
        set_umask((mode_t)number(&words));
    } else if (strcmp(verb, "chdir") == 0) {
        enter(read_path(number(&words)));
    } else {
        return false;
    }
    return fflush(stdout) == 0;
}

/* Makes room behind the command's own arguments for the five of a call. */
static void take_command(int count, char **words) {
    command_count = count;
    command = calloc((size_t)count + 5, sizeof *command);
    if (!command)
        exit(2);
    memcpy(command, words, (size_t)count * sizeof *command);
}

int main(int argc, char **argv) {
    char line[LINE_MAX_SIZE];
    int ends[2];
    if (argc < 2) {
        fprintf(stderr, "usage: command PROGRAM [ARGUMENT...]\n");
        return 2;
    }
    take_command(argc - 1, argv + 1);
    if (setenv("LC_ALL", "C", 1) != 0 || pipe2(ends, O_CLOEXEC) != 0)
        return 2;
    close(ends[1]);
    nothing = ends[0];
    printf("fifofuzz-agent 1 %d mkfifo\n", (int)getpid());
    fflush(stdout);
    while (fgets(line, sizeof line, stdin))
        if (!serve(line)) {
            fprintf(stderr, "command: %s is no request that it knows\n", line);
            return 2;
        }
    return 0;
}
