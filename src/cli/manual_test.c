/*
 * manual_test.c - `--help`, the parsers, the manual page and the completion tell the same.
 *
 * That a parser takes no option which help does not name is held by cli_options itself: asking a
 * verb for its help is the trial.
 */
#include "cli_testing.h"

#include <ctype.h>

#include "help.h"

enum { VERBS_MAX = 64, LINE_LENGTH = 4096, TEXT_MAX = 262144 };

static char verbs[VERBS_MAX][32];
static size_t verb_count;
static char help[TEXT_MAX]; /* of the verb at hand */
static char manual[TEXT_MAX], completion[TEXT_MAX];

/* A file that the build leaves beside the program. */
static void read_built(const char *name, char *text) {
    char path[PATH_MAX + 64];
    const char *slash = strrchr(program, '/');
    snprintf(path, sizeof path, "%.*s/%s", (int)(slash - program), program, name);
    read_into(path, text, TEXT_MAX);
}

/* The verbs as `--help` lists them. */
static void list_verbs(void) {
    RUN("--help");
    assert_status(0);
    for (const char *line = ran.out; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, "  ", 2) != 0 || !islower((unsigned char)line[2]))
            continue;
        assert_true(verb_count < VERBS_MAX);
        snprintf(verbs[verb_count++], sizeof verbs[0], "%.*s", (int)strcspn(line + 2, " "),
                 line + 2);
    }
    assert_true(verb_count > 0);
}

static int prepare_texts(void **state) {
    if (prepare(state) != 0)
        return -1;
    list_verbs();
    read_built("fifofuzz.1", manual);
    read_built("fifofuzz.bash", completion);
    return manual[0] && completion[0] ? 0 : -1;
}

static void read_help(const char *verb) {
    RUN(verb, "--help");
    assert_status(0);
    assert_string_equal(ran.err, "");
    memcpy(help, ran.out, sizeof help);
}

/* The text from `begin` up to `end`, in a buffer of its own. */
static const char *section(const char *text, const char *begin, const char *end) {
    static char found[TEXT_MAX];
    const char *start = strstr(text, begin);
    if (!start) {
        fail_msg("there is no \"%s\"", begin);
        return NULL;
    }
    start += strlen(begin);
    const char *stop = strstr(start, end);
    assert_non_null(stop);
    snprintf(found, sizeof found, "%.*s", (int)(stop - start), start);
    return found;
}

static unsigned count_of(const char *text, const char *part) {
    unsigned count = 0;
    while ((text = strstr(text, part))) {
        count++;
        text += strlen(part);
    }
    return count;
}

/* Calls `look` with each option of `verb`. Returns how many there were. */
static unsigned each_option(const char *verb,
                            void (*look)(const char *verb, const struct help_option *option)) {
    read_help(verb);
    struct help_reader reader = {.at = help};
    struct help_option option;
    unsigned count = 0;
    for (; help_next_option(&reader, &option); count++)
        look(verb, &option);
    return count;
}

/* "PREFIX" and the piece, in a static buffer. */
static const char *prefixed(const char *prefix, struct help_piece piece) {
    static char text[128];
    snprintf(text, sizeof text, "%s%.*s", prefix, (int)piece.length, piece.text);
    return text;
}

/* 1 is a word and a number; the --help behind it ends the verb before it does anything. */
static void try_option(const char *verb, const struct help_option *option) {
    const char *name = prefixed("--", option->name);
    const char letter[] = {'-', option->letter, '\0'};
    bool takes_value = option->argument.length > 0;
    RUN(verb, name, takes_value ? "1" : "--help", "--help");
    assert_status(0);
    if (!option->letter)
        return;
    RUN(verb, letter, takes_value ? "1" : "--help", "--help");
    assert_status(0);
}

static void every_option_in_help_is_accepted(void **state) {
    (void)state;
    unsigned count = 0;
    for (size_t i = 0; i < verb_count; i++)
        count += each_option(verbs[i], try_option);
    assert_true(count > 0);
}

static void every_option_in_a_usage_line_is_in_help(void **state) {
    (void)state;
    for (size_t i = 0; i < verb_count; i++) {
        read_help(verbs[i]);
        char *rest = strstr(help, "\n\n");
        assert_non_null(rest);
        *rest = '\0';
        for (char *at = help; (at = strstr(at, "--")); at += 2) {
            char option[64];
            size_t length = strspn(at, "-abcdefghijklmnopqrstuvwxyz");
            snprintf(option, sizeof option, " %.*s ", (int)length, at);
            if (length > 2) /* -- alone ends the options */
                assert_contains(rest + 1, option);
        }
    }
}

