/*
 * The text form of a scenario (.scn), for people. Lines end in LF, the last one may lack it:
 *
 *   line        = [ step [ "#" result [ ";" remark ] ] ]  |  "#" remark
 *   step        = [ slot "=" ] verb operand ...      in the order of step_infos
 *   result      = error | "waits" [ error ]
 *   error       = "0" | the name of an errno, such as EEXIST
 *   slot        = "d0" ... "d15" | "d"               "d" is d0
 *   DIRFD       = "cwd" | slot | a number, which may begin with "-"
 *   POINTER     = string | "null" | "unmapped" | "noncanonical" | "unterminated" string
 *               | "counted" string string | "unencodable" string string
 *   PATH, OTHER = string
 *   MODE        = "0" followed by octal digits, if any; of mkfifo and mkfifoat a "-" may stand
 *                 before it, and 64 bits with a sign hold it
 *   NUMBER      = 0 to NUMBER_MAX
 *   ACTOR       = 0 to ACTORS - 1
 *   ERROR       = error | the number, up to ERROR_MAX, of one without a name
 *   USE         = a word of use_names
 *   FLAGS       = any of the kind's words in step_infos, each once
 *
 *   OWNER       = id ":" id                          user and group
 *   IDENTITY    = OWNER [ "," id ] ... [ "real" OWNER ]    at most IDENTITY_GROUPS groups
 *   ENTRIES     = "u::" rwx [ ",u:" id ":" rwx ] ",g::" rwx [ ",g:" id ":" rwx ]
 *                 [ ",m::" rwx ] ",o::" rwx          "m::" exactly where an entry has an id
 *   id          = 0 to ID_MAX
 *   rwx         = ( "r" | "-" ) ( "w" | "-" ) ( "x" | "-" )
 *
 *   string      = '"' { character | repetition } '"'
 *   character   = printable ASCII but '"' and '\' | \" | \\ | \n | \t | \xHH, which is not \x00
 *   repetition  = "\{" count ":" character ... "}"   count is 2 to TEXT_LENGTH_MAX; a '}' among
 *                                                    its characters is written \x7d
 *
 * Numbers are decimal without needless zeros.
 * Words, strings and "=" are separated by spaces and tabs, which may also begin and end a line.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "errno_name.h"
#include "scenario.h"
#include "text_identity.h"
#include "text_parser.h"

/* --- numbers and words ---------------------------------------------------------------------- */

static bool span_slot(struct span span, uint32_t *slot) {
    if (span.length == 0 || span.start[0] != 'd')
        return false;
    *slot = 0;
    return span.length == 1 ||
           span_decimal((struct span){span.start + 1, span.length - 1}, SCENARIO_SLOTS - 1, slot);
}

static bool span_int32(struct span span, int32_t *number) {
    bool negative = span.length > 1 && span.start[0] == '-' && span.start[1] != '0';
    struct span digits = {span.start + negative, span.length - negative};
    uint32_t magnitude;
    if (!span_decimal(digits, (uint32_t)INT32_MAX + negative, &magnitude))
        return false;
    *number = (int32_t)(negative ? 0u - magnitude : magnitude);
    return true;
}

static int parse_slot(struct parser *parser, uint8_t *slot) {
    struct span word = peek_word(parser);
    uint32_t number;
    if (!span_slot(word, &number))
        return refuse(parser, word, "a slot, d0 to d%d", SCENARIO_SLOTS - 1);
    *slot = (uint8_t)number;
    parser->at += word.length;
    return 0;
}

static int parse_dirfd(struct parser *parser, struct dirfd *dirfd) {
    struct span word = peek_word(parser);
    uint32_t slot;
    if (span_is(word, "cwd"))
        *dirfd = (struct dirfd){DIRFD_CWD, 0};
    else if (span_slot(word, &slot))
        *dirfd = (struct dirfd){DIRFD_SLOT, (int32_t)slot};
    else if (span_int32(word, &dirfd->number))
        dirfd->kind = DIRFD_NUMBER;
    else
        return refuse(parser, word, "cwd, d0 to d%d or a number", SCENARIO_SLOTS - 1);
    parser->at += word.length;
    return 0;
}

