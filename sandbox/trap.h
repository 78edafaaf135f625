/*
 * trap.h - what happens when the code under test does not return: signals, exit(), sanitizers.
 *
 * A signal handler belongs to the whole process, so each one here asks first which thread it is on.
 * On a watched thread (the worker) it records how the run ended, gives the turn to the main thread
 * and parks: nothing unwinds, no engine's handler runs there, and the main thread reports. On any
 * other thread the handler that was installed before does its work, as if this one did not exist.
 */
#ifndef FIFOFUZZ_TRAP_H
#define FIFOFUZZ_TRAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frames.h"
#include "gate.h"
#include "handover.h"
#include "outcome.h"

/*
 * A thread under the filter cannot block a signal, it is only told so: a fault or SIGSYS that is
 * blocked would end the process.
 *
 * A system call that the policy forbids is the exception: it fails with EPERM, the code under test
 * goes on, and the run ends at the end of the step. Parked inside fork(3), the thread would keep
 * malloc's locks, and the main thread would wait for them for ever.
 */

/* One watched thread. Its first part is set by who starts the thread, the second by its end. */
struct trap {
    turn_word *turn; /* becomes TURN_ENDED when the thread has parked */
    uintptr_t guard; /* the guard below the thread's stack: faults there are overflows */
    size_t guard_size;
    uintptr_t alternate; /* the alternate signal stack given to the thread, above another guard */
    size_t alternate_size;
    struct gate *gate; /* NULL if no call is ever stopped or answered */

    uint64_t mask, mask_at_start; /* the signal mask that the thread believes to have */

    bool in_child;       /* it is of a child process, see trap_watch_child */
    _Atomic bool parked; /* its run has ended: signals mean nothing to it any more */
    bool forbidden;      /* a forbidden system call was tried: how the run ends, whatever follows */
    int32_t forbidden_call;
    uint32_t forbidden_calls; /* how many in all */
    unsigned broken_pipes;    /* SIGPIPEs that came: the thread goes on */
    enum ending ending;
    int32_t detail; /* as in struct observation */
    uint64_t address;
    bool off_stack;    /* it parked outside the alternate stack, which may be unmapped by now */
    turn_word release; /* TURN_QUIT lets the parked thread exit */

    struct frames frames; /* where it ended, or first tried a forbidden call */
};

/*
 * Installs the handlers (SIGSEGV SIGBUS SIGILL SIGFPE SIGSYS SIGABRT SIGTRAP SIGPIPE, the parking
 * and interrupting signals, the sanitizers' death callback, an exit handler) and keeps what was
 * there before for the other threads. Calling it again takes over anew: a handler that was
 * installed since is kept as the one before, and an exit handler runs only once. Returns true if
 * any signal's handler was another.
 */
bool trap_install(void);

/* Puts back the signal handlers that were there before; the exit handler is then registered anew.
 */
void trap_remove(void);

/* Watches the calling thread from now on; NULL stops it. Call it before the filter is loaded. */
void trap_watch(struct trap *trap);

/*
 * In a child process that the watched thread has made with its memory or a copy of it, and waits
 * for: `own` watches the child, which is otherwise as the thread was. It lies in memory that both
 * share, as does `frames`, where the stack goes. What would end the run ends the child.
 */
void trap_watch_child(struct trap *own, uint64_t *frames);

/*
 * On the thread, when that child is no more: the thread is watched by `trap` as before. What `own`
 * saw is brought over, and if the run has ended, that of the thread ends now. `back`: the call
 * under test has come back. `status` is the child's, of wait4(2).
 */
void trap_join_child(struct trap *trap, const struct trap *own, bool back, int status);

/* The mask that the calling thread or child believes to have; it is watched. */
uint64_t *trap_mask(void);

/* True if the watched thread has changed its signal mask since it was watched; undoes that. */
bool trap_reset_mask(struct trap *trap);

/*
 * Ends the watched calling thread's run as a signal would: records, gives the turn, parks. In a
 * child it records and ends the child.
 */
_Noreturn void trap_end(enum ending ending, int32_t detail, uint64_t address);

/* Ends the calling thread alone, from wherever it is, without the C library: exit(2). */
_Noreturn void trap_exit(void);

/* The real-time signals that interrupt a system call, or have it restarted: nothing else. */
int trap_interrupting_signal(bool restart);

/* The real-time signal that makes a watched thread record ENDING_HUNG and park. */
int trap_parking_signal(void);

/* True when a sanitizer is linked, which keeps its own account of threads and their memory. */
bool trap_has_sanitizer(void);

#endif
