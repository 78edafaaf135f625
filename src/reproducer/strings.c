#include <stdlib.h>
#include <string.h>

/* `unit`, `count` times. Nothing here is ever freed: the process does not live long. */
static const char *repeat(int count, const char *unit) {
    size_t length = strlen(unit);
    char *text = malloc((size_t)count * length + 1);
    if (!text)
        abort();
    for (int i = 0; i < count; i++)
        memcpy(text + (size_t)i * length, unit, length);
    text[(size_t)count * length] = '\0';
    return text;
}

static const char *join(const char *const *pieces) {
    size_t length = 0;
    char *text = NULL;
    for (; *pieces; pieces++) {
        size_t more = strlen(*pieces);
        text = realloc(text, length + more + 1);
        if (!text)
            abort();
        memcpy(text + length, *pieces, more + 1);
        length += more;
    }
    return text;
}

#define TEXT(...) join((const char *const[]){__VA_ARGS__, NULL})
