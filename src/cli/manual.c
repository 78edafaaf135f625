#include "manual.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "help.h"
#include "report.h"

/* --- roff ------------------------------------------------------------------------------------- */

/* A paragraph as it is written: lines are broken before other tools find them too long. */
struct paragraph {
    FILE *out;
    size_t column;
    bool code;      /* within `...` */
    unsigned depth; /* of brackets, which are not broken */
};

enum { COLUMN_BREAK = 50 }; /* leaves room for the longest word with its fonts */

/* What roff would take for markup, or print as another character. */
static const char *escaped(char c) {
    static const struct {
        char plain;
        const char *roff;
    } escapes[] = {
        {'-', "\\-"}, {'\\', "\\e"}, {'\'', "\\(aq"}, {'^', "\\(ha"}, {'~', "\\(ti"},
    };
    for (size_t i = 0; i < sizeof escapes / sizeof escapes[0]; i++)
        if (escapes[i].plain == c)
            return escapes[i].roff;
    return NULL;
}

static void put_markup(struct paragraph *paragraph, const char *roff) {
    fputs(roff, paragraph->out);
    paragraph->column += strlen(roff);
}

static void put_character(struct paragraph *paragraph, char c) {
    if (paragraph->column == 0 && c == '.')
        put_markup(paragraph, "\\&");
    const char *roff = escaped(c);
    put_markup(paragraph, roff ? roff : (const char[]){c, '\0'});
}

static void put_space(struct paragraph *paragraph) {
    if (paragraph->column == 0)
        return;
    bool full = paragraph->column > COLUMN_BREAK;
    fputc(full ? '\n' : ' ', paragraph->out);
    paragraph->column = full ? 0 : paragraph->column + 1;
}

static void end_line(struct paragraph *paragraph) {
    if (paragraph->column)
        fputc('\n', paragraph->out);
    paragraph->column = 0;
}

/* Prose, `code` in bold. */
static void put_prose(struct paragraph *paragraph, struct help_piece text) {
    put_space(paragraph);
    for (size_t i = 0; i < text.length; i++) {
        if (text.text[i] == '`') {
            put_markup(paragraph, paragraph->code ? "\\fP" : "\\fB");
            paragraph->code = !paragraph->code;
        } else if (text.text[i] == ' ') {
            put_space(paragraph);
        } else {
            put_character(paragraph, text.text[i]);
        }
    }
}

static bool is_word(char c) {
    return isalnum((unsigned char)c) || c == '-' || c == '_';
}

/* One word of a usage line: what is to be replaced is in capitals. */
static void put_usage_word(struct paragraph *paragraph, struct help_piece word) {
    put_markup(paragraph, isupper((unsigned char)word.text[0]) ? "\\fI" : "\\fB");
    for (size_t i = 0; i < word.length; i++)
        put_character(paragraph, word.text[i]);
    put_markup(paragraph, "\\fP");
}

static void put_usage_mark(struct paragraph *paragraph, char c) {
    paragraph->depth += c == '[';
    paragraph->depth -= c == ']' && paragraph->depth > 0;
    if (c == ' ' && paragraph->depth)
        put_markup(paragraph, "\\ ");
    else if (c == ' ')
        put_space(paragraph);
    else
        put_character(paragraph, c);
}

/* A usage line or the term of an option; any white space is one blank. */
static void put_usage(struct paragraph *paragraph, struct help_piece usage) {
    for (size_t i = 0; i < usage.length;) {
        size_t length = 0;
        while (i + length < usage.length && is_word(usage.text[i + length]))
            length++;
        if (length) {
            put_usage_word(paragraph, (struct help_piece){usage.text + i, length});
            i += length;
            continue;
        }
        char c = usage.text[i++];
        if (!isspace((unsigned char)c))
            put_usage_mark(paragraph, c);
        else if (i == usage.length || !isspace((unsigned char)usage.text[i]))
            put_usage_mark(paragraph, ' ');
    }
}

static struct help_piece whole(const char *text) {
    return (struct help_piece){text, strlen(text)};
}

/* A macro and the name of a verb. */
static void put_name(FILE *out, const char *macro, const struct verb *verb) {
    struct paragraph paragraph = {.out = out};
    fprintf(out, "%s ", macro);
    put_prose(&paragraph, whole(verb->name));
    end_line(&paragraph);
}

static void put_synopsis(FILE *out, const struct verb_table *table) {
    for (size_t i = 0; i < table->count; i++) {
        struct paragraph paragraph = {.out = out};
        fputs(".SY fifofuzz\n", out);
        put_name(out, ".B", table->verbs[i]);
        put_usage(&paragraph, whole(table->verbs[i]->arguments));
        end_line(&paragraph);
        fputs(".YS\n", out);
    }
}

static void put_term(struct paragraph *paragraph, const struct help_line *line) {
    end_line(paragraph);
    fputs(".TP\n", paragraph->out);
    put_usage(paragraph, line->term);
    end_line(paragraph);
    put_prose(paragraph, line->text);
}

