#include "reproducer_looks.h"

#include <string.h>

#include "policy.h"
#include "reproducer_quote.h"

/* --- the new node ----------------------------------------------------------------------------- */

/* What is compared, and the clause that says so; the last ones only for a finding about them. */
static const struct {
    enum clause clause;
    enum aspect only; /* ASPECT_COUNT: always */
    const char *statement;
} node_checks[] = {
    {CLAUSE_STAT_TYPE, ASPECT_COUNT, "compare(\"type (S_IFMT)\", S_IFIFO, node.st_mode & S_IFMT);"},
    {CLAUSE_MODE_UMASK, ASPECT_COUNT, "compare(\"mode\", mode, node.st_mode & mask);"},
    {CLAUSE_OWNER_EUID, ASPECT_COUNT,
     "compare(\"owner\", uid < 0 ? (long)node.st_uid : uid, "
     "node.st_uid);"},
    {CLAUSE_OWNER_EUID, ASPECT_COUNT,
     "compare(\"group\", gid < 0 ? (long)node.st_gid : gid, "
     "node.st_gid);"},
    {CLAUSE_STAT_NLINK, ASPECT_COUNT, "compare(\"links\", 1, (long)node.st_nlink);"},
    {CLAUSE_STAT_SIZE, ASPECT_COUNT, "compare(\"size\", 0, node.st_size);"},
    {CLAUSE_STAT_INO, ASPECT_INODE, "compare(\"whether st_ino is not 0\", 1, node.st_ino != 0);"},
    {CLAUSE_STAT_BLOCKS, ASPECT_BLOCKS, "compare(\"blocks\", 0, node.st_blocks);"},
    {CLAUSE_STAT_RDEV, ASPECT_RDEV, "compare(\"st_rdev\", 0, (long)node.st_rdev);"},
};

void looks_print_made(FILE *out, const struct plan *plan) {
    const enum level level = plan->reproduction->contract->level;
    bool makes = false;
    for (uint32_t i = 0; i < plan->reproduction->scenario->step_count; i++)
        makes |= plan_makes(plan, i);
    if (!makes)
        return;
    fputs("\n/* Holds the node that the call has made, if it has, against what it must be. */\n"
          "static void made(int directory, const char *path, mode_t mode, mode_t mask, long uid,\n"
          "                 long gid) {\n"
          "    struct stat node;\n"
          "    if (!succeeded)\n"
          "        return;\n",
          out);
    if (contract_binds(level, CLAUSE_ERRNO_KEEP))
        fputs("    compare(\"errno after success\", POISON, kept);\n", out);
    fputs("    if (fstatat(directory, path, &node, AT_SYMLINK_NOFOLLOW)) {\n"
          "        compare(\"the error of lstat\", 0, errno);\n"
          "        return;\n"
          "    }\n",
          out);
    for (size_t i = 0; i < sizeof node_checks / sizeof node_checks[0]; i++)
        if (contract_binds(level, node_checks[i].clause) &&
            (node_checks[i].only == ASPECT_COUNT || node_checks[i].only == plan_aspect(plan)))
            fprintf(out, "    %s\n", node_checks[i].statement);
    fputs("}\n", out);
}

/* --- around a call ---------------------------------------------------------------------------- */

enum what { NOTHING, NODE_TIMES, PARENT, PARENT_SAME, PLACE, CWD, MASK, SIGNALS, OPENED };

static const uint8_t what_of[ASPECT_COUNT + 1] = {
    [ASPECT_TIMES] = NODE_TIMES,
    [ASPECT_DEVICE] = PARENT,
    [ASPECT_PARENT_TIMES] = PARENT,
    [ASPECT_PARENT_LINKS] = PARENT,
    [ASPECT_PARENT_SIZE] = PARENT,
    [ASPECT_PARENT_CHANGED] = PARENT_SAME,
    [ASPECT_PARENT_ERROR] = PARENT_SAME,
    [ASPECT_PLACE_CHANGED] = PLACE,
    [ASPECT_CWD] = CWD,
    [ASPECT_UMASK] = MASK,
    [ASPECT_DESCRIPTOR] = OPENED,
    [ASPECT_STANDARD] = OPENED,
    [ASPECT_DESCRIPTOR_COUNT] = OPENED,
    [ASPECT_DESCRIPTOR_STATE] = OPENED,
    [ASPECT_SIGNALS] = SIGNALS,
};

void looks_print_variables(FILE *out, const struct plan *plan) {
    switch ((enum what)what_of[plan_aspect(plan)]) {
    case NODE_TIMES:
        fputs("static long long begun;\n", out);
        break;
    case PARENT:
        fputs("static long long begun;\nstatic struct look before;\n", out);
        break;
    case PARENT_SAME:
    case PLACE:
        fputs("static struct look before, after;\n", out);
        break;
    case CWD:
        fputs("static struct look before;\n", out);
        break;
    case MASK:
        fputs("static mode_t mask;\n", out);
        break;
    case NOTHING:
    case SIGNALS:
    case OPENED:
        break;
    }
}

