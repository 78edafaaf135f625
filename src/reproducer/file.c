#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static int make_file(const char *path, mode_t mode, const char *content) {
    int file = open(path, O_CREAT | O_EXCL | O_WRONLY, mode);
    if (file < 0)
        return -1;
    ssize_t written = write(file, content, strlen(content));
    close(file);
    return written < 0 ? -1 : 0;
}
