/* The printer of the text form; its grammar is in scenario_text.c. */
#include <stdio.h>

#include "check.h"
#include "errno_name.h"
#include "scenario.h"
#include "text_builder.h"

struct printer {
    char *out;
    size_t capacity;
    size_t length; /* what it would be without a limit */
};

static void put_byte(struct printer *printer, char byte) {
    if (printer->length < printer->capacity)
        printer->out[printer->length] = byte;
    printer->length++;
}

static void put_word(struct printer *printer, const char *word) {
    while (*word)
        put_byte(printer, *word++);
}

/* Writes at least `digits` digits of `number` in base 8 or 10. */
static void put_number(struct printer *printer, uint64_t number, uint32_t base, int digits) {
    char reversed[22];
    int count = 0;
    for (; number > 0 || count < digits; number /= base)
        reversed[count++] = (char)('0' + number % base);
    while (count > 0)
        put_byte(printer, reversed[--count]);
}

static void put_mode(struct printer *printer, int64_t mode) {
    if (mode < 0)
        put_byte(printer, '-');
    put_byte(printer, '0');
    /* Unsigned, because the negative of INT64_MIN is no int64_t. */
    put_number(printer, mode < 0 ? 0U - (uint64_t)mode : (uint64_t)mode, 8, 3);
}

static void put_slot(struct printer *printer, uint32_t slot) {
    put_byte(printer, 'd');
    put_number(printer, slot, 10, 1);
}

static void put_dirfd(struct printer *printer, struct dirfd dirfd) {
    if (dirfd.kind == DIRFD_CWD) {
        put_word(printer, "cwd");
    } else if (dirfd.kind == DIRFD_SLOT) {
        put_slot(printer, (uint32_t)dirfd.number);
    } else {
        if (dirfd.number < 0)
            put_byte(printer, '-');
        /* Unsigned, because the negative of INT32_MIN is no int32_t. */
        put_number(printer, dirfd.number < 0 ? 0u - (uint32_t)dirfd.number : (uint32_t)dirfd.number,
                   10, 1);
    }
}

static void put_owner(struct printer *printer, uint16_t uid, uint16_t gid) {
    put_number(printer, uid, 10, 1);
    put_byte(printer, ':');
    put_number(printer, gid, 10, 1);
}

static void put_identity(struct printer *printer, const struct identity *identity) {
    put_owner(printer, identity->uid, identity->gid);
    for (int i = 0; i < identity->group_count; i++) {
        put_byte(printer, ',');
        put_number(printer, identity->groups[i], 10, 1);
    }
    if (identity->real_uid != identity->uid || identity->real_gid != identity->gid) {
        put_word(printer, " real ");
        put_owner(printer, identity->real_uid, identity->real_gid);
    }
}

static void put_entry(struct printer *printer, const struct step *step, enum acl_entry entry) {
    static const char *const starts[ENTRY_COUNT] = {
        [ENTRY_OWNER] = "u:",  [ENTRY_USER] = ",u:", [ENTRY_OWNING_GROUP] = ",g:",
        [ENTRY_GROUP] = ",g:", [ENTRY_MASK] = ",m:", [ENTRY_OTHER] = ",o:",
    };
    uint32_t permissions = acl_permissions(step->mode, entry);
    put_word(printer, starts[entry]);
    if (entry == ENTRY_USER)
        put_number(printer, step->identity.uid, 10, 1);
    if (entry == ENTRY_GROUP)
        put_number(printer, step->identity.gid, 10, 1);
    put_byte(printer, ':');
    put_byte(printer, permissions & 4 ? 'r' : '-');
    put_byte(printer, permissions & 2 ? 'w' : '-');
    put_byte(printer, permissions & 1 ? 'x' : '-');
}

static void put_entries(struct printer *printer, const struct step *step) {
    for (unsigned entry = 0; entry < ENTRY_COUNT; entry++)
        if (acl_has(step->mode, entry))
            put_entry(printer, step, entry);
}

/* --- strings -------------------------------------------------------------------------------- */

/* Writes one byte of a string; `end` is the byte that would end it here: a quote or a brace. */
static void put_character(struct printer *printer, char byte, char end) {
    static const char hexadecimal[] = "0123456789abcdef";
    if (byte == '\n') {
        put_word(printer, "\\n");
    } else if (byte == '\t') {
        put_word(printer, "\\t");
    } else if (byte == '"' || byte == '\\') {
        put_byte(printer, '\\');
        put_byte(printer, byte);
    } else if (byte < ' ' || byte > '~' || byte == end) {
        put_word(printer, "\\x");
        put_byte(printer, hexadecimal[(uint8_t)byte >> 4]);
        put_byte(printer, hexadecimal[(uint8_t)byte & 15]);
    } else {
        put_byte(printer, byte);
    }
}

static void put_repetition(struct printer *printer, const char *bytes, struct text_run run) {
    put_word(printer, "\\{");
    put_number(printer, run.count, 10, 1);
    put_byte(printer, ':');
    for (uint32_t i = 0; i < run.unit; i++)
        put_character(printer, bytes[i], '}');
    put_byte(printer, '}');
}

