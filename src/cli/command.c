#include "command.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

static char *print(const char *format, va_list values) __attribute__((format(printf, 1, 0)));

static char *print(const char *format, va_list values) {
    char *text;
    if (vasprintf(&text, format, values) < 0)
        cli_fail(STATUS_OURS, "out of memory");
    return text;
}

void command_add(struct command *command, const char *format, ...) {
    if (command->word_count == COMMAND_WORDS_MAX)
        cli_fail(STATUS_USAGE, "too many engine flags");
    va_list values;
    va_start(values, format);
    command->words[command->word_count++] = print(format, values);
    va_end(values);
}

void command_add_path(struct command *command, const char *path) {
    command_add(command, "%s%s", path[0] == '-' ? "./" : "", path);
}

void command_set(struct command *command, const char *format, ...) {
    if (command->variable_count == COMMAND_VARIABLES_MAX)
        cli_fail(STATUS_OURS, "too many variables of the environment");
    va_list values;
    va_start(values, format);
    command->variables[command->variable_count++] = print(format, values);
    va_end(values);
}

static void set(const char *variable) {
    char *name = strndup(variable, strcspn(variable, "="));
    if (name)
        setenv(name, variable + strlen(name) + 1, 0);
    free(name);
}

void command_become(struct command *command) {
    for (size_t i = 0; i < command->variable_count; i++)
        set(command->variables[i]);
    execvp(command->words[0], command->words);
}

void command_free(struct command *command) {
    for (size_t i = 0; i < command->word_count; i++)
        free(command->words[i]);
    for (size_t i = 0; i < command->variable_count; i++)
        free(command->variables[i]);
    *command = (struct command){.word_count = 0};
}
