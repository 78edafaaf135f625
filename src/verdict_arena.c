#include "verdict_arena.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "check.h"

/* One comparison under way. */
struct comparison {
    struct world *world;
    const struct observation *observation;
    struct verdict *verdict;
};

static bool differs(struct comparison *comparison, enum clause clause, enum aspect aspect,
                    int64_t expected, int64_t got) {
    *comparison->verdict = (struct verdict){
        .kind = VERDICT_VIOLATED,
        .clause = (uint8_t)clause,
        .aspect = (uint8_t)aspect,
        .expected = expected,
        .got = got,
    };
    return false;
}

/* Appends `bytes` in printable form, as far as there is room. */
static void append_escaped(char *out, size_t capacity, const char *bytes, size_t length) {
    size_t used = strlen(out);
    for (size_t i = 0; i < length && used + 5 < capacity; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        bool plain = byte > 0x20 && byte < 0x7f && byte != '\\' && byte != '"';
        used += (size_t)snprintf(out + used, capacity - used, plain ? "%c" : "\\x%02x", byte);
    }
}

/* The path of an observed node, from the root down. */
static void append_path(char *out, size_t capacity, const struct observation *observation,
                        uint32_t index) {
    const struct observed_node *node = &observation->nodes[index];
    if (node->parent == index)
        return;
    append_path(out, capacity, observation, node->parent);
    append_escaped(out, capacity, "/", 1);
    append_escaped(out, capacity, observation->bytes + node->name, node->name_length);
}

static bool node_differs(struct comparison *comparison, enum aspect aspect, uint32_t index,
                         int64_t expected, int64_t got) {
    differs(comparison, CLAUSE_ARENA, aspect, expected, got);
    char *name = comparison->verdict->name;
    append_path(name, sizeof comparison->verdict->name, comparison->observation, index);
    if (name[0] == '\0')
        append_escaped(name, sizeof comparison->verdict->name, "/", 1);
    return false;
}

static uint32_t stat_type(enum node_type type) {
    static const uint32_t types[] = {
        [NODE_FIFO] = S_IFIFO,
        [NODE_FILE] = S_IFREG,
        [NODE_DIRECTORY] = S_IFDIR,
        [NODE_SYMLINK] = S_IFLNK,
    };
    return types[type];
}

/* st_size on tmpfs: a directory counts two entries of its own, 20 bytes each. */
static int64_t stat_size(const struct node *node) {
    return node->type == NODE_DIRECTORY ? 40 + 20 * (int64_t)node->entries
                                        : (int64_t)node->content.length;
}

static bool compare_content(struct comparison *comparison, const struct node *node,
                            uint32_t index) {
    const struct observed_node *seen = &comparison->observation->nodes[index];
    if (node->content.length == 0)
        return true;
    const char *bytes = comparison->observation->bytes + seen->content;
    bool same = seen->content_length == node->content.length &&
                memcmp(bytes, node->content.bytes, seen->content_length) == 0;
    return same || node_differs(comparison, ASPECT_ARENA_CONTENT, index, node->content.length,
                                seen->content_length);
}

/* How other file systems count a directory's links and size is their own business. */
static bool compare_node(struct comparison *comparison, node_id id, uint32_t index) {
    enum { SIZE = 5 }; /* index of the pair */
    struct node *node = &comparison->world->nodes[id];
    const struct node_facts *facts = &comparison->observation->nodes[index].facts;
    const int64_t pairs[][2] = {
        {0, facts->error},
        {stat_type((enum node_type)node->type) | node->mode, facts->mode},
        {node->uid, facts->uid},
        {node->gid, facts->gid},
        {node->nlink, facts->nlink},
        {stat_size(node), facts->size},
    };
    const bool known = node->type != NODE_DIRECTORY || comparison->world->host->can[ABILITY_TMPFS];
    const size_t count = sizeof pairs / sizeof pairs[0] - (known ? 0 : 2);
    for (size_t i = 0; i < count; i++)
        if (pairs[i][0] != pairs[i][1]) {
            node_differs(comparison, ASPECT_ARENA_NODE, index, pairs[i][0], pairs[i][1]);
            if (i == SIZE && node->type == NODE_FIFO && world_bytes_in(comparison->world, id) > 0)
                comparison->verdict->clause = CLAUSE_IO_STAT;
            return false;
        }
    if (node->ino != 0 && (node->ino != facts->ino || node->dev != facts->dev))
        return node_differs(comparison, ASPECT_ARENA_NODE, index, (int64_t)node->ino,
                            (int64_t)facts->ino);
    node->ino = facts->ino;
    node->dev = facts->dev;
    return compare_content(comparison, node, index);
}

