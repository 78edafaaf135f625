/* Scenarios as shell scripts: what mkdir(1), ln(1), chmod(1) and the like can say. */
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "errno_name.h"
#include "report.h"
#include "reproducer_plan.h"
#include "reproducer_quote.h"

/* --- what shell cannot say -------------------------------------------------------------------- */

static const char *const refused_kinds[STEP_KIND_COUNT] = {
    [STEP_MKFIFOAT] = "a directory descriptor",
    [STEP_OPEN] = "an open descriptor",
    [STEP_CLOSE] = "an open descriptor",
    [STEP_DUP] = "an open descriptor",
    [STEP_NOFILE] = "a limit of descriptors",
    [STEP_AS] = "another identity",
    [STEP_LANDLOCK] = "Landlock",
    [STEP_CHOWN] = "an owner",
    [STEP_ACL] = "an ACL",
    [STEP_ATTRIBUTE] = "inode flags",
    [STEP_MOUNT] = "a mount",
    [STEP_BIND] = "a mount",
    [STEP_REMOUNT] = "a mount",
    [STEP_UMOUNT] = "a mount",
    [STEP_ACTOR] = "several actors",
    [STEP_READ] = "an open descriptor",
    [STEP_WRITE] = "an open descriptor",
    [STEP_POLL] = "an open descriptor",
    [STEP_RESIZE] = "an open descriptor",
    [STEP_USE] = "an open descriptor",
    [STEP_SIGNAL] = "several actors",
    [STEP_PAUSE] = "a call that is stopped or answered",
    [STEP_RESUME] = "a call that is stopped or answered",
    [STEP_INJECT] = "a call that is stopped or answered",
    [STEP_WITHIN] = "several actors",
};

/* How the C library's text for an error looks, glibc's and musl's; NULL: it is not known. */
static const char *message_of(int error) {
    switch (error) {
    case 0:
        return "";
    case EACCES:
        return "*ermission denied*";
    case EEXIST:
        return "*xists*";
    case ELOOP:
        return "*ymbolic link*";
    case ENAMETOOLONG:
        return "*ile*ame too long*";
    case ENOENT:
        return "*No such file or directory*";
    case ENOTDIR:
        return "*Not a directory*";
    default:
        return NULL;
    }
}

static const char *refuse_call(const struct plan *plan, uint32_t index) {
    const struct step *step = &plan->reproduction->scenario->steps[index];
    const struct planned_step *planned = &plan->steps[index];
    if (step->pointer == POINTER_COUNTED)
        return "a path with a NUL byte";
    if (step->pointer == POINTER_UNENCODABLE)
        return "a path with a character that no bytes stand for";
    if (step->pointer != POINTER_STRING)
        return "a path that is no string";
    if (step->high != 0 || step->mode & ~(uint32_t)0777)
        return "a mode with more than permission bits";
    if (plan_is_open(planned))
        return "a result that is left open";
    return message_of(planned->error) ? NULL : "an error without a message that is known";
}

static bool same_text(const struct scenario *scenario, struct text a, struct text b) {
    return a.length == b.length &&
           memcmp(scenario_text(scenario, a), scenario_text(scenario, b), a.length) == 0;
}

/* mv(1) and ln(1) go into a directory that is there already. */
static bool may_be_directory(const struct scenario *scenario, uint32_t index, struct text name) {
    for (uint32_t i = 0; i < index; i++)
        if (same_text(scenario, scenario->steps[i].path, name) ||
            same_text(scenario, scenario->steps[i].other, name))
            return true;
    return false;
}

static const char *refuse_step(const struct plan *plan, uint32_t index) {
    const struct scenario *scenario = plan->reproduction->scenario;
    const struct step *step = &scenario->steps[index];
    if (refused_kinds[step->kind])
        return refused_kinds[step->kind];
    if (step_is_call(step))
        return refuse_call(plan, index);
    if (plan->steps[index].error)
        return NULL;
    if (step->kind == STEP_RENAME && may_be_directory(scenario, index, step->other))
        return "a rename onto something else";
    if (step->kind == STEP_CHDIR && step->path.length == 1 &&
        *scenario_text(scenario, step->path) == '-')
        return "a directory called -";
    return NULL;
}

/* Can what the finding is about be seen in a shell? */
static bool shows_in_shell(enum aspect aspect) {
    return aspect == ASPECT_COUNT || aspect == ASPECT_ERRNO || aspect == ASPECT_NODE ||
           aspect == ASPECT_TYPE || aspect == ASPECT_MODE;
}

static const char *refuse(const struct plan *plan) {
    const char *reason = NULL;
    for (uint32_t i = 0; i < plan->reproduction->scenario->step_count && !reason; i++)
        reason = refuse_step(plan, i);
    if (!reason && !plan->plain)
        reason = "paths that lead out of an ordinary user's directory";
    if (!reason && !shows_in_shell(plan_aspect(plan)))
        reason = "what the finding is about cannot be seen";
    return reason;
}

