/*
 * corpus.h - folders of inputs: listed in an order of their own, written under names that are made
 * of what is in them.
 */
#ifndef FIFOFUZZ_CORPUS_H
#define FIFOFUZZ_CORPUS_H

#include <stdbool.h>
#include <stddef.h>

/* Files, the smallest first and those of one size by name, so that no directory's order shows. */
struct corpus {
    struct corpus_file {
        char *path;
        size_t size;
    } * files;
    size_t count;
};

/*
 * Adds the file `path`, or all regular files in and below the folder `path`; links to folders are
 * not followed. Exits with a message if it cannot be read.
 */
void corpus_add(struct corpus *corpus, const char *path);

/* To be called after the last corpus_add and before anything is looked at. */
void corpus_sort(struct corpus *corpus);

void corpus_free(struct corpus *corpus);

/*
 * Writes `data` to `folder` under a name made of it, with `ending`. Returns false if it was there
 * already. Exits with a message if it cannot be written.
 */
bool corpus_put(const char *folder, const void *data, size_t size, const char *ending);

/*
 * Copies what AFL++ has queued below `output`, its own folder, to the corpus `folder`; nothing if
 * there is no such folder. Returns how many were new.
 */
size_t corpus_gather(const char *folder, const char *output);

#endif
