#include "implementations/agents.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "program.h"

/* Where an installation has programs, seen from the folder of the command; the build may differ. */
#ifndef FIFOFUZZ_LIBEXEC
#define FIFOFUZZ_LIBEXEC "../libexec/fifofuzz"
#endif

enum { WORDS_MAX = 64, TEXT_SIZE = 16384 };

static const char by_command[] = "agent:";
static const char under[] = " under ";

/* A command as it is put together: the words, and the memory that they are in. */
struct command {
    const char *words[WORDS_MAX + 1];
    size_t count;
    char text[TEXT_SIZE];
    size_t used;
};

/* --- the rows --------------------------------------------------------------------------------- */

static const struct agent_row rows[] = {
#define AGENT(name, package, program, command, summary) {name, package, program, command, summary},
#include "implementations/agents.def"
#undef AGENT
};

const struct agent_row *agent_rows(size_t *count) {
    *count = sizeof rows / sizeof rows[0];
    return rows;
}

static const struct agent_row *find_row(const char *name, size_t length) {
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strlen(rows[i].name) == length && memcmp(rows[i].name, name, length) == 0)
            return &rows[i];
    return NULL;
}

const struct agent_row *agent_row(const char *name) {
    return find_row(name, strlen(name));
}

bool agent_named(const char *name) {
    return strncmp(name, by_command, sizeof by_command - 1) == 0 || strstr(name, under) ||
           agent_row(name);
}

/* --- where things are ------------------------------------------------------------------------- */

/*
 * The folder of what is built from agents/, without links: it lies beside the program, one up from
 * a test, or where an installation has it. Returns false if there is none.
 */
static bool find_folder(char folder[PATH_MAX]) {
    static const char *const places[] = {"agents", "../agents", FIFOFUZZ_LIBEXEC "/agents"};
    char program[PATH_MAX], path[PATH_MAX + sizeof FIFOFUZZ_LIBEXEC + sizeof "/agents"];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (length < 0)
        return false;
    program[length] = '\0';
    char *slash = strrchr(program, '/');
    for (size_t i = 0; slash && i < sizeof places / sizeof places[0]; i++) {
        snprintf(path, sizeof path, "%.*s%s", (int)(slash + 1 - program), program, places[i]);
        if (realpath(path, folder))
            return true;
    }
    return false;
}

/* --- putting a command together --------------------------------------------------------------- */

/* Appends one word of two parts. Returns false if the command has become too long. */
static bool add_word(struct command *command, const char *start, const char *rest,
                     size_t rest_length) {
    size_t length = strlen(start) + rest_length + 1;
    if (command->count == WORDS_MAX || length > TEXT_SIZE - command->used)
        return false;
    char *word = command->text + command->used;
    snprintf(word, length, "%s%.*s", start, (int)rest_length, rest);
    command->used += length;
    command->words[command->count++] = word;
    return true;
}

/* The next of the words with blanks between from `*text` to `end`; false if there is none. */
static bool next_word(const char **text, const char *end, const char **word, size_t *length) {
    while (*text < end && **text == ' ')
        ++*text;
    *word = *text;
    while (*text < end && **text != ' ')
        ++*text;
    *length = (size_t)(*text - *word);
    return *length > 0;
}

static int too_long(char *reason, size_t reason_size) {
    snprintf(reason, reason_size, "an agent's command has at most %d words and %d bytes", WORDS_MAX,
             TEXT_SIZE);
    return -EINVAL;
}

/* How to come by a program that somebody wrapped an agent in: Debian's packages are called so. */
static const char *hint_of(const char *name, size_t length) {
    static const char *const packages[] = {"fakeroot", "fakechroot", "proot", "pseudo"};
    for (size_t i = 0; i < sizeof packages / sizeof packages[0]; i++)
        if (strlen(packages[i]) == length && memcmp(packages[i], name, length) == 0)
            return packages[i];
    return NULL;
}

