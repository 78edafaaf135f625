#include "reproducer_steps.h"

#include "check.h"
#include "errno_name.h"
#include "reproducer_looks.h"
#include "reproducer_quote.h"

struct printing {
    FILE *out;
    const struct plan *plan;
    const struct step *step;
    const struct planned_step *planned;
    uint32_t index;
};

static void put_text(const struct printing *to, struct text text) {
    quote_c(to->out, scenario_text(to->plan->reproduction->scenario, text), text.length);
}

/* The words of `flags`, joined with |, or "0". */
static void put_flags(FILE *out, unsigned flags, const char *const *words) {
    const char *before = "";
    for (int i = 0; words[i]; i++)
        if (flags & 1U << i) {
            fprintf(out, "%s%s", before, words[i]);
            before = " | ";
        }
    if (!*before)
        fputc('0', out);
}

static void put_descriptor(const struct printing *to) {
    if (to->step->dirfd.kind == DIRFD_CWD)
        fputs("AT_FDCWD", to->out);
    else if (to->step->dirfd.kind == DIRFD_SLOT)
        fprintf(to->out, "d%d", to->step->dirfd.number);
    else if (to->step->dirfd.number == INT32_MIN)
        fputs("-2147483647 - 1", to->out);
    else
        fprintf(to->out, "%d", to->step->dirfd.number);
}

/* --- calls under test ------------------------------------------------------------------------- */

static bool uses_variable(const struct printing *to) {
    const struct scenario *scenario = to->plan->reproduction->scenario;
    const struct step *step = to->step;
    if (step->pointer != POINTER_STRING && step->pointer != POINTER_UNTERMINATED)
        return false;
    return plan_guards(to->plan, to->index) ||
           !quote_is_literal(scenario_text(scenario, step->path), step->path.length);
}

static void put_path(const struct printing *to) {
    switch ((enum pointer)to->step->pointer) {
    case POINTER_NULL:
        fputs("null_path", to->out);
        return;
    case POINTER_UNMAPPED:
        fputs("guarded(\"\", 0)", to->out);
        return;
    case POINTER_NONCANONICAL:
        fputs("noncanonical()", to->out);
        return;
    case POINTER_UNTERMINATED:
        fputs("guarded(path, strlen(path))", to->out);
        return;
    case POINTER_STRING:
    case POINTER_COUNTED: /* print_call makes no call of these */
    case POINTER_UNENCODABLE:
    case POINTER_COUNT:
        break;
    }
    if (plan_guards(to->plan, to->index))
        fputs("guarded(path, strlen(path) + 1)", to->out);
    else if (uses_variable(to))
        fputs("path", to->out);
    else
        put_text(to, to->step->path);
}

/* All that the call may give, what Linux gives first. */
static void put_allowed(const struct printing *to) {
    const struct planned_step *planned = to->planned;
    if (planned->undefined) {
        fputs(", ANYTHING", to->out);
        return;
    }
    if (errno_set_has(&planned->allowed, planned->error))
        fprintf(to->out, ", %s", errno_name(planned->error));
    for (int error = 0; error < 192; error++)
        if (error != planned->error && errno_set_has(&planned->allowed, error))
            fprintf(to->out, ", %s", errno_name(error));
}

/* The place of the new node, for functions that look at it. */
static void put_place(const void *context) {
    const struct printing *to = context;
    if (to->step->kind == STEP_MKFIFO)
        fputs("AT_FDCWD", to->out);
    else
        put_descriptor(to);
    fputs(", ", to->out);
    if (uses_variable(to))
        fputs("path", to->out);
    else
        put_text(to, to->step->path);
}

static void put_id(const struct printing *to, int32_t id, const char *own) {
    if (id == ID_ANY)
        fputs(", -1", to->out);
    else if (to->plan->plain)
        fprintf(to->out, ", (long)%s()", own);
    else
        fprintf(to->out, ", %d", (int)id);
}

static void put_made(const struct printing *to) {
    const struct planned_step *planned = to->planned;
    if (!plan_makes(to->plan, to->index))
        return;
    fputs("    made(", to->out);
    put_place(to);
    fprintf(to->out, ", 0%03o, 0%03o", planned->mode & planned->mode_mask, planned->mode_mask);
    put_id(to, planned->uid, "geteuid");
    put_id(to, planned->gid, "getegid");
    fputs(");\n", to->out);
}

