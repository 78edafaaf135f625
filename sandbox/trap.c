#include "trap.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <ucontext.h>

#include "check.h"
#include "forks.h"
#include "mask.h"
#include "registers.h"

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

static const int trapped[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGSYS, SIGABRT, SIGTRAP, SIGPIPE};
enum { TRAPPED = sizeof(trapped) / sizeof(trapped[0]) };

/* si_code of a filter's SIGSYS: glibc has no name for it, asm/siginfo.h clashes with signal.h. */
enum { CODE_SECCOMP = 1 };

static struct sigaction previous[TRAPPED];
static bool exit_handler_armed;
static _Thread_local struct trap *watched;

int trap_parking_signal(void) {
    return SIGRTMIN + 7;
}

int trap_interrupting_signal(bool restart) {
    return SIGRTMIN + (restart ? 8 : 9);
}

void trap_watch(struct trap *trap) {
    if (trap) {
        syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &trap->mask_at_start, sizeof(trap->mask));
        trap->mask = trap->mask_at_start;
    }
    watched = trap;
}

uint64_t *trap_mask(void) {
    return &watched->mask;
}

bool trap_reset_mask(struct trap *trap) {
    const bool changed = trap->mask != trap->mask_at_start;
    trap->mask = trap->mask_at_start;
    return changed;
}

bool trap_has_sanitizer(void) {
    return set_death_callback != NULL;
}

_Noreturn void trap_exit(void) {
    for (;;)
        syscall(SYS_exit, 0);
}

static _Noreturn void park(struct trap *trap) {
    turn_give(trap->turn, TURN_ENDED);
    while (turn_await(&trap->release, TURN_MAIN, NULL) != TURN_QUIT)
        ;
    trap_exit();
}

static void record(struct trap *trap, enum ending ending, int32_t detail, uint64_t address) {
    trap->parked = true;
    trap->ending = trap->forbidden ? ENDING_FORBIDDEN : ending;
    trap->detail = trap->forbidden ? trap->forbidden_call : detail;
    trap->address = trap->forbidden ? 0 : address;
}

_Noreturn void trap_end(enum ending ending, int32_t detail, uint64_t address) {
    struct trap *trap = watched;
    const uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    trap->off_stack = here - trap->alternate >= trap->alternate_size;
    record(trap, ending, detail, address);
    if (trap->in_child)
        trap_exit();
    park(trap);
}

/* --- a child process -------------------------------------------------------------------------- */

void trap_watch_child(struct trap *own, uint64_t *frames) {
    *own = *watched;
    own->in_child = true;
    own->mask_at_start = own->mask;
    own->forbidden = false;
    own->forbidden_calls = 0;
    own->broken_pipes = 0;
    own->frames = (struct frames){.out = frames};
    watched = own;
}

/* A raised SIGABRT (abort(3)) names the child, which the filter does not know. */
static bool is_own_abort(const struct trap *trap, int call, const ucontext_t *context) {
    return trap->in_child && call == SYS_tgkill &&
           registers_argument(context, 0) == (uintptr_t)syscall(SYS_getpid) &&
           registers_argument(context, 1) == (uintptr_t)syscall(SYS_gettid) &&
           registers_argument(context, 2) == SIGABRT;
}

/* Where the child was, unless the thread has been somewhere else before. */
static void adopt_frames(struct frames *frames, const struct frames *of_child) {
    if (!frames->out || frames->reached || of_child->count == 0)
        return;
    memcpy(frames->out, of_child->out, of_child->count * sizeof *frames->out);
    frames->count = of_child->count;
    frames->reached = true;
}