/* Appends words as a user wrote them; the first is a program. */
static int add_written(struct command *command, const char *text, const char *end, char *reason,
                       size_t reason_size) {
    char path[PATH_MAX];
    const char *word;
    size_t length;
    if (!next_word(&text, end, &word, &length)) {
        snprintf(reason, reason_size, "an agent's name lacks the words of a command");
        return -EINVAL;
    }
    if (!program_find(word, length, path)) {
        const char *package = hint_of(word, length);
        snprintf(reason, reason_size, "no program is called \"%.*s\"%s%s", (int)length, word,
                 package ? ": apt-get install " : "", package ? package : "");
        return -ENOENT;
    }
    bool fits = add_word(command, "", path, strlen(path));
    while (fits && next_word(&text, end, &word, &length))
        fits = add_word(command, "", word, length);
    return fits ? 0 : too_long(reason, reason_size);
}

/* --- agents that come with fifofuzz ----------------------------------------------------------- */

static bool starts_with(const char *word, size_t length, const char *start) {
    return length >= strlen(start) && memcmp(word, start, strlen(start)) == 0;
}

/* Appends a word of agents.def. Returns false if what it names is not there. */
static bool add_row_word(struct command *command, const struct agent_row *row, const char *word,
                         size_t length) {
    static const char agents[] = "{agents}", program[] = "{program}";
    char path[PATH_MAX];
    if (starts_with(word, length, program))
        return program_find(row->program, strlen(row->program), path) &&
               add_word(command, path, "", 0);
    if (!starts_with(word, length, agents))
        return add_word(command, "", word, length);
    return find_folder(path) &&
           add_word(command, path, word + sizeof agents - 1, length + 1 - sizeof agents) &&
           access(command->words[command->count - 1], R_OK) == 0;
}

/* Appends the command of `row`. Returns false if something that it names is not there. */
static bool add_row(struct command *command, const struct agent_row *row) {
    const char *text = row->command, *word;
    size_t length;
    bool complete = true;
    while (complete && next_word(&text, row->command + strlen(row->command), &word, &length))
        complete = add_row_word(command, row, word, length);
    return complete;
}

bool agent_installed(const struct agent_row *row) {
    static struct command command;
    command.count = command.used = 0;
    return add_row(&command, row);
}

static int lacks(const struct agent_row *row, char *reason, size_t reason_size) {
    char path[PATH_MAX];
    bool there = !*row->program || program_find(row->program, strlen(row->program), path);
    if (there)
        snprintf(reason, reason_size,
                 "the agent \"%s\" was not built: apt-get install %s, then build again", row->name,
                 row->package);
    else
        snprintf(reason, reason_size, "the agent \"%s\" needs %s: apt-get install %s", row->name,
                 row->program, row->package);
    return -ENOENT;
}

/* --- names ------------------------------------------------------------------------------------ */

/* Appends the command of the agent that the name from `name` to `end` begins with. */
static int add_base(struct command *command, const char **summary, const char *name,
                    const char *end, char *reason, size_t reason_size) {
    size_t length = (size_t)(end - name);
    if (starts_with(name, length, by_command)) {
        *summary = "an agent";
        return add_written(command, name + sizeof by_command - 1, end, reason, reason_size);
    }
    const struct agent_row *row = find_row(name, length);
    if (!row) {
        snprintf(reason, reason_size,
                 "\"%.*s\" is no agent, and nothing else can be run under a command: take one of "
                 "`fifofuzz list implementations`, such as glibc",
                 (int)length, name);
        return -EINVAL;
    }
    *summary = row->summary;
    return add_row(command, row) ? 0 : lacks(row, reason, reason_size);
}

/* Where the last " under " between `name` and `end` begins, or NULL. */
static const char *last_under(const char *name, const char *end) {
    const char *last = NULL;
    for (const char *at = strstr(name, under); at && at < end; at = strstr(at + 1, under))
        last = at;
    return last;
}

int agent_find(struct implementation *out, const char *name, char *reason, size_t reason_size) {
    static struct command command;
    static struct agent agent = {.command = command.words};
    const char *summary = NULL, *end = name + strlen(name), *at;
    command.count = command.used = 0;
    int error = 0;
    for (; !error && (at = last_under(name, end)); end = at)
        error = add_written(&command, at + sizeof under - 1, end, reason, reason_size);
    if (!error)
        error = add_base(&command, &summary, name, end, reason, reason_size);
    command.words[command.count] = NULL;
    agent.wrapped = last_under(name, name + strlen(name));
    if (!error)
        *out = (struct implementation){.name = name, .summary = summary, .agent = &agent};
    return error;
}