/* What the call has that no call of C can have. */
static const char *beyond_c(const struct step *step) {
    return step->pointer == POINTER_COUNTED
               ? "a path with a NUL byte, which no string of C can have"
           : step->pointer == POINTER_UNENCODABLE
               ? "a path with a character that no bytes stand for, which no string of C can have"
               : "a mode that C's mode_t cannot have";
}

static void print_call(const struct printing *to) {
    const struct look_at_call look = {to->out, to->plan, to->index, put_place, to};
    if (step_is_beyond_c(to->step)) {
        fprintf(to->out, "    unable(\"%s\");\n", beyond_c(to->step));
        return;
    }
    if (uses_variable(to)) {
        fputs("    path = ", to->out);
        put_text(to, to->step->path);
        fputs(";\n", to->out);
    }
    looks_print_before(&look);
    fprintf(to->out, "    CALL(%u, %s(", to->index + 1, step_infos[to->step->kind].name);
    if (to->step->kind == STEP_MKFIFOAT) {
        put_descriptor(to);
        fputs(", ", to->out);
    }
    put_path(to);
    fprintf(to->out, ", 0%03o)", to->step->mode);
    put_allowed(to);
    fputs(");\n", to->out);
    put_made(to);
    looks_print_after(&look);
    if (plan_is_open(to->planned))
        fprintf(to->out, "    if (strayed(%d))\n        return;\n", to->planned->error == 0);
}

/* --- preparations ----------------------------------------------------------------------------- */

static void put_open(const struct printing *to) {
    static const char *const words[] = {"O_PATH", "O_NOFOLLOW", "O_DIRECTORY", NULL};
    fputs("open(", to->out);
    put_text(to, to->step->path);
    fputs(", O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC", to->out);
    if (to->step->flags) {
        fputs(" | ", to->out);
        put_flags(to->out, to->step->flags, words);
    }
    fputc(')', to->out);
}

static void put_as(const struct printing *to) {
    static const char *const words[] = {"DAC_OVERRIDE", "DAC_READ_SEARCH", "FSETID", NULL};
    const struct identity *identity = &to->step->identity;
    fprintf(to->out, "act_as(%u, %u, %u, %u, ", identity->uid, identity->gid, identity->real_uid,
            identity->real_gid);
    fputs(identity->group_count ? "GROUPS(" : "NULL", to->out);
    for (int i = 0; i < identity->group_count; i++)
        fprintf(to->out, "%s%u", i ? ", " : "", identity->groups[i]);
    fprintf(to->out, "%s, %u, ", identity->group_count ? ")" : "", identity->group_count);
    put_flags(to->out, to->step->flags, words);
    fputc(')', to->out);
}

/* "NAME(PATH", with the path first and OTHER second. */
static void put_paths(const struct printing *to, const char *name, bool both) {
    fputs(name, to->out);
    put_text(to, to->step->path);
    if (both) {
        fputs(", ", to->out);
        put_text(to, to->step->other);
    }
}

static void put_file(const struct printing *to) {
    put_paths(to, "make_file(", false);
    fprintf(to->out, ", 0%03o, ", to->step->mode & 0777);
    put_text(to, to->step->other);
    fputc(')', to->out);
}

static void put_symlink(const struct printing *to) {
    fputs("symlink(", to->out);
    put_text(to, to->step->other);
    fputs(", ", to->out);
    put_text(to, to->step->path);
    fputc(')', to->out);
}

static void put_link(const struct printing *to) {
    put_paths(to, "linkat(AT_FDCWD, ", false);
    fputs(", AT_FDCWD, ", to->out);
    put_text(to, to->step->other);
    fputs(", 0)", to->out);
}

static void put_dup(const struct printing *to) {
    fputs("fcntl(", to->out);
    put_descriptor(to);
    fprintf(to->out, ", F_DUPFD_CLOEXEC, %u)", to->step->mode);
}

