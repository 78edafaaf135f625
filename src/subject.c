#include "subject.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "implementations/agents.h"
#include "sandbox.h"

static bool is_path(const char *name) {
    size_t length = strlen(name);
    return strchr(name, '/') || (length > 3 && strcmp(name + length - 3, ".so") == 0);
}

/* Says what names there are. */
static int unknown(const char *name, char *reason, size_t reason_size) {
    size_t count;
    const struct agent_row *rows = agent_rows(&count);
    int length =
        snprintf(reason, reason_size,
                 "no implementation is called \"%s\": own, libc, raw, a canary, an agent (", name);
    for (size_t i = 0; i < count && length >= 0 && (size_t)length < reason_size; i++)
        length += snprintf(reason + length, reason_size - (size_t)length, "%s%s", i ? " " : "",
                           rows[i].name);
    if (length >= 0 && (size_t)length < reason_size)
        snprintf(reason + length, reason_size - (size_t)length,
                 "), agent:COMMAND, or the path of a shared object; see `fifofuzz list "
                 "implementations`");
    return -ENOENT;
}

int subject_find(const struct implementation **out, const char *name, char *reason,
                 size_t reason_size) {
    static struct implementation found;
    *out = implementation_find(name);
    if (*out)
        return 0;
    *out = &found;
    if (agent_named(name)) {
        int error = agent_find(&found, name, reason, reason_size);
        return error ? error : sandbox_meet(&found, reason, reason_size);
    }
    if (is_path(name))
        return sandbox_load(&found, name, reason, reason_size);
    return unknown(name, reason, reason_size);
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
