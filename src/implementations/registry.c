#include "registry.h"

#include <pthread.h>
#include <string.h>

#include "check.h"

enum { IMPLEMENTATIONS_MAX = 640 };

static const struct implementation *const built_in[] = {
    &own_implementation,
    &libc_implementation,
    &raw_implementation,
};

static const struct implementation_table *const tables[] = {
    &canaries_argument,   &canaries_path,   &canaries_exist,    &canaries_directory,
    &canaries_permission, &canaries_node,   &canaries_effect,   &canaries_state,
    &canaries_mount,      &canaries_space,  &canaries_order,    &canaries_identity,
    &canaries_setgid,     &canaries_acl,    &canaries_landlock, &canaries_descriptor,
    &canaries_overlap,    &canaries_inject, &honest_ones,
};

static const struct implementation *all[IMPLEMENTATIONS_MAX];
static size_t all_count;

static void append(const struct implementation *implementation) {
    check(all_count < IMPLEMENTATIONS_MAX);
    all[all_count++] = implementation;
}

static void collect(void) {
    for (size_t i = 0; i < sizeof built_in / sizeof built_in[0]; i++)
        append(built_in[i]);
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        for (size_t row = 0; row < tables[i]->count; row++)
            append(&tables[i]->rows[row]);
}

const struct implementation *const *implementation_list(size_t *count) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    check(pthread_once(&once, collect) == 0);
    *count = all_count;
    return all;
}

static bool is_row_of(const struct implementation_table *table,
                      const struct implementation *implementation) {
    for (size_t row = 0; row < table->count; row++)
        if (&table->rows[row] == implementation)
            return true;
    return false;
}

bool implementation_is_latent(const struct implementation *implementation) {
    return is_row_of(&canaries_overlap, implementation) ||
           is_row_of(&canaries_inject, implementation);
}

const struct implementation *implementation_find(const char *name) {
    size_t count;
    const struct implementation *const *list = implementation_list(&count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i]->name, name) == 0)
            return list[i];
    return NULL;
}
