/*
 * text_identity.h - the part of the text form's parser that reads who acts, who owns and who is
 * allowed what: ids and ACLs. scenario_text.c has the grammar, text_parser.h the words.
 *
 * Each function parses one operand, whose first byte `parser` is at. Returns 0, or -EINVAL with the
 * parser's error filled; what it gives is then unspecified.
 */
#ifndef FIFOFUZZ_TEXT_IDENTITY_H
#define FIFOFUZZ_TEXT_IDENTITY_H

#include "text_parser.h"

/* UID:GID[,GROUP...] [real UID:GID]. Without `real` the real ids are the effective ones. */
int parse_identity(struct parser *parser, struct identity *identity);

/* UID:GID, into these two fields of `owner`. */
int parse_owner(struct parser *parser, struct identity *owner);

/*
 * The entries of an ACL: valid bits into `acl` (acl_valid), and into `named` the ids of the named
 * entries.
 */
int parse_entries(struct parser *parser, uint32_t *acl, struct identity *named);

#endif
