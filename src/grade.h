/*
 * grade.h - how bad a violation is, by what was compared and how strongly the documents speak.
 *
 * A grade tells who should read a finding first. It rests on the verdict alone: what the verdict
 * does not show, such as what else a call did that returned a wrong errno, is not guessed.
 */
#ifndef FIFOFUZZ_GRADE_H
#define FIFOFUZZ_GRADE_H

#include "verdict.h"

/* From the least to the worst. */
enum grade {
    GRADE_NONE,   /* nothing is known to be violated: a preparation disagreed with the model */
    GRADE_PARITY, /* only level linux demands it: no document says that an implementation shall */
    GRADE_BROKEN, /* POSIX or a manual page says shall, and the call did otherwise */
    GRADE_GRAVE,  /* data, the caller or another node suffered, or the wrong thing was made */
    GRADE_COUNT
};

struct grade_info {
    const char *name;    /* "grave" */
    const char *meaning; /* a phrase for reports */
};
extern const struct grade_info grade_infos[GRADE_COUNT];

/* The grade of what `verdict` says. */
enum grade grade_of(const struct verdict *verdict);

/* The grade called `name`; GRADE_NONE for what is none, such as the text of an older report. */
enum grade grade_find(const char *name);

#endif