static void help_and_a_verb_is_the_help_of_the_verb(void **state) {
    (void)state;
    for (size_t i = 0; i < verb_count; i++) {
        read_help(verbs[i]);
        RUN("help", verbs[i]);
        assert_status(0);
        assert_string_equal(ran.out, help);
    }
    RUN("help", "frobnicate");
    assert_status(2);
    assert_contains(ran.err, "unknown verb \"frobnicate\"");
}

/* Where roff wants a backslash in front of each dash. */
static const char *in_roff(const char *text) {
    static char roff[256];
    size_t length = 0;
    for (; *text; text++) {
        if (*text == '-')
            roff[length++] = '\\';
        roff[length++] = *text;
    }
    roff[length] = '\0';
    return roff;
}

static void look_in_manual(const char *verb, const struct help_option *option) {
    char title[LINE_LENGTH];
    snprintf(title, sizeof title, "\n.SS %s\n", in_roff(verb));
    const char *text = section(manual, title, "\n.S");
    assert_contains(text, in_roff(prefixed("\\fB--", option->name)));
}

static void the_manual_has_every_verb_and_option(void **state) {
    (void)state;
    for (size_t i = 0; i < verb_count; i++) {
        char line[LINE_LENGTH];
        unsigned count = each_option(verbs[i], look_in_manual);
        snprintf(line, sizeof line, "\n.SS %s\n", in_roff(verbs[i]));
        const char *text = section(manual, line, "\n.S");
        assert_int_equal(count_of(text, ".TP\n\\fB\\-"), count);
        snprintf(line, sizeof line, ".SY fifofuzz\n.B %s\n", in_roff(verbs[i]));
        assert_contains(manual, line);
    }
}

static void the_manual_has_every_exit_status_of_help(void **state) {
    (void)state;
    RUN("--help");
    const char *text = strstr(ran.out, "Exit status: ");
    assert_non_null(text);
    unsigned count = 0;
    for (; *text; text++) {
        if (!isdigit((unsigned char)text[0]) || isdigit((unsigned char)text[-1]))
            continue;
        char line[32];
        snprintf(line, sizeof line, "\n.TP\n%.*s\n", (int)strspn(text, "0123456789"), text);
        assert_contains(section(manual, ".SH EXIT STATUS", ".SH ENVIRONMENT"), line);
        count++;
    }
    assert_true(count >= 4);
}

static void look_in_completion(const char *verb, const struct help_option *option) {
    char title[LINE_LENGTH], word[LINE_LENGTH];
    snprintf(title, sizeof title, "\n    %s)\n", verb);
    const char *text = section(completion, title, ";;");
    snprintf(word, sizeof word, "%s%s", prefixed(" --", option->name),
             option->argument.length ? "=" : "");
    assert_contains(text, word);
}

static void the_completion_has_every_verb_and_option(void **state) {
    (void)state;
    for (size_t i = 0; i < verb_count; i++) {
        char title[LINE_LENGTH];
        unsigned count = each_option(verbs[i], look_in_completion);
        snprintf(title, sizeof title, "\n    %s)\n", verbs[i]);
        assert_int_equal(count_of(section(completion, title, ";;"), " --"), count);
    }
    char names[VERBS_MAX * sizeof verbs[0] + 16] = "verbs='";
    size_t length = strlen(names);
    for (size_t i = 0; i < verb_count; i++)
        length +=
            (size_t)snprintf(names + length, sizeof names - length, "%s%s", i ? " " : "", verbs[i]);
    assert_contains(completion, names);
}

static void a_template_with_an_unknown_placeholder_is_refused(void **state) {
    (void)state;
    write_file("good.in", "version @VERSION@.\n@NAMES@\n");
    RUN("help", "--fill", "good.in", "good");
    assert_status(0);
    static char text[4096];
    read_into(in_directory("good"), text, sizeof text);
    assert_null(strchr(text, '@'));
    assert_contains(text, "    verbs='");
    write_file("bad.in", "@NAME@\n");
    RUN("help", "--fill", "bad.in", "bad");
    assert_status(2);
    assert_contains(ran.err, "bad.in: a line with an unknown placeholder");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_option_in_help_is_accepted),
        cmocka_unit_test(every_option_in_a_usage_line_is_in_help),
        cmocka_unit_test(help_and_a_verb_is_the_help_of_the_verb),
        cmocka_unit_test(the_manual_has_every_verb_and_option),
        cmocka_unit_test(the_manual_has_every_exit_status_of_help),
        cmocka_unit_test(the_completion_has_every_verb_and_option),
        cmocka_unit_test(a_template_with_an_unknown_placeholder_is_refused),
    };
    return cmocka_run_group_tests(tests, prepare_texts, clean_up);
}