/* A line as it stands, between the others of its kind. */
static void put_example(struct paragraph *paragraph, const struct help_line *line, bool first) {
    end_line(paragraph);
    if (first)
        fputs(".PP\n.in +4n\n.EX\n", paragraph->out);
    for (size_t i = 0; i < line->text.length; i++)
        put_character(paragraph, line->text.text[i]);
    fputc('\n', paragraph->out);
    paragraph->column = 0;
}

static void put_help(FILE *out, const char *help) {
    struct paragraph paragraph = {.out = out};
    struct help_reader reader = {.at = help};
    struct help_line line;
    enum help_kind before = HELP_BLANK;
    for (; help_next(&reader, &line); before = line.kind) {
        if (before == HELP_EXAMPLE && line.kind != HELP_EXAMPLE)
            fputs(".EE\n.in\n", out);
        if (line.kind == HELP_PROSE && before != HELP_PROSE) {
            end_line(&paragraph);
            fputs(".PP\n", out);
        }
        if (line.kind == HELP_TERM)
            put_term(&paragraph, &line);
        else if (line.kind == HELP_EXAMPLE)
            put_example(&paragraph, &line, before != HELP_EXAMPLE);
        else if (line.kind != HELP_BLANK)
            put_prose(&paragraph, line.text);
    }
    end_line(&paragraph);
    if (before == HELP_EXAMPLE)
        fputs(".EE\n.in\n", out);
}

static void put_verbs(FILE *out, const struct verb_table *table) {
    for (size_t i = 0; i < table->count; i++) {
        struct paragraph paragraph = {.out = out};
        put_name(out, ".SS", table->verbs[i]);
        put_prose(&paragraph, whole(table->verbs[i]->summary));
        end_line(&paragraph);
        put_help(out, table->verbs[i]->help);
    }
}

/* --- shell ------------------------------------------------------------------------------------ */

static void put_piece(FILE *out, struct help_piece piece) {
    fwrite(piece.text, 1, piece.length, out);
}

static void put_option(FILE *out, const struct help_option *option) {
    fputs(" --", out);
    put_piece(out, option->name);
    fputs(option->argument.length ? "=" : "", out);
    put_piece(out, option->argument);
    if (!option->letter)
        return;
    fprintf(out, " -%c%s", option->letter, option->argument.length ? "=" : "");
    put_piece(out, option->argument);
}

/* run) operand='TARGET' options='--help -h --time=S -t=S ...' ;; */
static void put_cases(FILE *out, const struct verb_table *table) {
    for (size_t i = 0; i < table->count; i++) {
        const struct verb *verb = table->verbs[i];
        struct help_reader reader = {.at = verb->help};
        struct help_option option;
        fprintf(out, "    %s)\n        operand='", verb->name);
        put_piece(out, help_operand(verb->arguments));
        fputs("'\n        options='--help -h", out);
        while (help_next_option(&reader, &option))
            put_option(out, &option);
        fputs("'\n        ;;\n", out);
    }
}

static void put_names(FILE *out, const struct verb_table *table) {
    fputs("    verbs='", out);
    for (size_t i = 0; i < table->count; i++)
        fprintf(out, "%s%s", i ? " " : "", table->verbs[i]->name);
    fputs("'\n", out);
}

/* --- templates -------------------------------------------------------------------------------- */

static const struct {
    const char *line;
    void (*put)(FILE *out, const struct verb_table *table);
} placeholders[] = {
    {"@SYNOPSIS@", put_synopsis},
    {"@VERBS@", put_verbs},
    {"@NAMES@", put_names},
    {"@CASES@", put_cases},
};

static void put_line(FILE *out, struct help_piece line) {
    static const char version[] = "@VERSION@";
    const char *at = memmem(line.text, line.length, version, strlen(version));
    if (!at) {
        put_piece(out, line);
        return;
    }
    const char *behind = at + strlen(version);
    put_piece(out, (struct help_piece){line.text, (size_t)(at - line.text)});
    fputs(report_version(), out);
    put_piece(out, (struct help_piece){behind, line.length - (size_t)(behind - line.text)});
}

/* True if `line` was a placeholder. */
static bool replaced(FILE *out, struct help_piece line, const struct verb_table *table) {
    for (size_t i = 0; i < sizeof placeholders / sizeof placeholders[0]; i++)
        if (line.length == strlen(placeholders[i].line) &&
            memcmp(line.text, placeholders[i].line, line.length) == 0) {
            placeholders[i].put(out, table);
            return true;
        }
    return false;
}

int manual_fill(FILE *out, const char *text, size_t length, const struct verb_table *table) {
    for (const char *at = text, *end = text + length; at < end;) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        struct help_piece line = {at, (size_t)((newline ? newline : end) - at)};
        at = newline ? newline + 1 : end;
        if (replaced(out, line, table))
            continue;
        if (line.length && line.text[0] == '@')
            return -EINVAL;
        put_line(out, line);
        fputc('\n', out);
    }
    return 0;
}