/* Reads the octal digits of `word` from `first` on, which is a 0. */
static int parse_octal(struct parser *parser, struct span word, size_t first, uint64_t max,
                       uint64_t *value) {
    if (word.length <= first || word.start[first] != '0')
        return refuse(parser, word, "a mode in octal, as 0644");
    *value = 0;
    for (size_t i = first + 1; i < word.length; i++) {
        if (word.start[i] < '0' || word.start[i] > '7')
            return refuse(parser, word, "a mode in octal, as 0644");
        const uint64_t digit = (uint64_t)(word.start[i] - '0');
        if (*value > (max - digit) / 8)
            return refuse(parser, word, "a mode of at most %#" PRIo64, max);
        *value = *value * 8 + digit;
    }
    parser->at += word.length;
    return 0;
}

static int parse_mode(struct parser *parser, uint32_t max, uint32_t *mode) {
    uint64_t value = 0;
    int error = parse_octal(parser, peek_word(parser), 0, max, &value);
    *mode = (uint32_t)value;
    return error;
}

/* -00 is refused: what has no sign is written without. */
static int parse_call_mode(struct parser *parser, struct step *step) {
    struct span word = peek_word(parser);
    const bool negative = word.length > 0 && word.start[0] == '-';
    uint64_t value = 0;
    int error = parse_octal(parser, word, negative, (uint64_t)INT64_MAX + negative, &value);
    if (!error && negative && value == 0)
        return refuse(parser, word, "a mode in octal, as 0644");
    step_set_whole_mode(step, (int64_t)(negative ? 0U - value : value));
    return error;
}

static int parse_number(struct parser *parser, uint32_t *number) {
    struct span word = peek_word(parser);
    if (!span_decimal(word, NUMBER_MAX, number))
        return refuse(parser, word, "a number of 0 to %d", NUMBER_MAX);
    parser->at += word.length;
    return 0;
}

/* Refuses `word`, which is none of `flags`. */
static int refuse_flag(struct parser *parser, struct span word, const char *const *flags) {
    char words[80] = "";
    size_t length = 0;
    for (unsigned i = 0; flags[i] && length < sizeof words; i++)
        length += (size_t)snprintf(words + length, sizeof words - length, "%s%s", i ? ", " : "",
                                   flags[i]);
    return refuse(parser, word, "%s or the end of the step", words);
}

static int parse_flags(struct parser *parser, struct step *step) {
    const char *const *flags = step_infos[step->kind].flags;
    for (skip_blanks(parser); !at_line_end(parser) && !at_byte(parser, '#'); skip_blanks(parser)) {
        struct span word = peek_word(parser);
        unsigned flag = 0;
        while (flags[flag] && !span_is(word, flags[flag]))
            flag++;
        if (!flags[flag])
            return refuse_flag(parser, word, flags);
        if (step->flags & 1u << flag)
            return refuse(parser, word, "each flag only once");
        step->flags |= (uint8_t)(1u << flag);
        parser->at += word.length;
    }
    return 0;
}

/* --- words of the steps with several actors -------------------------------------------------- */

static int parse_actor(struct parser *parser, uint32_t *actor) {
    struct span word = peek_word(parser);
    if (!span_decimal(word, ACTORS - 1, actor))
        return refuse(parser, word, "an actor, 0 to %d", ACTORS - 1);
    parser->at += word.length;
    return 0;
}

static int parse_error(struct parser *parser, uint32_t *error) {
    struct span word = peek_word(parser);
    const int named = errno_value(word.start, word.length);
    const bool numbered =
        named < 0 && span_decimal(word, ERROR_MAX, error) && !errno_has_name((int)*error);
    if (!numbered && (named < 0 || named > ERROR_MAX))
        return refuse(parser, word, "0 or the name of an errno, such as EIO");
    if (!numbered)
        *error = (uint32_t)named;
    parser->at += word.length;
    return 0;
}

