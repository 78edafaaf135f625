#include "trap.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <ucontext.h>

#include "check.h"

/*
 * glibc's own sigaction: sanitizers replace the public one and, with handle_segv=2, which
 * ClusterFuzz sets, drop what a program asks for (sanitizer_signal_interceptors.inc).
 */
extern int libc_sigaction(int number, const struct sigaction *action,
                          struct sigaction *old) __asm__("__sigaction");

/* Present when a sanitizer is linked; called with the text of the report already written. */
extern void set_death_callback(void (*callback)(void)) __asm__("__sanitizer_set_death_callback")
    __attribute__((weak));

/* fuzzer::Fuzzer::StaticDeathCallback(): what libFuzzer had set, it has no getter. */
extern void engine_death_callback(void) __asm__("_ZN6fuzzer6Fuzzer19StaticDeathCallbackEv")
    __attribute__((weak));

static const int trapped[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGSYS, SIGABRT, SIGTRAP};
enum { TRAPPED = sizeof(trapped) / sizeof(trapped[0]) };

/* si_code of a filter's SIGSYS: glibc has no name for it, asm/siginfo.h clashes with signal.h. */
enum { CODE_SECCOMP = 1 };

static struct sigaction previous[TRAPPED];
static bool exit_handler_armed;
static _Thread_local struct trap *watched;

int trap_parking_signal(void) {
    return SIGRTMIN + 7;
}

void trap_watch(struct trap *trap) {
    if (trap) {
        syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &trap->mask_at_start, sizeof(trap->mask));
        trap->mask = trap->mask_at_start;
    }
    watched = trap;
}

bool trap_reset_mask(struct trap *trap) {
    const bool changed = trap->mask != trap->mask_at_start;
    trap->mask = trap->mask_at_start;
    return changed;
}

bool trap_has_sanitizer(void) {
    return set_death_callback != NULL;
}

_Noreturn void trap_end(enum ending ending, int32_t detail, uint64_t address) {
    struct trap *trap = watched;
    trap->parked = true;
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    trap->off_stack = here - trap->alternate >= trap->alternate_size;
    trap->ending = trap->forbidden ? ENDING_FORBIDDEN : ending;
    trap->detail = trap->forbidden ? trap->forbidden_call : detail;
    trap->address = trap->forbidden ? 0 : address;
    turn_give(trap->turn, TURN_ENDED);
    while (turn_await(&trap->release, TURN_MAIN, NULL) != TURN_QUIT)
        ;
    for (;;) /* of this thread alone, without the C library */
        syscall(SYS_exit, 0);
}

/* As the kernel does before a handler that has not asked for SA_NODEFER. */
static void block(int number) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, number);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static void chain(int number, siginfo_t *info, void *context) {
    const struct sigaction *action = NULL;
    for (size_t i = 0; i < TRAPPED; i++)
        if (trapped[i] == number)
            action = &previous[i];
    if (!(action->sa_flags & SA_NODEFER))
        block(number);
    if (action->sa_flags & SA_SIGINFO) {
        action->sa_sigaction(number, info, context);
    } else if (action->sa_handler != SIG_DFL && action->sa_handler != SIG_IGN) {
        action->sa_handler(number);
    } else {
        /* A fault comes again on return and a sent signal is sent again, without us. */
        libc_sigaction(number, action, NULL);
        if (info->si_code <= 0)
            raise(number);
    }
}

/* Makes the trapped system call return `result`; false where that is not known. */
static bool set_result(ucontext_t *context, long result) {
#if defined(__x86_64__)
    context->uc_mcontext.gregs[REG_RAX] = result;
    return true;
#elif defined(__aarch64__)
    context->uc_mcontext.regs[0] = (uint64_t)result;
    return true;
#elif defined(__riscv)
    context->uc_mcontext.__gregs[REG_A0] = (unsigned long)result;
    return true;
#else
    (void)context;
    (void)result;
    return false;
#endif
}

/* Argument `index`, from 0, of the trapped system call. */
static uintptr_t argument(const ucontext_t *context, unsigned index) {
#if defined(__x86_64__)
    static const int registers[] = {REG_RDI, REG_RSI, REG_RDX, REG_R10};
    return (uintptr_t)context->uc_mcontext.gregs[registers[index]];
#elif defined(__aarch64__)
    return context->uc_mcontext.regs[index];
#elif defined(__riscv)
    return context->uc_mcontext.__gregs[REG_A0 + index];
#else
    (void)context;
    (void)index;
    return 0;
#endif
}

/* What rt_sigprocmask(2) would return, done to `mask`. A bad pointer is a crash, not EFAULT. */
static long change_mask(uint64_t *mask, const ucontext_t *context) {
    const uint64_t unblockable = UINT64_C(1) << (SIGKILL - 1) | UINT64_C(1) << (SIGSTOP - 1);
    const uint64_t *set = (const uint64_t *)argument(context, 1);
    uint64_t *old = (uint64_t *)argument(context, 2); /* may be `set` */
    const uint64_t before = *mask, given = set ? *set & ~unblockable : 0;
    if (argument(context, 3) != sizeof(*mask))
        return -EINVAL;
    if (set) {
        switch ((int)argument(context, 0)) {
        case SIG_BLOCK:
            *mask |= given;
            break;
        case SIG_UNBLOCK:
            *mask &= ~given;
            break;
        case SIG_SETMASK:
            *mask = given;
            break;
        default:
            return -EINVAL;
        }
    }
    if (old)
        *old = before;
    return 0;
}

