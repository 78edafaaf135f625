/*
 * scenario_operands.h - random values for the operands of a step, thick where implementations
 * break: at limits, at values with a meaning of their own, at bits that are rarely set; and
 * uniform over small ranges (all modes, all umasks, all bytes) most of the time.
 */
#ifndef FIFOFUZZ_SCENARIO_OPERANDS_H
#define FIFOFUZZ_SCENARIO_OPERANDS_H

#include <stdint.h>

#include "random.h"
#include "scenario.h"
#include "scenario_path.h"

enum name_style {
    NAME_SHORT, /* one or two letters */
    NAME_ODD,   /* bytes with a meaning somewhere, or any one to four bytes but NUL and slash */
    NAME_EDGE,  /* as long as a component may be (NAME_MAX, 255 bytes) or one or two fewer */
    NAME_ANY_LENGTH, /* 1 to 255 bytes */
    NAME_TOO_LONG,   /* 256 bytes, at times more */
};

/* Adds one path component; `serial` makes short names differ from each other. */
void name_add(struct path *path, struct random *random, enum name_style style, uint32_t serial);

/* One of the modes that people write, 0 and 07777 among them. */
uint32_t mode_usual(struct random *random);

/* A mode for a call whose type bits are fine: permission and special bits, at times S_IFIFO. */
uint32_t mode_random(struct random *random);

/*
 * A mode with bits above 07777: file types, (mode_t)-1, bits above the 16 that a mode has, at times
 * a whole mode of 64 bits, which only languages have.
 */
int64_t mode_random_type(struct random *random);

/* An argument of umask(2): 0 to 0777, at times with bits above. */
uint32_t umask_random(struct random *random);

/* A number that is no open directory: negative, standard, never opened, huge. */
int32_t dirfd_number_random(struct random *random);

/* The least number that dup asks for: at limits of select(2) and of the sandbox, or any. */
uint32_t descriptor_random(struct random *random);

/* A limit on descriptors: mostly one that is used up at once. */
uint32_t nofile_random(struct random *random);

/* The inodes of a file system: a few, or 0 for no limit. */
uint32_t inodes_random(struct random *random);

/* A total length for a path: at PATH_MAX (4096 with its NUL) or at a usual buffer's size. */
uint32_t path_length_random(struct random *random);

/*
 * Chooses a pointer other than POINTER_STRING and makes `path` fit it: one to TEXT_LENGTH_MAX bytes
 * for POINTER_UNTERMINATED, at PATH_MAX more often than not, as it is for one that is split, and
 * none for the others.
 */
enum pointer pointer_random(struct path *path, struct random *random);

/* Stores the second string of a split pointer: little, for none of it may count. */
struct text rest_random(struct scenario *scenario, struct random *random);

/* Adds the content of a file: mostly nothing or a few bytes. */
void content_add(struct path *content, struct random *random);

#endif