static void put_string(struct printer *printer, const char *bytes, uint32_t length) {
    put_byte(printer, '"');
    for (uint32_t at = 0; at < length;) {
        struct text_run run = text_run(bytes + at, length - at);
        if (run.count > 0) {
            put_repetition(printer, bytes + at, run);
            at += run.unit * run.count;
        } else {
            put_character(printer, bytes[at++], '"');
        }
    }
    put_byte(printer, '"');
}

/* --- steps ---------------------------------------------------------------------------------- */

static void put_pointer(struct printer *printer, const struct scenario *scenario,
                        const struct step *step) {
    bool split = pointer_is_split(step);
    bool named = split || step->pointer == POINTER_UNTERMINATED;
    put_word(printer, pointer_names[step->pointer]);
    if (named)
        put_byte(printer, ' ');
    if (named || step->pointer == POINTER_STRING)
        put_string(printer, scenario_text(scenario, step->path), step->path.length);
    if (split) {
        put_byte(printer, ' ');
        put_string(printer, scenario_text(scenario, step->other), step->other.length);
    }
}

static void put_flags(struct printer *printer, const struct step *step) {
    for (unsigned i = 0; step_infos[step->kind].flags[i]; i++) {
        if (step->flags & 1u << i) {
            put_byte(printer, ' ');
            put_word(printer, step_infos[step->kind].flags[i]);
        }
    }
}

/* Writes an operand that stands behind the verb, with the blank before it. */
static void put_operand(struct printer *printer, const struct scenario *scenario,
                        const struct step *step, enum operand operand) {
    if (operand == OPERAND_SET)
        return;
    if (operand == OPERAND_FLAGS) {
        put_flags(printer, step);
        return;
    }
    put_byte(printer, ' ');
    switch (operand) {
    case OPERAND_END:
    case OPERAND_SET:
    case OPERAND_FLAGS:
        break;
    case OPERAND_SLOT:
        put_slot(printer, step->slot);
        break;
    case OPERAND_DIRFD:
        put_dirfd(printer, step->dirfd);
        break;
    case OPERAND_POINTER:
        put_pointer(printer, scenario, step);
        break;
    case OPERAND_PATH:
        put_string(printer, scenario_text(scenario, step->path), step->path.length);
        break;
    case OPERAND_OTHER:
        put_string(printer, scenario_text(scenario, step->other), step->other.length);
        break;
    case OPERAND_MODE:
    case OPERAND_FULL_MODE:
        put_mode(printer, step->mode);
        break;
    case OPERAND_CALL_MODE:
        put_mode(printer, step_whole_mode(step));
        break;
    case OPERAND_ERROR:
        if (errno_has_name((int)step->mode)) {
            put_word(printer, errno_name((int)step->mode));
            break;
        }
        __attribute__((fallthrough));
    case OPERAND_ACTOR:
    case OPERAND_NUMBER:
        put_number(printer, step->mode, 10, 1);
        break;
    case OPERAND_USE:
        put_word(printer, use_names[step->pointer]);
        break;
    case OPERAND_IDENTITY:
        put_identity(printer, &step->identity);
        break;
    case OPERAND_OWNER:
        put_owner(printer, step->identity.uid, step->identity.gid);
        break;
    case OPERAND_ENTRIES:
        put_entries(printer, step);
        break;
    }
}

static void put_step(struct printer *printer, const struct scenario *scenario, uint32_t index) {
    const struct step *step = &scenario->steps[index];
    const struct step_info *info = &step_infos[step->kind];
    if (info->operands[0] == OPERAND_SET) {
        put_slot(printer, step->slot);
        put_word(printer, " = ");
    }
    put_word(printer, info->name);
    for (const uint8_t *operand = info->operands; *operand; operand++)
        put_operand(printer, scenario, step, *operand);
}

const char *expectation_name(int expectation) {
    static _Thread_local char name[64];
    const int error = expectation & EXPECT_NEVER;
    if (expectation < EXPECT_WAITS)
        return errno_name(expectation);
    if (error == EXPECT_NEVER)
        return "waits";
    snprintf(name, sizeof name, "waits %s", errno_name(error));
    return name;
}

static size_t finish(struct printer *printer) {
    if (printer->capacity > 0)
        printer
            ->out[printer->length < printer->capacity ? printer->length : printer->capacity - 1] =
            '\0';
    return printer->length;
}

size_t scenario_print(const struct scenario *scenario, const struct expectations *expectations,
                      char *out, size_t capacity) {
    check(scenario_valid(scenario));
    struct printer printer = {.out = out, .capacity = capacity};
    for (uint32_t i = 0; i < scenario->step_count; i++) {
        put_step(&printer, scenario, i);
        if (expectations && expectations->error[i] != EXPECT_NOTHING) {
            put_word(&printer, " # ");
            put_word(&printer, expectation_name(expectations->error[i]));
        }
        put_byte(&printer, '\n');
    }
    return finish(&printer);
}

size_t scenario_print_step(const struct scenario *scenario, uint32_t index, char *out,
                           size_t capacity) {
    check(index < scenario->step_count);
    struct printer printer = {.out = out, .capacity = capacity};
    put_step(&printer, scenario, index);
    return finish(&printer);
}