/*
 * The kernel ends a process whose SIGSYS or fault comes while it is blocked, and the C library
 * blocks all signals before it starts a thread or a process. So nothing really changes the mask: a
 * thread is only told that it did. A thread that is no longer watched is about to exit.
 */
static bool on_mask_call(struct trap *trap, ucontext_t *context) {
    uint64_t of_nobody = 0;
    return set_result(context, change_mask(trap ? &trap->mask : &of_nobody, context));
}

/* What the C library calls while it holds locks that the main thread needs. */
static bool is_fork(int call) {
    static const int forks[] = {
#ifdef SYS_fork
        SYS_fork,
        SYS_vfork,
#endif
        SYS_clone,
        SYS_clone3,
    };
    for (size_t i = 0; i < sizeof forks / sizeof forks[0]; i++)
        if (call == forks[i])
            return true;
    return false;
}

/*
 * The C library calls exit_group(2) until it succeeds: that parks at once. So does what repeats a
 * forbidden call for ever, before it counts as a hang, which takes seconds to tell.
 */
static void on_forbidden_call(struct trap *trap, int call, ucontext_t *context) {
    enum { REPETITIONS = 1000 };
    bool endless = ++trap->forbidden_calls > REPETITIONS && !is_fork(call);
    if (!trap->forbidden) {
        trap->forbidden_call = call;
        frames_take_interrupted(&trap->frames, context);
    }
    trap->forbidden = true;
    if (call == SYS_exit_group || endless || !set_result(context, -EPERM))
        trap_end(ENDING_FORBIDDEN, call, 0);
}

static void on_signal(int number, siginfo_t *info, void *context) {
    struct trap *trap = watched;
    const bool by_filter = number == SIGSYS && info->si_code == CODE_SECCOMP;
    if (by_filter && info->si_syscall == SYS_rt_sigprocmask && on_mask_call(trap, context))
        return;
    if (!trap) {
        chain(number, info, context);
        return;
    }
    if (trap->parked)
        return;
    frames_escape(&trap->frames);
    uintptr_t address = (uintptr_t)info->si_addr;
    if (by_filter) {
        on_forbidden_call(trap, info->si_syscall, context);
        return;
    }
    frames_take_interrupted(&trap->frames, context);
    if (info->si_code <= 0) /* sent by a process: there is no faulting address */
        trap_end(ENDING_CRASHED, number, 0);
    if (number == SIGSEGV && address - trap->guard < trap->guard_size)
        trap_end(ENDING_OVERFLOWED, 0, 0);
    trap_end(ENDING_CRASHED, number, address);
}

static void on_parking_signal(int number, siginfo_t *info, void *context) {
    (void)number;
    (void)info;
    if (!watched || watched->parked)
        return;
    frames_escape(&watched->frames);
    frames_take_interrupted(&watched->frames, context);
    trap_end(ENDING_HUNG, 0, 0);
}

static void on_death(void) {
    if (watched) {
        frames_take_behind(&watched->frames, __builtin_return_address(0));
        trap_end(ENDING_SANITIZER, 0, 0);
    }
    if (engine_death_callback)
        engine_death_callback();
}

static void on_exit_handlers(void) {
    if (!watched)
        return;
    exit_handler_armed = false;
    frames_take_behind(&watched->frames, __builtin_return_address(0));
    trap_end(ENDING_EXITED, 0, 0);
}

/* Takes over what someone else has installed since, and keeps it for the other threads. */
static bool install_signals(void) {
    bool any = false;
    /* SA_NODEFER: a fault while the stack is walked must come here, blocked it ends the process */
    const struct sigaction own = {.sa_sigaction = on_signal,
                                  .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
    for (size_t i = 0; i < TRAPPED; i++) {
        struct sigaction found;
        check(libc_sigaction(trapped[i], NULL, &found) == 0);
        const bool ours = found.sa_sigaction == on_signal;
        if (ours && found.sa_flags & SA_SIGINFO)
            continue;
        if (!ours) /* else someone put it back with signal(2), without its flags */
            previous[i] = found;
        check(libc_sigaction(trapped[i], &own, NULL) == 0);
        any = true;
    }
    const struct sigaction parking = {.sa_sigaction = on_parking_signal,
                                      .sa_flags = SA_SIGINFO | SA_ONSTACK};
    check(libc_sigaction(trap_parking_signal(), &parking, NULL) == 0);
    return any;
}

bool trap_install(void) {
    const bool any = install_signals();
    frames_prepare();
    if (set_death_callback)
        set_death_callback(on_death);
    if (!exit_handler_armed) {
        check(atexit(on_exit_handlers) == 0);
        exit_handler_armed = true;
    }
    return any;
}

void trap_remove(void) {
    for (size_t i = 0; i < TRAPPED; i++)
        check(libc_sigaction(trapped[i], &previous[i], NULL) == 0);
    exit_handler_armed = false; /* what is registered from now on would run before it */
}
