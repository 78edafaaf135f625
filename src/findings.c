#include "findings.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report_json.h"
#include "reproducer.h"

/* --- files ------------------------------------------------------------------------------------ */

/* What the files of a folder are written from. */
struct content {
    const struct report_run *run;
    const struct contract *contract;
    const struct finding *finding;
    char *file; /* path of scenario.scn once the folder has its name */
};

static int write_text(FILE *out, const struct content *content, const struct scenario *scenario) {
    static char text[SCENARIO_PRINT_MAX];
    static struct expectations expectations;
    static struct world world;
    contract_expect(content->contract, &world, scenario, &expectations);
    scenario_print(scenario, &expectations, text, sizeof text);
    fprintf(out, "# %s\n%s", content->finding->signature, text);
    return 0;
}

static int write_scenario(FILE *out, const struct content *content) {
    return write_text(out, content, &content->finding->scenario);
}

static int write_original(FILE *out, const struct content *content) {
    return write_text(out, content, &content->finding->original);
}

static int write_input(FILE *out, const struct content *content) {
    static uint8_t bytes[SCENARIO_BYTES_MAX];
    fwrite(bytes, 1, scenario_encode(&content->finding->scenario, bytes, sizeof bytes), out);
    return 0;
}

static int write_command(FILE *out, const struct content *content) {
    report_command(out, content->run, content->file);
    fputc('\n', out);
    return 0;
}

static int write_report(FILE *out, const struct content *content) {
    report_print(out, content->run, content->finding, content->file);
    return 0;
}

static int write_json(FILE *out, const struct content *content) {
    return report_json(out, content->run, content->finding, content->file);
}

static int write_reproducer(FILE *out, const struct content *content) {
    const struct finding *finding = content->finding;
    const struct reproduction reproduction = {
        .scenario = &finding->scenario,
        .contract = content->contract,
        .verdict = &finding->verdict,
        .title = finding->signature,
    };
    return reproducer_print_c(out, &reproduction);
}

static const struct {
    const char *name;
    int (*write)(FILE *out, const struct content *content); /* 0 or -errno */
} files[] = {
    {"scenario.scn", write_scenario},
    {"original.scn", write_original},
    {"input", write_input},
    {"command.txt", write_command},
    {"reproducer.c", write_reproducer},
    {"report.json", write_json},
    {"report.txt", write_report},
};
enum { FILES = sizeof files / sizeof files[0] };

/* "DIRECTORY/NAME" in new memory; NULL without any. */
static char *join(const char *directory, const char *name) {
    char *path;
    return asprintf(&path, "%s/%s", directory, name) < 0 ? NULL : path;
}

static int close_written(FILE *out) {
    int error = 0;
    if (fflush(out) != 0)
        error = -errno;
    else if (ferror(out))
        error = -EIO;
    return fclose(out) != 0 && !error ? -errno : error;
}

/* Under another name first, so that the file is never seen half written. */
static int write_file(const char *folder, size_t index, const struct content *content) {
    char *path = join(folder, files[index].name);
    char *fresh = join(folder, ".new");
    FILE *out = path && fresh ? fopen(fresh, "we") : NULL;
    int error = out ? 0 : path && fresh ? -errno : -ENOMEM;
    if (out) {
        error = files[index].write(out, content);
        int lost = close_written(out);
        error = error ? error : lost;
        if (!error && rename(fresh, path) != 0)
            error = -errno;
        if (error)
            unlink(fresh);
    }
    free(fresh);
    free(path);
    return error;
}

static int write_files(const char *folder, const struct content *content) {
    int error = 0;
    for (size_t i = 0; i < FILES && !error; i++)
        error = write_file(folder, i, content);
    return error;
}

/* Keeps others from changing the folder until the descriptor is closed; -errno if it is gone. */
static int hold(const char *folder) {
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    while (flock(fd, LOCK_EX) != 0 && errno == EINTR) /* a file system without locks goes without */
        continue;
    return fd;
}

static int add_to_count(const char *folder, uint64_t more) {
    char *path = join(folder, "count");
    if (!path)
        return -ENOMEM;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    int error = fd < 0 ? -errno : 0;
    free(path);
    if (fd < 0)
        return error;
    char text[24] = "";
    ssize_t length = pread(fd, text, sizeof text - 1, 0);
    uint64_t count = length > 0 ? strtoull(text, NULL, 10) : 0;
    length = snprintf(text, sizeof text, "%" PRIu64 "\n", count + more);
    errno = EIO; /* for a write that is cut */
    if (pwrite(fd, text, (size_t)length, 0) != length)
        error = -errno;
    close(fd);
    return error;
}

int findings_count(const char *folder, uint64_t more) {
    int held = hold(folder);
    if (held < 0)
        return held;
    int error = add_to_count(folder, more);
    close(held);
    return error;
}

/* --- folders ---------------------------------------------------------------------------------- */

static void remove_folder(const char *folder) {
    DIR *directory = opendir(folder);
    const struct dirent *entry;
    while (directory && (entry = readdir(directory)))
        unlinkat(dirfd(directory), entry->d_name, 0); /* fails for . and .. */
    if (directory)
        closedir(directory);
    rmdir(folder);
}

#define STAGING ".new-"

