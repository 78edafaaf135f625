#include "help.h"

#include <ctype.h>
#include <string.h>

enum { EXAMPLE_COLUMN = 4 };

static struct help_piece piece(const char *from, const char *to) {
    return (struct help_piece){from, (size_t)(to - from)};
}

static bool is_option(const char *text) {
    return text[0] == '-' && (text[1] == '-' || isalpha((unsigned char)text[1]));
}

/* The two spaces between term and text in the line up to `end`; `end` if there are none. */
static const char *find_gap(const char *from, const char *end) {
    for (const char *at = from; at + 1 < end; at++)
        if (at[0] == ' ' && at[1] == ' ')
            return at;
    return end;
}

static enum help_kind kind_of(const struct help_reader *reader, const char *start, const char *text,
                              const char *end) {
    size_t indentation = (size_t)(text - start);
    if (text == end)
        return HELP_BLANK;
    if (indentation == 0)
        return HELP_PROSE;
    if (is_option(text))
        return HELP_TERM;
    if (reader->in_term && indentation > reader->indentation)
        return HELP_MORE;
    return find_gap(text, end) == end || indentation >= EXAMPLE_COLUMN ? HELP_EXAMPLE : HELP_TERM;
}

bool help_next(struct help_reader *reader, struct help_line *line) {
    const char *start = reader->at;
    if (*start == '\0')
        return false;
    const char *end = start + strcspn(start, "\n");
    const char *text = start + strspn(start, " ");
    *line = (struct help_line){.kind = kind_of(reader, start, text, end)};
    if (line->kind == HELP_TERM) {
        const char *gap = find_gap(text, end);
        line->term = piece(text, gap);
        reader->indentation = (size_t)(text - start);
        text = gap + strspn(gap, " ");
    }
    if (line->kind == HELP_EXAMPLE && text - start > EXAMPLE_COLUMN)
        text = start + EXAMPLE_COLUMN;
    reader->in_term = line->kind == HELP_TERM || line->kind == HELP_MORE;
    line->text = piece(text, end);
    reader->at = *end ? end + 1 : end;
    return true;
}

bool help_option(struct help_piece term, struct help_option *option) {
    const char *at = term.text, *end = term.text + term.length;
    *option = (struct help_option){.letter = 0};
    if (term.length > 4 && at[0] == '-' && at[1] != '-') {
        option->letter = at[1];
        at += strlen("-x, ");
    }
    if (end - at < 3 || at[0] != '-' || at[1] != '-')
        return false;
    const char *name = at + strlen("--");
    at = name;
    while (at < end && (islower((unsigned char)*at) || *at == '-'))
        at++;
    option->name = piece(name, at);
    if (at < end)
        option->argument = piece(at + 1, end);
    return true;
}

bool help_next_option(struct help_reader *reader, struct help_option *option) {
    struct help_line line;
    while (help_next(reader, &line))
        if (line.kind == HELP_TERM && help_option(line.term, option))
            return true;
    return false;
}

bool help_names(const char *help, const char *name, char letter, bool has_value) {
    struct help_reader reader = {.at = help};
    struct help_option option;
    while (help_next_option(&reader, &option))
        if (option.name.length == strlen(name) &&
            strncmp(option.name.text, name, option.name.length) == 0)
            return option.letter == letter && (option.argument.length > 0) == has_value;
    return false;
}

struct help_piece help_operand(const char *arguments) {
    const char *from = arguments + strspn(arguments, "[");
    const char *to = from + strcspn(from, " ].\n");
    return *from == '-' ? piece(from, from) : piece(from, to);
}
