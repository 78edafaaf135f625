/*
 * The byte form of a scenario, for fuzzing engines. Every byte string is a scenario: numbers wrap,
 * lengths are cut, and operands missing at the end of the input are 0 or empty.
 *
 *   step        opcode % STEP_KIND_COUNT, then the operands in the order of step_infos
 *   SET, SLOT   1 byte % 16
 *   FLAGS       1 byte, of which the bits count that the kind has a word for
 *   MODE        2 bytes & 07777 (numbers are little endian)
 *   FULL_MODE   2 bytes: the low 12 bits are the mode, the top 4 say 0..11 as it is, 12 with
 *               S_IFIFO, 13..15 instead take all 32 bits of the mode from the next 4 bytes
 *   CALL_MODE   the same, but 14 takes 64 bits from the next 8
 *   DIRFD       1 byte: 00..3f cwd, 40..ef slot % 16, f0..ff the number in the next 4 bytes
 *   POINTER     1 byte: 00..ef a string, f0..fd by % 4 null, unmapped, noncanonical, unterminated,
 *               fe unencodable, ff counted; then the text of a string or of unterminated bytes, two
 *               of the last two
 *   PATH, OTHER a text
 *   NUMBER      2 bytes
 *   ACTOR       1 byte % ACTORS
 *   ERROR       1 byte % (ERROR_MAX + 1)
 *   USE         1 byte % USE_COUNT
 *   IDENTITY    1 byte: its low 2 bits are the number of groups, 4 says that real ids follow; user
 *               id, group id, the groups, and the two real ids, which else are the effective ones
 *   OWNER       user id, group id
 *   ENTRIES     3 bytes, acl_with's bits from the lowest: what must be there is made to be, what
 *               must not is taken out; then the id of each named entry that is there
 *
 * An id is 1 byte: 00..ef one of usual_ids by % 8, f0..ff the next 2 bytes modulo ID_MAX + 1.
 *
 * scenario_pieces.h has the form of a text. What exceeds SCENARIO_STEPS_MAX is not read. A first
 * byte from e0 on means another form altogether: scenario_history.h.
 */
#include <sys/stat.h>

#include "check.h"
#include "scenario_history.h"
#include "scenario_pieces.h"

enum {
    DIRFD_BYTE_SLOT = 0x40,
    DIRFD_BYTE_NUMBER = 0xf0,
    POINTER_BYTE_BAD = 0xf0, /* and up: not a string */
    POINTER_BYTE_UNENCODABLE = 0xfe,
    POINTER_BYTE_COUNTED = 0xff,

    MODE_TYPE_FIFO = 12, /* top 4 bits of a FULL_MODE */
    MODE_TYPE_WIDE = 13,
    MODE_TYPE_WIDEST = 14, /* of a CALL_MODE */

    IDENTITY_BYTE_GROUPS = 3, /* mask of their number */
    IDENTITY_BYTE_REAL = 4,
    ID_BYTE_WIDE = 0xf0, /* and up: not one of the usual ids */
};

/* The superuser, two users with their groups, and what else differs from all of these. */
static const uint16_t usual_ids[] = {0, 1000, 1001, 2000, 2001, 1, ID_MAX, 5};
enum { USUAL_IDS = sizeof usual_ids / sizeof usual_ids[0] };

/* --- decoding ------------------------------------------------------------------------------- */

static void get_pointer(struct decoder *decoder, struct step *step) {
    uint8_t byte = get_byte(decoder);
    if (byte == POINTER_BYTE_COUNTED)
        step->pointer = POINTER_COUNTED;
    else if (byte == POINTER_BYTE_UNENCODABLE)
        step->pointer = POINTER_UNENCODABLE;
    else if (byte >= POINTER_BYTE_BAD)
        step->pointer = (uint8_t)(POINTER_NULL + byte % 4);
    if (step->pointer == POINTER_STRING) {
        step->path = get_text(decoder);
    } else if (pointer_is_split(step)) {
        step->path = get_text(decoder);
        step->other = get_text(decoder);
    } else if (step->pointer == POINTER_UNTERMINATED) {
        step->path = get_text_not_empty(decoder);
        if (step->path.length == 0)
            step->pointer = POINTER_STRING;
    }
}