/* How a path and a mode, or a path alone, are handed over. */
static void put_simple(const struct printing *to) {
    static const char *const names[STEP_KIND_COUNT] = {
        [STEP_MKDIR] = "mkdir(",      [STEP_CHMOD] = "chmod(",   [STEP_UNLINK] = "unlink(",
        [STEP_RMDIR] = "rmdir(",      [STEP_RENAME] = "rename(", [STEP_CHDIR] = "chdir(",
        [STEP_LANDLOCK] = "confine(",
    };
    check(names[to->step->kind]);
    put_paths(to, names[to->step->kind], to->step->kind == STEP_RENAME);
    if (to->step->kind == STEP_MKDIR || to->step->kind == STEP_CHMOD)
        fprintf(to->out, ", 0%03o", to->step->mode & 07777);
    fputc(')', to->out);
}

/* The expression of a preparation of the caller. */
static void put_preparation(const struct printing *to) {
    const uint32_t most = to->plan->reproduction->contract->host.nofile;
    switch ((int)to->step->kind) {
    case STEP_FILE:
        put_file(to);
        break;
    case STEP_SYMLINK:
        put_symlink(to);
        break;
    case STEP_LINK:
        put_link(to);
        break;
    case STEP_OPEN:
        put_open(to);
        break;
    case STEP_DUP:
        put_dup(to);
        break;
    case STEP_CLOSE:
        fprintf(to->out, "close(d%u)", to->step->slot);
        break;
    case STEP_NOFILE:
        fprintf(to->out, "limit_descriptors(%u)", to->step->mode < most ? to->step->mode : most);
        break;
    case STEP_AS:
        put_as(to);
        break;
    default:
        put_simple(to);
        break;
    }
}

static void print_preparation(const struct printing *to) {
    if (step_is_staged(to->step)) {
        fputs("    unable(\"several actors, a FIFO in use or a call that is stopped\");\n",
              to->out);
        return;
    }
    const bool opens = to->step->kind == STEP_OPEN || to->step->kind == STEP_DUP;
    if (to->step->kind == STEP_UMASK) {
        fprintf(to->out, "    umask(0%03o);\n", to->step->mode);
        return;
    }
    if (to->planned->closes && opens)
        fprintf(to->out, "    close(d%u);\n", to->step->slot);
    fprintf(to->out, "    PREPARE(%u, ", to->index + 1);
    if (opens && to->planned->error == 0)
        fprintf(to->out, "d%u = ", to->step->slot);
    put_preparation(to);
    fprintf(to->out, ", %s);\n", errno_name(to->planned->error));
}

/* --- the harness's ---------------------------------------------------------------------------- */

static const char *const mount_words[] = {"READ_ONLY", "NOSYMFOLLOW", "NODEV",
                                          "NOEXEC",    "NOSUID",      NULL};

static void put_entries(const struct printing *to) {
    static const char *const tags[ENTRY_COUNT] = {
        [ENTRY_OWNER] = "OWNER", [ENTRY_USER] = "USER", [ENTRY_OWNING_GROUP] = "OWNING_GROUP",
        [ENTRY_GROUP] = "GROUP", [ENTRY_MASK] = "MASK", [ENTRY_OTHER] = "OTHER",
    };
    for (unsigned i = 0; i < ENTRY_COUNT; i++) {
        const enum acl_entry entry = (enum acl_entry)i;
        if (!acl_has(to->step->mode, entry))
            continue;
        fprintf(to->out, ", {%s, %u, ", tags[i], acl_permissions(to->step->mode, entry));
        if (entry == ENTRY_USER)
            fprintf(to->out, "%u}", to->step->identity.uid);
        else if (entry == ENTRY_GROUP)
            fprintf(to->out, "%u}", to->step->identity.gid);
        else
            fputs("NO_ID}", to->out);
    }
}

static void put_harness_paths(const struct printing *to, const char *name, bool both) {
    fprintf(to->out, "    %s(%u, ", name, to->index + 1);
    put_paths(to, "", both);
}

static void print_mount(const struct printing *to) {
    put_harness_paths(to, "harness_mount", false);
    fprintf(to->out, ", %u, ", to->step->mode);
    put_flags(to->out, to->step->flags, mount_words);
    fputs(");\n", to->out);
    if (fragments_have(to->plan->fragments, FRAGMENT_TREE)) {
        put_harness_paths(to, "harness_note_tree", false);
        fputs(");\n", to->out);
    }
    if (!(to->step->flags & MOUNT_IDMAP))
        return;
    put_harness_paths(to, "harness_exchange_ids", false);
    fputs(", ", to->out);
    put_flags(to->out, to->step->flags, mount_words);
    fputs(");\n", to->out);
}

