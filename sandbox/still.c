#include "still.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINE_MAX_SIZE = 512 };

/* Reads a file of one line from its beginning; "" if it cannot be read. */
static void read_line(int file, char *line) {
    const ssize_t length = pread(file, line, LINE_MAX_SIZE - 1, 0);
    line[length > 0 ? length : 0] = '\0';
}

/* The third number of schedstat: how often the thread was given a processor. */
static int64_t read_runs(const struct still *still) {
    char line[LINE_MAX_SIZE];
    read_line(still->runs, line);
    const char *last = strrchr(line, ' ');
    return last ? strtoll(last + 1, NULL, 10) : -1;
}

static int open_file(const char *directory, const char *name) {
    char path[96];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return open(path, O_RDONLY | O_CLOEXEC);
}

void still_open(struct still *still, const char *directory) {
    still->state = open_file(directory, "stat");
    still->runs = open_file(directory, "schedstat");
    still->activity = open_file(directory, "syscall");
}

void still_close(const struct still *still) {
    const int files[] = {still->state, still->runs, still->activity};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        if (files[i] >= 0)
            close(files[i]);
}

bool still_available(void) {
    struct still still;
    char line[LINE_MAX_SIZE];
    still_open(&still, "/proc/thread-self");
    read_line(still.activity, line);
    const bool available = still.state >= 0 && read_runs(&still) >= 0 && line[0] != '\0';
    still_close(&still);
    return available;
}

int64_t still_first(const struct still *still) {
    char line[LINE_MAX_SIZE];
    const int64_t runs = read_runs(still);
    read_line(still->activity, line);
    return line[0] >= '0' && line[0] <= '9' ? runs : -1;
}

bool still_second(const struct still *still, int64_t runs) {
    char line[LINE_MAX_SIZE];
    read_line(still->state, line);
    const char *name_end = strrchr(line, ')'); /* the name may hold parentheses itself */
    const bool asleep = name_end && strncmp(name_end, ") S", 3) == 0;
    return runs >= 0 && asleep && read_runs(still) == runs;
}
