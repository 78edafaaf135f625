#include "symbolizer.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

enum { OPTIONS_MAX = 8, ADDRESS_SIZE = 20 };

/* Addresses, functions with inlined ones, demangled: -e comes before the object, see below. */
static const struct {
    char *const words[OPTIONS_MAX];
} programs[] = {
    {{"llvm-symbolizer", "--output-style=GNU", "-a", "-f", "-i", "-C", "-e", NULL}},
    {{"addr2line", "-a", "-f", "-i", "-C", "-e", NULL}},
};

/* The rest of the environment is not theirs: a symbolizer may neither ask the network nor preload.
 */
static char *const environment[] = {"LC_ALL=C", NULL};

/* Starts program `index` with its standard output on `output`. Returns 0 or -errno. */
static int start(pid_t *process, size_t index, const char *path, const uint64_t *addresses,
                 uint32_t count, int output) {
    char texts[SYMBOLIZER_ADDRESSES_MAX][ADDRESS_SIZE];
    char *arguments[OPTIONS_MAX + SYMBOLIZER_ADDRESSES_MAX + 1];
    size_t used = 0;
    for (; programs[index].words[used]; used++)
        arguments[used] = programs[index].words[used];
    arguments[used++] = (char *)(uintptr_t)path;
    for (uint32_t i = 0; i < count; i++) {
        snprintf(texts[i], ADDRESS_SIZE, "0x%" PRIx64, addresses[i]);
        arguments[used++] = texts[i];
    }
    arguments[used] = NULL;
    posix_spawn_file_actions_t actions;
    if (posix_spawn_file_actions_init(&actions) != 0)
        return -ENOMEM;
    int error = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    if (!error)
        error = posix_spawn_file_actions_adddup2(&actions, output, 1);
    if (!error)
        error = posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    if (!error)
        error = posix_spawnp(process, arguments[0], &actions, NULL, arguments, environment);
    posix_spawn_file_actions_destroy(&actions);
    return -error;
}

/* Reads to the end, also what there is no room for: the process must not wait for a reader. */
static size_t read_whole(int input, char *out, size_t capacity) {
    char rest[512];
    size_t length = 0;
    for (;;) {
        const bool fits = length + 1 < capacity;
        ssize_t got =
            read(input, fits ? out + length : rest, fits ? capacity - 1 - length : sizeof rest);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        length += fits ? (size_t)got : 0;
    }
    out[length] = '\0';
    return length;
}

static size_t ask(size_t index, const char *path, const uint64_t *addresses, uint32_t count,
                  char *out, size_t capacity) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC))
        return 0;
    pid_t process = -1;
    int error = start(&process, index, path, addresses, count, ends[1]);
    close(ends[1]);
    size_t length = error ? 0 : read_whole(ends[0], out, capacity);
    close(ends[0]);
    while (!error && waitpid(process, NULL, 0) < 0 && errno == EINTR)
        ;
    return length;
}

size_t symbolizer_ask(const char *path, const uint64_t *addresses, uint32_t count, char *out,
                      size_t capacity) {
    check(count <= SYMBOLIZER_ADDRESSES_MAX && capacity > 0);
    size_t length = 0;
    for (size_t i = 0; length == 0 && i < sizeof programs / sizeof programs[0]; i++)
        length = ask(i, path, addresses, count, out, capacity);
    out[length] = '\0';
    return length;
}
