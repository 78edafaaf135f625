/* list: the tables that fifofuzz is made of. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "implementations/agents.h"
#include "policy.h"
#include "targets.h"

static void list_targets(void) {
    for (size_t i = 0; i < target_count; i++)
        printf("%-14s %s\n", targets[i].name, targets[i].summary);
}

static void list_agents(void) {
    size_t count;
    const struct agent_row *rows = agent_rows(&count);
    puts("\nagents, in processes of their own:");
    for (size_t i = 0; i < count; i++) {
        printf("%-28s %s", rows[i].name, rows[i].summary);
        if (!agent_installed(&rows[i]))
            printf(" [not installed: apt-get install %s]", rows[i].package);
        putchar('\n');
    }
    puts("\nbesides: agent:COMMAND, AGENT under COMMAND, and the path of a shared object");
}

static void list_implementations(void) {
    size_t count;
    const struct implementation *const *list = implementation_list(&count);
    for (size_t i = 0; i < count; i++) {
        printf("%-28s %s", list[i]->name, list[i]->summary);
        if (list[i]->breaks)
            printf(" [%s]", list[i]->breaks);
        putchar('\n');
    }
    list_agents();
}

static void list_clause(const struct clause_info *info) {
    printf("%-26s %s", info->name, info->summary);
    if (info->need != ABILITY_COUNT)
        printf(" [needs %s]", ability_infos[info->need].name);
    putchar('\n');
}

static void list_clauses(void) {
    for (int i = 0; i < CLAUSE_COUNT; i++)
        list_clause(&clause_infos[i]);
    puts("\nbeyond any scenario, and why:");
    for (unsigned i = 0; i < beyond_count; i++)
        printf("  %-24s %s\n", beyond_infos[i].name, beyond_infos[i].reason);
}

static void list_policy(void) {
    size_t count;
    const struct policy_rule *rules = policy_rules(&count);
    const char *group = "";
    for (size_t i = 0; i < count; i++) {
        if (strcmp(group, rules[i].group) != 0)
            printf("%s%s:\n", i ? "\n" : "", rules[i].group);
        group = rules[i].group;
        printf("  %-22s %s", rules[i].syscall, rules[i].reason);
        if (rules[i].condition)
            printf(" (only %s)", rules[i].condition);
        putchar('\n');
    }
}

/* What the text of OPERAND_OTHER is to a step. */
static const char *other_word(enum step_kind kind) {
    return kind == STEP_SYMLINK ? " BODY" : kind == STEP_FILE ? " CONTENT" : " NEW";
}

/* An operand as a person would write it, with a space in front unless it is nothing. */
static const char *operand_word(enum step_kind kind, uint8_t operand) {
    static const char *const words[] = {
        [OPERAND_SET] = "",
        [OPERAND_SLOT] = " SLOT",
        [OPERAND_DIRFD] = " DIRFD",
        [OPERAND_POINTER] = " PATH",
        [OPERAND_PATH] = " PATH",
        [OPERAND_MODE] = " MODE",
        [OPERAND_FULL_MODE] = " MODE",
        [OPERAND_CALL_MODE] = " MODE",
        [OPERAND_NUMBER] = " NUMBER",
        [OPERAND_IDENTITY] = " IDENTITY",
        [OPERAND_OWNER] = " UID:GID",
        [OPERAND_ENTRIES] = " ENTRIES",
        [OPERAND_ACTOR] = " ACTOR",
        [OPERAND_ERROR] = " ERROR",
        [OPERAND_USE] = " USE",
        [OPERAND_FLAGS] = " [FLAG...]",
    };
    return operand == OPERAND_OTHER ? other_word(kind) : words[operand];
}

static void list_flags(const struct step_info *info) {
    for (unsigned i = 0; info->flags[i]; i++)
        printf("%s%s", i ? ", " : "    FLAG: ", info->flags[i]);
    if (info->flags[0])
        putchar('\n');
}

static void list_steps(void) {
    for (int kind = 0; kind < STEP_KIND_COUNT; kind++) {
        const struct step_info *info = &step_infos[kind];
        char usage[80];
        const char *set = info->operands[0] == OPERAND_SET ? "SLOT = " : "";
        size_t length = (size_t)snprintf(usage, sizeof usage, "%s%s", set, info->name);
        for (const uint8_t *operand = info->operands; *operand; operand++)
            length += (size_t)snprintf(usage + length, sizeof usage - length, "%s",
                                       operand_word((enum step_kind)kind, *operand));
        printf("%-28s %s\n", usage, info->summary);
        list_flags(info);
    }
    printf(
        "\nSLOT is d0 to d%d; DIRFD a slot, cwd or a number; NUMBER 0 to %d. MODE is octal, and\n"
        "of mkfifo and mkfifoat any integer of 64 bits, as -0644, which only languages have.\n"
        "IDENTITY is UID:GID[,GROUP...] [real UID:GID], with at most %d groups and ids to %d;\n"
        "ENTRIES are u::rwx,u:UID:rwx,g::rwx,g:GID:rwx,m::rwx,o::rwx, those with an id if\n"
        "wanted, and m:: with them. The PATH of mkfifo and mkfifoat may also be null, unmapped,\n"
        "noncanonical, unterminated \"...\", counted \"...\" \"...\", which has a NUL byte between "
        "its\ntwo parts, or unencodable \"...\" \"...\" with a character there that no bytes stand "
        "for.\nBehind a step, # 0 or # EEXIST states the outcome.\n",
        SCENARIO_SLOTS - 1, NUMBER_MAX, IDENTITY_GROUPS, ID_MAX);
}

static const struct {
    const char *name;
    void (*list)(void);
} tables[] = {
    {"targets", list_targets}, {"implementations", list_implementations},
    {"clauses", list_clauses}, {"policy", list_policy},
    {"steps", list_steps},
};

static int run_list(int argc, char **argv) {
    int first = cli_options(&verb_list, argc, argv, NULL, 0);
    if (argc - first != 1)
        cli_misuse(&verb_list, "expected the name of one table");
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        if (strcmp(argv[first], tables[i].name) == 0) {
            tables[i].list();
            return STATUS_HELD;
        }
    cli_misuse(&verb_list, "unknown table \"%s\"", argv[first]);
}

const struct verb verb_list = {
    .name = "list",
    .arguments = "targets|implementations|clauses|policy|steps",
    .summary = "Lists fuzz targets, implementations, clauses, system calls or kinds of steps.",
    .help = "  targets          what `fifofuzz run` can fuzz\n"
            "  implementations  the built-in ones, where a canary names [the clause it breaks],\n"
            "                   and agents, with the package that brings what is missing\n"
            "  clauses          the contract, one sentence per line, with [what it needs of the\n"
            "                   host], and the sentences that no scenario can reach\n"
            "  policy           the system calls allowed in the sandbox, with the reason\n"
            "  steps            the lines of a scenario file\n",
    .run = run_list,
};
