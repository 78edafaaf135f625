/* show: any scenario file as text. encode: a scenario file as bytes for a fuzz target. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static struct scenario scenario;
static struct expectations expectations;

struct form_flags {
    bool bytes, text;
};

#define FORM_OPTIONS(flags)                                                                        \
    {"bytes", 0, OPTION_FLAG, &(flags).bytes, 0, 0}, {                                             \
        "text", 0, OPTION_FLAG, &(flags).text, 0, 0                                                \
    }
#define FORM_HELP                                                                                  \
    "FILE is text if its name ends in .scn or it is - (stdin), a findings folder, or bytes.\n\n"   \
    "  --bytes   FILE is bytes, whatever its name\n"                                               \
    "  --text    FILE is text, whatever its name\n"

static enum file_form form_of(const struct verb *verb, struct form_flags flags) {
    if (flags.bytes && flags.text)
        cli_misuse(verb, "--bytes and --text exclude each other");
    return flags.bytes ? FORM_BYTES : flags.text ? FORM_TEXT : FORM_BY_NAME;
}

static int run_show(int argc, char **argv) {
    static char text[SCENARIO_PRINT_MAX];
    struct form_flags flags = {false, false};
    const struct cli_option options[] = {FORM_OPTIONS(flags)};
    int first = cli_options(&verb_show, argc, argv, options, sizeof options / sizeof options[0]);
    if (argc - first != 1)
        cli_misuse(&verb_show, "expected one FILE");
    cli_load(argv[first], form_of(&verb_show, flags), &scenario, &expectations);
    size_t length = scenario_print(&scenario, &expectations, text, sizeof text);
    fwrite(text, 1, length, stdout);
    return STATUS_HELD;
}

const struct verb verb_show = {
    .name = "show",
    .arguments = "FILE [--bytes | --text]",
    .summary = "Prints a scenario as text, in its one canonical form.",
    .help = FORM_HELP,
    .run = run_show,
};

static int run_encode(int argc, char **argv) {
    static uint8_t bytes[SCENARIO_BYTES_MAX];
    struct form_flags flags = {false, false};
    const char *out = NULL;
    const struct cli_option options[] = {FORM_OPTIONS(flags),
                                         {"output", 'o', OPTION_TEXT, &out, 0, 0}};
    int first = cli_options(&verb_encode, argc, argv, options, sizeof options / sizeof options[0]);
    if (argc - first != 1)
        cli_misuse(&verb_encode, "expected one FILE");
    cli_load(argv[first], form_of(&verb_encode, flags), &scenario, NULL);
    cli_write(out, bytes, scenario_encode(&scenario, bytes, sizeof bytes));
    return STATUS_HELD;
}

const struct verb verb_encode = {
    .name = "encode",
    .arguments = "FILE [-o OUT] [--bytes | --text]",
    .summary = "Writes a scenario as bytes, the form that fuzz targets take.",
    .help = FORM_HELP "  -o, --output OUT   where to; default stdout\n",
    .run = run_encode,
};