static struct dirfd get_dirfd(struct decoder *decoder) {
    uint8_t byte = get_byte(decoder);
    if (byte >= DIRFD_BYTE_NUMBER)
        return (struct dirfd){DIRFD_NUMBER, (int32_t)get_number(decoder, 4)};
    if (byte >= DIRFD_BYTE_SLOT)
        return (struct dirfd){DIRFD_SLOT, byte % SCENARIO_SLOTS};
    return (struct dirfd){DIRFD_CWD, 0};
}

/* `number` is what its first 2 bytes say. */
static uint32_t get_rest_of_mode(struct decoder *decoder, uint32_t number) {
    if (number >> 12 >= MODE_TYPE_WIDE)
        return get_number(decoder, 4);
    return (number & 07777) | (number >> 12 == MODE_TYPE_FIFO ? S_IFIFO : 0);
}

static void get_call_mode(struct decoder *decoder, struct step *step) {
    uint32_t number = get_number(decoder, 2);
    step->mode = get_rest_of_mode(decoder, number);
    if (number >> 12 == MODE_TYPE_WIDEST)
        step->high = (int32_t)get_number(decoder, 4);
}

static uint16_t get_id(struct decoder *decoder) {
    uint8_t byte = get_byte(decoder);
    if (byte >= ID_BYTE_WIDE)
        return (uint16_t)(get_number(decoder, 2) % (ID_MAX + 1));
    return usual_ids[byte % USUAL_IDS];
}

static void get_owner(struct decoder *decoder, struct identity *identity) {
    identity->uid = get_id(decoder);
    identity->gid = get_id(decoder);
}

static void get_identity(struct decoder *decoder, struct identity *identity) {
    uint8_t byte = get_byte(decoder);
    get_owner(decoder, identity);
    identity->group_count = byte & IDENTITY_BYTE_GROUPS;
    for (int i = 0; i < identity->group_count; i++)
        identity->groups[i] = get_id(decoder);
    bool real = byte & IDENTITY_BYTE_REAL;
    identity->real_uid = real ? get_id(decoder) : identity->uid;
    identity->real_gid = real ? get_id(decoder) : identity->gid;
}

/* The valid ACL that is nearest to `bits`. */
static uint32_t repair_acl(uint32_t bits) {
    bool user = acl_has(bits, ENTRY_USER);
    bool group = acl_has(bits, ENTRY_GROUP);
    const bool there[ENTRY_COUNT] = {
        [ENTRY_OWNER] = true,  [ENTRY_USER] = user,          [ENTRY_OWNING_GROUP] = true,
        [ENTRY_GROUP] = group, [ENTRY_MASK] = user || group, [ENTRY_OTHER] = true,
    };
    uint32_t acl = 0;
    for (unsigned entry = 0; entry < ENTRY_COUNT; entry++)
        if (there[entry])
            acl = acl_with(acl, entry, acl_permissions(bits, entry));
    return acl;
}

static void get_entries(struct decoder *decoder, struct step *step) {
    step->mode = repair_acl(get_number(decoder, 3));
    if (acl_has(step->mode, ENTRY_USER))
        step->identity.uid = get_id(decoder);
    if (acl_has(step->mode, ENTRY_GROUP))
        step->identity.gid = get_id(decoder);
}