/* Names the first name of the world that was not seen. */
static bool name_missing(struct comparison *comparison, const node_id *ids) {
    const struct world *world = comparison->world;
    const struct observation *observation = comparison->observation;
    differs(comparison, CLAUSE_ARENA, ASPECT_ARENA_MISSING, world->name_count,
            observation->node_count - observation->tree_count);
    for (uint32_t row = 0; row < WORLD_NAMES_MAX; row++) {
        const struct name *name = &world->names[row];
        if (name->generation != world->generation || name->node == NODE_NONE)
            continue;
        bool seen = false;
        for (uint32_t i = 1; i < observation->node_count && !seen; i++)
            seen = ids[observation->nodes[i].parent] == name->directory &&
                   observation->nodes[i].name_length == name->text.length &&
                   memcmp(observation->bytes + observation->nodes[i].name, name->text.bytes,
                          name->text.length) == 0;
        if (!seen) {
            append_escaped(comparison->verdict->name, sizeof comparison->verdict->name,
                           name->text.bytes, name->text.length);
            break;
        }
    }
    return false;
}

void verdict_compare_arena(struct world *world, const struct observation *observation,
                           struct verdict *verdict) {
    struct comparison comparison = {world, observation, verdict};
    node_id ids[OBSERVED_NODES_MAX];
    if (observation->overflow) {
        differs(&comparison, CLAUSE_ARENA, ASPECT_ARENA_EXTRA, world->name_count,
                observation->node_count);
        return;
    }
    check(observation->tree_count == world->superblock_count);
    uint32_t tree = 0;
    for (uint32_t i = 0; i < observation->node_count; i++) {
        if (tree < observation->tree_count && observation->trees[tree] == i) {
            ids[i] = world->superblocks[tree++].root;
        } else {
            const struct observed_node *node = &observation->nodes[i];
            struct span name = {observation->bytes + node->name, node->name_length};
            ids[i] = world_find(world, ids[node->parent], name);
        }
        if (ids[i] == NODE_NONE) {
            node_differs(&comparison, ASPECT_ARENA_EXTRA, i, 0, observation->nodes[i].facts.mode);
            return;
        }
        if (!compare_node(&comparison, ids[i], i))
            return;
    }
    if (observation->node_count - observation->tree_count != world->name_count)
        name_missing(&comparison, ids);
}

/* --- process state ---------------------------------------------------------------------------- */

/* Is what was seen this node? A directory without a name is known by having no links. */
static bool is_node(const struct node *node, const struct node_facts *facts) {
    if (facts->error || (facts->mode & S_IFMT) != stat_type((enum node_type)node->type))
        return false;
    return node->ino != 0 ? node->ino == facts->ino && node->dev == facts->dev
                          : facts->nlink == node->nlink;
}

static bool compare_descriptor(struct comparison *comparison, int32_t number, bool expected,
                               bool got) {
    if (expected == got)
        return true;
    differs(comparison, CLAUSE_STATE_DESCRIPTORS, ASPECT_DESCRIPTOR, expected, got);
    comparison->verdict->number = number;
    return false;
}

