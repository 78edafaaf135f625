#include "record.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "facts.h"

/* --- one node ------------------------------------------------------------------------------- */

/* Stores `length` bytes; false and `overflow` when they do not fit. */
static bool store(struct observation *observation, const char *bytes, uint32_t length,
                  uint32_t *offset) {
    if (length > OBSERVED_BYTES_MAX - observation->bytes_used) {
        observation->overflow = true;
        return false;
    }
    *offset = observation->bytes_used;
    if (bytes)
        memcpy(observation->bytes + *offset, bytes, length);
    observation->bytes_used += length;
    return true;
}

static ssize_t read_file(int directory, const char *name, char *out, size_t capacity) {
    const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY;
    int file = openat(directory, name, flags);
    if (file < 0 && errno == EACCES && fchmodat(directory, name, 0600, 0) == 0)
        file = openat(directory, name, flags);
    if (file < 0)
        return -1;
    ssize_t length = read(file, out, capacity);
    close(file);
    return length;
}

/* The body of a symlink or the content of a file. */
static void record_content(struct observation *observation, struct observed_node *node,
                           int directory, const char *name) {
    uint32_t room = OBSERVED_BYTES_MAX - observation->bytes_used;
    uint32_t wanted =
        node->facts.size < CONTENT_MAX ? (uint32_t)node->facts.size : (uint32_t)CONTENT_MAX;
    if (wanted > room) {
        observation->overflow = true;
        wanted = room;
    }
    char *out = observation->bytes + observation->bytes_used;
    ssize_t length = S_ISLNK(node->facts.mode) ? readlinkat(directory, name, out, wanted)
                                               : read_file(directory, name, out, wanted);
    if (length < 0)
        node->facts = (struct node_facts){.error = errno};
    else
        store(observation, NULL, node->content_length = (uint32_t)length, &node->content);
}

/* A second name of a node gets the facts from before its first name was removed. */
static void record_links(struct record *record, uint32_t index) {
    struct node_facts *facts = &record->observation->nodes[index].facts;
    for (uint32_t i = 0; i < record->link_count; i++) {
        if (record->links[i].ino == facts->ino) {
            *facts = record->observation->nodes[record->links[i].node].facts;
            return;
        }
    }
    if (facts->nlink > 1 && !S_ISDIR(facts->mode))
        record->links[record->link_count++] = (struct record_link){facts->ino, index};
}

/* Takes the next row, with `name`; returns its index, or UNLISTED. */
static uint32_t take_row(struct observation *observation, uint32_t parent, const char *name) {
    const uint32_t index = observation->node_count;
    struct observed_node *node = &observation->nodes[index];
    const uint32_t length = (uint32_t)strlen(name);
    if (index == OBSERVED_NODES_MAX || !store(observation, name, length, &node->name)) {
        observation->overflow = true;
        return UNLISTED;
    }
    observation->node_count++;
    node->parent = parent;
    node->name_length = length;
    node->content = 0;
    node->content_length = 0;
    return index;
}

uint32_t record_node(struct record *record, int directory, uint32_t parent, const char *name) {
    struct observation *observation = record->observation;
    if (!observation || observation->overflow)
        return UNLISTED;
    const uint32_t index = take_row(observation, parent, name);
    if (index == UNLISTED)
        return UNLISTED;
    struct observed_node *node = &observation->nodes[index];
    facts_at(&node->facts, directory, name, AT_SYMLINK_NOFOLLOW);
    if (S_ISLNK(node->facts.mode) || (S_ISREG(node->facts.mode) && node->facts.size > 0))
        record_content(observation, node, directory, name);
    record_links(record, index);
    return index;
}

/* --- a directory ---------------------------------------------------------------------------- */

bool record_is_dots(const char *name) {
    return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

bool record_goes_on(const struct record *record, ptrdiff_t size) {
    if (record->short_listings)
        return size > 0;
    return size + (ptrdiff_t)sizeof(struct dirent64) > LISTING_SIZE;
}

/* Records all that is in the directory open as `directory`: rows that follow each other. */
static int record_directory(struct record *record, int directory, uint32_t parent, char *listing) {
    ssize_t size;
    do {
        size = getdents64(directory, listing, LISTING_SIZE);
        if (size < 0)
            return -errno;
        for (ssize_t at = 0; at < size;) {
            const struct dirent64 *entry = record_entry(listing, (size_t)at);
            if (!record_is_dots(entry->d_name))
                record_node(record, directory, parent, entry->d_name);
            at += entry->d_reclen;
        }
    } while (record_goes_on(record, size));
    return 0;
}

/* --- a tree --------------------------------------------------------------------------------- */

/* Puts `name` of the directory open as `*directory` in its place. */
static int move_to(int *directory, const char *name) {
    const int next = openat(*directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (next < 0)
        return -errno;
    close(*directory);
    *directory = next;
    return 0;
}

static int move_down(int *directory, const struct observation *observation, uint32_t node) {
    char name[NAME_MAX + 1];
    const struct observed_node *to = &observation->nodes[node];
    memcpy(name, observation->bytes + to->name, to->name_length);
    name[to->name_length] = '\0';
    return move_to(directory, name);
}

/* The first directory among the rows from `row` on that are in directory `parent`, or UNLISTED. */
static uint32_t find_directory(const struct observation *observation, uint32_t row,
                               uint32_t parent) {
    for (; row < observation->node_count && observation->nodes[row].parent == parent; row++)
        if (S_ISDIR(observation->nodes[row].facts.mode))
            return row;
    return UNLISTED;
}

/*
 * Walks down by names and up by "..", with one descriptor however deep it gets. The rows of one
 * directory follow each other, so they also say what is still to be entered.
 */
static int walk_tree(struct record *record, int *directory, uint32_t root, char *listing) {
    const struct observation *observation = record->observation;
    for (uint32_t here = root;;) {
        uint32_t row = observation->node_count;
        int error = record_directory(record, *directory, here, listing);
        while (!error && (row = find_directory(observation, row, here)) == UNLISTED) {
            if (here == root)
                return 0;
            error = move_to(directory, "..");
            row = here + 1;
            here = observation->nodes[here].parent;
        }
        if (!error)
            error = move_down(directory, observation, row);
        if (error || observation->overflow)
            return error;
        here = row;
    }
}

int record_tree(struct record *record, int root, char *listing) {
    struct observation *observation = record->observation;
    if (observation->overflow)
        return 0;
    const uint32_t index = take_row(observation, observation->node_count, "");
    if (index == UNLISTED)
        return 0;
    observation->trees[observation->tree_count++] = index;
    record->link_count = 0;
    facts_at(&observation->nodes[index].facts, root, "", AT_EMPTY_PATH);
    int directory = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0)
        return -errno;
    int error = walk_tree(record, &directory, index, listing);
    close(directory);
    return error;
}
