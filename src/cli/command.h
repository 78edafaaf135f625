/*
 * command.h - a command line and an environment that are put together piece by piece.
 */
#ifndef FIFOFUZZ_COMMAND_H
#define FIFOFUZZ_COMMAND_H

#include <stddef.h>

enum { COMMAND_WORDS_MAX = 256, COMMAND_VARIABLES_MAX = 16 };

/* Starts as zeros. `words` always ends in NULL, as execve(2) wants it. */
struct command {
    char *words[COMMAND_WORDS_MAX + 1];
    char *variables[COMMAND_VARIABLES_MAX + 1]; /* NAME=VALUE */
    size_t word_count, variable_count;
};

/*
 * Appends one word as printf(3) writes it. Exits, as the user's mistake, if there are too many,
 * which only flags for the engine can bring about.
 */
void command_add(struct command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Appends a path so that nobody can take it for an option. */
void command_add_path(struct command *command, const char *path);

/* Adds NAME=VALUE, which only counts where the environment has no such name. */
void command_set(struct command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Becomes the command: its first word is looked for in PATH if it has no slash. Returns only if
 * that failed, with errno set.
 */
void command_become(struct command *command);

/* Frees the words and variables. */
void command_free(struct command *command);

#endif