void trap_join_child(struct trap *trap, const struct trap *own, bool back, int status) {
    watched = trap;
    trap->broken_pipes += own->broken_pipes;
    trap->mask ^= own->mask ^ own->mask_at_start;
    if (own->forbidden && !trap->forbidden) {
        trap->forbidden = true;
        trap->forbidden_call = own->forbidden_call;
    }
    adopt_frames(&trap->frames, &own->frames);
    if (back)
        return;
    if (own->parked)
        record(trap, own->ending, own->detail, own->address);
    else if (WIFSIGNALED(status))
        record(trap, ENDING_CRASHED, WTERMSIG(status), 0);
    else
        record(trap, ENDING_FORBIDDEN, SYS_exit, 0);
    park(trap);
}

/* --- signals ---------------------------------------------------------------------------------- */

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

static bool on_mask_call(struct trap *trap, ucontext_t *context) {
    return registers_set_result(context, mask_change(&trap->mask, context));
}

/* What a signal interrupted, or the call of the code under test that the gate was making for it. */
static void take_frames(struct trap *trap, void *context) {
    const bool was_shut = gate_shut(trap->gate, false); /* walks make system calls, under ASan */
    frames_take_interrupted(&trap->frames, gate_interrupted(trap->gate, context));
    gate_shut(trap->gate, was_shut);
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
        take_frames(trap, context);
    }
    trap->forbidden = true;
    if (call != SYS_exit_group && !endless && registers_set_result(context, -EPERM))
        return;
    gate_leave(trap->gate);
    trap_end(ENDING_FORBIDDEN, call, 0);
}

/* Each of the two stacks has a guard of the same size below it. */
static bool is_guard(const struct trap *trap, uintptr_t address) {
    return address - trap->guard < trap->guard_size ||
           address - (trap->alternate - trap->guard_size) < trap->guard_size;
}

static void on_signal(int number, siginfo_t *info, void *context) {
    struct trap *trap = watched;
    if (!trap) {
        chain(number, info, context);
        return;
    }
    const enum gate_answer answer = gate_on_signal(trap->gate, number, info, context);
    if (answer == GATE_ANSWERED)
        return;
    const bool by_filter =
        answer == GATE_FORBIDS || (number == SIGSYS && info->si_code == CODE_SECCOMP);
    if (by_filter && info->si_syscall == SYS_rt_sigprocmask && on_mask_call(trap, context))
        return;
    trap->broken_pipes += number == SIGPIPE;
    if (trap->parked || number == SIGPIPE)
        return;
    frames_escape(&trap->frames);
    uintptr_t address = (uintptr_t)info->si_addr;
    const bool aborts = by_filter && is_own_abort(trap, info->si_syscall, context);
    if (by_filter && !aborts) {
        on_forbidden_call(trap, info->si_syscall, context);
        return;
    }
    gate_leave(trap->gate);
    take_frames(trap, context);
    if (aborts)
        trap_end(ENDING_CRASHED, SIGABRT, 0);
    if (info->si_code <= 0) /* sent by a process: there is no faulting address */
        trap_end(ENDING_CRASHED, number, 0);
    if (number == SIGSEGV && is_guard(trap, address))
        trap_end(ENDING_OVERFLOWED, 0, 0);
    trap_end(ENDING_CRASHED, number, address);
}

static void on_parking_signal(int number, siginfo_t *info, void *context) {
    (void)number;
    (void)info;
    if (!watched || watched->parked)
        return;
    frames_escape(&watched->frames);
    gate_leave(watched->gate);
    take_frames(watched, context);
    trap_end(ENDING_HUNG, 0, 0);
}

/* It has done its work by coming. */
static void on_interrupting_signal(int number) {
    (void)number;
}

static void on_death(void) {
    if (watched) {
        gate_leave(watched->gate);
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
    gate_leave(watched->gate);
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
    for (int restart = 0; restart <= 1; restart++) {
        const struct sigaction interrupting = {.sa_handler = on_interrupting_signal,
                                               .sa_flags = SA_ONSTACK | (restart ? SA_RESTART : 0)};
        check(libc_sigaction(trap_interrupting_signal(restart), &interrupting, NULL) == 0);
    }
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
