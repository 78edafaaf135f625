/*
 * mask.h - the signal mask that code under test believes to have.
 *
 * The kernel ends a process whose SIGSYS or fault comes while it is blocked, and the C library
 * blocks all signals before it starts a thread or a process. So nothing really changes the mask: a
 * thread is only told that it did.
 */
#ifndef FIFOFUZZ_MASK_H
#define FIFOFUZZ_MASK_H

#include <stdint.h>
#include <ucontext.h>

/*
 * Does to `mask` what the trapped rt_sigprocmask(2) asks for, and returns what that would. A bad
 * pointer is a crash, not EFAULT. Safe in a signal handler.
 */
long mask_change(uint64_t *mask, const ucontext_t *context);

#endif