static void get_operand(struct decoder *decoder, struct step *step, enum operand operand) {
    switch (operand) {
    case OPERAND_END:
        break;
    case OPERAND_SET:
    case OPERAND_SLOT:
        step->slot = get_byte(decoder) % SCENARIO_SLOTS;
        break;
    case OPERAND_DIRFD:
        step->dirfd = get_dirfd(decoder);
        break;
    case OPERAND_POINTER:
        get_pointer(decoder, step);
        break;
    case OPERAND_PATH:
        step->path = get_text(decoder);
        break;
    case OPERAND_OTHER:
        step->other = get_text(decoder);
        break;
    case OPERAND_MODE:
        step->mode = get_number(decoder, 2) & 07777;
        break;
    case OPERAND_FULL_MODE:
        step->mode = get_rest_of_mode(decoder, get_number(decoder, 2));
        break;
    case OPERAND_CALL_MODE:
        get_call_mode(decoder, step);
        break;
    case OPERAND_NUMBER:
        step->mode = get_number(decoder, 2);
        break;
    case OPERAND_IDENTITY:
        get_identity(decoder, &step->identity);
        break;
    case OPERAND_OWNER:
        get_owner(decoder, &step->identity);
        break;
    case OPERAND_ENTRIES:
        get_entries(decoder, step);
        break;
    case OPERAND_ACTOR:
        step->mode = get_byte(decoder) % ACTORS;
        break;
    case OPERAND_ERROR:
        step->mode = get_byte(decoder) % (ERROR_MAX + 1);
        break;
    case OPERAND_USE:
        step->pointer = get_byte(decoder) % USE_COUNT;
        break;
    case OPERAND_FLAGS:
        step->flags = get_byte(decoder) & step_flags_all(step->kind);
        break;
    }
}

void scenario_decode(struct scenario *out, const uint8_t *data, size_t size) {
    if (size > 0 && data[0] >= SCENARIO_BYTE_HISTORY) {
        scenario_relive(out, data + 1, size - 1);
        return;
    }
    scenario_clear(out);
    struct decoder decoder = {
        .at = data,
        .end = size > 0 ? data + size : data, /* data may be NULL then */
        .out = out,
    };
    while (decoder.at < decoder.end) {
        struct step *step = scenario_add(out, get_byte(&decoder) % STEP_KIND_COUNT);
        if (!step)
            return;
        for (const uint8_t *operand = step_infos[step->kind].operands; *operand; operand++)
            get_operand(&decoder, step, *operand);
    }
}

/* --- encoding ------------------------------------------------------------------------------- */

static uint8_t pointer_byte(const struct step *step) {
    switch ((enum pointer)step->pointer) {
    case POINTER_COUNTED:
        return POINTER_BYTE_COUNTED;
    case POINTER_UNENCODABLE:
        return POINTER_BYTE_UNENCODABLE;
    case POINTER_NULL:
    case POINTER_UNMAPPED:
    case POINTER_NONCANONICAL:
    case POINTER_UNTERMINATED:
        return (uint8_t)(POINTER_BYTE_BAD + step->pointer - POINTER_NULL);
    case POINTER_STRING:
    case POINTER_COUNT:
        break;
    }
    return 0;
}

static void put_pointer(struct encoder *encoder, const struct step *step) {
    put_byte(encoder, pointer_byte(step));
    if (!pointer_is_bad(step) || step->pointer == POINTER_UNTERMINATED)
        put_text(encoder, step->path);
    if (pointer_is_split(step))
        put_text(encoder, step->other);
}

static void put_dirfd(struct encoder *encoder, struct dirfd dirfd) {
    if (dirfd.kind == DIRFD_CWD) {
        put_byte(encoder, 0);
    } else if (dirfd.kind == DIRFD_SLOT) {
        put_byte(encoder, (uint8_t)(DIRFD_BYTE_SLOT + dirfd.number));
    } else {
        put_byte(encoder, DIRFD_BYTE_NUMBER);
        put_number(encoder, (uint32_t)dirfd.number, 4);
    }
}

static void put_full_mode(struct encoder *encoder, uint32_t mode) {
    if (mode <= 07777) {
        put_number(encoder, mode, 2);
    } else if ((mode & ~(uint32_t)07777) == S_IFIFO) {
        put_number(encoder, (mode & 07777) | MODE_TYPE_FIFO << 12, 2);
    } else {
        put_number(encoder, MODE_TYPE_WIDE << 12, 2);
        put_number(encoder, mode, 4);
    }
}

