#include "corpus.h"

#include <errno.h>
#include <fts.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "hash.h"

/* --- listing ---------------------------------------------------------------------------------- */

static void append(struct corpus *corpus, const char *path, size_t size) {
    enum { GROWTH = 1024 };
    if (corpus->count % GROWTH == 0) {
        void *grown = realloc(corpus->files, (corpus->count + GROWTH) * sizeof *corpus->files);
        if (!grown)
            cli_fail(STATUS_OURS, "out of memory");
        corpus->files = grown;
    }
    char *copy = strdup(path);
    if (!copy)
        cli_fail(STATUS_OURS, "out of memory");
    corpus->files[corpus->count++] = (struct corpus_file){copy, size};
}

void corpus_add(struct corpus *corpus, const char *path) {
    char *roots[] = {strdup(path), NULL};
    FTS *tree = roots[0] ? fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, NULL) : NULL;
    if (!tree)
        cli_fail(STATUS_USAGE, "%s: %s", path, strerror(errno));
    for (const FTSENT *entry; (entry = fts_read(tree));) {
        if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR || entry->fts_info == FTS_NS)
            cli_fail(STATUS_USAGE, "%s: %s", entry->fts_path, strerror(entry->fts_errno));
        if (entry->fts_info == FTS_F)
            append(corpus, entry->fts_path, (size_t)entry->fts_statp->st_size);
    }
    fts_close(tree);
    free(roots[0]);
}

static int compare(const void *a, const void *b) {
    const struct corpus_file *one = a, *other = b;
    if (one->size != other->size)
        return one->size < other->size ? -1 : 1;
    return strcmp(one->path, other->path);
}

void corpus_sort(struct corpus *corpus) {
    if (corpus->count)
        qsort(corpus->files, corpus->count, sizeof *corpus->files, compare);
}

void corpus_free(struct corpus *corpus) {
    for (size_t i = 0; i < corpus->count; i++)
        free(corpus->files[i].path);
    free(corpus->files);
    *corpus = (struct corpus){0};
}

/* --- writing ---------------------------------------------------------------------------------- */

/* Written under another name and renamed, so that no run finds half an input. */
bool corpus_put(const char *folder, const void *data, size_t size, const char *ending) {
    char name[64];
    snprintf(name, sizeof name, "%016" PRIx64 "%s", hash_bytes(data, size), ending);
    char *path = cli_join(folder, name);
    bool is_new = !cli_exists(path);
    if (is_new) {
        snprintf(name, sizeof name, ".new-%ld", (long)getpid());
        char *unfinished = cli_join(folder, name);
        cli_write(unfinished, data, size);
        if (rename(unfinished, path) != 0)
            cli_fail(STATUS_USAGE, "%s: %s", path, strerror(errno));
        free(unfinished);
    }
    free(path);
    return is_new;
}

/* Of OUT/JOB/queue/id:..., as AFL++ lays it out; its own notes are in queue/.state. */
static bool is_queued(const char *path) {
    const char *slash = strrchr(path, '/');
    static const char folder[] = "/queue";
    return slash && strncmp(slash, "/id:", 4) == 0 && (size_t)(slash - path) > sizeof folder - 1 &&
           memcmp(slash - (sizeof folder - 1), folder, sizeof folder - 1) == 0;
}

size_t corpus_gather(const char *folder, const char *output) {
    struct corpus queued = {0};
    size_t gathered = 0;
    if (cli_exists(output))
        corpus_add(&queued, output);
    for (size_t i = 0; i < queued.count; i++) {
        if (!is_queued(queued.files[i].path))
            continue;
        size_t size;
        char *data = cli_read(queued.files[i].path, &size);
        gathered += corpus_put(folder, data, size, "");
        free(data);
    }
    corpus_free(&queued);
    return gathered;
}
