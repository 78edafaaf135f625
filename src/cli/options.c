#include <errno.h>
#include <getopt.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "cli.h"
#include "help.h"

enum { OPTIONS_MAX = 24, LONG_BASE = 256, HELP = LONG_BASE + OPTIONS_MAX };

static void take_number(const struct verb *verb, const struct cli_option *option,
                        const char *text) {
    char *end;
    errno = 0;
    uint64_t number = strtoull(text, &end, 10);
    bool digits = text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0;
    if (!digits || number < option->low || number > option->high)
        cli_misuse(verb, "--%s takes a number from %llu to %llu, not \"%s\"", option->name,
                   (unsigned long long)option->low, (unsigned long long)option->high, text);
    *(uint64_t *)option->value = number;
}

static void take(const struct verb *verb, const struct cli_option *option, const char *text) {
    switch ((enum option_kind)option->kind) {
    case OPTION_TEXT:
        *(const char **)option->value = text;
        break;
    case OPTION_NUMBER:
        take_number(verb, option, text);
        break;
    case OPTION_FLAG:
        *(bool *)option->value = true;
        break;
    }
}

/* No option is a secret: help, manual page and completion have it as the parser takes it. */
static void hold_against_help(const struct verb *verb, const struct cli_option *options,
                              size_t count) {
    for (size_t i = 0; i < count; i++) {
        const struct cli_option *option = &options[i];
        bool named =
            help_names(verb->help, option->name, option->letter, option->kind != OPTION_FLAG);
        if (!named)
            fprintf(stderr, "help of %s: --%s is not as it is taken\n", verb->name, option->name);
        check(named);
    }
}

/* Builds what getopt_long wants: letters, and names whose values are LONG_BASE and the index. */
static void describe(const struct cli_option *options, size_t count, struct option *names,
                     char *letters) {
    check(count < OPTIONS_MAX);
    *letters++ = ':';
    *letters++ = 'h';
    for (size_t i = 0; i < count; i++) {
        int has_value = options[i].kind == OPTION_FLAG ? no_argument : required_argument;
        names[i] = (struct option){options[i].name, has_value, NULL, LONG_BASE + (int)i};
        if (options[i].letter) {
            *letters++ = options[i].letter;
            if (has_value)
                *letters++ = ':';
        }
    }
    names[count] = (struct option){"help", no_argument, NULL, HELP};
    names[count + 1] = (struct option){NULL, 0, NULL, 0};
    *letters = '\0';
}

static const struct cli_option *find(const struct cli_option *options, size_t count, int value) {
    if (value >= LONG_BASE && value < HELP)
        return &options[value - LONG_BASE];
    for (size_t i = 0; i < count; i++)
        if (options[i].letter == value)
            return &options[i];
    return NULL;
}

int cli_options(const struct verb *verb, int argc, char **argv, const struct cli_option *options,
                size_t count) {
    struct option names[OPTIONS_MAX + 2];
    char letters[2 * OPTIONS_MAX + 3];
    describe(options, count, names, letters);
    hold_against_help(verb, options, count);
    int value;
    while ((value = getopt_long(argc, argv, letters, names, NULL)) != -1) {
        if (value == 'h' || value == HELP) {
            cli_print_help(verb, stdout);
            cli_end(STATUS_HELD);
        }
        if (value == ':')
            cli_misuse(verb, "%s needs a value", argv[optind - 1]);
        const struct cli_option *option = find(options, count, value);
        if (value == '?' || !option)
            cli_misuse(verb, "unknown option %s", argv[optind - 1]);
        take(verb, option, optarg);
    }
    return optind;
}