/* Descriptors are shared with the caller: nobody may read through them or change their flags. */
static bool compare_descriptor_state(struct comparison *comparison,
                                     const struct descriptor *expected,
                                     const struct observed_slot *seen) {
    enum node_type type = (enum node_type)comparison->world->nodes[expected->place.node].type;
    const bool path_only = expected->flags & OPEN_PATH;
    bool has_offset =
        !path_only && (type == NODE_FILE || type == NODE_DIRECTORY) && seen->offset != -1;
    const int nonblock = expected->flags & OPEN_WAIT ? 0 : O_NONBLOCK;
    const int append = expected->flags & OPEN_APPEND ? O_APPEND : 0;
    const int changeable = O_APPEND | O_ASYNC | O_DIRECT | O_NOATIME | O_NONBLOCK; /* F_SETFL */
    const int64_t pairs[][2] = {
        {0, has_offset ? seen->offset : 0},
        {true, seen->close_on_exec},
        {path_only ? 0 : nonblock | append, seen->flags & changeable},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        if (pairs[i][0] != pairs[i][1]) {
            differs(comparison, CLAUSE_STATE_DESCRIPTORS, ASPECT_DESCRIPTOR_STATE, pairs[i][0],
                    pairs[i][1]);
            comparison->verdict->number = seen->number;
            return false;
        }
    return true;
}

/* Which of the numbers that are looked at singly are open, and how many are in all. */
static int32_t expect_open(const struct world *world, bool open[OBSERVED_DESCRIPTORS]) {
    int32_t count = 3;
    memset(open, 0, OBSERVED_DESCRIPTORS);
    open[0] = open[1] = open[2] = true;
    for (int i = 0; i < SCENARIO_SLOTS; i++) {
        int32_t number = world->descriptors[i].number;
        count += number >= 0;
        if (number >= 0 && number < OBSERVED_DESCRIPTORS)
            open[number] = true;
    }
    return count;
}

/* The descriptor that a slot holds, if it is open. */
static bool compare_slot(struct comparison *comparison, int slot) {
    const struct world *world = comparison->world;
    const struct observed_slot *seen = &comparison->observation->slots[slot];
    int32_t number = world->slots[slot];
    const struct descriptor *expected = world_descriptor(world, number);
    if (!expected)
        return true;
    if (expected->place.node == NODE_NONE) /* another number for a standard descriptor */
        return compare_descriptor(comparison, number, true, seen->facts.error == 0);
    const struct node *node = &world->nodes[expected->place.node];
    return compare_descriptor(comparison, number, true, is_node(node, &seen->facts)) &&
           compare_descriptor_state(comparison, expected, seen);
}

static bool compare_descriptors(struct comparison *comparison) {
    const struct observation *observation = comparison->observation;
    bool open[OBSERVED_DESCRIPTORS];
    int32_t count = expect_open(comparison->world, open);
    for (int32_t number = 0; number < OBSERVED_DESCRIPTORS; number++)
        if (!compare_descriptor(comparison, number, open[number], observation->open[number]))
            return false;
    if (observation->standard_replaced)
        return differs(comparison, CLAUSE_STATE_DESCRIPTORS, ASPECT_STANDARD, 0, 1);
    if (observation->descriptor_count >= 0 && observation->descriptor_count != count)
        return differs(comparison, CLAUSE_STATE_DESCRIPTORS, ASPECT_DESCRIPTOR_COUNT, count,
                       observation->descriptor_count);
    for (int slot = 0; slot < SCENARIO_SLOTS; slot++)
        if (!compare_slot(comparison, slot))
            return false;
    return true;
}

void verdict_compare_state(struct world *world, const struct observation *observation,
                           struct verdict *verdict) {
    struct comparison comparison = {world, observation, verdict};
    const struct node *cwd = &world->nodes[world->cwd.node];
    if (!is_node(cwd, &observation->cwd)) {
        differs(&comparison, CLAUSE_STATE_CWD, ASPECT_CWD, (int64_t)cwd->ino,
                (int64_t)observation->cwd.ino);
        return;
    }
    if (observation->umask != world->umask) {
        differs(&comparison, CLAUSE_STATE_UMASK, ASPECT_UMASK, world->umask, observation->umask);
        return;
    }
    if (observation->signals_changed)
        differs(&comparison, CLAUSE_STATE_SIGNALS, ASPECT_SIGNALS, 0, 1);
    else
        compare_descriptors(&comparison);
}