/* The directory that the call's path starts in. */
static void put_start(const struct look_at_call *look) {
    const struct step *step = &look->plan->reproduction->scenario->steps[look->index];
    if (step->kind == STEP_MKFIFO || step->dirfd.kind == DIRFD_CWD)
        fputs("AT_FDCWD", look->out);
    else
        fprintf(look->out, step->dirfd.kind == DIRFD_SLOT ? "d%d" : "%d", step->dirfd.number);
}

/* Directory and path of the parent: the path less its last component. */
static void put_parent(const struct look_at_call *look) {
    const struct scenario *scenario = look->plan->reproduction->scenario;
    const struct step *step = &scenario->steps[look->index];
    const char *path = scenario_text(scenario, step->path);
    uint32_t length = step->path.length;
    while (length > 0 && path[length - 1] == '/')
        length--;
    while (length > 0 && path[length - 1] != '/')
        length--;
    if (length == 0 && step->path.length > 0 && path[0] == '/')
        length = 1;
    put_start(look);
    fputs(", ", look->out);
    quote_c(look->out, path, length);
}

static const char *name_of_place(const struct look_at_call *look) {
    const struct verdict *verdict = look->plan->reproduction->verdict;
    if (verdict->aspect != ASPECT_PLACE_CHANGED)
        return "the parent directory";
    return verdict->name[0] ? verdict->name : "the path";
}

/* The place that PLACE_CHANGED names, with the flags of its stat. */
static void put_changed_place(const struct look_at_call *look) {
    const char *name = look->plan->reproduction->verdict->name;
    if (strcmp(name, "the current directory") == 0) {
        fputs("AT_FDCWD, \"\", AT_EMPTY_PATH", look->out);
    } else if (strcmp(name, "the root directory") == 0) {
        fputs("AT_FDCWD, \"/\", 0", look->out);
    } else {
        look->put_place(look->context);
        fputs(", AT_SYMLINK_NOFOLLOW", look->out);
    }
}

static void put_look(const struct look_at_call *look, const char *variable, enum what what) {
    fprintf(look->out, "    %s = look_at(", variable);
    if (what == PLACE) {
        put_changed_place(look);
    } else {
        put_parent(look);
        fputs(", AT_EMPTY_PATH", look->out);
    }
    fputs(");\n", look->out);
}

static void print_forbid(const struct look_at_call *look) {
    if (!plan_is_at_fault(look->plan, look->index) ||
        !fragments_have(look->plan->fragments, FRAGMENT_FORBID))
        return;
    const int number = look->plan->reproduction->verdict->number;
    fprintf(look->out, "    forbid(SYS_%s);\n", policy_syscall_name(number));
}

void looks_print_before(const struct look_at_call *look) {
    static const char begun[] = "    begun = now(CLOCK_REALTIME_COARSE);\n";
    const enum what what = (enum what)what_of[plan_aspect(look->plan)];
    print_forbid(look);
    if (!plan_looks(look->plan, look->index))
        return;
    if (what == NODE_TIMES || what == PARENT || what == PARENT_SAME || what == PLACE)
        fputs("    wait_for_tick();\n", look->out);
    if (what == NODE_TIMES || what == PARENT)
        fputs(begun, look->out);
    if (what == PARENT || what == PARENT_SAME || what == PLACE)
        put_look(look, "before", what);
    if (what == CWD)
        fputs("    before = look_at(AT_FDCWD, \"\", AT_EMPTY_PATH);\n", look->out);
    if (what == MASK)
        fputs("    mask = umask_now();\n", look->out);
    if (what == SIGNALS)
        fputs("    note_signals();\n", look->out);
    if (what == OPENED)
        fputs("    note_descriptors();\n", look->out);
}

void looks_print_after(const struct look_at_call *look) {
    const enum what what = (enum what)what_of[plan_aspect(look->plan)];
    if (!plan_looks(look->plan, look->index))
        return;
    switch (what) {
    case NODE_TIMES:
        fputs("    compare_node_times(begun, ", look->out);
        look->put_place(look->context);
        fputs(");\n", look->out);
        break;
    case PARENT:
        fputs("    compare_parent(begun, &before, ", look->out);
        put_parent(look);
        fputs(", ", look->out);
        look->put_place(look->context);
        fputs(");\n", look->out);
        break;
    case PARENT_SAME:
    case PLACE:
        put_look(look, "after", what);
        fprintf(look->out, "    compare_looks(\"%s\", &before, &after);\n", name_of_place(look));
        break;
    case CWD:
        fputs("    compare_cwd(&before);\n", look->out);
        break;
    case MASK:
        fputs("    compare(\"the umask\", mask, umask_now());\n", look->out);
        break;
    case SIGNALS:
        fputs("    compare_signals();\n", look->out);
        break;
    case OPENED:
        fputs("    compare_descriptors();\n", look->out);
        break;
    case NOTHING:
        break;
    }
}