static int parse_use(struct parser *parser, uint8_t *use) {
    struct span word = peek_word(parser);
    for (*use = 0; *use < USE_COUNT; ++*use) {
        if (span_is(word, use_names[*use])) {
            parser->at += word.length;
            return 0;
        }
    }
    return refuse(parser, word, "%s, %s or another use", use_names[0], use_names[1]);
}

/* --- steps ---------------------------------------------------------------------------------- */

/* The two parts between which something stands that has no bytes in a string of C. */
static int parse_split(struct parser *parser, struct step *step) {
    skip_blanks(parser);
    int error = parse_string(parser, &step->path);
    skip_blanks(parser);
    return error ? error : parse_string(parser, &step->other);
}

static int parse_pointer(struct parser *parser, struct step *step) {
    if (at_byte(parser, '"'))
        return parse_string(parser, &step->path);
    struct span word = peek_word(parser);
    uint8_t pointer = POINTER_NULL;
    while (pointer < POINTER_COUNT && !span_is(word, pointer_names[pointer]))
        pointer++;
    if (pointer == POINTER_COUNT)
        return refuse(parser, word,
                      "a path in quotes, null, unmapped, noncanonical, unterminated, counted or "
                      "unencodable");
    step->pointer = pointer;
    parser->at += word.length;
    if (pointer_is_split(step))
        return parse_split(parser, step);
    if (pointer != POINTER_UNTERMINATED)
        return 0;
    skip_blanks(parser);
    struct span quoted = peek(parser, 2);
    if (span_is(quoted, "\"\""))
        return refuse(parser, quoted, "1 or more unterminated bytes");
    return parse_string(parser, &step->path);
}

/* Parses an operand that stands behind the verb. */
static int parse_operand(struct parser *parser, struct step *step, enum operand operand) {
    skip_blanks(parser);
    switch (operand) {
    case OPERAND_END:
    case OPERAND_SET:
        break;
    case OPERAND_SLOT:
        return parse_slot(parser, &step->slot);
    case OPERAND_DIRFD:
        return parse_dirfd(parser, &step->dirfd);
    case OPERAND_POINTER:
        return parse_pointer(parser, step);
    case OPERAND_PATH:
        return parse_string(parser, &step->path);
    case OPERAND_OTHER:
        return parse_string(parser, &step->other);
    case OPERAND_MODE:
        return parse_mode(parser, 07777, &step->mode);
    case OPERAND_FULL_MODE:
        return parse_mode(parser, UINT32_MAX, &step->mode);
    case OPERAND_CALL_MODE:
        return parse_call_mode(parser, step);
    case OPERAND_FLAGS:
        return parse_flags(parser, step);
    case OPERAND_NUMBER:
        return parse_number(parser, &step->mode);
    case OPERAND_ACTOR:
        return parse_actor(parser, &step->mode);
    case OPERAND_ERROR:
        return parse_error(parser, &step->mode);
    case OPERAND_USE:
        return parse_use(parser, &step->pointer);
    case OPERAND_IDENTITY:
        return parse_identity(parser, &step->identity);
    case OPERAND_OWNER:
        return parse_owner(parser, &step->identity);
    case OPERAND_ENTRIES:
        return parse_entries(parser, &step->mode, &step->identity);
    }
    return 0;
}

/* Parses "SLOT =", if there is one, and the verb. */
static int parse_verb(struct parser *parser, uint8_t *slot, enum step_kind *kind) {
    const char *start = parser->at;
    parser->at += peek_word(parser).length;
    skip_blanks(parser);
    bool set = span_is(peek_word(parser), "=");
    parser->at = start;
    if (set) {
        int result = parse_slot(parser, slot);
        if (result)
            return result;
        skip_blanks(parser);
        parser->at++;
        skip_blanks(parser);
    }
    struct span verb = peek_word(parser);
    *kind = 0;
    while (*kind < STEP_KIND_COUNT && !span_is(verb, step_infos[*kind].name))
        ++*kind;
    if (*kind == STEP_KIND_COUNT)
        return refuse(parser, verb, "a step, such as mkfifo or mkdir");
    bool takes_slot = step_infos[*kind].operands[0] == OPERAND_SET;
    if (set && !takes_slot)
        return refuse(parser, verb, "a step that gives a descriptor, open or dup, behind =");
    if (takes_slot && !set)
        return refuse(parser, verb, "a slot and =, as d0 =, before %s", step_infos[*kind].name);
    parser->at += verb.length;
    return 0;
}

