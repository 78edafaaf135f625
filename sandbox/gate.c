#include "gate.h"

#include <errno.h>
#include <stddef.h>

#if defined(__x86_64__)

#include <linux/audit.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "forks.h"
#include "mask.h"
#include "registers.h"

/* Of linux/prctl.h and asm/siginfo.h, which may be older than the kernel that is running. */
enum { SET_DISPATCH = 59, DISPATCH_ON = 1 };
enum { SELECTOR_ALLOW = 0, SELECTOR_BLOCK = 1 };
enum { CODE_DISPATCH = 2 };

enum { TRAP_FLAG = 1 << 8 }; /* of the processor's flags */

/* --- opening ---------------------------------------------------------------------------------- */

/* The kernel's struct sigaction: glibc's own does not tell the restorer. */
struct kernel_action {
    uintptr_t handler;
    unsigned long flags;
    uintptr_t restorer;
    uint64_t mask;
};

/* What the C library has handlers return to: a system call, which must never be gated. */
static uintptr_t find_restorer(void) {
    struct kernel_action action = {0};
    if (syscall(SYS_rt_sigaction, SIGSYS, NULL, &action, sizeof action.mask))
        return 0;
    return action.restorer;
}

/* The address behind the system call that the restorer makes, or 0. */
static uintptr_t behind_system_call(uintptr_t restorer) {
    static const uint8_t instruction[] = {0x0f, 0x05};
    enum { RESTORER_MAX = 16 };
    const uint8_t *code = (const uint8_t *)restorer;
    for (size_t i = 0; i < RESTORER_MAX; i++)
        if (memcmp(code + i, instruction, sizeof instruction) == 0)
            return restorer + i + sizeof instruction;
    return 0;
}

bool gate_available(void) {
    return prctl(SET_DISPATCH, 0, 0, 0, 0) == 0; /* off, which it is */
}

/* `last` is in the argument that the call does not have. */
static int open_with(struct gate *gate, uint64_t *mask, unsigned long last) {
    gate->mask = mask;
    gate->selector = SELECTOR_ALLOW;
    gate->restorer = find_restorer();
    const uintptr_t behind = gate->restorer ? behind_system_call(gate->restorer) : 0;
    if (!behind)
        return -ENOSYS;
    if (syscall(SYS_prctl, SET_DISPATCH, DISPATCH_ON, behind, 1, &gate->selector, last) == 0)
        return 0;
    return errno == EINVAL ? -ENOSYS : -errno; /* the answer of kernels that do not know it */
}

int gate_open(struct gate *gate, uint64_t *mask) {
    return open_with(gate, mask, 0);
}

int gate_open_in_child(struct gate *gate, uint64_t *mask, const struct cookies *cookies) {
    return open_with(gate, mask, cookies->second);
}

void gate_take_back(struct gate *gate, uint64_t *mask) {
    gate->mask = mask;
    gate->selector = SELECTOR_ALLOW;
}

/* --- around a call ---------------------------------------------------------------------------- */

static void set_trap_flag(bool on) {
    const unsigned long long flags = __builtin_ia32_readeflags_u64();
    __builtin_ia32_writeeflags_u64(on ? flags | TRAP_FLAG : flags & ~(0ULL + TRAP_FLAG));
}

/* The trap flag goes last, and first: signals come from here on, and until there. */
void gate_arm(struct gate *gate, uintptr_t entry) {
    if (!gate || gate->depth++ > 0)
        return;
    gate->seen = (struct gate_seen){0};
    gate->entry = entry;
    gate->home = 0;
    gate->stepping = gate->plan.stop == GATE_AT_INSTRUCTION;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    gate->selector = SELECTOR_BLOCK;
    if (gate->stepping)
        set_trap_flag(true);
}

static void stop_stepping(struct gate *gate) {
    if (!gate->stepping)
        return;
    gate->stepping = false;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    set_trap_flag(false);
}

void gate_disarm(struct gate *gate) {
    if (!gate)
        return;
    if (gate->depth == 1) {
        stop_stepping(gate);
        gate->selector = SELECTOR_ALLOW;
    }
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    gate->depth--;
}

bool gate_shut(struct gate *gate, bool shut) {
    const bool before = gate && gate->selector == SELECTOR_BLOCK;
    if (gate)
        gate->selector = shut ? SELECTOR_BLOCK : SELECTOR_ALLOW;
    return before;
}

void gate_leave(struct gate *gate) {
    if (!gate || gate->depth == 0)
        return;
    stop_stepping(gate);
    gate->selector = SELECTOR_ALLOW;
}

/* --- in the handlers -------------------------------------------------------------------------- */

static void stop(struct gate *gate) {
    const int error = errno;
    const bool was_shut = gate_shut(gate, false);
    gate->seen.stopped = true;
    gate->plan.stopped(gate->plan.context);
    gate_shut(gate, was_shut);
    errno = error;
}

