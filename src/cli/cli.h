/*
 * cli.h - what the verbs of fifofuzz share: options, messages, scenario files, the examiner.
 *
 * Data goes to stdout, progress and hints to stderr. Only this folder prints usage and exits.
 */
#ifndef FIFOFUZZ_CLI_H
#define FIFOFUZZ_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "examine.h"
#include "scenario.h"

/* Exit statuses; a signal that ended us counts 128 and its number, as in a shell. */
enum {
    STATUS_HELD = 0,    /* the contract held */
    STATUS_FINDING = 1, /* it did not */
    STATUS_USAGE = 2,   /* wrong arguments, or input that cannot be read */
    STATUS_OURS = 70,   /* a failure of fifofuzz itself (EX_SOFTWARE of sysexits.h) */
    STATUS_UNABLE = 77, /* this host cannot run it */
};

/* One verb of the command line. */
struct verb {
    const char *name;
    const char *arguments; /* as usage shows them */
    const char *summary;   /* one line of `fifofuzz --help` */
    const char *help;      /* options and examples, lines */
    int (*run)(int argc, char **argv);
};

extern const struct verb verb_run, verb_repro, verb_check, verb_show, verb_encode, verb_list,
    verb_explain, verb_doctor, verb_bench, verb_minimize, verb_keep, verb_export_c, verb_export_sh,
    verb_matrix, verb_corpus;

/* --- messages (cli.c) ------------------------------------------------------------------------- */

/*
 * Ends the process: every verb's end. Standard output that could not be written makes `status`
 * STATUS_USAGE, with a message, unless it tells of something worse.
 */
_Noreturn void cli_end(int status);

/*
 * A shared object of the user's is about to be loaded: from now on cli_end leaves out its
 * destructors and atexit handlers, which would run outside of the sandbox.
 */
void cli_expect_foreign_code(void);

/* Prints "fifofuzz: MESSAGE" to stderr and exits with `status`. */
_Noreturn void cli_fail(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* As cli_fail with STATUS_USAGE, and names the verb's --help. */
_Noreturn void cli_misuse(const struct verb *verb, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Prints "usage: fifofuzz VERB ARGUMENTS" and the verb's help. */
void cli_print_help(const struct verb *verb, FILE *out);

/* The command line of this process as a shell reads it back, in new memory. */
char *cli_command(void);

/* `text` if `out` is a terminal and NO_COLOR is not set, else "": for escape sequences. */
const char *cli_color(FILE *out, const char *text);

/* --- options (options.c) ---------------------------------------------------------------------- */

enum option_kind {
    OPTION_TEXT,   /* value: const char * */
    OPTION_NUMBER, /* value: uint64_t, from `low` to `high` */
    OPTION_FLAG,   /* value: bool, becomes true */
};

struct cli_option {
    const char *name; /* without the dashes */
    char letter;      /* short form, or 0 */
    uint8_t kind;     /* enum option_kind */
    void *value;
    uint64_t low, high;
};

/*
 * Reads the options of `verb` in argv (argv[0] is the verb). `--help` prints help and exits; a
 * wrong option is misuse. Returns the index of the first operand; operands and options may be
 * mixed.
 */
int cli_options(const struct verb *verb, int argc, char **argv, const struct cli_option *options,
                size_t count);

/* --- the subject (session.c) ------------------------------------------------------------------ */

/* --implementation, --contract and --under as given. */
struct cli_subject {
    const char *implementation, *contract;
    const char *under; /* NULL once cli_put_under made it part of the implementation's name */
};
#define CLI_SUBJECT_DEFAULT                                                                        \
    (struct cli_subject) {                                                                         \
        "own", "linux", NULL                                                                       \
    }
#define CLI_SUBJECT_OPTIONS(subject)                                                               \
    {"implementation", 'i', OPTION_TEXT, &(subject).implementation, 0, 0},                         \
        {"under", 0, OPTION_TEXT, &(subject).under, 0, 0}, {                                       \
        "contract", 'c', OPTION_TEXT, &(subject).contract, 0, 0                                    \
    }

/* The help lines of those options. */
#define CLI_SUBJECT_HELP                                                                           \
    "  -i, --implementation X  a built-in one or an agent (`fifofuzz list implementations`),\n"    \
    "                          agent:COMMAND, or the path of a shared object with mkfifo\n"        \
    "                          and/or mkfifoat; default own\n"                                     \
    "      --under COMMAND     puts the words of COMMAND in front of an agent's own, such as\n"    \
    "                          'fakeroot --'\n"                                                    \
    "  -c, --contract LEVEL    linux, documented or posix; default linux\n"

/*
 * Puts --under behind the name of the implementation, as "NAME under COMMAND": reports and child
 * processes carry one name. Every verb with CLI_SUBJECT_OPTIONS calls it once they are read.
 */
void cli_put_under(struct cli_subject *subject);

/*
 * Opens the one examiner of this process; exits with a message if that cannot be. An entry point
 * that is missing is said on stderr. Until session_close a failed check() prints session_scenario.
 */
struct examiner *session_open(const struct cli_subject *subject);

void session_close(void);

/* The scenario that is about to be run, for check(); NULL for none. */
void session_scenario(const struct scenario *scenario);

/* The first ability that a step of `scenario` needs and this host lacks, or ABILITY_COUNT. */
enum ability session_lacks(const struct scenario *scenario);

/* The traits found out by session_open, a line each. */
const char *session_traits(void);

/* --- scenario files (files.c) ----------------------------------------------------------------- */

enum file_form { FORM_BY_NAME, FORM_BYTES, FORM_TEXT };

/* A file or "-" as a whole in new memory; exits with a message if it cannot be read. */
char *cli_read(const char *path, size_t *size);

/* Writes a whole file, NULL for stdout; exits with a message if it cannot be written. */
void cli_write(const char *path, const void *data, size_t size);

/*
 * Reads the scenario at `path`: text if its name ends in .scn or it is "-" (stdin), a findings
 * folder's scenario.scn, bytes otherwise; `form` overrides. `expectations` may be NULL. What cannot
 * be read or parsed ends the process: "FILE:LINE:COLUMN: expected ...".
 */
void cli_load(const char *path, enum file_form form, struct scenario *scenario,
              struct expectations *expectations);

/* "DIRECTORY/NAME" in new memory. */
char *cli_join(const char *directory, const char *name);

/* True if something is at `path`. */
bool cli_exists(const char *path);

/*
 * The path of what belongs to the running program, in new memory: NAME beside it, as the build
 * leaves things, else below the folders of an installation for programs and for data. Where it is
 * in none of them, the first. Nothing is fixed but how these lie to the program, so that an
 * installation may be moved.
 */
char *cli_shipped(const char *name);

/* The folder that holds conformance and regressions. */
const char *cli_corpus(void);

#endif
