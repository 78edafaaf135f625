/*
 * inject.h - makes a thread of another process issue system calls: ptrace(2).
 *
 * An agent's language may have no call to change its user, or an interposer may only pretend to
 * make it. So what a scenario demands of credentials is done to the agent from outside, wherever it
 * sleeps: the interrupted call goes on afterwards as if nothing had happened, which the kernel sees
 * to (ptrace(2), PTRACE_SEIZE; signal(7), on calls that are restarted).
 */
#ifndef FIFOFUZZ_INJECT_H
#define FIFOFUZZ_INJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/user.h>

/* A thread that stands still. */
struct inject {
    pid_t thread;
    struct user_regs_struct saved; /* what it goes on with */
    uintptr_t memory;              /* INJECT_MEMORY bytes of its stack that it does not use */
};
enum { INJECT_MEMORY = 256 };

/*
 * Attaches to `thread` and stops it. Returns 0, or -errno: -EPERM where another traces it already,
 * -ENOSYS where the machine's registers are not known. End with inject_close.
 */
int inject_open(struct inject *inject, pid_t thread);

/* Copies `size` bytes (at most INJECT_MEMORY) into inject->memory. Returns 0 or -errno. */
int inject_write(const struct inject *inject, const void *bytes, size_t size);

/* Lets the thread make call `number` with six arguments. Returns its result, or -errno. */
long inject_call(const struct inject *inject, long number, const uintptr_t arguments[6]);

/* Puts everything back and lets the thread go on. Returns 0 or -errno. */
int inject_close(struct inject *inject);

#endif