static void print_remount(const struct printing *to) {
    if (to->step->flags & MOUNT_SUPERBLOCK) {
        fprintf(to->out, "    harness_superblock(%u, %u, \"%s\");\n", to->index + 1,
                to->planned->mount, to->step->flags & MOUNT_READ_ONLY ? "ro" : "rw");
        return;
    }
    fprintf(to->out, "    harness_remount(%u, %u, ", to->index + 1, to->planned->mount);
    put_flags(to->out, to->step->flags, mount_words);
    fputs(");\n", to->out);
}

static void print_umount(const struct printing *to) {
    for (int i = 0; i <= to->planned->idmapped; i++) {
        put_harness_paths(to, "harness_umount", false);
        fputs(");\n", to->out);
    }
}

/* What fails changes nothing and is left to the reader. */
static void print_left_out(const struct printing *to) {
    static char line[4 * TEXT_LENGTH_MAX * 2 + 256];
    scenario_print_step(to->plan->reproduction->scenario, to->index, line, sizeof line);
    fprintf(to->out, "    /* step %u fails and changes nothing: ", to->index + 1);
    quote_comment(to->out, line);
    fputs(" */\n", to->out);
}

static void print_harness_step(const struct printing *to) {
    static const char *const inode_flags[] = {"FS_IMMUTABLE_FL", "FS_APPEND_FL", NULL};
    switch ((int)to->step->kind) {
    case STEP_CHOWN:
        put_harness_paths(to, "harness_chown", false);
        fprintf(to->out, ", %u, %u);\n", to->step->identity.uid, to->step->identity.gid);
        break;
    case STEP_ACL:
        put_harness_paths(to, "ACL", false);
        fputs(to->step->flags & ACL_DEFAULT ? ", DEFAULT_ACL" : ", ACCESS_ACL", to->out);
        put_entries(to);
        fputs(");\n", to->out);
        break;
    case STEP_ATTRIBUTE:
        put_harness_paths(to, "harness_attributes", false);
        fputs(", ", to->out);
        put_flags(to->out, to->step->flags, inode_flags);
        fputs(");\n", to->out);
        break;
    case STEP_MOUNT:
        print_mount(to);
        break;
    case STEP_BIND:
        put_harness_paths(
            to, to->step->flags & MOUNT_IDMAP ? "harness_bind_idmapped" : "harness_bind", true);
        fputs(", ", to->out);
        put_flags(to->out, to->step->flags, mount_words);
        fputs(");\n", to->out);
        break;
    case STEP_REMOUNT:
        print_remount(to);
        break;
    default:
        print_umount(to);
        break;
    }
}

/* --- all -------------------------------------------------------------------------------------- */

void steps_print(FILE *out, const struct plan *plan, uint32_t index) {
    const struct printing to = {out, plan, &plan->reproduction->scenario->steps[index],
                                &plan->steps[index], index};
    if (step_is_call(to.step))
        print_call(&to);
    else if (to.step->kind < STEP_CHOWN)
        print_preparation(&to);
    else if (to.planned->error)
        print_left_out(&to);
    else
        print_harness_step(&to);
}

void steps_print_variables(FILE *out, const struct plan *plan) {
    const struct scenario *scenario = plan->reproduction->scenario;
    bool slots[SCENARIO_SLOTS] = {false}, path = false;
    for (uint32_t i = 0; i < scenario->step_count; i++) {
        const struct step *step = &scenario->steps[i];
        const struct printing to = {out, plan, step, &plan->steps[i], i};
        if (step->kind == STEP_CLOSE ||
            ((step->kind == STEP_OPEN || step->kind == STEP_DUP) && plan->steps[i].error == 0))
            slots[step->slot] = true;
        if ((step->kind == STEP_MKFIFOAT || step->kind == STEP_DUP) &&
            step->dirfd.kind == DIRFD_SLOT)
            slots[step->dirfd.number] = true;
        path |= step_is_call(step) && uses_variable(&to);
    }
    for (int i = 0; i < SCENARIO_SLOTS; i++)
        if (slots[i])
            fprintf(out, "static int d%d = -1;\n", i);
    if (path)
        fputs("static const char *path;\n", out);
    looks_print_variables(out, plan);
}
