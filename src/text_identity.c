#include "text_identity.h"

/* --- ids ------------------------------------------------------------------------------------ */

/* Refuses what is left of the word, or the blank behind it. */
static int refuse_rest(struct parser *parser, const char *expected) {
    struct span rest = peek_word(parser);
    return refuse(parser, rest.length > 0 ? rest : peek(parser, 1), "%s", expected);
}

static bool take_byte(struct parser *parser, char byte) {
    bool taken = at_byte(parser, byte);
    parser->at += taken;
    return taken;
}

static bool at_word_end(const struct parser *parser) {
    return peek_word(parser).length == 0;
}

/* `expected` names what begins with the id, for a word that has no digit here. */
static int parse_id(struct parser *parser, const char *expected, uint16_t *id) {
    struct span digits = {parser->at, 0};
    struct span word = peek_word(parser);
    while (digits.length < word.length && digits.start[digits.length] >= '0' &&
           digits.start[digits.length] <= '9')
        digits.length++;
    if (digits.length == 0)
        return refuse_rest(parser, expected);
    uint32_t number;
    if (!span_decimal(digits, ID_MAX, &number))
        return refuse(parser, digits, "an id of 0 to %d", ID_MAX);
    *id = (uint16_t)number;
    parser->at += digits.length;
    return 0;
}

static int parse_pair(struct parser *parser, uint16_t *uid, uint16_t *gid) {
    static const char expected[] = "a user and a group id, as 1000:1000";
    int result = parse_id(parser, expected, uid);
    if (result)
        return result;
    if (!take_byte(parser, ':'))
        return refuse_rest(parser, "a colon and a group id behind the user id");
    return parse_id(parser, "a group id behind the colon", gid);
}

int parse_owner(struct parser *parser, struct identity *owner) {
    int result = parse_pair(parser, &owner->uid, &owner->gid);
    if (result)
        return result;
    return at_word_end(parser) ? 0 : refuse_rest(parser, "a blank behind the group id");
}

static int parse_groups(struct parser *parser, struct identity *identity) {
    while (take_byte(parser, ',')) {
        if (identity->group_count == IDENTITY_GROUPS)
            return refuse_limit(parser, parser->at, "at most %d groups behind the first",
                                IDENTITY_GROUPS);
        int result = parse_id(parser, "a group id behind the comma",
                              &identity->groups[identity->group_count]);
        if (result)
            return result;
        identity->group_count++;
    }
    return at_word_end(parser) ? 0 : refuse_rest(parser, "a comma or a blank behind the group id");
}

int parse_identity(struct parser *parser, struct identity *identity) {
    int result = parse_pair(parser, &identity->uid, &identity->gid);
    if (!result)
        result = parse_groups(parser, identity);
    if (result)
        return result;
    struct identity real = *identity;
    skip_blanks(parser);
    if (span_is(peek_word(parser), "real")) {
        parser->at += peek_word(parser).length;
        skip_blanks(parser);
        result = parse_owner(parser, &real);
    }
    identity->real_uid = real.uid;
    identity->real_gid = real.gid;
    return result;
}

/* --- access control lists ------------------------------------------------------------------- */

static int parse_permissions(struct parser *parser, uint32_t *permissions) {
    static const char letters[] = "rwx";
    struct span three = peek(parser, 3);
    *permissions = 0;
    for (size_t i = 0; i < 3; i++) {
        char byte = i < three.length ? three.start[i] : '\0';
        if (byte != letters[i] && byte != '-')
            return refuse_rest(parser, "permissions, as r-x");
        *permissions = *permissions << 1 | (byte != '-');
    }
    parser->at += three.length;
    return 0;
}

/* True at an entry of this letter; a `named` one has something between its colons. */
static bool at_entry(const struct parser *parser, char letter, bool named) {
    struct span start = peek(parser, 3);
    return start.length >= 2 && start.start[0] == letter && start.start[1] == ':' &&
           (start.length == 3 && start.start[2] != ':') == named;
}

/*
 * Parses the named entry of this letter, if there is one, and the comma behind it; `id` is where
 * its id goes.
 */
static int parse_named(struct parser *parser, enum acl_entry entry, char letter, uint32_t *acl,
                       uint16_t *id) {
    if (!at_entry(parser, letter, true))
        return 0;
    parser->at += 2;
    int result = parse_id(parser, "an id or a second colon", id);
    if (result)
        return result;
    if (!take_byte(parser, ':'))
        return refuse_rest(parser, "a colon and permissions behind the id");
    uint32_t permissions;
    result = parse_permissions(parser, &permissions);
    if (result)
        return result;
    *acl = acl_with(*acl, entry, permissions);
    return take_byte(parser, ',') ? 0 : refuse_rest(parser, "a comma and another ACL entry");
}

/* Parses an entry without id that must be here; `expected` says so. */
static int parse_unnamed(struct parser *parser, enum acl_entry entry, char letter,
                         const char *expected, uint32_t *acl) {
    if (!at_entry(parser, letter, false) || peek(parser, 3).length < 3)
        return refuse_rest(parser, expected);
    parser->at += 3;
    uint32_t permissions;
    int result = parse_permissions(parser, &permissions);
    if (result)
        return result;
    *acl = acl_with(*acl, entry, permissions);
    if (entry == ENTRY_OTHER)
        return at_word_end(parser) ? 0 : refuse_rest(parser, "a blank behind the ACL entries");
    return take_byte(parser, ',') ? 0 : refuse_rest(parser, "a comma and another ACL entry");
}

static int parse_mask(struct parser *parser, uint32_t *acl) {
    if (acl_has(*acl, ENTRY_USER) || acl_has(*acl, ENTRY_GROUP))
        return parse_unnamed(parser, ENTRY_MASK, 'm', "a mask entry m:: where a named entry stands",
                             acl);
    if (at_entry(parser, 'm', false))
        return refuse_rest(parser, "no mask entry m:: where no named entry stands");
    return 0;
}

int parse_entries(struct parser *parser, uint32_t *acl, struct identity *named) {
    *acl = 0;
    int result =
        parse_unnamed(parser, ENTRY_OWNER, 'u', "ACL entries, as u::rwx,g::r-x,o::---", acl);
    if (!result)
        result = parse_named(parser, ENTRY_USER, 'u', acl, &named->uid);
    if (!result)
        result = parse_unnamed(parser, ENTRY_OWNING_GROUP, 'g', "an entry g:: of the group", acl);
    if (!result)
        result = parse_named(parser, ENTRY_GROUP, 'g', acl, &named->gid);
    if (!result)
        result = parse_mask(parser, acl);
    if (!result)
        result = parse_unnamed(parser, ENTRY_OTHER, 'o', "an entry o:: of all others", acl);
    return result;
}