/* Before each instruction that the trap flag shows, or that follows a gated system call. */
static void on_instruction(struct gate *gate, ucontext_t *context) {
    greg_t *registers = context->uc_mcontext.gregs;
    const uintptr_t at = (uintptr_t)registers[REG_RIP], stack = (uintptr_t)registers[REG_RSP];
    if (gate->stepping && !gate->home && at == gate->entry) {
        gate->home = *(const uintptr_t *)stack;
        gate->home_stack = stack + sizeof gate->home;
    }
    if (gate->stepping && !gate->home)
        return;
    if (gate->stepping && at == gate->home && stack == gate->home_stack)
        gate->stepping = false;
    if (gate->stepping && ++gate->seen.instructions == gate->plan.at) {
        gate->stepping = false;
        stop(gate);
    }
    if (!gate->stepping)
        registers[REG_EFL] &= ~(greg_t)TRAP_FLAG;
}

/* The system call that was trapped, made with its registers. */
static long make_call(int number, const ucontext_t *context) {
    uintptr_t arguments[6];
    for (unsigned i = 0; i < 6; i++)
        arguments[i] = registers_argument(context, i);
    long result = number;
    /* Nothing may come between these and the instruction: a function would change them. */
    register uintptr_t fourth __asm__("r10") = arguments[3];
    register uintptr_t fifth __asm__("r8") = arguments[4];
    register uintptr_t sixth __asm__("r9") = arguments[5];
    __asm__ volatile("syscall"
                     : "+a"(result)
                     : "D"(arguments[0]), "S"(arguments[1]), "d"(arguments[2]), "r"(fourth),
                       "r"(fifth), "r"(sixth)
                     : "rcx", "r11", "memory");
    return result;
}

static bool is_injected(struct gate *gate, int number) {
    const enum gate_injection injection = gate->plan.injection;
    if (number != SYS_mknod && number != SYS_mknodat)
        return false;
    if (injection == GATE_INJECTS_NOTHING ||
        (injection == GATE_INJECTS_ONCE && gate->seen.injected))
        return false;
    gate->seen.injected++;
    return true;
}

/* A fault here is the code's own, and so is a signal while the kernel works. */
static long answer_call(struct gate *gate, int number, ucontext_t *context) {
    if (is_injected(gate, number))
        return -gate->plan.error;
    gate->interrupted = context;
    const long result = number == SYS_rt_sigprocmask ? mask_change(gate->mask, context)
                                                     : make_call(number, context);
    gate->interrupted = NULL;
    return result;
}

/*
 * A process that is made here would go on here, on a stack of its own or on this one, and a number
 * of another architecture is another call.
 */
static bool can_be_made(const siginfo_t *info) {
    return info->si_arch == AUDIT_ARCH_X86_64 && !is_fork(info->si_syscall);
}

static enum gate_answer on_call(struct gate *gate, const siginfo_t *info, ucontext_t *context) {
    const bool possible = can_be_made(info);
    gate->selector = SELECTOR_ALLOW;
    gate->seen.calls++;
    if (gate->plan.stop == GATE_AT_CALL && gate->seen.calls == gate->plan.at)
        stop(gate);
    if (possible && info->si_syscall == SYS_rt_sigreturn) {
        /* The frame that it returns through is the code's, which only this one may go through. */
        context->uc_mcontext.gregs[REG_RIP] = (greg_t)gate->restorer;
    } else if (possible) {
        registers_set_result(context, answer_call(gate, info->si_syscall, context));
        on_instruction(gate, context);
    }
    gate->selector = SELECTOR_BLOCK;
    return possible ? GATE_ANSWERED : GATE_FORBIDS;
}

enum gate_answer gate_on_signal(struct gate *gate, int number, const siginfo_t *info,
                                void *context) {
    if (!gate || gate->depth == 0)
        return GATE_NOT_MINE;
    if (number == SIGSYS && info->si_code == CODE_DISPATCH)
        return on_call(gate, info, context);
    if (number != SIGTRAP || info->si_code != TRAP_TRACE || gate->plan.stop != GATE_AT_INSTRUCTION)
        return GATE_NOT_MINE;
    on_instruction(gate, context);
    return GATE_ANSWERED;
}

void *gate_interrupted(const struct gate *gate, void *context) {
    return gate && gate->interrupted ? gate->interrupted : context;
}

#else /* other processors: no thread is behind a gate */

bool gate_available(void) {
    return false;
}

int gate_open(struct gate *gate, uint64_t *mask) {
    (void)gate;
    (void)mask;
    return -ENOSYS;
}

int gate_open_in_child(struct gate *gate, uint64_t *mask, const struct cookies *cookies) {
    (void)gate;
    (void)mask;
    (void)cookies;
    return -ENOSYS;
}

void gate_take_back(struct gate *gate, uint64_t *mask) {
    (void)gate;
    (void)mask;
}

void gate_arm(struct gate *gate, uintptr_t entry) {
    (void)gate;
    (void)entry;
}

void gate_disarm(struct gate *gate) {
    (void)gate;
}

bool gate_shut(struct gate *gate, bool shut) {
    (void)gate;
    (void)shut;
    return false;
}

void gate_leave(struct gate *gate) {
    (void)gate;
}

enum gate_answer gate_on_signal(struct gate *gate, int number, const siginfo_t *info,
                                void *context) {
    (void)gate;
    (void)number;
    (void)info;
    (void)context;
    return GATE_NOT_MINE;
}

void *gate_interrupted(const struct gate *gate, void *context) {
    (void)gate;
    return context;
}

#endif
