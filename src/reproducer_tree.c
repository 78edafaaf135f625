/* The listing that the file tree is held against in the end. */
#include <string.h>

#include "reproducer_looks.h"
#include "reproducer_quote.h"

/* Paths are given up beyond this; the kernel would not take them either. */
enum { LISTED_PATH_MAX = WORLD_PATH_LENGTH };

/* The row that names directory `node`, or NULL of a root. */
static const struct name *name_of(const struct world *world, node_id node) {
    for (uint32_t row = 0; row < WORLD_NAMES_MAX; row++)
        if (world->names[row].generation == world->generation && world->names[row].node == node)
            return &world->names[row];
    return NULL;
}

/*
 * Writes the path of `name` from its file system's root to the end of `path`; returns where it
 * begins, NULL if it does not fit.
 */
static const char *path_of(const struct world *world, const struct name *name,
                           char path[LISTED_PATH_MAX]) {
    uint32_t at = LISTED_PATH_MAX;
    while (name) {
        if (name->text.length + 1 > at)
            return NULL;
        at -= name->text.length;
        memcpy(path + at, name->text.bytes, name->text.length);
        name = name_of(world, name->directory);
        if (name)
            path[--at] = '/';
    }
    return path + at;
}

/* Names may repeat themselves only together, when no step needs the functions for that. */
static void put_bytes(FILE *out, const struct plan *plan, const char *bytes, uint32_t length) {
    if (fragments_have(plan->fragments, FRAGMENT_STRINGS))
        quote_c(out, bytes, length);
    else
        quote_c_literal(out, bytes, length);
}

static void put_node(FILE *out, const struct plan *plan, const struct node *node) {
    static const char *const types[] = {
        [NODE_FIFO] = "S_IFIFO",
        [NODE_FILE] = "S_IFREG",
        [NODE_DIRECTORY] = "S_IFDIR",
        [NODE_SYMLINK] = "S_IFLNK",
    };
    const uint32_t size =
        node->type == NODE_DIRECTORY ? 40 + 20 * node->entries : node->content.length;
    fprintf(out, ", %s | 0%03o, %u, %u, %u, %u, ", types[node->type], node->mode, node->uid,
            node->gid, node->nlink, size);
    if (node->type == NODE_FILE || node->type == NODE_SYMLINK)
        put_bytes(out, plan, node->content.bytes, node->content.length);
    else
        fputs("NULL", out);
}

static void print_name(FILE *out, const struct plan *plan, const struct name *name) {
    static char path[LISTED_PATH_MAX];
    const struct world *world = &plan->world;
    const char *start = path_of(world, name, path);
    const struct node *node = &world->nodes[name->node];
    if (!start) {
        fputs("    names_expected++; /* its path is too long to look at it */\n", out);
        return;
    }
    fprintf(out, "    there(%u, ", node->superblock);
    put_bytes(out, plan, start, (uint32_t)(path + LISTED_PATH_MAX - start));
    put_node(out, plan, node);
    fputs(");\n", out);
}

void looks_print_inspect(FILE *out, const struct plan *plan) {
    const struct world *world = &plan->world;
    fputs("\n/* All that must be there in the end: type and mode, owner, group, links, size,\n"
          "   content. */\n"
          "static void inspect(void) {\n",
          out);
    fprintf(out, "    number = %u;\n", plan->reproduction->scenario->step_count);
    for (uint8_t i = 0; i < world->superblock_count; i++) {
        fprintf(out, "    there(%u, \"\"", i);
        put_node(out, plan, &world->nodes[world->superblocks[i].root]);
        fputs(");\n", out);
    }
    for (uint32_t row = 0; row < WORLD_NAMES_MAX; row++) {
        const struct name *name = &world->names[row];
        if (name->generation == world->generation && name->node != NODE_NONE)
            print_name(out, plan, name);
    }
    fputs("    nothing_else_there();\n}\n", out);
}
