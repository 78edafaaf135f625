/*
 * reproducer.h - a scenario as a program of its own that knows nothing of fifofuzz: one C file, or
 * a shell script where shell can say it.
 *
 * The program calls whatever mkfifo and mkfifoat it is linked with, prints for every call what was
 * expected and what it got, and ends with 0 (all as expected), 1 (not), or 77 (this host or user
 * cannot do it). It leaves nothing behind, also when the function under test crashes or hangs.
 */
#ifndef FIFOFUZZ_REPRODUCER_H
#define FIFOFUZZ_REPRODUCER_H

#include <stddef.h>
#include <stdio.h>

#include "contract.h"
#include "verdict.h"

struct reproduction {
    const struct scenario *scenario; /* valid; of a finding, cut behind the step at fault */
    /*
     * What is expected: its level, traits, and of its host the limit of descriptors and the
     * settings of proc(5). Where these matter the program refuses to run on a host that differs.
     */
    const struct contract *contract;
    /* The finding: its aspect is looked at, too. NULL without one. As verdict_read_signature gives
       it, it does as well, but what was expected and got is not told. */
    const struct verdict *verdict;
    const char *title; /* what the program is about, such as a signature, or NULL */
};

/*
 * The facts that an export assumes where nobody has asked a host: all abilities, 4096 descriptors,
 * protected links.
 */
extern const struct host reproducer_host;

/*
 * Prints the C file. Returns 0 or -errno, of `out`. Of a scenario of several actors it is one that
 * says that it cannot be tried so, exit status 77.
 */
int reproducer_print_c(FILE *out, const struct reproduction *reproduction);

/*
 * Prints the shell script. Returns 0, -ENOTSUP with `reason` filled and nothing printed where shell
 * cannot say it, or another -errno.
 */
int reproducer_print_sh(FILE *out, const struct reproduction *reproduction, char *reason,
                        size_t reason_size);

#endif