static void put_call_mode(struct encoder *encoder, const struct step *step) {
    if (step->high == 0) {
        put_full_mode(encoder, step->mode);
        return;
    }
    put_number(encoder, MODE_TYPE_WIDEST << 12, 2);
    put_number(encoder, step->mode, 4);
    put_number(encoder, (uint32_t)step->high, 4);
}

static void put_id(struct encoder *encoder, uint16_t id) {
    for (unsigned i = 0; i < USUAL_IDS; i++) {
        if (usual_ids[i] == id) {
            put_byte(encoder, (uint8_t)i);
            return;
        }
    }
    put_byte(encoder, ID_BYTE_WIDE);
    put_number(encoder, id, 2);
}

static void put_owner(struct encoder *encoder, const struct identity *identity) {
    put_id(encoder, identity->uid);
    put_id(encoder, identity->gid);
}

static void put_identity(struct encoder *encoder, const struct identity *identity) {
    bool real = identity->real_uid != identity->uid || identity->real_gid != identity->gid;
    put_byte(encoder, (uint8_t)(identity->group_count | (real ? IDENTITY_BYTE_REAL : 0)));
    put_owner(encoder, identity);
    for (int i = 0; i < identity->group_count; i++)
        put_id(encoder, identity->groups[i]);
    if (real) {
        put_id(encoder, identity->real_uid);
        put_id(encoder, identity->real_gid);
    }
}

static void put_entries(struct encoder *encoder, const struct step *step) {
    put_number(encoder, step->mode, 3);
    if (acl_has(step->mode, ENTRY_USER))
        put_id(encoder, step->identity.uid);
    if (acl_has(step->mode, ENTRY_GROUP))
        put_id(encoder, step->identity.gid);
}

static void put_operand(struct encoder *encoder, const struct step *step, enum operand operand) {
    switch (operand) {
    case OPERAND_END:
        break;
    case OPERAND_SET:
    case OPERAND_SLOT:
        put_byte(encoder, step->slot);
        break;
    case OPERAND_DIRFD:
        put_dirfd(encoder, step->dirfd);
        break;
    case OPERAND_POINTER:
        put_pointer(encoder, step);
        break;
    case OPERAND_PATH:
        put_text(encoder, step->path);
        break;
    case OPERAND_OTHER:
        put_text(encoder, step->other);
        break;
    case OPERAND_MODE:
        put_number(encoder, step->mode, 2);
        break;
    case OPERAND_FULL_MODE:
        put_full_mode(encoder, step->mode);
        break;
    case OPERAND_CALL_MODE:
        put_call_mode(encoder, step);
        break;
    case OPERAND_NUMBER:
        put_number(encoder, step->mode, 2);
        break;
    case OPERAND_IDENTITY:
        put_identity(encoder, &step->identity);
        break;
    case OPERAND_OWNER:
        put_owner(encoder, &step->identity);
        break;
    case OPERAND_ENTRIES:
        put_entries(encoder, step);
        break;
    case OPERAND_ACTOR:
    case OPERAND_ERROR:
        put_byte(encoder, (uint8_t)step->mode);
        break;
    case OPERAND_USE:
        put_byte(encoder, step->pointer);
        break;
    case OPERAND_FLAGS:
        put_byte(encoder, step->flags);
        break;
    }
}

size_t scenario_encode(const struct scenario *scenario, uint8_t *out, size_t capacity) {
    check(scenario_valid(scenario));
    struct encoder encoder = {.from = scenario, .out = out, .capacity = capacity};
    for (uint32_t i = 0; i < scenario->step_count; i++) {
        const struct step *step = &scenario->steps[i];
        put_byte(&encoder, step->kind);
        for (const uint8_t *operand = step_infos[step->kind].operands; *operand; operand++)
            put_operand(&encoder, step, *operand);
        if (encoder.length > capacity)
            return 0;
    }
    return encoder.length;
}
