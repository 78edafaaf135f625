#include <fcntl.h>
#include <sys/stat.h>

struct look {
    int error;
    struct stat facts;
};

static struct look look_at(int directory, const char *path, int flags) {
    struct look look = {0};
    look.error = fstatat(directory, path, &look.facts, flags) ? errno : 0;
    return look;
}
