/*
 * registry.h - what the files of this folder hand to registry.c. Only they include it; everybody
 * else uses implementation.h.
 */
#ifndef FIFOFUZZ_REGISTRY_H
#define FIFOFUZZ_REGISTRY_H

#include "implementations/implementation.h"

/* The built-in ones, a file each. */
extern const struct implementation own_implementation;
extern const struct implementation libc_implementation;
extern const struct implementation raw_implementation;

/* Rows that one file contributes. */
struct implementation_table {
    const struct implementation *rows;
    size_t count;
};

/* Names the table of the calling file: `ROWS(x)` where x is its array of struct implementation. */
#define ROWS(array)                                                                                \
    { (array), sizeof(array) / sizeof((array)[0]) }

/* Deliberately wrong ones, a theme each: `breaks` is set, the name starts with "canary-". */
extern const struct implementation_table canaries_argument;
extern const struct implementation_table canaries_path;
extern const struct implementation_table canaries_exist;
extern const struct implementation_table canaries_directory;
extern const struct implementation_table canaries_permission;
extern const struct implementation_table canaries_node;
extern const struct implementation_table canaries_effect;
extern const struct implementation_table canaries_state;
extern const struct implementation_table canaries_mount;
extern const struct implementation_table canaries_space;
extern const struct implementation_table canaries_order;
extern const struct implementation_table canaries_identity;
extern const struct implementation_table canaries_setgid;
extern const struct implementation_table canaries_acl;
extern const struct implementation_table canaries_landlock;
extern const struct implementation_table canaries_descriptor;
extern const struct implementation_table canaries_overlap; /* these two: implementation_is_latent */
extern const struct implementation_table canaries_inject;

/* Correct but unusual ones: `breaks` is NULL, the name starts with "honest-". */
extern const struct implementation_table honest_ones;

/* The mknodat(2) system call with S_IFIFO, through syscall(2): raw's entry points. */
int raw_mkfifo(const char *path, mode_t mode);
int raw_mkfifoat(int dirfd, const char *path, mode_t mode);

#endif
