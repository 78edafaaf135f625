/*
 * scenario_path.h - a path under construction: bytes that may be added, put in and taken out
 * anywhere, never more than a scenario's text can hold. Nothing here knows what a path means.
 */
#ifndef FIFOFUZZ_SCENARIO_PATH_H
#define FIFOFUZZ_SCENARIO_PATH_H

#include <stddef.h>
#include <stdint.h>

#include "random.h"
#include "scenario.h"

struct path {
    uint32_t length;
    char bytes[TEXT_LENGTH_MAX]; /* not NUL-terminated; set only up to `length` */
};

/* Adds `length` bytes at the end; what does not fit is cut off. */
void path_add(struct path *path, const char *bytes, size_t length);

/* Adds a NUL-terminated string at the end. */
void path_add_string(struct path *path, const char *string);

/* Adds `unit` `count` times. */
void path_add_repeated(struct path *path, const char *unit, uint32_t count);

/* Puts `length` bytes in before byte `at` <= path->length; what leaves the buffer is cut off. */
void path_insert(struct path *path, uint32_t at, const char *bytes, size_t length);

/* Takes out `count` bytes from byte `at` on, or as many as there are. */
void path_erase(struct path *path, uint32_t at, uint32_t count);

/*
 * Makes the path `total` bytes long without changing where it leads: `./`, slashes or both are put
 * in front, behind the first slash of an absolute path. Does nothing to a path that is too long
 * already, empty, or relative and one byte short.
 */
void path_pad(struct path *path, uint32_t total, struct random *random);

/* Doubles a slash or puts a `.` component in, at a random separator; nothing if there is none. */
void path_decorate(struct path *path, struct random *random);

/*
 * Picks a component at random: `*at` and `*length` are its place, without slashes. An empty path
 * or one of slashes gives an empty component at its end.
 */
void path_pick_component(const struct path *path, struct random *random, uint32_t *at,
                         uint32_t *length);

#endif
