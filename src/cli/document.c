#include "document.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"

/* True if a new file is to take the place of what is there. */
static bool is_replaceable(const char *path) {
    struct stat facts;
    return lstat(path, &facts) != 0 || S_ISREG(facts.st_mode);
}

/* A new file beside `path`, whose name is the caller's to free, or NULL with errno. */
static FILE *open_beside(const char *path, char **name) {
    if (asprintf(name, "%s.%ld.new", path, (long)getpid()) < 0)
        cli_fail(STATUS_OURS, "out of memory");
    unlink(*name); /* a killed process of the same number left it */
    int fd = open(*name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    return fd < 0 ? NULL : fdopen(fd, "w");
}

static int need_beside(const char *path) {
    char *name;
    FILE *out = open_beside(path, &name);
    int error = out ? 0 : errno;
    if (out) {
        fclose(out);
        unlink(name);
    }
    free(name);
    return error;
}

static int need_place(const char *path) {
    struct stat facts;
    if (stat(path, &facts) == 0 && S_ISDIR(facts.st_mode))
        return EISDIR;
    return access(path, W_OK) == 0 ? 0 : errno;
}

void document_need(const char *path) {
    if (!path)
        return;
    int error = !*path ? ENOENT : is_replaceable(path) ? need_beside(path) : need_place(path);
    if (error)
        cli_fail(STATUS_USAGE, "%s: %s", path, strerror(error));
}

/*
 * Why writing to `out` has failed. A stream that failed when its buffer was full has lost the
 * reason, but one more byte tells it again.
 */
static int reason_of(FILE *out) {
    errno = EIO;
    clearerr(out);
    fputc('\n', out);
    fflush(out);
    return -errno;
}

/* Fills and closes `out`. */
static int fill(FILE *out, int (*write)(FILE *out, const void *context), const void *context) {
    int error = write(out, context);
    if (!error && (fflush(out) != 0 || ferror(out)))
        error = reason_of(out);
    return fclose(out) != 0 && !error ? -errno : error;
}

int document_write(const char *path, int (*write)(FILE *out, const void *context),
                   const void *context) {
    bool replaces = is_replaceable(path);
    char *beside = NULL;
    FILE *out = replaces ? open_beside(path, &beside) : fopen(path, "we");
    int error = out ? fill(out, write, context) : -errno;
    if (!error && replaces && rename(beside, path) != 0)
        error = -errno;
    if (error && out && replaces)
        unlink(beside);
    free(beside);
    if (error)
        fprintf(stderr, "fifofuzz: %s: %s\n", path, strerror(-error));
    return error;
}
