/*
 * replay.c - main() of a fuzz target that was linked without an engine: runs the target once on
 * each file named, and on the files below each directory named, in the order of their names.
 *
 * The input's name is printed before it runs, so the last one printed is the one that crashed.
 * Arguments that begin with '-' are an engine's options and mean nothing here.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerInitialize(int *argc, char ***argv) __attribute__((weak));
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A custom mutator names the engine's own; nothing is mutated here. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size) {
    (void)data;
    return size < max_size ? size : max_size;
}

static bool complain(const char *path) {
    fprintf(stderr, "replay: %s: %s\n", path, strerror(errno));
    return false;
}

static bool replay_file(const char *path, size_t size) {
    FILE *file = fopen(path, "rb");
    if (!file)
        return complain(path);
    uint8_t *data = malloc(size ? size : 1);
    bool complete = data && fread(data, 1, size, file) == size;
    fclose(file);
    if (complete) {
        fprintf(stderr, "replay: %s (%zu bytes)\n", path, size);
        LLVMFuzzerTestOneInput(data, size);
    }
    free(data);
    return complete || complain(path);
}

static bool replay(const char *path);

static bool replay_directory(const char *path) {
    struct dirent **entries = NULL;
    int count = scandir(path, &entries, NULL, alphasort);
    bool good = count >= 0 || complain(path);
    for (int i = 0; i < count; i++) {
        char child[PATH_MAX];
        int length = snprintf(child, sizeof child, "%s/%s", path, entries[i]->d_name);
        if (length >= PATH_MAX) {
            errno = ENAMETOOLONG;
            good = complain(path);
        } else if (entries[i]->d_name[0] != '.') {
            good = replay(child) && good;
        }
        free(entries[i]);
    }
    free(entries);
    return good;
}

static bool replay(const char *path) {
    struct stat facts;
    if (stat(path, &facts) != 0)
        return complain(path);
    return S_ISDIR(facts.st_mode) ? replay_directory(path)
                                  : replay_file(path, (size_t)facts.st_size);
}

int main(int argc, char **argv) {
    if (LLVMFuzzerInitialize)
        LLVMFuzzerInitialize(&argc, &argv);
    bool good = true;
    for (int i = 1; i < argc; i++)
        if (argv[i][0] != '-')
            good = replay(argv[i]) && good;
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
