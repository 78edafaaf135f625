#include "reproducer_fragments.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"

/* Lines without newline, ended by NULL; the build writes them from reproducer/FILE.c. */
#define FRAGMENT(id, file, where) extern const char *const reproducer_fragment_##file[];
#include "reproducer_fragments.def"
#undef FRAGMENT

enum where { POSIX, LINUX };

static const struct {
    const char *const *lines;
    enum where where;
} fragments[FRAGMENT_COUNT] = {
#define FRAGMENT(id, file, where) {reproducer_fragment_##file, where},
#include "reproducer_fragments.def"
#undef FRAGMENT
};

bool fragments_need_linux(fragment_set set) {
    for (int i = 0; i < FRAGMENT_COUNT; i++)
        if (fragments_have(set, (enum fragment)i) && fragments[i].where == LINUX)
            return true;
    return false;
}

/* --- headers ---------------------------------------------------------------------------------- */

enum { HEADERS_MAX = 64 };

static bool is_include(const char *line) {
    return strncmp(line, "#include ", 9) == 0;
}

static int by_text(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void fragments_print_includes(FILE *out, fragment_set set) {
    const char *headers[HEADERS_MAX];
    size_t count = 0;
    for (int i = 0; i < FRAGMENT_COUNT; i++)
        for (const char *const *line = fragments[i].lines;
             fragments_have(set, (enum fragment)i) && *line; line++) {
            if (!is_include(*line) ||
                (count && bsearch(line, headers, count, sizeof *line, by_text)))
                continue;
            check(count < HEADERS_MAX);
            headers[count++] = *line;
            qsort(headers, count, sizeof headers[0], by_text);
        }
    for (size_t i = 0; i < count; i++)
        fprintf(out, "%s\n", headers[i]);
}

/* --- code ------------------------------------------------------------------------------------- */

void fragment_print(FILE *out, enum fragment fragment) {
    const char *const *line = fragments[fragment].lines;
    while (*line && (is_include(*line) || !**line))
        line++;
    fputc('\n', out);
    for (; *line && (**line || line[1]); line++) /* the last one is empty: it stands behind \n */
        fprintf(out, "%s\n", *line);
}

void fragments_print(FILE *out, fragment_set set) {
    for (int i = 0; i < FRAGMENT_MAIN; i++)
        if (fragments_have(set, (enum fragment)i))
            fragment_print(out, (enum fragment)i);
}
