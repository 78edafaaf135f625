/*
 * gate.h - stops code under test in the middle of a call, and answers in the kernel's place.
 *
 * It works on the thread that makes the call, without a tracer. The kernel turns each system call
 * of the thread into a SIGSYS before the filter sees it (syscall user dispatch, prctl(2), Linux
 * 5.11); the handler makes the same call, which the filter judges as ever, or makes one up, and the
 * code goes on with the result. Instructions are stopped at by the processor's trap flag.
 * x86-64 only.
 *
 * What is different for the code under test: sigaltstack(2) fails with EPERM if it is to change
 * anything, and what the filter would have forbidden is forbidden where there is no filter as well
 * if it makes a process or a thread, or is a call of another architecture (int 0x80).
 */
#ifndef FIFOFUZZ_GATE_H
#define FIFOFUZZ_GATE_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "cookies.h"

enum gate_stop {
    GATE_NEVER,
    GATE_AT_CALL,        /* before a system call, whatever becomes of it */
    GATE_AT_INSTRUCTION, /* of a repeated string instruction each repetition is one */
};

/* Which mknod(2) and mknodat(2) the kernel does not get to see. */
enum gate_injection { GATE_INJECTS_NOTHING, GATE_INJECTS_ONCE, GATE_INJECTS_ALWAYS };

/* What is to happen during a call under test. All zero: nothing, but system calls are counted. */
struct gate_plan {
    enum gate_stop stop;
    uint32_t at; /* 1: before the first system call or instruction */
    enum gate_injection injection;
    int32_t error; /* what those calls fail with; 0: they seem to have made a node */

    /*
     * Called where the call stops, once, in a signal handler on the thread's alternate stack; when
     * it returns, the code under test goes on. Until then the thread is free to do anything, other
     * calls under test included: those are neither stopped nor answered. errno is kept.
     */
    void (*stopped)(void *context);
    void *context;
};

/* Does anything happen by `plan`, so that the call has to be gated? */
static inline bool gate_plan_acts(const struct gate_plan *plan) {
    return plan->stop != GATE_NEVER || plan->injection != GATE_INJECTS_NOTHING;
}

/* What happened during it. */
struct gate_seen {
    uint32_t calls; /* system calls that it tried, the injected and forbidden ones included */
    uint32_t instructions; /* with GATE_AT_INSTRUCTION: until it stopped, or all */
    uint32_t injected;
    bool stopped; /* false: the call was over before */
};

/*
 * One thread's gate, all zero to begin with. The kernel looks at it with each system call of the
 * thread, so it must outlive the thread.
 */
struct gate {
    struct gate_plan plan; /* the caller's, who changes it between calls only */
    struct gate_seen seen; /* of the last call, or the one that is stopped */

    /* The gate's own. */
    volatile uint8_t selector; /* the kernel's: whether system calls become signals */
    unsigned depth; /* calls that were armed and not disarmed: more than one are nested */
    uint64_t *mask;
    uintptr_t restorer;         /* where signal handlers return to */
    void *interrupted;          /* the context of the system call that is being made for the code */
    bool stepping;              /* instructions are being counted, or will be from `entry` on */
    uintptr_t entry;            /* where the call's first instruction is */
    uintptr_t home, home_stack; /* where it returns to, and the stack pointer then; 0 before it */
};

/* Does the kernel have what gates need? It may still refuse gate_open. */
bool gate_available(void);

/*
 * Puts the calling thread behind `gate`, before its filter is loaded and after the signal handlers
 * are installed (trap_install), which must run on an alternate stack. Nothing is gated until
 * gate_arm. rt_sigprocmask(2) is then done to `mask` alone, see mask.h. Returns 0, -ENOSYS where
 * this is not to be had, or what the kernel refuses it with, negated.
 */
int gate_open(struct gate *gate, uint64_t *mask);

/*
 * Around one call under test on the gate's thread; nothing of the harness's in between may make a
 * system call. `entry` is the address of the function that is called: instructions count from
 * there, until it returns. Both keep errno, and do nothing without a gate (NULL).
 */
void gate_arm(struct gate *gate, uintptr_t entry);
void gate_disarm(struct gate *gate);

/*
 * In a handler on the gate's thread: whether system calls are gated from now on. Returns what it
 * was until then. For what the harness does while the call under test goes on; NULL is allowed.
 */
bool gate_shut(struct gate *gate, bool shut);

/* Disarms for good: the call under test will not return. NULL is allowed. */
void gate_leave(struct gate *gate);

/*
 * Puts a child process, which the gate's thread has made and waits for, behind the gate as
 * gate_open did the thread: the child may have it in memory of its own or, after vfork(2), in that
 * of the thread. It is under the thread's filter, which lets this through with `cookies`. Returns
 * as gate_open does.
 */
int gate_open_in_child(struct gate *gate, uint64_t *mask, const struct cookies *cookies);

/* On the gate's thread, however its child has ended: the gate is the thread's again. */
void gate_take_back(struct gate *gate, uint64_t *mask);

enum gate_answer {
    GATE_NOT_MINE, /* the signal has another cause */
    GATE_ANSWERED, /* the handler returns at once */
    GATE_FORBIDS,  /* a system call that cannot be made from here: as if the filter forbade it */
};

/* What a handler of SIGSYS and SIGTRAP asks first, on the gate's thread; NULL is allowed. */
enum gate_answer gate_on_signal(struct gate *gate, int number, const siginfo_t *info,
                                void *context);

/*
 * The context of the code under test in a handler with `context`: another one if the signal came
 * while the gate made a system call for that code. NULL is allowed.
 */
void *gate_interrupted(const struct gate *gate, void *context);

#endif
