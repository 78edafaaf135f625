/*
 * facts.h - struct stat as the plain numbers of struct node_facts.
 *
 * Scenarios begin as user and group 0. Where the worker cannot be that, what belongs to it is shown
 * as theirs.
 */
#ifndef FIFOFUZZ_FACTS_H
#define FIFOFUZZ_FACTS_H

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

#include "outcome.h"

/* Who the worker's files belong to; set by arena_prove, the same for all workers of a process. */
extern uint32_t facts_own_uid, facts_own_gid;

/* `time` in nanoseconds since the epoch. */
static inline int64_t facts_time(struct timespec time) {
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static inline void facts_fill(struct node_facts *facts, const struct stat *status) {
    *facts = (struct node_facts){
        .mode = status->st_mode,
        .uid = status->st_uid == facts_own_uid ? 0 : status->st_uid,
        .gid = status->st_gid == facts_own_gid ? 0 : status->st_gid,
        .nlink = (uint32_t)status->st_nlink,
        .ino = status->st_ino,
        .dev = status->st_dev,
        .rdev = status->st_rdev,
        .size = status->st_size,
        .blocks = status->st_blocks,
        .atime = facts_time(status->st_atim),
        .mtime = facts_time(status->st_mtim),
        .ctime = facts_time(status->st_ctim),
    };
}

/* fstatat(2) into `facts`; a failure is a fact too (facts->error). */
static inline void facts_at(struct node_facts *facts, int directory, const char *path, int flags) {
    struct stat status;
    if (fstatat(directory, path, &status, flags))
        *facts = (struct node_facts){.error = errno};
    else
        facts_fill(facts, &status);
}

#endif
