/*
 * check.h - assertions that stay on: a failed one is a bug of ours, never the user's or the host's.
 *
 * Three families of errors have three faces. Our own bug: check(), which names the line, prints
 * what was being examined and aborts. The host cannot: a negative errno and a reason, exit 77.
 * The user's mistake: a message with file and line, exit 2 (only src/cli prints and exits).
 */
#ifndef FIFOFUZZ_CHECK_H
#define FIFOFUZZ_CHECK_H

/*
 * What to print before aborting, besides the condition: set by whoever runs scenarios to a function
 * that writes the scenario at hand to stderr, or NULL (the default) for nothing. Must not fail.
 */
extern void (*check_context)(void);

/* Prints "FILE:LINE: FUNCTION: check failed: CONDITION", runs check_context, aborts. */
_Noreturn void check_failed(const char *condition, const char *file, int line,
                            const char *function);

/* Aborts unless `condition` holds; on in every build. The condition is evaluated once. */
#define check(condition)                                                                           \
    ((condition) ? (void)0 : check_failed(#condition, __FILE__, __LINE__, __func__))

#endif