/* --- the script ------------------------------------------------------------------------------- */

static const char functions[] =
    "LC_ALL=C\n"
    "export LC_ALL\n"
    "unset CDPATH\n"
    "failures=0 calls=0\n"
    "\n"
    "directory=$(mktemp -d) || exit 77\n"
    "trap 'cd / && chmod -R u+rwx \"$directory\" && rm -rf \"$directory\"' EXIT\n"
    "trap 'exit 129' HUP INT TERM\n"
    "cd \"$directory\" && chmod 0755 . || exit 77\n"
    "umask 022\n"
    "\n"
    "# prepare STEP COMMAND...: it fails only on another host, or after a call that went wrong.\n"
    "prepare() {\n"
    "    step=$1\n"
    "    shift\n"
    "    \"$@\" && return\n"
    "    echo \"step $step: $1: cannot be done\"\n"
    "    [ \"$calls\" -gt 0 ] && exit 1\n"
    "    exit 77\n"
    "}\n"
    "\n"
    "# call STEP ERROR MESSAGE MODE PATH ARGUMENT...: mkfifo with the arguments; MESSAGE is a\n"
    "# pattern for what it says, or empty if it makes a FIFO whose mode ls shows as MODE.\n"
    "call() {\n"
    "    step=$1 error=$2 message=$3 mode=$4 path=$5\n"
    "    shift 5\n"
    "    calls=$((calls + 1)) wrong=\n"
    "    said=$(mkfifo \"$@\" 2>&1)\n"
    "    status=$?\n"
    "    if [ -n \"$message\" ]; then\n"
    "        [ \"$status\" -ne 0 ] || wrong='   WRONG'\n"
    "        case $said in $message) ;; *) wrong='   WRONG' ;; esac\n"
    "    else\n"
    "        [ \"$status\" -eq 0 ] && [ -p \"$path\" ] || wrong='   WRONG'\n"
    "        case $(ls -ld -- \"$path\") in \"$mode\"*) ;; *) wrong='   WRONG' ;; esac\n"
    "    fi\n"
    "    [ -z \"$wrong\" ] || failures=$((failures + 1))\n"
    "    echo \"step $step: expected $error, got status $status $said$wrong\"\n"
    "}\n";

static const char make_file[] = "\n"
                                "make_file() {\n"
                                "    printf %s \"$3\" >\"$1\" && chmod \"$2\" \"$1\"\n"
                                "}\n";

static const char make_directory[] = "\n"
                                     "make_directory() {\n"
                                     "    mkdir -- \"$1\" && chmod \"$2\" \"$1\"\n"
                                     "}\n";

static bool has_kind(const struct scenario *scenario, enum step_kind kind) {
    for (uint32_t i = 0; i < scenario->step_count; i++)
        if (scenario->steps[i].kind == kind)
            return true;
    return false;
}

static bool expects(const struct plan *plan, int error) {
    for (uint32_t i = 0; i < plan->reproduction->scenario->step_count; i++)
        if (plan->steps[i].error == error)
            return true;
    return false;
}

static void put_comment(FILE *out, const char *text) {
    for (; *text; text++)
        fputc(*text < ' ' || *text > '~' ? '?' : *text, out);
}

static void print_head(FILE *out, const struct plan *plan) {
    static char line[4 * TEXT_LENGTH_MAX * 2 + 256];
    const struct reproduction *reproduction = plan->reproduction;
    fputs("#!/bin/sh\n# ", out);
    put_comment(out, reproduction->title ? reproduction->title : "mkfifo");
    fputs("\n#\n", out);
    if (reproduction->verdict && reproduction->verdict->kind == VERDICT_VIOLATED) {
        fprintf(out, "# Step %u was wrong.\n# %s: %s\n# Source: ", reproduction->verdict->step + 1,
                clause_infos[reproduction->verdict->clause].name,
                clause_infos[reproduction->verdict->clause].summary);
        report_source(out, (enum clause)reproduction->verdict->clause);
        fputs("\n#\n", out);
    }
    fputs("# The scenario, beginning in an empty directory with umask 022:\n#\n", out);
    for (uint32_t i = 0; i < reproduction->scenario->step_count; i++) {
        scenario_print_step(reproduction->scenario, i, line, sizeof line);
        fprintf(out, "# %4u  ", i + 1);
        put_comment(out, line);
        fputc('\n', out);
    }
    fputs("#\n# Exit status: 0 all was as expected, 1 it was not, 77 it cannot be tried here.\n\n",
          out);
    if (expects(plan, EACCES))
        fputs("if [ \"$(id -u)\" = 0 ]; then\n"
              "    echo 'permissions mean nothing to root: run it as an ordinary user'\n"
              "    exit 77\n"
              "fi\n",
              out);
}

