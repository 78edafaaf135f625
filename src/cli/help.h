/*
 * help.h - reads what a verb says of itself: `help` and `arguments` of struct verb.
 *
 * The help texts are the one source that `--help`, the manual page and the completion are made of,
 * and that cli_options holds the options against. Their form:
 *
 *   prose at the left margin
 *     -x, --name ARGUMENT  an option; a capital letter behind its name: it takes a value
 *         --other          which may also stand deeper, to leave room for letters
 *     term                 any other word, and two spaces before its text, which goes on
 *                          in lines that begin further to the right
 *       $ example          any other line that is indented: as it stands
 *
 * Nothing here allocates; what is handed out lies in the text that was read.
 */
#ifndef FIFOFUZZ_HELP_H
#define FIFOFUZZ_HELP_H

#include <stdbool.h>
#include <stddef.h>

/* A piece of a text, not terminated. */
struct help_piece {
    const char *text;
    size_t length;
};

enum help_kind { HELP_PROSE, HELP_BLANK, HELP_TERM, HELP_MORE, HELP_EXAMPLE };

struct help_line {
    enum help_kind kind;
    struct help_piece term; /* HELP_TERM: what stands in front of the text */
    struct help_piece text; /* without indentation, except an example's beyond four columns */
};

/* Where a reader is; begin with `{.at = help}`. */
struct help_reader {
    const char *at;
    size_t indentation; /* of the term that HELP_MORE would go on with */
    bool in_term;
};

/* Reads the next line. False at the end. */
bool help_next(struct help_reader *reader, struct help_line *line);

/* An option as a term names it. */
struct help_option {
    char letter;                /* 0: none */
    struct help_piece name;     /* without dashes */
    struct help_piece argument; /* length 0: it takes none */
};

/* True if `term` names an option. */
bool help_option(struct help_piece term, struct help_option *option);

/* Reads lines until one with an option. False at the end. */
bool help_next_option(struct help_reader *reader, struct help_option *option);

/* True if the help text has an option of that name and letter (0: none) with or without a value. */
bool help_names(const char *help, const char *name, char letter, bool has_value);

/* The first operand in `arguments` of a verb, without brackets and dots; length 0: it has none. */
struct help_piece help_operand(const char *arguments);

#endif