static int parse_step(struct parser *parser) {
    const char *start = parser->at;
    uint8_t slot = 0;
    enum step_kind kind;
    int result = parse_verb(parser, &slot, &kind);
    if (result)
        return result;
    struct step *step = scenario_add(parser->out, kind);
    if (!step)
        return refuse_limit(parser, start, "at most %d steps", SCENARIO_STEPS_MAX);
    step->slot = slot;
    for (const uint8_t *operand = step_infos[kind].operands; *operand && !result; operand++)
        result = parse_operand(parser, step, *operand);
    if (result) /* Half a step need not be valid. */
        scenario_truncate(parser->out, parser->out->step_count - 1);
    return result;
}

/* Parses "0" or an errno's name, which may end at a ";". */
static int parse_result_error(struct parser *parser, int *error) {
    struct span word = peek_word(parser);
    const char *semicolon = word.length > 0 ? memchr(word.start, ';', word.length) : NULL;
    struct span name = {word.start, semicolon ? (size_t)(semicolon - word.start) : word.length};
    *error = errno_value(name.start, name.length);
    if (*error < 0)
        return refuse(parser, name.length > 0 ? name : word,
                      "0 or the name of an errno, such as EEXIST");
    parser->at += name.length;
    return 0;
}

/* Takes "waits", which an error may follow, from the text if it stands there. */
static bool take_waits(struct parser *parser) {
    static const char word[] = "waits";
    struct span found = peek(parser, strlen(word));
    if (!span_is(found, word))
        return false;
    parser->at += found.length;
    return true;
}

/* Parses what stands behind the # of a step. */
static int parse_result(struct parser *parser, int16_t *expectation) {
    const bool waits = take_waits(parser);
    skip_blanks(parser);
    int error = EXPECT_NEVER;
    if (!waits || !(at_line_end(parser) || at_byte(parser, ';'))) {
        int result = parse_result_error(parser, &error);
        if (result)
            return result;
        skip_blanks(parser);
    }
    *expectation = (int16_t)(error | (waits ? EXPECT_WAITS : 0));
    if (!at_line_end(parser) && !at_byte(parser, ';'))
        return refuse(parser, peek_word(parser), "the end of the line or ; and a remark");
    return 0;
}

/* Parses what may follow a step. */
static int parse_expectation(struct parser *parser, int16_t *expectation) {
    *expectation = EXPECT_NOTHING;
    skip_blanks(parser);
    if (at_line_end(parser))
        return 0;
    if (!at_byte(parser, '#'))
        return refuse(parser, peek_word(parser), "the end of the line or # and a result");
    parser->at++;
    skip_blanks(parser);
    return parse_result(parser, expectation);
}

static int parse_line(struct parser *parser, struct expectations *expectations) {
    skip_blanks(parser);
    if (!at_line_end(parser) && !at_byte(parser, '#')) {
        int result = parse_step(parser);
        if (result)
            return result;
        int16_t expectation;
        result = parse_expectation(parser, &expectation);
        if (result)
            return result;
        if (expectations)
            expectations->error[parser->out->step_count - 1] = expectation;
    }
    while (!at_line_end(parser)) /* a remark */
        parser->at++;
    return 0;
}

int scenario_parse(struct scenario *out, struct expectations *expectations, const char *data,
                   size_t length, struct text_error *error) {
    scenario_clear(out);
    struct parser parser = {.at = data,
                            .end = length > 0 ? data + length : data, /* data may be NULL then */
                            .line = 1,
                            .out = out,
                            .error = error};
    while (parser.at < parser.end) {
        parser.line_start = parser.at;
        int result = parse_line(&parser, expectations);
        if (result)
            return result;
        if (parser.at < parser.end)
            parser.at++;
        parser.line++;
    }
    return 0;
}
