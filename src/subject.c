#include "subject.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "sandbox.h"

static bool is_path(const char *name) {
    size_t length = strlen(name);
    return strchr(name, '/') || (length > 3 && strcmp(name + length - 3, ".so") == 0);
}

int subject_find(const struct implementation **out, const char *name, char *reason,
                 size_t reason_size) {
    static struct implementation loaded;
    if (is_path(name)) {
        *out = &loaded;
        return sandbox_load(&loaded, name, reason, reason_size);
    }
    *out = implementation_find(name);
    if (*out)
        return 0;
    snprintf(reason, reason_size,
             "no implementation is called \"%s\": see `fifofuzz list implementations`, "
             "or give the path of a shared object",
             name);
    return -ENOENT;
}

bool subject_mistaken(int error) {
    return error == -ENOENT || error == -ENOSYS || error == -EFAULT || error == -ETIME ||
           error == -EINVAL;
}

int subject_level(enum level *out, const char *name, char *reason, size_t reason_size) {
    for (int level = 0; level < LEVEL_COUNT; level++)
        if (strcmp(name, level_names[level]) == 0) {
            *out = (enum level)level;
            return 0;
        }
    snprintf(reason, reason_size, "no contract is called \"%s\": linux, documented or posix", name);
    return -EINVAL;
}