/* Takes away what processes that are no more have left half filled. */
static void remove_leftovers(const char *findings) {
    DIR *directory = opendir(findings);
    const struct dirent *entry;
    while (directory && (entry = readdir(directory))) {
        if (strncmp(entry->d_name, STAGING, strlen(STAGING)) != 0)
            continue;
        pid_t owner = (pid_t)strtol(entry->d_name + strlen(STAGING), NULL, 10);
        char *path = join(findings, entry->d_name);
        if (path && (owner <= 0 || (kill(owner, 0) != 0 && errno == ESRCH)))
            remove_folder(path);
        free(path);
    }
    if (directory)
        closedir(directory);
}

/* True if the folder's command.txt holds the command that this finding would leave there. */
static bool same_command(const char *folder, const struct content *content) {
    char *path = join(folder, "command.txt");
    FILE *in = path ? fopen(path, "re") : NULL;
    free(path);
    if (!in)
        return false;
    char *wanted = NULL, *found = NULL;
    size_t size = 0, capacity = 0;
    FILE *memory = open_memstream(&wanted, &size);
    if (memory) {
        write_command(memory, content);
        fclose(memory);
    }
    bool same = wanted && getdelim(&found, &capacity, '\0', in) > 0 && strcmp(found, wanted) == 0;
    free(wanted);
    free(found);
    fclose(in);
    return same;
}

/*
 * Makes `folder` of the filled `staging`, or counts there. Returns 0, -EEXIST if another finding
 * has it, or another -errno.
 */
static int claim(const char *staging, const char *folder, const struct content *content) {
    if (rename(staging, folder) == 0) /* ENOTEMPTY, or EEXIST on some file systems: it is there */
        return 0;
    if (errno != ENOTEMPTY && errno != EEXIST)
        return -errno;
    return same_command(folder, content) ? findings_count(folder, 1) : -EEXIST;
}

/* Fills `staging` for the folder that `content->file` lies in. */
static int fill(const char *staging, const struct content *content) {
    if (mkdir(staging, 0777) != 0)
        return -errno;
    int error = write_files(staging, content);
    return error ? error : findings_count(staging, 1);
}

/* Saves under the name SIGNATURE with `suffix`; returns as claim does. */
static int save_as(const char *findings, const char *staging, const char *suffix,
                   struct content *content, char *folder, size_t size) {
    int length = snprintf(folder, size, "%s/%s%s", findings, content->finding->signature, suffix);
    if (length < 0 || (size_t)length >= size)
        return -ENAMETOOLONG;
    content->file = join(folder, files[0].name);
    if (!content->file)
        return -ENOMEM;
    int error;
    if (same_command(folder, content)) {
        error = findings_count(folder, 1);
    } else {
        error = fill(staging, content);
        if (!error)
            error = claim(staging, folder, content);
        remove_folder(staging);
    }
    free(content->file);
    return error;
}

int findings_save(const char *findings, const struct report_run *run,
                  const struct contract *contract, const struct finding *finding, char *folder,
                  size_t size) {
    enum { FOLDERS_MAX = 1000 }; /* of one signature, each from another command */
    if (mkdir(findings, 0777) != 0 && errno != EEXIST)
        return -errno;
    remove_leftovers(findings);
    struct content content = {run, contract, finding, NULL};
    char *staging;
    if (asprintf(&staging, "%s/" STAGING "%d", findings, (int)getpid()) < 0)
        return -ENOMEM;
    int error = -EEXIST;
    for (unsigned i = 1; error == -EEXIST && i <= FOLDERS_MAX; i++) {
        char suffix[16] = "";
        if (i > 1)
            snprintf(suffix, sizeof suffix, ".%u", i);
        error = save_as(findings, staging, suffix, &content, folder, size);
    }
    free(staging);
    return error;
}

int findings_replace(const char *folder, const struct report_run *run,
                     const struct contract *contract, const struct finding *finding) {
    struct content content = {run, contract, finding, join(folder, files[0].name)};
    int held = hold(folder);
    int error = held < 0 ? held : content.file ? write_files(folder, &content) : -ENOMEM;
    if (held >= 0)
        close(held);
    free(content.file);
    return error;
}

/* True if the report ends with `line` already. */
static bool ends_with(FILE *report, const char *line) {
    char *text = NULL;
    size_t capacity = 0, tail = strlen(line);
    ssize_t length = getdelim(&text, &capacity, '\0', report);
    bool same = length > (ssize_t)tail && text[length - 1] == '\n' &&
                memcmp(text + (size_t)length - 1 - tail, line, tail) == 0;
    free(text);
    return same;
}

static int amend_text(const char *folder, const char *line) {
    char *path = join(folder, "report.txt");
    FILE *report = path ? fopen(path, "a+e") : NULL;
    int error = report ? 0 : path ? -errno : -ENOMEM;
    free(path);
    if (!report)
        return error;
    if (!ends_with(report, line))
        fprintf(report, "%s\n", line);
    return close_written(report);
}

static int amend_json(const char *folder, const char *line) {
    char *path = join(folder, "report.json");
    int error = path ? report_json_amend(path, line) : -ENOMEM;
    free(path);
    return error;
}

int findings_amend(const char *folder, const char *line) {
    int held = hold(folder);
    if (held < 0)
        return held;
    int error = amend_text(folder, line);
    if (!error)
        error = amend_json(folder, line);
    close(held);
    return error;
}