/* --- steps ------------------------------------------------------------------------------------ */

struct line {
    FILE *out;
    const struct scenario *scenario;
    const struct step *step;
    uint32_t number;
};

/* "prepare N WORDS", then the texts as words. */
static void put_prepare(const struct line *line, const char *words, unsigned texts, ...) {
    va_list list;
    fprintf(line->out, "prepare %u %s", line->number, words);
    va_start(list, texts);
    for (unsigned i = 0; i < texts; i++) {
        const struct text text = *va_arg(list, const struct text *);
        fputc(' ', line->out);
        quote_shell(line->out, scenario_text(line->scenario, text), text.length);
    }
    va_end(list);
}

static void print_preparation(const struct line *line, uint32_t umask) {
    const struct text *path = &line->step->path, *other = &line->step->other;
    switch ((int)line->step->kind) {
    case STEP_MKDIR:
        put_prepare(line, "make_directory", 1, path);
        fprintf(line->out, " %04o", line->step->mode & 01777 & ~umask);
        break;
    case STEP_FILE:
        put_prepare(line, "make_file", 1, path);
        fprintf(line->out, " %04o ", line->step->mode & 0777 & ~umask);
        quote_shell(line->out, scenario_text(line->scenario, *other), other->length);
        break;
    case STEP_SYMLINK:
        put_prepare(line, "ln -s --", 2, other, path);
        break;
    case STEP_LINK:
        put_prepare(line, "ln -P --", 2, path, other);
        break;
    case STEP_UNLINK:
        put_prepare(line, "rm --", 1, path);
        break;
    case STEP_RMDIR:
        put_prepare(line, "rmdir --", 1, path);
        break;
    case STEP_RENAME:
        put_prepare(line, "mv --", 2, path, other);
        break;
    case STEP_CHMOD:
        fprintf(line->out, "prepare %u chmod %04o", line->number, line->step->mode & 07777);
        fputc(' ', line->out);
        quote_shell(line->out, scenario_text(line->scenario, *path), path->length);
        break;
    default:
        put_prepare(line, "cd -P --", 1, path);
        break;
    }
    fputc('\n', line->out);
}

/* As ls(1) shows it. */
static void put_mode(FILE *out, unsigned mode) {
    fputc('p', out);
    for (int bit = 8; bit >= 0; bit--)
        fputc(mode >> bit & 1 ? "xwr"[bit % 3] : '-', out);
}

static void print_call(const struct line *line, const struct planned_step *planned,
                       uint32_t umask) {
    const struct text path = line->step->path;
    fprintf(line->out, "call %u %s '%s' ", line->number,
            planned->error ? errno_name(planned->error) : "success", message_of(planned->error));
    put_mode(line->out, planned->mode);
    fputc(' ', line->out);
    quote_shell(line->out, scenario_text(line->scenario, path), path.length);
    if (line->step->mode != 0666)
        fprintf(line->out, " -m %04o", line->step->mode & ~umask);
    fputs(" -- ", line->out);
    quote_shell(line->out, scenario_text(line->scenario, path), path.length);
    fputc('\n', line->out);
}

static void print_steps(FILE *out, const struct plan *plan) {
    const struct scenario *scenario = plan->reproduction->scenario;
    uint32_t umask = WORLD_FIRST_UMASK;
    for (uint32_t i = 0; i < scenario->step_count; i++) {
        const struct line line = {out, scenario, &scenario->steps[i], i + 1};
        if (line.step->kind == STEP_UMASK) {
            umask = line.step->mode & 0777;
            fprintf(out, "umask %04o\n", umask);
        } else if (step_is_call(line.step)) {
            print_call(&line, &plan->steps[i], umask);
        } else if (plan->steps[i].error) {
            fprintf(out, "# step %u fails and changes nothing\n", i + 1);
        } else {
            print_preparation(&line, umask);
        }
    }
}

int reproducer_print_sh(FILE *out, const struct reproduction *reproduction, char *reason,
                        size_t reason_size) {
    static struct plan plan;
    errno = 0;
    plan_make(&plan, reproduction);
    const char *refused = refuse(&plan);
    if (refused) {
        snprintf(reason, reason_size, "%s", refused);
        return -ENOTSUP;
    }
    print_head(out, &plan);
    fputs(functions, out);
    if (has_kind(reproduction->scenario, STEP_FILE))
        fputs(make_file, out);
    if (has_kind(reproduction->scenario, STEP_MKDIR))
        fputs(make_directory, out);
    fputc('\n', out);
    print_steps(out, &plan);
    fputs("\n[ \"$failures\" -eq 0 ]\n", out);
    if (fflush(out) == 0 && !ferror(out))
        return 0;
    return errno ? -errno : -EIO;
}
