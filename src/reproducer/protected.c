#include <fcntl.h>
#include <unistd.h>

/* What the scenario gives depends on this setting of the host: proc(5). */
static void require_setting(const char *path, char value) {
    char found = '0';
    int file = open(path, O_RDONLY);
    if (file >= 0 && read(file, &found, 1) != 1)
        found = '0';
    close(file);
    if (found == value)
        return;
    errno = ENOTSUP;
    unable(path);
}
