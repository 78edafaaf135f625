/*
 * child.h - a question that is asked in a child process, for what the answer takes may not happen
 * in this one: a crash, a thread, namespaces, a filter.
 */
#ifndef FIFOFUZZ_CHILD_H
#define FIFOFUZZ_CHILD_H

#include <stddef.h>

/*
 * Calls `ask(answer, context)` in a child and waits until that has ended, in whatever way. What the
 * child writes to the `size` bytes at `answer` is there afterwards; a child that is killed leaves
 * them as far as it came. Returns 0, or -errno if none could be started (fork(2), mmap(2)).
 */
int child_ask(void *answer, size_t size, void (*ask)(void *answer, void *context), void *context);

#endif
