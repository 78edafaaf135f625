/*
 * record.h - notes nodes of a file system in struct observation.
 */
#ifndef FIFOFUZZ_RECORD_H
#define FIFOFUZZ_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "outcome.h"

enum {
    LISTING_SIZE = 8192,   /* bytes of one getdents64(2) */
    UNLISTED = UINT16_MAX, /* index of a node that did not fit in the observation */
};
_Static_assert((int)UNLISTED > (int)OBSERVED_NODES_MAX, "an index that no node has");

struct dirent64;

/* A node with several names, first met as `node`: removing one name changes the facts of all. */
struct record_link {
    uint64_t ino;
    uint32_t node;
};

struct record {
    bool short_listings;             /* the file system may list less at a time than fits */
    struct observation *observation; /* NULL: nothing is recorded */
    uint32_t link_count;             /* set it to 0 at the beginning of a file system */
    struct record_link links[OBSERVED_NODES_MAX];
};

/*
 * Records the node `name` of `directory`, whose own index is `parent`. Returns the new index, or
 * UNLISTED when nothing is recorded or all is full (then `overflow` is set).
 */
uint32_t record_node(struct record *record, int directory, uint32_t parent, const char *name);

/*
 * Records the whole file system behind `root`, a descriptor of its root directory that no one has
 * mounted anything on, as another tree. `listing` is a buffer of LISTING_SIZE bytes. Returns 0 or
 * -errno.
 */
int record_tree(struct record *record, int root, char *listing);

/* An entry of a listing; its d_reclen leads to the next. */
static inline const struct dirent64 *record_entry(const char *listing, size_t offset) {
    return (const struct dirent64 *)(const void *)(listing + offset);
}

/* True for "." and "..". */
bool record_is_dots(const char *name);

/*
 * True if a listing of `size` bytes may not be the last one of its directory: it leaves less room
 * than the longest entry takes, or says nothing by its size.
 */
bool record_goes_on(const struct record *record, ptrdiff_t size);

#endif
