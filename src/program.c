#include "program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_program(const char *path) {
    struct stat facts;
    return stat(path, &facts) == 0 && S_ISREG(facts.st_mode) && access(path, X_OK) == 0;
}

/* `place` as an absolute path; links stay, for there are programs that go by their name. */
static bool make_absolute(const char *place, char path[PATH_MAX]) {
    size_t length = 0;
    if (*place != '/') {
        if (!getcwd(path, PATH_MAX - 1))
            return false;
        length = strlen(path);
        path[length++] = '/';
    }
    return (size_t)snprintf(path + length, PATH_MAX - length, "%s", place) < PATH_MAX - length;
}

bool program_find(const char *name, size_t length, char path[PATH_MAX]) {
    char place[PATH_MAX];
    if (memchr(name, '/', length)) {
        snprintf(place, sizeof place, "%.*s", (int)length, name);
        return is_program(place) && make_absolute(place, path);
    }
    const char *folder = getenv("PATH");
    for (size_t size; folder; folder = folder[size] ? folder + size + 1 : NULL) {
        size = strcspn(folder, ":");
        snprintf(path, PATH_MAX, "%.*s/%.*s", (int)size, folder, (int)length, name);
        if (size > 0 && *folder == '/' && is_program(path))
            return true;
    }
    return false;
}
